//! How far apart two sets of vectors are, and how much one varies, from sums over pairs.
//!
//! Style is CMMD (Jayasumana et al., Rethinking FID: Towards a Better Evaluation Metric for Image Generation, CVPR
//! 2024): the squared maximum mean discrepancy of unit CLIP vectors with a Gaussian kernel of sigma 10, times 1000 as
//! in their code. Theirs is the biased estimate, which grows as images get fewer; this one is unbiased (Gretton et al.,
//! A Kernel Two-Sample Test, JMLR 2012), as checkpoints and data sets have different numbers of images, and so may be a
//! little below 0.
//!
//! Variety is the Vendi score (Friedman and Dieng, The Vendi Score, TMLR 2023) of order 2, the inverse of the sum of the
//! squared eigenvalues of the matrix of cosines (Pasarkar and Dieng, Cousins of the Vendi Score, AISTATS 2024), because
//! that sum is one over pairs, and needs no eigenvalues: n / (1 + (n − 1) s) with s the mean squared cosine of two of
//! the n images.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::vectors::cosine;

/// Sigma of the kernel, as in the paper.
const SIGMA: f64 = 10.0;

/// What the distance is multiplied by, as in the authors' code.
pub(crate) const SCALE: f64 = 1000.0;

/// The kernel of two unit vectors with this cosine: exp(−|x − y|² / 2σ²), where |x − y|² = 2 − 2 cos.
pub(crate) fn gaussian(cosine: f64) -> f64 {
    (-(1.0 - cosine) / (SIGMA * SIGMA)).exp()
}

/// Means over all pairs of different vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pairs {
    /// Of the kernel.
    pub(crate) gaussian: f64,
    /// Of the squared cosine.
    pub(crate) square: f64,
}

impl Pairs {
    /// The means of some vectors; `None` of fewer than two.
    pub(crate) fn of(vectors: &[&[f32]]) -> Option<Self> {
        let count = vectors.len();
        let row = |i: usize| {
            let cosines = vectors[i + 1..]
                .iter()
                .map(|other| cosine(vectors[i], other));
            cosines.fold((0.0, 0.0), |(sum, squares), cosine| {
                (sum + gaussian(cosine), squares + cosine * cosine)
            })
        };
        // Summed in order, so that the sum does not depend on the number of threads.
        let rows: Vec<_> = (0..count).into_par_iter().map(row).collect();
        let pairs = (count * count.saturating_sub(1)) as f64 / 2.0;
        let sum = |of: fn(&(f64, f64)) -> f64| rows.iter().map(of).sum::<f64>() / pairs;
        (count > 1).then(|| Self {
            gaussian: sum(|row| row.0),
            square: sum(|row| row.1),
        })
    }

    /// The distance of two images of this set that have nothing in common but the set: what an image is from another
    /// on average.
    pub(crate) fn spread(&self) -> f64 {
        SCALE * 2.0 * (1.0 - self.gaussian)
    }
}

/// CMMD, from the means of the kernel within one set, within the other, and across.
pub(crate) fn distance(one: f64, other: f64, across: f64) -> f64 {
    SCALE * (one + other - 2.0 * across)
}

/// The Vendi score of order 2 of `count` images with this mean squared cosine: 1 if all are the same, `count` if none
/// have anything in common.
pub(crate) fn vendi(count: usize, square: f64) -> f64 {
    let count = count as f64;
    count / (1.0 + (count - 1.0) * square)
}

/// The mean kernel of each vector with all others of a set.
pub(crate) fn across(vector: &[f32], others: &[&[f32]]) -> f64 {
    let sum: f64 = others
        .iter()
        .map(|other| gaussian(cosine(vector, other)))
        .sum();
    sum / others.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_worked_out_by_hand() {
        // Cosines 0, 0.6, 0.8.
        let vectors: [&[f32]; 3] = [&[1.0, 0.0], &[0.0, 1.0], &[0.6, 0.8]];
        let pairs = Pairs::of(&vectors).unwrap();
        let kernel = ((-0.01f64).exp() + (-0.004f64).exp() + (-0.002f64).exp()) / 3.0;
        assert!((pairs.gaussian - kernel).abs() < 1e-7);
        assert!((pairs.square - (0.36 + 0.64) / 3.0).abs() < 1e-6);
        assert_eq!(Pairs::of(&vectors[..1]), None);
    }

    #[test]
    fn variety_counts_the_images_that_differ() {
        assert!((vendi(5, 1.0) - 1.0).abs() < 1e-12, "all the same");
        assert!((vendi(5, 0.0) - 5.0).abs() < 1e-12, "nothing in common");
        // Two pairs of twins: eigenvalues 1/2 and 1/2, so 1 / (1/4 + 1/4) = 2; s = 2 of 6 pairs.
        assert!((vendi(4, 2.0 / 6.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_distance_of_a_set_and_its_like_is_nothing() {
        let vectors: [&[f32]; 2] = [&[1.0, 0.0], &[0.0, 1.0]];
        let within = Pairs::of(&vectors).unwrap().gaussian;
        let across = vectors.map(|one| across(one, &vectors)).iter().sum::<f64>() / 2.0;
        // Unbiased: each set's own pairs leave an image and itself out, which those across have.
        let twins = f64::midpoint(1.0, (-0.01f64).exp());
        assert!((across - twins).abs() < 1e-12);
        assert!(distance(within, within, across) <= 0.0);
        assert!(
            (distance(1.0, 1.0, (-0.01f64).exp()) - 2000.0 * (1.0 - (-0.01f64).exp())).abs() < 1e-9
        );
    }
}
