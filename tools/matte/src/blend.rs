//! A mask and a matte, made one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::Luma;
use serde::{Deserialize, Serialize};
use stage::{Context, Result};
use vision::mask::Mask;
use vision::{GrayImage, Rect, decode, write};

/// The level from which a pixel counts as inside: half as bright as white, as readers of masks have it.
pub(crate) const HALF: u8 = 128;

/// A matte, small enough to be remembered: a PNG in base 64.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stored(String);

impl Stored {
    pub(crate) fn of(matte: &GrayImage) -> Result<Self> {
        Ok(Self(STANDARD.encode(write::encode_png_luma(matte)?)))
    }

    pub(crate) fn open(&self) -> Result<GrayImage> {
        let bytes = STANDARD.decode(&self.0).context("a matte")?;
        decode::luma_from_bytes(&bytes).context("a matte")
    }
}

/// The matte's level at a pixel of the image; `None` beyond the crop that it is of.
fn level(matte: &GrayImage, crop: Rect, x: u32, y: u32) -> Option<u8> {
    let (x, y) = (x.checked_sub(crop.left)?, y.checked_sub(crop.top)?);
    matte.get_pixel_checked(x, y).map(|level| level.0[0])
}

/// Intersection over union of a mask and the matte of the part `crop`, where no other mask has taken
/// the pixels.
pub(crate) fn agreement(mask: &Mask, taken: &Mask, matte: &GrayImage, crop: Rect) -> f64 {
    let (mut both, mut either) = (0_u64, 0_u64);
    for (x, y) in crop.pixels() {
        let own = mask.get(x, y);
        let seen = level(matte, crop, x, y).is_some_and(|level| level >= HALF);
        let seen = seen && !taken.get(x, y);
        both += u64::from(own && seen);
        either += u64::from(own || seen);
    }
    both as f64 / either.max(1) as f64
}

/// The mask, with the matte's levels within `reach` pixels of its edge. Outside of `crop`, and where
/// another mask has `taken` the pixels, it stays as it is.
pub(crate) fn blend(
    mask: &Mask,
    taken: &Mask,
    matte: &GrayImage,
    crop: Rect,
    reach: u32,
) -> GrayImage {
    let (sure, possible) = (mask.erode(reach), mask.dilate(reach));
    GrayImage::from_fn(mask.width(), mask.height(), |x, y| {
        let near = possible.get(x, y) && !sure.get(x, y) && !taken.get(x, y);
        let soft = level(matte, crop, x, y).filter(|_| near);
        Luma([soft.unwrap_or(if mask.get(x, y) { u8::MAX } else { 0 })])
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    const CROP: Rect = Rect {
        left: 4,
        top: 2,
        right: 36,
        bottom: 30,
    };

    fn square() -> Mask {
        Mask::from_fn(40, 32, |x, y| (10..30).contains(&x) && (8..24).contains(&y)).unwrap()
    }

    fn matte(level: impl Fn(u32, u32) -> u8) -> GrayImage {
        GrayImage::from_fn(CROP.width(), CROP.height(), |x, y| {
            Luma([level(x + CROP.left, y + CROP.top)])
        })
    }

    #[test]
    fn only_what_is_near_the_edge_changes() {
        // A matte that is wrong everywhere.
        let gray = matte(|_, _| 100);
        let none = Mask::new(40, 32).unwrap();
        let levels = blend(&square(), &none, &gray, CROP, 3);
        for (x, y, level) in levels.enumerate_pixels() {
            let (across, down) = (x.abs_diff(20), y.abs_diff(16));
            if across < 6 && down < 4 {
                assert_eq!(level.0, [255], "{x} {y}");
            }
            if across > 14 || down > 12 {
                assert_eq!(level.0, [0], "{x} {y}");
            }
        }
        assert_eq!(levels.get_pixel(10, 16).0, [100]);
        assert_eq!(levels.get_pixel(8, 16).0, [100]);
    }

    #[test]
    fn what_another_mask_has_stays_there() {
        let gray = matte(|_, _| 200);
        let other = Mask::from_fn(40, 32, |x, _| x >= 30).unwrap();
        let levels = blend(&square(), &other, &gray, CROP, 3);
        assert_eq!(levels.get_pixel(30, 16).0, [0]);
        assert_eq!(levels.get_pixel(29, 16).0, [200]);
        assert_eq!(levels.get_pixel(9, 16).0, [200]);
    }

    #[test]
    fn agreement_is_the_overlap_of_what_is_inside() {
        let none = Mask::new(40, 32).unwrap();
        let same = matte(|x, y| if square().get(x, y) { 255 } else { 127 });
        assert!((agreement(&square(), &none, &same, CROP) - 1.0).abs() < 1e-9);
        let half = matte(|x, y| if square().get(x, y) && x < 20 { 128 } else { 0 });
        assert!((agreement(&square(), &none, &half, CROP) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_matte_is_remembered_bit_for_bit() {
        let levels = matte(|x, y| (x * 7 + y * 11) as u8);
        let stored = Stored::of(&levels).unwrap();
        let again = serde_json::to_string(&stored).unwrap();
        let again: Stored = serde_json::from_str(&again).unwrap();
        assert_eq!(again.open().unwrap(), levels);
    }
}
