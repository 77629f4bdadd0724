//! Clusters as regions that are denser than what lies between them.

use linfa::traits::Transformer;
use linfa_clustering::Dbscan;
use ndarray::Array2;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use stage::Result;
use stage::log::info;

use crate::distance::{Straight, squared};
use crate::groups::Labels;
use crate::hierarchy::clusters;
use crate::neighbours::{LOW, Neighbours};
use crate::reach::Reach;
use crate::spanning::exact;
use crate::union::Union;

/// Up to how many rows all pairs are compared.
const EXACT: usize = 10_000;

/// How many rows the default of `--epsilon` is found on. Each is compared
/// with all others.
const SAMPLED: usize = 1024;

/// DBSCAN: rows with `size` rows within `epsilon`, themselves included, and
/// all that are within `epsilon` of such a row and of each other. Where there is
/// no epsilon, the [`knee`] is taken.
///
/// Of up to [`EXACT`] rows, and of any number of a few numbers each, for which there is a tree, all neighbours are
/// found; of other rows those in the cells around each.
pub(crate) fn dbscan(matrix: &Array2<f32>, epsilon: Option<f32>, size: usize) -> Result<Labels> {
    if matrix.nrows() > EXACT.max(size) && matrix.ncols() > LOW {
        let reach = Reach::of(matrix, size);
        let epsilon = epsilon.unwrap_or_else(|| knee(reach.core().to_vec()));
        said(epsilon);
        return Ok(within(&reach, epsilon));
    }
    let epsilon = epsilon.unwrap_or_else(|| knee(some_cores(matrix, size)));
    said(epsilon);
    let labels = Dbscan::params_with(size, Straight, Neighbours)
        .tolerance(epsilon)
        .transform(matrix)?;
    Ok(labels.into_raw_vec_and_offset().0)
}

fn said(epsilon: f32) {
    info!("neighbours are within a distance of {epsilon}");
}

/// DBSCAN's clusters: what a spanning tree without its edges over `epsilon` holds together, and rows that
/// are not dense themselves, each with the nearest that is.
fn within(reach: &Reach<'_>, epsilon: f32) -> Labels {
    let core = reach.core();
    let mut union = Union::new(core.len());
    for edge in reach.tree() {
        if edge.length <= epsilon {
            union.join(edge.ends);
        }
    }
    let label = |row: usize| {
        let mut near = reach.near(row).iter();
        let near = near.find(|near| core[near.row as usize] <= epsilon)?;
        let of = if core[row] <= epsilon {
            row as u32
        } else {
            near.row
        };
        (core[row] <= epsilon || near.distance <= epsilon).then(|| union.find(of) as usize)
    };
    (0..core.len()).map(label).collect()
}

/// HDBSCAN: the clusters of at least `size` rows that last longest while
/// DBSCAN's epsilon falls (excess of mass).
///
/// Up to [`EXACT`] rows all pairs are compared, twice: 10,000 rows of 512 numbers take ten seconds.
/// Of more, each is compared with those of the cells around it.
pub(crate) fn hdbscan(matrix: &Array2<f32>, size: usize) -> Labels {
    if matrix.nrows() < 2 * size {
        // Fewer cannot be two clusters, and one alone is never told from none.
        return vec![None; matrix.nrows()];
    }
    let edges = if matrix.nrows() > EXACT {
        Reach::of(matrix, size).tree()
    } else {
        exact(matrix, size)
    };
    clusters(&edges, size)
}

/// The epsilon that a plot of distances suggests: rows' distances to their
/// `size`-th nearest, in rising order, make a curve that is
/// flat for rows in clusters and steep for noise; the knee is where it lies
/// furthest below the straight line between its ends.
fn knee(mut curve: Vec<f32>) -> f32 {
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

/// The distance of some rows to their `size`-th nearest.
fn some_cores(matrix: &Array2<f32>, size: usize) -> Vec<f32> {
    let step = matrix.nrows().div_ceil(SAMPLED).max(1);
    (0..matrix.nrows().div_ceil(step))
        .into_par_iter()
        .map(|row| nth_nearest(matrix, row * step, size))
        .collect()
}

/// The distance from a row to its `size`-th nearest, itself included.
pub(crate) fn nth_nearest(matrix: &Array2<f32>, row: usize, size: usize) -> f32 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn many_rows_of_few_numbers_have_all_their_neighbours() {
        // Lines of rows 0.5 apart, 20 between the lines; each line has one gap of 0.7.
        let matrix = Array2::from_shape_fn((EXACT + 200, 2), |(row, column)| {
            let (line, place) = (row / 100, row % 100);
            let gap = if place < 50 { 0.0 } else { 0.2 };
            [line as f32 * 20.0, place as f32 * 0.5 + gap][column]
        });
        let found = dbscan(&matrix, Some(0.6), 2).unwrap();
        for (row, label) in found.iter().enumerate() {
            assert_eq!(
                *label,
                Some(row / 50),
                "{row}: two clusters a line, in order"
            );
        }
        assert_eq!(
            dbscan(&matrix, Some(0.8), 2).unwrap()[..200],
            [[Some(0); 100], [Some(1); 100]].concat()
        );
    }

    #[test]
    fn dbscan_out_of_a_tree_is_that_of_all_neighbours() {
        // A plane of rows that lie the closer together the nearer to one of nine middles.
        let matrix = Array2::from_shape_fn((2500, 2), |(row, column)| {
            let turn = row as f32 * 2.4 + column as f32 * std::f32::consts::FRAC_PI_2;
            let middle = [row % 9 / 3, row % 3][column] as f32 * 10.0;
            middle + (row / 9) as f32 * 0.02 * turn.sin()
        });
        let wanted = Dbscan::params_with(5, Straight, Neighbours)
            .tolerance(0.35)
            .transform(&matrix)
            .unwrap();
        let reach = Reach::of(&matrix, 5);
        let found = within(&reach, 0.35);
        let mut names = BTreeMap::new();
        for (row, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            assert_eq!(found.is_some(), wanted.is_some(), "noise: {row}");
            if reach.core()[row] <= 0.35 {
                assert_eq!(*names.entry(found).or_insert(wanted), wanted, "{row}");
            }
        }
        let noise = wanted.iter().filter(|label| label.is_none()).count();
        assert!(
            names.len() >= 9 && noise > 50,
            "{} and {noise}",
            names.len()
        );
    }
}
