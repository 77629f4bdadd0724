//! Where k-means begins: greedy k-means++.

use ndarray::{Array2, Axis};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::distance::squared;

/// Picks `k` rows as first centres (Arthur and Vassilvitskii 2007).
///
/// A row is drawn with a chance in proportion to its squared distance from
/// the centres so far; of some rows drawn, the one after which all rows are
/// nearest to their centres is taken. linfa's own draws one, and measures
/// all distances anew for each: it takes k times as long for looser clusters.
pub(crate) fn centres(matrix: &Array2<f32>, k: usize, seed: u64) -> Array2<f32> {
    let mut random = Xoshiro256Plus::seed_from_u64(seed);
    let trials = 2 + (k as f64).ln() as usize;
    let first = draw(&vec![1.0; matrix.nrows()], &mut random);
    let mut distances = nearest(matrix, first, &vec![f32::INFINITY; matrix.nrows()]);
    let mut centres = vec![first];
    while centres.len() < k {
        let drawn = (0..trials).map(|_| {
            let row = draw(&distances, &mut random);
            (row, nearest(matrix, row, &distances))
        });
        let closest = drawn.min_by(|a, b| total(&a.1).total_cmp(&total(&b.1)));
        if let Some((row, after)) = closest {
            centres.push(row);
            distances = after;
        }
    }
    matrix.select(Axis(0), &centres)
}

/// A row, with a chance in proportion to its weight.
fn draw(weights: &[f32], random: &mut Xoshiro256Plus) -> usize {
    // The upper 53 bits are as many as a double holds.
    let share = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut left = share * total(weights);
    let found = weights.iter().position(|&weight| {
        left -= f64::from(weight);
        left < 0.0
    });
    // Where all rows are centres already, or rounding ate the last: any.
    found.unwrap_or(0)
}

fn total(distances: &[f32]) -> f64 {
    distances.iter().map(|&distance| f64::from(distance)).sum()
}

/// The squared distance of every row to its nearest centre, once `centre` is
/// one too.
fn nearest(matrix: &Array2<f32>, centre: usize, distances: &[f32]) -> Vec<f32> {
    let row = |at: usize| matrix.row(at).to_slice().unwrap_or_default();
    (0..matrix.nrows())
        .into_par_iter()
        .with_min_len(64)
        .map(|at| squared(row(at), row(centre)).min(distances[at]))
        .collect()
}
