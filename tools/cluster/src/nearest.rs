//! The rows nearest to each, out of the cells near it.

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator,
};

use crate::cells::Cells;
use crate::density::nth_nearest;
use crate::distance::squared;

/// Candidates beyond those asked for: products of matrices may put two in the wrong order.
const SPARE: usize = 8;

/// How much of the nearest rows is to be found, and on how many rows that is tried.
const RECALL: f64 = 0.99;
const TRIED: usize = 256;

/// Cells that are looked through at first, and at most.
const FEWEST: usize = 8;
const MOST: usize = 128;

/// A row, and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    pub(crate) row: u32,
    pub(crate) distance: f32,
}

/// For each row the `count` nearest that are found, itself included, the nearest first; and which part of the
/// `size` nearest are found, on a sample. As many cells are looked through as that takes.
pub(crate) fn nearest(cells: &Cells<'_>, count: usize, size: usize) -> (Vec<Near>, f64) {
    let all = cells.matrix.nrows();
    let sample = Sample::of(cells, size);
    let mut probes = FEWEST.min(cells.len());
    let mut recall = sample.recall(cells, count, probes);
    while recall < RECALL && probes < MOST.min(cells.len()) {
        probes = (2 * probes).min(cells.len());
        recall = sample.recall(cells, count, probes);
    }
    let lists: Vec<_> = (0..cells.len())
        .into_par_iter()
        .with_max_len(1)
        .map(|cell| search(cells, cell, cells.rows(cell), count, probes))
        .collect();
    let none = Near {
        row: 0,
        distance: f32::INFINITY,
    };
    let mut near = vec![none; all * count];
    for (cell, lists) in lists.into_iter().enumerate() {
        for (&row, list) in cells.rows(cell).iter().zip(lists.chunks_exact(count)) {
            near[row as usize * count..][..count].copy_from_slice(list);
        }
    }
    (near, recall)
}

/// The nearest rows of `queries`, rows of `cell`, in the cells around it: `count` of each after one another.
fn search(
    cells: &Cells<'_>,
    cell: usize,
    queries: &[u32],
    count: usize,
    probes: usize,
) -> Vec<Near> {
    let (own, own_squares) = cells.gather(queries);
    let mut found: Vec<Candidates> = queries.iter().map(|_| Candidates::new(count)).collect();
    let mut seen = 0;
    for (number, other) in cells.around(cell).into_iter().enumerate() {
        if number >= probes && seen >= count {
            break;
        }
        let rows = cells.rows(other);
        seen += rows.len();
        let (slab, squares) = cells.gather(rows);
        let products = own.dot(&slab.t());
        for ((found, products), own) in found.iter_mut().zip(products.rows()).zip(&own_squares) {
            let far = products.iter().zip(&squares);
            let far = far.map(|(product, square)| own + square - 2.0 * product);
            for (far, &row) in far.zip(rows) {
                found.offer(far, row);
            }
        }
    }
    let measured = |(found, &query): (Candidates, &u32)| found.measured(cells, query);
    found.into_iter().zip(queries).flat_map(measured).collect()
}

/// The best so far of one row, by squared distances out of products.
struct Candidates {
    count: usize,
    best: Vec<(f32, u32)>,
    /// What is no nearer is not among the best.
    bound: f32,
}

impl Candidates {
    fn new(count: usize) -> Self {
        Self {
            count,
            best: Vec::with_capacity(2 * (count + SPARE)),
            bound: f32::INFINITY,
        }
    }

    fn offer(&mut self, far: f32, row: u32) {
        if far >= self.bound {
            return;
        }
        self.best.push((far, row));
        let keep = self.count + SPARE;
        if self.best.len() == 2 * keep {
            let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            let (_, last, _) = self.best.select_nth_unstable_by(keep - 1, order);
            self.bound = last.0;
            self.best.truncate(keep);
        }
    }

    /// Those asked for, by their distances proper.
    fn measured(self, cells: &Cells<'_>, query: u32) -> Vec<Near> {
        let own = cells.row(query);
        let near = |(_, row): (f32, u32)| Near {
            row,
            distance: squared(own, cells.row(row)).sqrt(),
        };
        let mut near: Vec<_> = self.best.into_iter().map(near).collect();
        near.sort_unstable_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
        near.truncate(self.count);
        near
    }
}

/// Some rows, by cells, and how far their nearest are by a look at all.
struct Sample {
    by_cell: Vec<(usize, Vec<u32>, Vec<f32>)>,
    size: usize,
}

impl Sample {
    fn of(cells: &Cells<'_>, size: usize) -> Self {
        let all = cells.matrix.nrows();
        let step = all.div_ceil(TRIED).max(1) as u32;
        let of_cell = |cell: usize| {
            let rows = cells.rows(cell).iter().copied();
            let rows: Vec<u32> = rows.filter(|row| row.is_multiple_of(step)).collect();
            let far = rows.par_iter();
            let far = far.map(|&row| nth_nearest(cells.matrix, row as usize, size));
            let far = far.collect();
            (cell, rows, far)
        };
        Self {
            by_cell: (0..cells.len()).into_par_iter().map(of_cell).collect(),
            size,
        }
    }

    /// Which part of the nearest rows is found.
    fn recall(&self, cells: &Cells<'_>, count: usize, probes: usize) -> f64 {
        let found = self.by_cell.par_iter().map(|(cell, rows, far)| {
            let near = search(cells, *cell, rows, count, probes);
            let lists = near.chunks_exact(count).zip(far);
            let found = lists.map(|(list, far)| {
                let within = list.iter().filter(|near| near.distance <= *far);
                within.count().min(self.size)
            });
            found.sum::<usize>()
        });
        let asked = self.by_cell.iter().map(|(_, rows, _)| rows.len());
        found.sum::<usize>() as f64 / (asked.sum::<usize>().max(1) * self.size) as f64
    }
}
