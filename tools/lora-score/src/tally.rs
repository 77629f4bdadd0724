//! The sums that the measures of a checkpoint are made of, prompt by prompt, so that prompts can be drawn anew.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::facts::Verdict;
use crate::generated::Image;
use crate::kernels::{across, distance, gaussian, vendi};
use crate::measures::Values;
use crate::sets::Sets;
use crate::vectors::cosine;

/// How many of how many, of each prompt.
type Shares = Vec<[f64; 2]>;

/// The sums of one checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    identity: Shares,
    facts: Shares,
    copies: Shares,
    sharp: Shares,
    empty: Shares,
    /// Number of vectors of each prompt.
    counts: Vec<f64>,
    /// Sums of their kernels with the training images.
    across: Vec<f64>,
    /// Sums of kernels and of squared cosines over pairs of vectors, of each two prompts.
    pairs: Vec<Vec<[f64; 2]>>,
    /// Number of vectors.
    vectors: usize,
}

impl Tally {
    /// The sums of the images of a checkpoint, of the prompts at these places.
    pub(crate) fn of(images: &[&Image], prompts: &[usize], sets: &Sets) -> Self {
        let own: Vec<Vec<&Image>> = { prompts.iter() }
            .map(|number| {
                images
                    .iter()
                    .copied()
                    .filter(|image| image.prompt == *number)
                    .collect()
            })
            .collect();
        let sum = |of: fn(&Image) -> [f64; 2]| -> Shares {
            let each = own.iter().map(|images| {
                images.iter().fold([0.0, 0.0], |sum, image| {
                    let [share, all] = of(image);
                    [sum[0] + share, sum[1] + all]
                })
            });
            each.collect()
        };
        let vectors: Vec<Vec<&[f32]>> = { own.iter() }
            .map(|images| {
                images
                    .iter()
                    .flat_map(|image| image.vectors.iter().map(Vec::as_slice))
                    .collect()
            })
            .collect();
        let trained = sets.vectors(None);
        let row = |one: &Vec<&[f32]>| vectors.iter().map(|other| sums(one, other)).collect();
        let crossed = |own: &Vec<&[f32]>| own.iter().map(|vector| across(vector, &trained)).sum();
        Self {
            identity: sum(identity),
            facts: sum(facts),
            copies: sum(copies),
            sharp: sum(sharp),
            empty: sum(empty),
            counts: vectors.iter().map(|own| own.len() as f64).collect(),
            across: (&vectors).into_par_iter().map(crossed).collect(),
            pairs: (&vectors).into_par_iter().map(row).collect(),
            vectors: vectors.iter().map(Vec::len).sum(),
        }
    }

    /// The number of prompts.
    pub(crate) fn prompts(&self) -> usize {
        self.counts.len()
    }

    /// The measures, where each prompt counts so often. Pairs of an image with itself, drawn twice, are left out.
    pub(crate) fn values(&self, often: &[f64], sets: &Sets) -> Values {
        let share = |shares: &Shares| {
            let sum = |at: usize| weighted(shares.iter().map(|share| share[at]), often);
            let all = sum(1);
            (all > 0.0).then(|| sum(0) / all)
        };
        let count = weighted(self.counts.iter().copied(), often);
        let (mut sums, mut pairs) = ([0.0, 0.0], 0.0);
        for (one, row) in self.pairs.iter().enumerate() {
            for (other, sum) in row.iter().enumerate() {
                let weight = often[one] * often[other];
                let same = if one == other { self.counts[one] } else { 0.0 };
                pairs += weight * (self.counts[one] * self.counts[other] - same);
                sums[0] += weight * sum[0];
                sums[1] += weight * sum[1];
            }
        }
        let measured = sets.pairs.filter(|_| pairs > 0.0);
        let style = measured.map(|trained| {
            let across = weighted(self.across.iter().copied(), often) / count;
            distance(sums[0] / pairs, trained.gaussian, across)
        });
        let variety = measured.and_then(|trained| {
            let own = vendi(self.vectors, sums[1] / pairs) - 1.0;
            let theirs = vendi(self.vectors, trained.square) - 1.0;
            (theirs > 1e-9).then(|| own / theirs)
        });
        [
            share(&self.identity),
            share(&self.facts),
            style,
            variety,
            share(&self.copies),
            share(&self.sharp),
            share(&self.empty),
        ]
    }
}

fn weighted(values: impl Iterator<Item = f64>, often: &[f64]) -> f64 {
    values.zip(often).map(|(value, often)| value * often).sum()
}

/// Sums over pairs of vectors, of which none is a pair of a vector with itself.
fn sums(one: &[&[f32]], other: &[&[f32]]) -> [f64; 2] {
    let mut sums = [0.0, 0.0];
    for vector in one {
        for twin in other
            .iter()
            .filter(|twin| !std::ptr::eq(vector.as_ptr(), twin.as_ptr()))
        {
            let cosine = cosine(vector, twin);
            sums[0] += gaussian(cosine);
            sums[1] += cosine * cosine;
        }
    }
    sums
}

fn identity(image: &Image) -> [f64; 2] {
    let found = image.found.iter().filter(|found| **found).count();
    [found as f64, image.found.len() as f64]
}

fn facts(image: &Image) -> [f64; 2] {
    image
        .verdicts
        .iter()
        .fold([0.0, 0.0], |[right, all], verdict| match verdict {
            Verdict::Affirmed => [right + 1.0, all + 1.0],
            Verdict::Denied(_) => [right, all + 1.0],
            Verdict::Unmeasured => [right, all],
        })
}

fn copies(image: &Image) -> [f64; 2] {
    one_of_one(image.copy)
}

fn sharp(image: &Image) -> [f64; 2] {
    one_of_one(image.sharp)
}

fn empty(image: &Image) -> [f64; 2] {
    one_of_one(image.empty)
}

/// How many images are so, of how many of which that is known.
fn one_of_one(is: Option<bool>) -> [f64; 2] {
    match is {
        Some(is) => [f64::from(u8::from(is)), 1.0],
        None => [0.0, 0.0],
    }
}
