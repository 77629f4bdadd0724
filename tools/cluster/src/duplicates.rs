//! Near duplicates: of vectors that point the same way, one is enough.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use stage::log::info;

use crate::distance::squared;
use crate::lookup::Lookup;

/// Up to how many rows each is compared with all that are kept; of more with those in the cells around it.
const EXACT: usize = 30_000;

/// Rows that are compared with all kept ones at a time, as one product of matrices.
const BLOCK: usize = 256;

/// Kept rows in one such product, which then stays in a core's cache.
const TILE: usize = 1024;

/// By how much a cosine out of a product may differ from that of the two rows by themselves.
pub(crate) const SLACK: f32 = 1e-3;

/// A kept row that a near duplicate is most like, and the cosine of the angle between the two.
pub(crate) type Like = Option<(usize, f32)>;

/// For every row that is a near duplicate, what it is one of.
///
/// The rows are gone through from the best quality to the worst, the first of
/// equals first; one whose cosine with a row kept before is `bound` or more
/// is a duplicate. So no two kept rows are near duplicates of one another; of more than [`EXACT`] rows, none
/// that are found.
pub(crate) fn duplicates(matrix: &Array2<f32>, qualities: &[f64], bound: f32) -> Vec<Like> {
    let mut order: Vec<_> = (0..matrix.nrows()).collect();
    order.sort_by(|&a, &b| qualities[b].total_cmp(&qualities[a]));
    let rows = Rows::new(matrix);
    if matrix.nrows() <= EXACT {
        let mut found = vec![None; matrix.nrows()];
        go_through(&rows, &order, &[], bound, &mut found);
        return found;
    }
    let mut squares = rows.squares.iter();
    let (found, share) = if squares.all(|square| (square - 1.0).abs() < SLACK) {
        Lookup::of(matrix, bound).duplicates(&rows, &order)
    } else {
        let all: Vec<_> = (0..matrix.nrows()).collect();
        Lookup::of(&rows.units(&all), bound).duplicates(&rows, &order)
    };
    let share = 100.0 * share;
    info!("of the near duplicates {share:.1} % are found, by a sample");
    found
}

/// Notes for each of some rows, in their order, what it is a near duplicate of: a row of these that is kept before it, or
/// one of those `earlier` kept that may be near it, which are listed for each row, or for none. Gives the rows that are kept.
pub(crate) fn go_through(
    rows: &Rows<'_>,
    order: &[usize],
    earlier: &[Vec<usize>],
    bound: f32,
    found: &mut [Like],
) -> Vec<usize> {
    // Those that are kept move to the front.
    let mut units = rows.units(order);
    let mut kept: Vec<usize> = Vec::new();
    for start in (0..order.len()).step_by(BLOCK) {
        let block = &order[start..order.len().min(start + BLOCK)];
        let (before, ahead) = units.view().split_at(Axis(0), start);
        let (before, _) = before.split_at(Axis(0), kept.len());
        let (ahead, _) = ahead.split_at(Axis(0), block.len());
        let alike = alike(before, ahead, bound - SLACK);
        let known = kept.len();
        for (place, (&at, alike)) in (start..).zip(block.iter().zip(alike)) {
            let others = alike.iter().map(|&other| kept[other]);
            let others = others.chain(kept[known..].iter().copied());
            let earlier = earlier.get(place).into_iter().flatten();
            found[at] = rows.most_like(at, others.chain(earlier.copied()), bound);
            if found[at].is_none() {
                let own = units.row(place).to_owned();
                units.row_mut(kept.len()).assign(&own);
                kept.push(at);
            }
        }
    }
    kept
}

/// Which rows of `kept` may have a cosine of `bound` or more with each row of a block; all are of length 1.
fn alike(kept: ArrayView2<'_, f32>, block: ArrayView2<'_, f32>, bound: f32) -> Vec<Vec<usize>> {
    let tiles: Vec<_> = kept.axis_chunks_iter(Axis(0), TILE).collect();
    let near = |(tile, rows): (usize, &ArrayView2<'_, f32>)| {
        let cosines = rows.dot(&block.t());
        let near = cosines
            .indexed_iter()
            .filter(|(_, cosine)| **cosine >= bound);
        let near = near.map(|((row, column), _)| (column, tile * TILE + row));
        near.collect::<Vec<_>>()
    };
    let near: Vec<_> = tiles.par_iter().enumerate().map(near).collect();
    let mut all = vec![Vec::new(); block.nrows()];
    for (column, row) in near.into_iter().flatten() {
        all[column].push(row);
    }
    all
}

/// Vectors of any length.
pub(crate) struct Rows<'a> {
    matrix: &'a Array2<f32>,
    /// The squares of their lengths.
    squares: Vec<f32>,
}

impl<'a> Rows<'a> {
    fn new(matrix: &'a Array2<f32>) -> Self {
        let zero = vec![0.0; matrix.ncols()];
        let rows = matrix.rows().into_iter();
        let squares = rows.map(|row| squared(row.to_slice().unwrap_or_default(), &zero));
        Self {
            squares: squares.collect(),
            matrix,
        }
    }

    fn row(&self, at: usize) -> &[f32] {
        self.matrix.row(at).to_slice().unwrap_or_default()
    }

    fn cosine(&self, a: usize, b: usize) -> f32 {
        let [one, other] = [a, b].map(|at| self.squares[at]);
        let between = one + other - squared(self.row(a), self.row(b));
        between / (2.0 * (one * other).sqrt())
    }

    /// Of the others the one that a row is most like, if they are as near as `bound`; of equals the first.
    pub(crate) fn most_like(
        &self,
        row: usize,
        others: impl Iterator<Item = usize>,
        bound: f32,
    ) -> Like {
        let cosines = others.map(|other| (other, self.cosine(row, other)));
        cosines
            .filter(|(_, cosine)| *cosine >= bound)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// The rows in an order, each of length 1; none of a length points nowhere.
    fn units(&self, order: &[usize]) -> Array2<f32> {
        let mut units = self.matrix.select(Axis(0), order);
        for (mut row, at) in units.rows_mut().into_iter().zip(order) {
            let length = self.squares[*at].sqrt();
            if length > 0.0 {
                row /= length;
            }
        }
        units
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand_xoshiro::SplitMix64;
    use rand_xoshiro::rand_core::{RngCore, SeedableRng};

    #[test]
    fn the_best_of_alike_rows_stays() {
        let matrix = array![[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 0.0]];
        let found = duplicates(&matrix, &[1.0, 2.0, 0.0, 0.0], 0.99);
        assert_eq!(found, [Some((1, 1.0)), None, None, None]);
        let found = duplicates(&matrix, &[0.0; 4], 0.99);
        assert_eq!(found, [None, Some((0, 1.0)), None, None], "or the first");
    }

    /// Each row against every kept one, as the words above say it.
    fn one_by_one(matrix: &Array2<f32>, qualities: &[f64], bound: f32) -> Vec<Like> {
        let rows = Rows::new(matrix);
        let mut order: Vec<_> = (0..matrix.nrows()).collect();
        order.sort_by(|&a, &b| qualities[b].total_cmp(&qualities[a]));
        let (mut kept, mut found) = (Vec::new(), vec![None; matrix.nrows()]);
        for at in order {
            let mut nearest: Option<(usize, f32)> = None;
            for &other in &kept {
                let cosine = rows.cosine(at, other);
                let better = nearest.is_none_or(|(best, most)| {
                    cosine > most || (cosine.to_bits() == most.to_bits() && other < best)
                });
                if cosine >= bound && better {
                    nearest = Some((other, cosine));
                }
            }
            found[at] = nearest;
            if nearest.is_none() {
                kept.push(at);
            }
        }
        found
    }

    /// Three thousand rows in heaps, of which more than a tile is kept, and some of no length.
    fn heaps(columns: usize) -> (Array2<f32>, Vec<f64>) {
        let mut chance = SplitMix64::seed_from_u64(3);
        let mut next = || f64::from(chance.next_u32()) / f64::from(u32::MAX) - 0.5;
        let heaps = Array2::from_shape_fn((1500, columns), |_| next() as f32);
        let matrix = Array2::from_shape_fn((3000, columns), |(row, column)| match row % 97 {
            0 => 0.0,
            _ => heaps[(row * 7 % 1500, column)] + 0.05 * next() as f32,
        });
        (matrix, (0..3000).map(|row| f64::from(row % 10)).collect())
    }

    #[test]
    fn blocks_and_tiles_find_what_each_pair_by_itself_gives() {
        let (matrix, qualities) = heaps(12);
        let found = duplicates(&matrix, &qualities, 0.97);
        assert_eq!(found, one_by_one(&matrix, &qualities, 0.97));
        let kept = found.iter().filter(|one| one.is_none()).count();
        assert!((TILE + 1..2900).contains(&kept), "{kept}");
    }

    #[test]
    fn cells_find_what_each_pair_by_itself_gives() {
        for columns in [3, 12] {
            let (matrix, qualities) = heaps(columns);
            let rows = Rows::new(&matrix);
            let mut order: Vec<_> = (0..3000).collect();
            order.sort_by(|&a, &b| qualities[b].total_cmp(&qualities[a]));
            let units = rows.units(&(0..3000).collect::<Vec<_>>());
            let (found, share) = Lookup::of(&units, 0.97).duplicates(&rows, &order);
            assert_eq!(found, one_by_one(&matrix, &qualities, 0.97), "{columns}");
            assert!((share - 1.0).abs() < 1e-9, "{share}");
        }
    }
}
