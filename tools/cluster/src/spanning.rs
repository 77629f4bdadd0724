//! The minimum spanning tree by mutual reachability, which HDBSCAN and DBSCAN are read from.
//!
//! Two rows are as far apart as they are, or as the core distance of either, whichever is most; the
//! core distance of a row is that to its `size`-th nearest, itself included (Campello, Moulavi and Sander 2013).

use std::cmp::Ordering;

use ndarray::Array2;
use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator,
};

use crate::density::nth_nearest;
use crate::distance::squared;

/// An edge of the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) ends: [u32; 2],
    pub(crate) length: f32,
}

impl Edge {
    /// The shorter comes first; of equals, any order is as good, if it is always the same.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let by_length = self.length.total_cmp(&other.length);
        by_length.then(self.ends.cmp(&other.ends))
    }
}

/// Puts the shortest first.
pub(crate) fn sort(edges: &mut [Edge]) {
    edges.sort_unstable_by(Edge::order);
}

/// The edges of the tree, the shortest first, by a look at all pairs of rows (Prim 1957).
pub(crate) fn exact(matrix: &Array2<f32>, size: usize) -> Vec<Edge> {
    let rows = 0..matrix.nrows();
    let core: Vec<f32> = rows
        .into_par_iter()
        .map(|row| nth_nearest(matrix, row, size))
        .collect();
    let vector = |row: u32| matrix.row(row as usize).to_slice().unwrap_or_default();
    // Rows outside the tree, how far they are from it, and from which row of it.
    let mut outside: Vec<_> = (1..core.len() as u32)
        .map(|row| (row, f32::INFINITY, 0))
        .collect();
    let mut edges = Vec::with_capacity(outside.len());
    let mut last = 0;
    while !outside.is_empty() {
        let (from, within) = (vector(last), core[last as usize]);
        let reach = |(row, far, nearest): &mut (u32, f32, u32)| {
            let between = squared(from, vector(*row)).sqrt();
            let between = between.max(within).max(core[*row as usize]);
            if between < *far {
                (*far, *nearest) = (between, last);
            }
        };
        outside.par_iter_mut().with_min_len(512).for_each(reach);
        let far = |at: &usize| outside[*at].1;
        let next = (0..outside.len()).min_by(|a, b| far(a).total_cmp(&far(b)));
        let (row, length, nearest) = outside.swap_remove(next.unwrap_or(0));
        edges.push(Edge {
            ends: [nearest, row],
            length,
        });
        last = row;
    }
    sort(&mut edges);
    edges
}
