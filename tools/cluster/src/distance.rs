//! Euclidean distance of two vectors, fast enough for all pairs of many.

use linfa_nn::distance::Distance;
use ndarray::{ArrayView, Dimension};
use ndarray_0_17::ArrayView1;
use petal_neighbors::distance::{Euclidean, Metric};

/// The squared Euclidean distance of two vectors of one length.
pub(crate) fn squared(a: &[f32], b: &[f32]) -> f32 {
    Euclidean::default().rdistance(&ArrayView1::from(a), &ArrayView1::from(b))
}

/// Euclidean distance for linfa's algorithms, whose own adds one number
/// after another and takes ten times as long.
#[derive(Debug, Clone)]
pub(crate) struct Straight;

impl Distance<f32> for Straight {
    fn distance<D: Dimension>(&self, a: ArrayView<'_, f32, D>, b: ArrayView<'_, f32, D>) -> f32 {
        self.rdistance(a, b).sqrt()
    }

    fn rdistance<D: Dimension>(&self, a: ArrayView<'_, f32, D>, b: ArrayView<'_, f32, D>) -> f32 {
        match (a.as_slice(), b.as_slice()) {
            (Some(a), Some(b)) => squared(a, b),
            _ => a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum(),
        }
    }

    fn rdist_to_dist(&self, squared: f32) -> f32 {
        squared.sqrt()
    }

    fn dist_to_rdist(&self, distance: f32) -> f32 {
        distance.powi(2)
    }
}
