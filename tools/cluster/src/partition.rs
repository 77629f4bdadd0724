//! Clusters as parts of the whole: k-means, and how many parts there are.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::{KMeans, KMeansInit};
use ndarray::{Array2, Axis};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use stage::{Context, Result};

use crate::distance::{Straight, squared};
use crate::groups::Labels;
use crate::seeding::centres;

/// When k-means stops at the latest, in rounds.
const ROUNDS: u64 = 100;

/// On how many rows the number of clusters is sought. Silhouettes compare
/// all pairs of them.
const SAMPLED: usize = 1024;

/// The most clusters that are tried.
const MOST: usize = 64;

/// K-means with `k` clusters, of as many rows or more: the tightest of `runs` results.
pub(crate) fn kmeans(matrix: &Array2<f32>, k: usize, seed: u64, runs: u64) -> Result<Labels> {
    let labels = fit(matrix, k, seed, runs)?.predict(matrix);
    Ok(labels.iter().map(|&label| Some(label)).collect())
}

/// The centres of it, one row each.
pub(crate) fn fitted(matrix: &Array2<f32>, k: usize, seed: u64) -> Result<Array2<f32>> {
    let model = fit(matrix, k, seed, runs(matrix, k))?;
    Ok(model.centroids().clone())
}

fn fit(matrix: &Array2<f32>, k: usize, seed: u64, runs: u64) -> Result<KMeans<f32, Straight>> {
    let dataset = DatasetBase::from(matrix.view());
    let tolerance = tolerance(matrix);
    let mut best: Option<KMeans<f32, Straight>> = None;
    for run in 0..runs {
        let seed = seed.wrapping_add(run);
        // The random numbers are for centres of linfa's own choice.
        let unused = Xoshiro256Plus::seed_from_u64(seed);
        let model = KMeans::params_with(k, unused, Straight)
            .init_method(KMeansInit::Precomputed(centres(matrix, k, seed)))
            .n_runs(1)
            .max_n_iterations(ROUNDS)
            .tolerance(tolerance)
            .fit(&dataset)?;
        if best
            .as_ref()
            .is_none_or(|best| model.inertia() < best.inertia())
        {
            best = Some(model);
        }
    }
    best.context("k-means was not run")
}

/// How often k-means is to begin anew: ten times where that costs nothing,
/// once where each is long; its result hangs less on chance then, too.
pub(crate) fn runs(matrix: &Array2<f32>, k: usize) -> u64 {
    match matrix.len() * k {
        0..10_000_000 => 10,
        10_000_000..200_000_000 => 3,
        _ => 1,
    }
}

/// A hundredth of the columns' mean standard deviation: centres that move by
/// less, all together, are at rest.
pub(crate) fn tolerance(matrix: &Array2<f32>) -> f32 {
    let variance = matrix.var_axis(Axis(0), 0.0).mean().unwrap_or(0.0);
    (0.01 * variance.sqrt()).max(f32::MIN_POSITIVE)
}

/// The number of clusters at which the mean silhouette is highest: how much
/// nearer a row is to its own cluster than to the next one (Rousseeuw 1987).
///
/// Tried on at most [`SAMPLED`] rows, spread evenly over the input, for every
/// number up to 16 and then in steps of an eighth.
pub(crate) fn best_k(matrix: &Array2<f32>, seed: u64) -> Result<usize> {
    let step = matrix.nrows().div_ceil(SAMPLED).max(1);
    let rows: Vec<_> = (0..matrix.nrows()).step_by(step).collect();
    let sample = matrix.select(Axis(0), &rows);
    let distances = all_pairs(&sample);
    let mut best = (f64::NEG_INFINITY, 1.min(rows.len()));
    let mut k = 2;
    while k <= MOST.min(rows.len() / 2) {
        let labels = kmeans(&sample, k, seed, 1)?;
        let silhouette = silhouette(&distances, &labels, k);
        stage::log::debug!("{k} clusters: mean silhouette {silhouette:.4}");
        if silhouette > best.0 {
            best = (silhouette, k);
        }
        k += (k / 8).max(1);
    }
    Ok(best.1)
}

/// The distances of all pairs of rows, one row a vector.
fn all_pairs(sample: &Array2<f32>) -> Vec<Vec<f32>> {
    let rows: Vec<_> = sample.rows().into_iter().map(|row| row.to_vec()).collect();
    let from = |a: &Vec<f32>| rows.iter().map(|b| squared(a, b).sqrt()).collect();
    rows.as_slice().into_par_iter().map(from).collect()
}

/// The mean silhouette over all rows; that of a row alone in its cluster is 0.
fn silhouette(distances: &[Vec<f32>], labels: &Labels, k: usize) -> f64 {
    let mut sizes = vec![0_usize; k];
    labels.iter().flatten().for_each(|&label| sizes[label] += 1);
    let of_row = |(row, own): (usize, usize)| -> f64 {
        if sizes[own] < 2 {
            return 0.0;
        }
        let mut sums = vec![0.0; k];
        for (label, &distance) in labels.iter().zip(&distances[row]) {
            if let Some(label) = label {
                sums[*label] += f64::from(distance);
            }
        }
        let inside = sums[own] / (sizes[own] - 1) as f64;
        let next = (0..k)
            .filter(|&other| other != own && sizes[other] > 0)
            .map(|other| sums[other] / sizes[other] as f64)
            .fold(f64::INFINITY, f64::min);
        if next.is_infinite() || inside.max(next) == 0.0 {
            return 0.0;
        }
        (next - inside) / inside.max(next)
    };
    let rows = labels.iter().enumerate();
    let rows = rows.filter_map(|(row, label)| Some((row, (*label)?)));
    rows.map(of_row).sum::<f64>() / labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_silhouette_is_as_worked_out_by_hand() {
        // On a line: 0, 1 and 10; the last is alone.
        let distances = all_pairs(&array![[0.0], [1.0], [10.0]]);
        let labels = vec![Some(0), Some(0), Some(1)];
        let expected = ((10.0 - 1.0) / 10.0 + (9.0 - 1.0) / 9.0 + 0.0) / 3.0;
        let found = silhouette(&distances, &labels, 2);
        assert!((found - expected).abs() < 1e-9, "{found}");
    }

    #[test]
    fn rows_that_are_all_alike_are_one_cluster_or_two_but_no_panic() {
        let matrix = Array2::zeros((20, 3));
        assert!(best_k(&matrix, 0).unwrap() <= 2);
        assert_eq!(kmeans(&matrix, 5, 0, 2).unwrap().len(), 20);
    }
}
