//! Clusters as regions that are denser than what lies between them.

use linfa::traits::Transformer;
use linfa_clustering::Dbscan;
use ndarray::Array2;
use petal_clustering::{Fit, HDbscan};
use petal_neighbors::distance::Euclidean;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use stage::{Context, Result};

use crate::distance::{Straight, squared};
use crate::groups::Labels;
use crate::neighbours::Neighbours;

/// How many rows the default of `--epsilon` is found on. Each is compared
/// with all others.
const SAMPLED: usize = 1024;

/// DBSCAN: rows with `size` rows within `epsilon`, themselves included, and
/// all that are within `epsilon` of such a row and of each other.
pub(crate) fn dbscan(matrix: &Array2<f32>, epsilon: f32, size: usize) -> Result<Labels> {
    let labels = Dbscan::params_with(size, Straight, Neighbours)
        .tolerance(epsilon)
        .transform(matrix)?;
    Ok(labels.into_raw_vec_and_offset().0)
}

/// HDBSCAN: the clusters of at least `size` rows that last longest while
/// DBSCAN's epsilon falls (excess of mass).
///
/// All pairs of rows are compared, twice, on one core: 10,000 rows of 512
/// numbers take a minute or two. Memory grows with the rows alone.
pub(crate) fn hdbscan(matrix: &Array2<f32>, size: usize) -> Result<Labels> {
    let mut labels = vec![None; matrix.nrows()];
    if matrix.nrows() < 2 * size {
        // Fewer cannot be two clusters, and one alone is never told from none.
        return Ok(labels);
    }
    let flat = matrix.as_slice().context("the matrix is not whole")?;
    let view = ndarray_0_17::ArrayView2::from_shape(matrix.dim(), flat)?;
    let (clusters, _, _) = HDbscan {
        alpha: 1.0,
        min_samples: size,
        min_cluster_size: size,
        metric: Euclidean::default(),
        boruvka: false,
    }
    .fit(&view, None);
    for (cluster, rows) in clusters {
        for row in rows {
            labels[row] = Some(cluster);
        }
    }
    Ok(labels)
}

/// The epsilon that a plot of distances suggests: each row's distance to its
/// `size`-th nearest, itself included, in rising order, makes a curve that is
/// flat for rows in clusters and steep for noise; the knee is where it lies
/// furthest below the straight line between its ends.
pub(crate) fn knee(matrix: &Array2<f32>, size: usize) -> f32 {
    let step = matrix.nrows().div_ceil(SAMPLED).max(1);
    let mut curve: Vec<f32> = (0..matrix.nrows().div_ceil(step))
        .into_par_iter()
        .map(|row| nth_nearest(matrix, row * step, size))
        .collect();
    curve.sort_by(f32::total_cmp);
    let (Some(&first), Some(&last)) = (curve.first(), curve.last()) else {
        return f32::MIN_POSITIVE;
    };
    let slope = (last - first) / curve.len() as f32;
    let below = |at: usize| first + slope * at as f32 - curve[at];
    let knee = (0..curve.len()).max_by(|&a, &b| below(a).total_cmp(&below(b)));
    // Zero, where all rows are alike, is not an epsilon.
    knee.map_or(0.0, |at| curve[at]).max(f32::MIN_POSITIVE)
}

/// The distance from a row to its `size`-th nearest, itself included.
fn nth_nearest(matrix: &Array2<f32>, row: usize, size: usize) -> f32 {
    let rows = matrix.as_slice().unwrap_or_default();
    let rows = rows.chunks_exact(matrix.ncols());
    let Some(here) = rows.clone().nth(row) else {
        return 0.0;
    };
    let mut distances: Vec<f32> = rows.map(|other| squared(here, other)).collect();
    let nth = size.min(distances.len()) - 1;
    distances
        .select_nth_unstable_by(nth, f32::total_cmp)
        .1
        .sqrt()
}
