//! Rows in cells around centres, so that those near a row are found without a look at all.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::distance::squared;

/// Rows that the centres are found on, for each of them.
const SAMPLED: usize = 32;

/// How often centres move to the mean of their rows.
const ROUNDS: usize = 6;

/// Rows that are compared with all centres as one product of matrices.
const BLOCK: usize = 1024;

/// The rows of a matrix by the centre that each is nearest to (an inverted file: Jégou, Douze and Schmid 2011).
///
/// Nothing in it hangs on chance or on the number of threads.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    pub(crate) matrix: &'a Array2<f32>,
    centres: Array2<f32>,
    /// What is taken off rows before they are multiplied, so that sums stay small.
    mean: Array1<f32>,
    /// The rows of each cell, in order.
    rows: Vec<Vec<u32>>,
}

impl<'a> Cells<'a> {
    /// As many cells as make the way to one, and through some, shortest.
    pub(crate) fn of(matrix: &'a Array2<f32>) -> Self {
        let count = (2.0 * (matrix.nrows() as f64).sqrt()) as usize;
        let centres = centres(matrix, count.clamp(1, matrix.nrows()));
        let mut rows = vec![Vec::new(); centres.nrows()];
        for (row, cell) in (0..).zip(closest(matrix.view(), &centres)) {
            rows[cell].push(row);
        }
        Self {
            mean: matrix.mean_axis(Axis(0)).unwrap_or_default(),
            matrix,
            centres,
            rows,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn rows(&self, cell: usize) -> &[u32] {
        &self.rows[cell]
    }

    pub(crate) fn centres(&self) -> &Array2<f32> {
        &self.centres
    }

    pub(crate) fn row(&self, row: u32) -> &[f32] {
        slice(self.matrix.row(row as usize))
    }

    /// Cells by how far their centres are from that of `cell`, itself first.
    pub(crate) fn around(&self, cell: usize) -> Vec<usize> {
        self.from(slice(self.centres.row(cell)))
    }

    /// Cells by how far their centres are from a vector.
    pub(crate) fn from(&self, vector: &[f32]) -> Vec<usize> {
        let centres = self.centres.rows().into_iter();
        let mut far: Vec<_> = centres
            .map(|centre| squared(slice(centre), vector))
            .zip(0..)
            .collect();
        far.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        far.into_iter().map(|(_, cell)| cell).collect()
    }

    /// These rows, less the mean of all, and the squares of what is left.
    pub(crate) fn gather(&self, rows: &[u32]) -> (Array2<f32>, Vec<f32>) {
        let places: Vec<_> = rows.iter().map(|&row| row as usize).collect();
        let gathered = self.matrix.select(Axis(0), &places) - &self.mean;
        let squares = gathered.rows().into_iter().map(|row| row.dot(&row));
        let squares = squares.collect();
        (gathered, squares)
    }
}

/// Centres of k-means, begun at rows spread evenly, on a sample of rows spread evenly.
fn centres(matrix: &Array2<f32>, count: usize) -> Array2<f32> {
    let spread = |of: usize, count: usize| -> Vec<usize> {
        (0..count).map(|number| number * of / count).collect()
    };
    let sample = spread(matrix.nrows(), matrix.nrows().min(SAMPLED * count));
    let sample = matrix.select(Axis(0), &sample);
    let mut centres = sample.select(Axis(0), &spread(sample.nrows(), count));
    for _ in 0..ROUNDS {
        let mut sums = Array2::<f32>::zeros(centres.raw_dim());
        let mut counts = vec![0_u32; count];
        let of = closest(sample.view(), &centres);
        for (row, cell) in sample.rows().into_iter().zip(of) {
            sums.row_mut(cell).scaled_add(1.0, &row);
            counts[cell] += 1;
        }
        for (cell, &members) in counts
            .iter()
            .enumerate()
            .filter(|(_, members)| **members > 0)
        {
            let mean = &sums.row(cell) / members as f32;
            centres.row_mut(cell).assign(&mean);
        }
    }
    centres
}

/// The centre that each row is nearest to, by products of matrices; of equals the first.
pub(crate) fn closest(rows: ArrayView2<'_, f32>, centres: &Array2<f32>) -> Vec<usize> {
    let squares = centres.rows().into_iter().map(|row| row.dot(&row));
    let halves: Vec<f32> = squares.map(|square| square / 2.0).collect();
    let blocks = rows.axis_chunks_iter(Axis(0), BLOCK);
    let blocks: Vec<_> = blocks.collect();
    let of_block = |block: ArrayView2<'_, f32>| {
        let products = block.dot(&centres.t());
        let nearest = |products: ArrayView1<'_, f32>| {
            let far = halves
                .iter()
                .zip(products)
                .map(|(half, product)| half - product);
            let nearest = far.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
            nearest.map_or(0, |(cell, _)| cell)
        };
        products.rows().into_iter().map(nearest).collect::<Vec<_>>()
    };
    let found: Vec<_> = blocks
        .into_par_iter()
        .with_max_len(1)
        .map(of_block)
        .collect();
    found.concat()
}

fn slice(row: ArrayView1<'_, f32>) -> &[f32] {
    row.to_slice().unwrap_or_default()
}
