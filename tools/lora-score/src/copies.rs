//! When an image is a copy of a training image.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::sets::Real;
use crate::vectors::cosine;

/// The share of the images of the film that may be as near to a training image of another shot as a copy.
const USUAL: f64 = 0.05;

/// Hashes farther apart than this are never copies, bits of 64: what frame-dedup takes for a duplicate within a shot.
const MOST_BITS: u32 = 8;

/// What a copy is nearer than.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Limits {
    /// A cosine above this is that of a copy.
    pub(crate) cosine: Option<f64>,
    /// So many bits between two hashes, or fewer, are those of a copy.
    pub(crate) bits: Option<u32>,
}

/// The training image that an image is nearest to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    /// Its place among those that were trained on.
    pub(crate) real: usize,
    /// Their cosine, -1 to 1.
    pub(crate) cosine: Option<f64>,
    /// The bits of 64 by which their hashes differ.
    pub(crate) bits: Option<u32>,
}

impl Limits {
    /// The limits by how near images of different shots come to each other: of each image that was trained on, and of
    /// each that was held back, the nearest training image of another shot. Of either kind all but a twentieth are
    /// farther apart than the limit.
    pub(crate) fn of(trained: &[Real], held: &[Real]) -> Self {
        let (one, other) = (Self::by(trained, trained), Self::by(held, trained));
        Self {
            cosine: larger(one.cosine, other.cosine),
            bits: smaller(one.bits, other.bits)
                .and_then(|bits| bits.checked_sub(1))
                .map(|bits| bits.min(MOST_BITS)),
        }
    }

    /// How near the twentieth of some images that is nearest comes to training images of other shots.
    fn by(images: &[Real], trained: &[Real]) -> Self {
        let nearest = |one: &Real| {
            let others = trained.iter().filter(|other| other.shot != one.shot);
            others.fold((None, None), |(cosine, bits), other| {
                (
                    larger(cosine, one.cosine(other)),
                    smaller(bits, one.bits(other)),
                )
            })
        };
        let nearest: Vec<(Option<f64>, Option<u32>)> = images.par_iter().map(nearest).collect();
        let mut cosines: Vec<_> = nearest.iter().filter_map(|near| near.0).collect();
        cosines.sort_by(|one, other| other.total_cmp(one));
        let mut bits: Vec<_> = nearest.iter().filter_map(|near| near.1).collect();
        bits.sort_unstable();
        let place = |count: usize| (count as f64 * USUAL).floor() as usize;
        Self {
            cosine: cosines.get(place(cosines.len())).copied(),
            bits: bits.get(place(bits.len())).copied(),
        }
    }

    /// Whether an image is a copy; `None` where that cannot be told.
    pub(crate) fn copy(&self, near: &Near) -> Option<bool> {
        let close = self.cosine.zip(near.cosine).map(|(limit, own)| own > limit);
        let alike = self.bits.zip(near.bits).map(|(limit, own)| own <= limit);
        match (close, alike) {
            (None, None) => None,
            (close, alike) => Some(close.unwrap_or(false) || alike.unwrap_or(false)),
        }
    }
}

impl Near {
    /// The training image that is nearest to the vectors of an image, or, where it has none, to its hash.
    pub(crate) fn of(vectors: &[Vec<f32>], hash: Option<u64>, trained: &[Real]) -> Option<Self> {
        let mut near: Option<Self> = None;
        let mut fewest = None;
        for (real, one) in trained.iter().enumerate() {
            let own = one.vector.as_ref();
            let cosines = vectors
                .iter()
                .filter_map(|vector| Some(cosine(vector, own?)));
            let cosine = cosines.fold(None, |most, cosine| larger(most, Some(cosine)));
            let bits = hash
                .zip(one.hash)
                .map(|(one, other)| (one ^ other).count_ones());
            fewest = smaller(fewest, bits);
            let nearer = match (&near, cosine) {
                (None, cosine) => cosine.is_some() || bits.is_some(),
                (Some(best), Some(cosine)) => best.cosine.is_none_or(|best| cosine > best),
                (Some(best), None) => {
                    best.cosine.is_none()
                        && bits.is_some_and(|bits| best.bits.is_none_or(|best| bits < best))
                }
            };
            if nearer {
                near = Some(Self { real, cosine, bits });
            }
        }
        near.map(|near| Self {
            bits: fewest,
            ..near
        })
    }
}

fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

fn smaller(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A training image that looks into this direction, degrees.
    fn real(shot: &str, degrees: f64, hash: Option<u64>) -> Real {
        let (y, x) = degrees.to_radians().sin_cos();
        Real {
            id: format!("{shot} {degrees}"),
            shot: shot.to_owned(),
            hash,
            vector: Some(vec![x as f32, y as f32]),
            ..Real::default()
        }
    }

    #[test]
    fn frames_of_one_shot_do_not_say_what_a_copy_is() {
        let trained = [
            real("a", 0.0, Some(0)),
            real("a", 1.0, Some(1)),
            real("b", 31.0, Some(0xff)),
            real("c", 90.0, Some(0xffff)),
        ];
        let limits = Limits::of(&trained, &[]);
        // The nearest of another shot are 30 degrees and seven bits apart: 0xff and 1.
        assert!((limits.cosine.unwrap() - 30f64.to_radians().cos()).abs() < 1e-6);
        assert_eq!(limits.bits, Some(6));
        assert_eq!(
            Limits::of(&trained[..2], &[]),
            Limits::default(),
            "one shot"
        );
        let held = [real("d", 1.5, Some(0xf0))];
        let limits = Limits::of(&trained, &held);
        assert!(
            (limits.cosine.unwrap() - 0.5f64.to_radians().cos()).abs() < 1e-6,
            "what was held back is no copy"
        );
        assert_eq!(limits.bits, Some(3), "0xf0 and 0 are four bits apart");
    }

    #[test]
    fn a_copy_is_nearer_than_shots_are_to_each_other() {
        let trained = [real("a", 0.0, Some(0)), real("b", 30.0, Some(0xff))];
        let limits = Limits::of(&trained, &[]);
        let judged = |degrees: f64, hash| {
            let vectors = vec![real("x", degrees, None).vector.unwrap()];
            let near = Near::of(&vectors, hash, &trained).unwrap();
            (near.real, limits.copy(&near))
        };
        assert_eq!(judged(-29.0, None), (0, Some(true)));
        assert_eq!(judged(-31.0, None), (0, Some(false)));
        assert_eq!(
            judged(80.0, Some(0xfe)),
            (1, Some(true)),
            "by its hash alone"
        );
        assert_eq!(judged(80.0, Some(0xff00)), (1, Some(false)));
        assert_eq!(
            Limits::default().copy(&Near {
                real: 0,
                cosine: Some(1.0),
                bits: None
            }),
            None
        );
    }
}
