//! Which rows are near duplicates of rows kept before, of so many that not all pairs can be compared.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView1, Axis};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;

use crate::cells::Cells;
use crate::duplicates::{Like, Rows, SLACK, go_through};

/// Rows that are looked up at a time.
const BLOCK: usize = 8192;

/// Rows whose distances to all centres, or from all rows that look into a cell, are held at a time on each core.
const TILE: usize = 512;

/// Cells that are looked through for one row at the most.
const MOST: usize = 64;

/// Rows that are compared with all kept ones, to say which part of the duplicates is found.
const TRIED: usize = 512;

/// Rows of length 1 in cells, and how near one another duplicates are.
pub(crate) struct Lookup<'a> {
    units: &'a Array2<f32>,
    cells: Cells<'a>,
    /// The squares of the lengths of the centres.
    squares: Vec<f32>,
    /// The distances of the centres from one another.
    apart: Array2<f32>,
    /// The cell of each row.
    home: Vec<u32>,
    /// The least cosine.
    bound: f32,
    /// The distance that goes with it.
    reach: f32,
}

impl<'a> Lookup<'a> {
    pub(crate) fn of(units: &'a Array2<f32>, bound: f32) -> Self {
        let cells = Cells::of(units);
        let mut home = vec![0; units.nrows()];
        for (number, cell) in (0..).zip(0..cells.len()) {
            for &row in cells.rows(cell) {
                home[row as usize] = number;
            }
        }
        let centres = cells.centres();
        let squares = centres.rows().into_iter().map(|centre| centre.dot(&centre));
        let squares: Vec<f32> = squares.collect();
        let mut apart = centres.dot(&centres.t());
        for ((a, b), product) in apart.indexed_iter_mut() {
            *product = (squares[a] + squares[b] - 2.0 * *product).max(0.0).sqrt();
        }
        Self {
            units,
            squares,
            apart,
            cells,
            home,
            bound,
            reach: (2.0 * (1.0 - bound + SLACK)).sqrt(),
        }
    }

    /// For every row that is found to be a near duplicate, what it is one of, the rows being gone through in
    /// `order`; and which part of the duplicates is found, by a sample.
    pub(crate) fn duplicates(&self, rows: &Rows<'_>, order: &[usize]) -> (Vec<Like>, f64) {
        let mut found: Vec<Like> = vec![None; order.len()];
        // The kept rows of each cell.
        let mut kept = vec![Vec::new(); self.cells.len()];
        for block in order.chunks(BLOCK) {
            let earlier = self.alike(block, &kept);
            for row in go_through(rows, block, &earlier, self.bound, &mut found) {
                kept[self.cell(row)].push(row);
            }
        }
        let share = self.share(order, &found);
        (found, share)
    }

    fn cell(&self, row: usize) -> usize {
        self.home[row] as usize
    }

    /// Which of the kept rows, by cells, may be as near as `bound` to each row of a block.
    fn alike(&self, block: &[usize], kept: &[Vec<usize>]) -> Vec<Vec<usize>> {
        // The places in the block of the rows that look into each cell.
        let mut looking = vec![Vec::new(); self.cells.len()];
        let tiles = block.par_chunks(TILE);
        let cells: Vec<_> = tiles
            .flat_map_iter(|rows| self.within_reach(rows))
            .collect();
        for (place, cells) in cells.into_iter().enumerate() {
            for cell in cells {
                looking[cell].push(place);
            }
        }
        let of_cell = |cell: usize| {
            let (places, others) = (&looking[cell], &kept[cell]);
            let rows: Vec<_> = places.iter().map(|&place| block[place]).collect();
            let near = self.near(&rows, others).into_iter();
            let near = near.map(|(query, other)| (places[query], others[other]));
            near.collect::<Vec<_>>()
        };
        let near = (0..self.cells.len()).into_par_iter().with_max_len(1);
        let near: Vec<_> = near.map(of_cell).collect();
        let mut all = vec![Vec::new(); block.len()];
        for (place, other) in near.into_iter().flatten() {
            all[place].push(other);
        }
        all
    }

    /// The pairs of a row and another that may be as near as `bound`, by their places in these lists.
    fn near(&self, rows: &[usize], others: &[usize]) -> Vec<(usize, usize)> {
        if rows.is_empty() || others.is_empty() {
            return Vec::new();
        }
        let rows = self.units.select(Axis(0), rows);
        let tiles = others.chunks(TILE).enumerate().flat_map(|(tile, others)| {
            let cosines = rows.dot(&self.units.select(Axis(0), others).t());
            let near = cosines.indexed_iter();
            let near = near.filter(|(_, cosine)| **cosine >= self.bound - SLACK);
            let near = near.map(|((row, other), _)| (row, tile * TILE + other));
            near.collect::<Vec<_>>()
        });
        tiles.collect()
    }

    /// The cells in which a row may be that is within reach of each of these, [`MOST`] at the most.
    ///
    /// A row of another cell is nearer to that cell's centre than to the own one, so it is at least as far away as
    /// the plane in the middle of the two.
    fn within_reach(&self, rows: &[usize]) -> Vec<Vec<usize>> {
        let gathered = self.units.select(Axis(0), rows);
        let products = gathered.dot(&self.cells.centres().t());
        let of_row = |(&row, products): (&usize, ArrayView1<'_, f32>)| {
            let own = self.cell(row);
            // Squared distances to the centres, less the square of the row, which is in all.
            let far = |cell: usize| self.squares[cell] - 2.0 * products[cell];
            let plane = |cell: usize| {
                let apart = self.apart[(own, cell)].max(f32::MIN_POSITIVE);
                (far(cell) - far(own)) / (2.0 * apart)
            };
            let others = (0..self.cells.len()).filter(|&cell| cell != own);
            let near = others.map(|cell| (plane(cell), cell));
            let mut near: Vec<_> = near.filter(|(plane, _)| *plane <= self.reach).collect();
            if near.len() >= MOST {
                near.select_nth_unstable_by(MOST - 1, |a, b| {
                    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
                });
                near.truncate(MOST - 1);
            }
            near.push((0.0, own));
            near.into_iter().map(|(_, cell)| cell).collect()
        };
        let rows = rows.iter().zip(products.rows());
        rows.map(of_row).collect()
    }

    /// Which part of the rows that are near duplicates is found, by a look at all rows from some of them.
    fn share(&self, order: &[usize], found: &[Like]) -> f64 {
        let mut turn = vec![0; order.len()];
        for (number, &row) in order.iter().enumerate() {
            turn[row] = number;
        }
        let step = order.len().div_ceil(TRIED).max(1);
        let tried = order.iter().copied().step_by(step);
        let (right, others): (Vec<_>, Vec<_>) = tried.partition(|&row| found[row].is_some());
        let kept = order.iter().copied().filter(|&row| found[row].is_none());
        let kept: Vec<_> = kept.collect();
        let missed = kept.par_chunks(BLOCK).flat_map_iter(|kept| {
            let near = self.near(&others, kept).into_iter();
            let near = near.map(|(place, other)| (others[place], kept[other]));
            let near = near.filter(|(row, other)| turn[*other] < turn[*row]);
            let cosine = |row: usize, other: usize| self.units.row(row).dot(&self.units.row(other));
            let near = near.filter(move |&(row, other)| cosine(row, other) >= self.bound);
            near.map(|(row, _)| row).collect::<Vec<_>>()
        });
        let missed: BTreeSet<_> = missed.collect();
        let all = right.len() + missed.len();
        if all == 0 {
            return 1.0;
        }
        right.len() as f64 / all as f64
    }
}
