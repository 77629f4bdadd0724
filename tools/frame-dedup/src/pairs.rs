//! How the distances of pairs are distributed, to choose thresholds by.

use rayon::prelude::*;
use stage::log::{Level, info, log_enabled};

use crate::image::{Hashes, Image};

/// At most this many images are paired, evenly taken: eight million pairs take a moment.
const SAMPLE: usize = 4096;

/// Distances are 0..=64.
type Histogram = [u64; 65];

/// Says with `-v` how many pairs lie at each distance, in one shot and across shots.
pub(crate) fn report(images: &[Image]) {
    if !log_enabled!(Level::Info) {
        return;
    }
    let compared: Vec<_> = images
        .iter()
        .filter_map(|image| Some((image.hashes?, image.shot)))
        .collect();
    let step = compared.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<_> = compared.into_iter().step_by(step).collect();
    let [within, across] = distances(&sample);
    info!("pairs of {} images by distance in bits:", sample.len());
    info!("{:>4} {:>12} {:>12}", "bits", "in one shot", "across shots");
    for (bits, (within, across)) in within.iter().zip(&across).enumerate() {
        if within + across > 0 {
            info!("{bits:>4} {within:>12} {across:>12}");
        }
    }
}

/// The distances of all pairs: in one shot, and the others.
fn distances(sample: &[(Hashes, Option<u64>)]) -> [Histogram; 2] {
    let one = |number: usize| {
        let mut histograms = [[0; 65]; 2];
        let (hashes, shot) = sample[number];
        for (other, other_shot) in &sample[number + 1..] {
            let across = usize::from(shot.is_none() || shot != *other_shot);
            histograms[across][hashes.distance(*other) as usize] += 1;
        }
        histograms
    };
    let sum = |mut first: [Histogram; 2], second: [Histogram; 2]| {
        for (first, second) in first
            .as_flattened_mut()
            .iter_mut()
            .zip(second.as_flattened())
        {
            *first += second;
        }
        first
    };
    let numbers = (0..sample.len()).into_par_iter();
    numbers.map(one).reduce(|| [[0; 65]; 2], sum)
}
