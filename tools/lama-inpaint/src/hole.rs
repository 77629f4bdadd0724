//! The hole: the mask, grown by what a mask leaves out of a character.

use nets::lama::regions;
use serde::Serialize;
use stage::Result;
use vision::mask::{Bounds, Mask};

/// The part of a region's height, from its lowest row up, round which its shadow lies: the feet.
const FEET: f64 = 0.1;

/// The widest ring inside the hole in which the filling fades into the picture, in pixels.
const FADE: u32 = 3;

/// How much a hole is larger than its mask.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Growth {
    /// Pixels all round, for every 1024 pixels of the picture's shorter side.
    pub(crate) dilate: f64,
    /// Round the feet of each region, as a share of the region's height.
    pub(crate) shadow: f64,
}

impl Growth {
    /// Pixels all round in a picture as large as `mask`.
    pub(crate) fn radius(self, mask: &Mask) -> u32 {
        let shorter = mask.width().min(mask.height());
        (self.dilate * f64::from(shorter) / 1024.0).ceil() as u32
    }

    /// This, twice as much all round.
    pub(crate) fn doubled(self) -> Self {
        Self {
            dilate: 2.0 * self.dilate,
            ..self
        }
    }
}

/// A hole, and how its filling is laid into the picture.
#[derive(Debug)]
pub(crate) struct Hole {
    /// What is filled.
    pub(crate) mask: Mask,
    /// How much of the filling a pixel gets, out of [`Hole::steps`].
    weights: Vec<u8>,
    /// The weight of a pixel that is filling alone.
    steps: u8,
}

impl Hole {
    /// The hole of `mask`. In a ring along its edge, no wider than half of what it was grown by, the
    /// filling fades into the picture; no pixel of `mask` itself is in that ring.
    ///
    /// # Errors
    /// None in practice: all masks are of one size.
    pub(crate) fn of(mask: &Mask, growth: Growth) -> Result<Self> {
        let radius = growth.radius(mask);
        let mut hole = mask.dilate(radius);
        for region in regions(mask) {
            if region.bottom < mask.height() {
                add_shadow(&mut hole, mask, region, growth.shadow)?;
            }
        }
        let fade = FADE.min(radius / 2);
        let mut weights = vec![0; mask.as_slice().len()];
        for step in 0..=fade {
            for (weight, inside) in weights.iter_mut().zip(hole.erode(step).as_slice()) {
                *weight += u8::from(*inside);
            }
        }
        let steps = fade as u8 + 1;
        for (weight, masked) in weights.iter_mut().zip(mask.as_slice()) {
            if *masked {
                *weight = steps;
            }
        }
        Ok(Self {
            mask: hole,
            weights,
            steps,
        })
    }

    /// The level of a pixel that is `filled` in the filling and `level` in the picture.
    pub(crate) fn blend(&self, at: usize, filled: u8, level: u8) -> u8 {
        let (weight, steps) = (u16::from(self.weights[at]), u16::from(self.steps));
        let sum = u16::from(filled) * weight + u16::from(level) * (steps - weight);
        ((sum + steps / 2) / steps) as u8
    }

    /// The hole as a share of the picture.
    pub(crate) fn share(&self) -> f64 {
        self.mask.area() as f64 / self.mask.as_slice().len() as f64
    }
}

/// Grows the hole round the feet of one region, where it meets its shadow.
fn add_shadow(hole: &mut Mask, mask: &Mask, region: Bounds, share: f64) -> Result<()> {
    let height = f64::from(region.height());
    let reach = (share * height).ceil() as u32;
    let top = region.bottom - ((height * FEET).ceil() as u32).max(1);
    let left = region.left.saturating_sub(reach);
    let above = top.saturating_sub(reach);
    let width = (region.right + reach).min(mask.width()) - left;
    let tall = (region.bottom + reach).min(mask.height()) - above;
    let feet = Mask::from_fn(width, tall, |x, y| {
        let (x, y) = (x + left, y + above);
        (region.left..region.right).contains(&x)
            && (top..region.bottom).contains(&y)
            && mask.get(x, y)
    })?;
    let grown = feet.dilate(reach);
    for (x, y) in (0..tall).flat_map(|y| (0..width).map(move |x| (x, y))) {
        if grown.get(x, y) {
            hole.set(x + left, y + above, true);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn grows_with_the_picture_and_at_the_feet() {
        let growth = Growth {
            dilate: 8.0,
            shadow: 0.1,
        };
        // 30 columns and 100 rows of a picture of 512: 4 pixels all round, 10 at the feet.
        let mask = Mask::from_fn(600, 512, |x, y| {
            (200..230).contains(&x) && (100..200).contains(&y)
        });
        let hole = Hole::of(&mask.unwrap(), growth).unwrap().mask;
        let bounds = hole.bounding_box().unwrap();
        assert_eq!(
            [bounds.left, bounds.top, bounds.right, bounds.bottom],
            [190, 96, 240, 210]
        );
        assert!(hole.get(196, 150) && !hole.get(195, 150), "beside the body");
    }

    #[test]
    fn has_no_shadow_where_the_feet_are_out_of_the_picture() {
        let growth = Growth {
            dilate: 0.0,
            shadow: 0.5,
        };
        let mask = Mask::from_fn(64, 64, |x, y| (20..30).contains(&x) && y > 20).unwrap();
        assert_eq!(Hole::of(&mask, growth).unwrap().mask, mask);
    }

    #[test]
    fn fades_only_outside_the_mask() {
        let growth = Growth {
            dilate: 16.0,
            shadow: 0.0,
        };
        let mask = Mask::from_fn(256, 256, |x, y| x == 100 && y == 100).unwrap();
        let hole = Hole::of(&mask, growth).unwrap();
        let level = |x: usize| hole.blend(100 * 256 + x, 90, 0);
        // A radius of 4: two pixels fade.
        assert_eq!(
            [95, 96, 97, 98, 100, 102, 103, 104, 105].map(level),
            [0, 30, 60, 90, 90, 90, 60, 30, 0]
        );
    }
}
