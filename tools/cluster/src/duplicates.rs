//! Near duplicates: of vectors that point the same way, one is enough.

use ndarray::Array2;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::distance::squared;

/// For every row that is a near duplicate, the kept row that it is most like,
/// and the cosine of the angle between them.
///
/// The rows are gone through from the best quality to the worst, the first of
/// equals first; one whose cosine with a row kept before is `bound` or more
/// is a duplicate. So no two kept rows are near duplicates of one another.
pub(crate) fn duplicates(
    matrix: &Array2<f32>,
    qualities: &[f64],
    bound: f32,
) -> Vec<Option<(usize, f32)>> {
    let row = |at: usize| matrix.row(at).to_slice().unwrap_or_default();
    let zero = vec![0.0; matrix.ncols()];
    let squares: Vec<f32> = (0..matrix.nrows())
        .map(|at| squared(row(at), &zero))
        .collect();
    let cosine = |a: usize, b: usize| {
        let between = squares[a] + squares[b] - squared(row(a), row(b));
        between / (2.0 * (squares[a] * squares[b]).sqrt())
    };
    let mut order: Vec<_> = (0..matrix.nrows()).collect();
    order.sort_by(|&a, &b| qualities[b].total_cmp(&qualities[a]));
    let mut kept: Vec<usize> = Vec::new();
    let mut found = vec![None; matrix.nrows()];
    for at in order {
        let nearest = kept
            .par_iter()
            .with_min_len(256)
            .map(|&other| (other, cosine(at, other)))
            .filter(|(_, cosine)| *cosine >= bound)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        match nearest {
            Some(nearest) => found[at] = Some(nearest),
            None => kept.push(at),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_best_of_alike_rows_stays() {
        let matrix = array![[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 0.0]];
        let found = duplicates(&matrix, &[1.0, 2.0, 0.0, 0.0], 0.99);
        assert_eq!(found, [Some((1, 1.0)), None, None, None]);
        let found = duplicates(&matrix, &[0.0; 4], 0.99);
        assert_eq!(found, [None, Some((0, 1.0)), None, None], "or the first");
    }
}
