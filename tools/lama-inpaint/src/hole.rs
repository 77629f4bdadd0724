//! The hole: the mask, grown by what a mask leaves out of a character.

use serde::Serialize;
use stage::Result;
use vision::Rect;
use vision::mask::Mask;
use vision::regions::Regions;

/// The part of a region's height, from its lowest row up, round which its shadow lies: the feet.
const FEET: f64 = 0.1;

/// The widest ring inside the hole in which the filling fades into the image, in pixels.
const FADE: u32 = 3;

/// How much a hole is larger than its mask.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Growth {
    /// Pixels all round, for every 1024 pixels of the image's shorter side.
    pub(crate) dilate: f64,
    /// Round the feet of each region, as a share of the region's height.
    pub(crate) shadow: f64,
}

impl Growth {
    /// Pixels all round in an image as large as `mask`.
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

/// A hole, and how its filling is laid into the image.
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
    /// filling fades into the image; no pixel of `mask` itself is in that ring.
    ///
    /// # Errors
    /// None in practice: all masks are of one size.
    pub(crate) fn of(mask: &Mask, growth: Growth) -> Result<Self> {
        let radius = growth.radius(mask);
        let mut hole = mask.dilate(radius);
        for region in &Regions::inside(mask) {
            if region.rect.bottom < mask.height() {
                add_shadow(&mut hole, mask, region.rect, growth.shadow)?;
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

    /// The level of a pixel that is `filled` in the filling and `level` in the image.
    pub(crate) fn blend(&self, at: usize, filled: u8, level: u8) -> u8 {
        let (weight, steps) = (u16::from(self.weights[at]), u16::from(self.steps));
        let sum = u16::from(filled) * weight + u16::from(level) * (steps - weight);
        ((sum + steps / 2) / steps) as u8
    }

    /// The hole as a share of the image.
    pub(crate) fn share(&self) -> f64 {
        self.mask.area() as f64 / self.mask.as_slice().len() as f64
    }
}

/// Grows the hole round the feet of one region, where it meets its shadow.
fn add_shadow(hole: &mut Mask, mask: &Mask, region: Rect, share: f64) -> Result<()> {
    let height = f64::from(region.height());
    let reach = (share * height).ceil() as u32;
    let feet = Rect {
        top: region.bottom - ((height * FEET).ceil() as u32).max(1),
        ..region
    };
    let around = feet.grow(reach, reach).clip(mask.width(), mask.height());
    let (left, top) = (around.left, around.top);
    let own = Mask::from_fn(around.width(), around.height(), |x, y| {
        let (x, y) = (x + left, y + top);
        feet.columns().contains(&x) && feet.rows().contains(&y) && mask.get(x, y)
    })?;
    let grown = own.dilate(reach);
    for (x, y) in around.pixels() {
        if grown.get(x - left, y - top) {
            hole.set(x, y, true);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn grows_with_the_image_and_at_the_feet() {
        let growth = Growth {
            dilate: 8.0,
            shadow: 0.1,
        };
        // 30 columns and 100 rows of an image of 512: 4 pixels all round, 10 at the feet.
        let mask = Mask::from_fn(600, 512, |x, y| {
            (200..230).contains(&x) && (100..200).contains(&y)
        });
        let hole = Hole::of(&mask.unwrap(), growth).unwrap().mask;
        assert_eq!(hole.bounding_box(), Some(Rect::from([190, 96, 240, 210])));
        assert!(hole.get(196, 150) && !hole.get(195, 150), "beside the body");
    }

    #[test]
    fn has_no_shadow_where_the_feet_are_out_of_the_image() {
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
