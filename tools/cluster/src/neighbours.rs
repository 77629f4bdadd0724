//! Who is near, for linfa's DBSCAN: a k-d tree where the dimension is low, a
//! scan on all cores where it is not.

use kiddo::{ImmutableKdTree, SquaredEuclidean};
use linfa::Float;
use linfa_nn::distance::Distance;
use linfa_nn::{BuildError, LinearSearchIndex, NearestNeighbour, NearestNeighbourIndex, NnError};
use ndarray::{ArrayBase, ArrayView1, ArrayView2, Data, Ix2};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// The highest dimension in which a tree saves anything over a scan.
pub(crate) const LOW: usize = 8;

/// Vectors of fewer dimensions have zeros behind, at which no tree splits.
type Tree = ImmutableKdTree<f32, LOW>;

/// Makes the index that fits the dimension.
#[derive(Debug)]
pub(crate) struct Neighbours;

impl NearestNeighbour for Neighbours {
    fn from_batch_with_leaf_size<'a, F: Float, DT: Data<Elem = F>, D: 'a + Distance<F>>(
        &self,
        batch: &'a ArrayBase<DT, Ix2>,
        _: usize,
        distance: D,
    ) -> Result<Box<dyn 'a + Send + Sync + NearestNeighbourIndex<F>>, BuildError> {
        Ok(Box::new(Index {
            batch: batch.view(),
            tree: tree(batch.view()),
            scan: LinearSearchIndex::new(batch, distance.clone())?,
            distance,
        }))
    }
}

struct Index<'a, F: Float, D: Distance<F>> {
    batch: ArrayView2<'a, F>,
    tree: Option<Tree>,
    scan: LinearSearchIndex<'a, F, D>,
    distance: D,
}

impl<F: Float, D: Distance<F>> NearestNeighbourIndex<F> for Index<'_, F, D> {
    fn k_nearest(
        &self,
        point: ArrayView1<'_, F>,
        count: usize,
    ) -> Result<Vec<(ArrayView1<'_, F>, usize)>, NnError> {
        self.scan.k_nearest(point, count)
    }

    fn within_range(
        &self,
        point: ArrayView1<'_, F>,
        range: F,
    ) -> Result<Vec<(ArrayView1<'_, F>, usize)>, NnError> {
        let bound = self.distance.dist_to_rdist(range);
        let rows = match &self.tree {
            Some(tree) => within(tree, point, bound),
            None => (0..self.batch.nrows())
                .into_par_iter()
                .filter(|&row| self.distance.rdistance(self.batch.row(row), point) <= bound)
                .collect(),
        };
        Ok(rows
            .into_iter()
            .map(|row| (self.batch.row(row), row))
            .collect())
    }
}

/// A tree of the rows of `batch`, if its dimension is low.
fn tree<F: Float>(batch: ArrayView2<'_, F>) -> Option<Tree> {
    if batch.ncols() > LOW {
        return None;
    }
    let points: Vec<_> = batch.rows().into_iter().map(padded).collect();
    Tree::new_from_slice(&points).ok()
}

/// The numbers of the rows within the root of `bound`, in order.
fn within<F: Float>(tree: &Tree, point: ArrayView1<'_, F>, bound: F) -> Vec<usize> {
    let bound = bound.to_f32().unwrap_or(f32::MAX);
    let near = tree
        .query(&padded(point))
        .within::<SquaredEuclidean<f32>>(bound)
        .execute();
    let mut rows: Vec<_> = near.into_iter().map(|near| near.item as usize).collect();
    rows.sort_unstable();
    rows
}

fn padded<F: Float>(point: ArrayView1<'_, F>) -> [f32; LOW] {
    let mut padded = [0.0; LOW];
    for (place, number) in padded.iter_mut().zip(point) {
        *place = number.to_f32().unwrap_or_default();
    }
    padded
}
