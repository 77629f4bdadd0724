//! What was filled, small enough to be remembered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::replace;
use serde::{Deserialize, Serialize};
use stage::{Context, Result, ensure};
use vision::mask::{Mask, Rle};
use vision::{RgbImage, decode, write};

/// The rectangle round a hole with what was filled in, and the hole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Patch {
    left: u32,
    top: u32,
    /// A PNG in base 64.
    #[serde(rename = "image")]
    image: String,
    /// COCO's run lengths of the hole, of the whole image.
    hole: String,
}

impl Patch {
    /// The patch of `hole`, which has at least one pixel, from an image that is filled.
    pub(crate) fn of(filled: &RgbImage, hole: &Mask) -> Result<Self> {
        let rect = hole.bounding_box().context("the hole is empty")?;
        let part = vision::crop::rgb(filled, rect)?;
        Ok(Self {
            left: rect.left,
            top: rect.top,
            image: STANDARD.encode(write::encode_png(&part)?),
            hole: Rle::encode(hole).to_coco_string(),
        })
    }

    /// Lays the patch into the image that it was made of; gives the hole.
    pub(crate) fn lay(&self, image: &mut RgbImage) -> Result<Mask> {
        let bytes = STANDARD.decode(&self.image).context("a patch")?;
        let part = decode::rgb_from_bytes(&bytes).context("a patch")?;
        let (width, height) = image.dimensions();
        ensure!(
            self.left.saturating_add(part.width()) <= width
                && self.top.saturating_add(part.height()) <= height,
            "a patch beyond the image"
        );
        replace(image, &part, self.left.into(), self.top.into());
        Ok(Rle::from_coco_string(width, height, &self.hole)?.decode()?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn gives_back_what_was_filled() {
        let original = testkit::scene(61, 40, 2);
        let hole = Mask::from_fn(61, 40, |x, y| x > 50 && y % 3 == 0).unwrap();
        let mut filled = original.clone();
        for (x, y, pixel) in filled.enumerate_pixels_mut() {
            if hole.get(x, y) {
                pixel.0 = [x as u8, y as u8, 7];
            }
        }
        let patch = Patch::of(&filled, &hole).unwrap();
        let mut again = original;
        assert_eq!(patch.lay(&mut again).unwrap(), hole);
        assert_eq!(again, filled);
        assert!(patch.lay(&mut RgbImage::new(30, 40)).is_err());
    }
}
