//! The spanning tree of many rows, out of the rows that an index finds to be near.

use ndarray::Array2;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use stage::log::info;

use crate::cells::Cells;
use crate::distance::squared;
use crate::nearest::{Near, nearest};
use crate::spanning::{Edge, sort};
use crate::union::Union;

/// Rows that are noted beside those that a core distance takes, of each.
const BESIDE: usize = 16;

/// From how many rows the parts of a tree look for one another, and through how many cells each.
const LOOKOUTS: usize = 8192;
const LOOKED: usize = 32;

/// What is near to what.
#[derive(Debug)]
pub(crate) struct Reach<'a> {
    cells: Cells<'a>,
    near: Vec<Near>,
    noted: usize,
    /// The core distance of each row.
    core: Vec<f32>,
}

impl<'a> Reach<'a> {
    pub(crate) fn of(matrix: &'a Array2<f32>, size: usize) -> Self {
        let cells = Cells::of(matrix);
        let noted = (size + BESIDE).min(matrix.nrows());
        let (near, recall) = nearest(&cells, noted, size);
        info!(
            "of the {size} nearest records {:.1} % are found, by a sample",
            100.0 * recall
        );
        let lists = near.chunks_exact(noted);
        Self {
            core: lists.map(|list| list[size - 1].distance).collect(),
            cells,
            near,
            noted,
        }
    }

    pub(crate) fn core(&self) -> &[f32] {
        &self.core
    }

    /// The rows found near one, the nearest first.
    pub(crate) fn near(&self, row: usize) -> &[Near] {
        &self.near[row * self.noted..][..self.noted]
    }

    /// The edges of the tree, the shortest first: every part of it takes the shortest edge that is found to
    /// another, until there is one (Borůvka 1926).
    pub(crate) fn tree(&self) -> Vec<Edge> {
        let rows = self.core.len();
        let mut union = Union::new(rows);
        let mut edges = Vec::with_capacity(rows);
        while edges.len() + 1 < rows {
            let part: Vec<u32> = (0..rows as u32).map(|row| union.find(row)).collect();
            let mut found = self.bridges(&part);
            sort(&mut found);
            found.retain(|edge| union.join(edge.ends));
            edges.append(&mut found);
        }
        sort(&mut edges);
        edges
    }

    fn edge(&self, a: u32, b: u32, distance: f32) -> Edge {
        Edge {
            ends: [a, b],
            length: distance
                .max(self.core[a as usize])
                .max(self.core[b as usize]),
        }
    }

    /// The shortest edge that is found from each part to another.
    fn bridges(&self, part: &[u32]) -> Vec<Edge> {
        let rows: Vec<u32> = (0..part.len() as u32).collect();
        let listed = rows.par_iter().filter_map(|&row| self.listed(row, part));
        let mut found = shortest(listed.collect(), part);
        let mut best = vec![f32::INFINITY; part.len()];
        for edge in &found {
            best[part[edge.ends[0] as usize] as usize] = edge.length;
        }
        // Rows whose list ends before that may be nearer to another part than it says.
        let mut doubtful: Vec<_> = rows
            .into_iter()
            .filter(|&row| {
                let last = self.near(row as usize).last();
                last.is_some_and(|last| last.distance < best[part[row as usize] as usize])
            })
            .collect();
        doubtful.sort_by_key(|&row| part[row as usize]);
        let parts = doubtful.chunk_by(|a, b| part[*a as usize] == part[*b as usize]);
        let each = (LOOKOUTS / parts.clone().count().max(1)).max(1);
        let mut lookouts = Vec::new();
        for rows in parts {
            let count = each.min(rows.len());
            lookouts.extend((0..count).map(|number| rows[number * rows.len() / count]));
        }
        let whole = self.whole(part);
        let out = |rows: &[u32]| -> Vec<Edge> {
            let found = rows.par_iter();
            found
                .filter_map(|&row| self.out(row, part, &whole))
                .collect()
        };
        found.extend(out(&lookouts));
        found = shortest(found, part);
        // Once more, from where these end.
        let mut ends: Vec<_> = found.iter().map(|edge| edge.ends[1]).collect();
        ends.sort_unstable();
        ends.dedup();
        ends.retain(|end| {
            doubtful
                .binary_search_by_key(&(part[*end as usize], *end), |&row| {
                    (part[row as usize], row)
                })
                .is_ok()
        });
        found.extend(out(&ends));
        shortest(found, part)
    }

    /// The shortest edge from a row to one of its list that is of another part.
    fn listed(&self, row: u32, part: &[u32]) -> Option<Edge> {
        let near = self.near(row as usize).iter();
        let others = near.filter(|near| part[near.row as usize] != part[row as usize]);
        let edges = others.map(|near| self.edge(row, near.row, near.distance));
        edges.min_by(Edge::order)
    }

    /// The part that all rows of a cell are of, if they are of one.
    fn whole(&self, part: &[u32]) -> Vec<Option<u32>> {
        let of_cell = |cell: usize| {
            let mut parts = self.cells.rows(cell).iter().map(|&row| part[row as usize]);
            let first = parts.next()?;
            parts.all(|other| other == first).then_some(first)
        };
        (0..self.cells.len()).map(of_cell).collect()
    }

    /// The edge from a row to the nearest that is found of another part. `whole` is the part that all rows of
    /// a cell are of, if they are of one.
    fn out(&self, row: u32, part: &[u32], whole: &[Option<u32>]) -> Option<Edge> {
        let (own, vector) = (part[row as usize], self.cells.row(row));
        let around = self.cells.from(vector).into_iter();
        let others =
            around.filter(|&cell| !self.cells.rows(cell).is_empty() && whole[cell] != Some(own));
        let rows = others.take(LOOKED).flat_map(|cell| self.cells.rows(cell));
        let others = rows.filter(|&&other| part[other as usize] != own);
        let edges = others.map(|&other| {
            let distance = squared(vector, self.cells.row(other)).sqrt();
            self.edge(row, other, distance)
        });
        edges.min_by(Edge::order)
    }
}

/// Of the edges from each part the shortest.
fn shortest(mut edges: Vec<Edge>, part: &[u32]) -> Vec<Edge> {
    let from = |edge: &Edge| part[edge.ends[0] as usize];
    edges.sort_unstable_by(|a, b| from(a).cmp(&from(b)).then(a.order(b)));
    edges.dedup_by_key(|edge| from(edge));
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hierarchy::clusters;
    use crate::spanning::exact;
    use rand_xoshiro::SplitMix64;
    use rand_xoshiro::rand_core::{RngCore, SeedableRng};

    /// Heaps of several widths around centres, and one row in ten anywhere.
    fn heaps(rows: usize, columns: usize, heaps: usize) -> Array2<f32> {
        let mut chance = SplitMix64::seed_from_u64(5);
        let mut next = || (f64::from(chance.next_u32()) / f64::from(u32::MAX) - 0.5) as f32;
        let centres = Array2::from_shape_fn((heaps, columns), |_| 4.0 * next());
        Array2::from_shape_fn((rows, columns), |(row, column)| {
            let heap = row * 7 % heaps;
            if row.is_multiple_of(10) {
                4.0 * next()
            } else {
                centres[(heap, column)] + (0.1 + 0.1 * (heap % 5) as f32) * next()
            }
        })
    }

    fn length(edges: &[Edge]) -> f64 {
        edges.iter().map(|edge| f64::from(edge.length)).sum()
    }

    #[test]
    fn the_tree_is_hardly_longer_than_the_shortest() {
        for columns in [2, 16] {
            let matrix = heaps(3000, columns, 40);
            let reach = Reach::of(&matrix, 5);
            let (found, least) = (reach.tree(), exact(&matrix, 5));
            assert_eq!(found.len(), 2999, "it joins all");
            let mut union = Union::new(3000);
            assert!(
                found.iter().all(|edge| union.join(edge.ends)),
                "and has no circle"
            );
            let over = length(&found) / length(&least);
            assert!((0.999_99..1.01).contains(&over), "{columns}: {over}");
        }
    }

    #[test]
    fn clusters_by_the_index_are_those_of_all_pairs() {
        let matrix = heaps(3000, 16, 40);
        let [found, wanted] =
            [Reach::of(&matrix, 5).tree(), exact(&matrix, 5)].map(|edges| clusters(&edges, 5));
        // Of all pairs of rows, those that both put together, and those that both put apart.
        let mut agree = 0_u64;
        for a in 0..3000 {
            for b in 0..a {
                let together =
                    |labels: &[Option<usize>]| labels[a].is_some() && labels[a] == labels[b];
                agree += u64::from(together(&found) == together(&wanted));
            }
        }
        let share = agree as f64 / f64::from(3000 * 2999 / 2);
        assert!(share > 0.999, "{share}");
        assert!(
            wanted.iter().flatten().max() > Some(&20),
            "there are clusters"
        );
    }

    #[test]
    fn the_nearest_rows_are_found_and_measured() {
        let matrix = heaps(3000, 16, 40);
        let reach = Reach::of(&matrix, 5);
        let mut right = 0;
        for row in (0..3000).step_by(29).take(100) {
            let own = reach.cells.row(row as u32);
            let mut far: Vec<f32> = (0..3000)
                .map(|other| squared(own, reach.cells.row(other)).sqrt())
                .collect();
            far.sort_by(f32::total_cmp);
            let found = reach.near(row);
            assert!(found.is_sorted_by(|a, b| a.distance <= b.distance));
            right += found
                .iter()
                .zip(&far)
                .take(5)
                .filter(|(near, far)| near.distance.to_bits() == far.to_bits())
                .count();
        }
        assert!(right >= 490, "{right} of 500");
    }

    #[test]
    fn many_rows_alike_are_joined_at_no_distance() {
        let matrix = Array2::from_shape_fn((2000, 4), |(row, column)| {
            if row < 1500 {
                1.0
            } else {
                (row * (column + 3) % 97) as f32
            }
        });
        let edges = Reach::of(&matrix, 5).tree();
        assert_eq!(edges.len(), 1999);
        assert!(edges[..1499].iter().all(|edge| edge.length == 0.0));
    }
}
