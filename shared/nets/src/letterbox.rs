//! Images fitted into the fixed rectangle of a network's input, at the top left of a plain ground.

use anyhow::{Result, ensure};
use vision::RgbImage;

use vision::resize::opencv_linear;

/// An image fitted into a rectangle.
#[derive(Debug, Clone)]
pub(crate) struct Letterbox {
    /// The rectangle: the image at its top left, the ground around it.
    pub(crate) image: RgbImage,
    /// Pixels of the rectangle for one pixel of the image.
    pub(crate) ratio: f64,
}

/// Shrinks or enlarges an image until it touches the edges of `width` x `height`, keeping its
/// aspect, and fills the rest with the gray level `ground`.
///
/// As in rtmlib's `YOLOX.preprocess` and Megvii's `preproc`: sides are truncated to whole pixels,
/// and interpolation is `OpenCV`'s linear one, without antialiasing. A side that truncates to
/// nothing, on which the reference fails, becomes one pixel.
pub(crate) fn letterbox(
    image: &RgbImage,
    width: u32,
    height: u32,
    ground: u8,
) -> Result<Letterbox> {
    let (own_width, own_height) = image.dimensions();
    ensure!(own_width > 0 && own_height > 0, "an image without pixels");
    let across = f64::from(width) / f64::from(own_width);
    let down = f64::from(height) / f64::from(own_height);
    let ratio = across.min(down);
    let side = |own: u32, most: u32| ((f64::from(own) * ratio) as u32).clamp(1, most);
    let (fit_width, fit_height) = (side(own_width, width), side(own_height, height));
    if (fit_width, fit_height) == (width, height) && image.dimensions() == (width, height) {
        let image = image.clone();
        return Ok(Letterbox { image, ratio });
    }
    let image = placed(image, [fit_width, fit_height], [width, height], ground)?;
    Ok(Letterbox { image, ratio })
}

/// `image` at `width` x `height` in the upper left corner of a plain `canvas` of the gray level `ground`.
pub(crate) fn placed(
    image: &RgbImage,
    [width, height]: [u32; 2],
    canvas: [u32; 2],
    ground: u8,
) -> Result<RgbImage> {
    let small = opencv_linear(image, width, height)?;
    if canvas == [width, height] {
        return Ok(small);
    }
    let mut whole = RgbImage::from_pixel(canvas[0], canvas[1], [ground; 3].into());
    let rows = small.as_raw().chunks_exact(3 * width as usize);
    let target: &mut [u8] = &mut whole;
    for (to, from) in target.chunks_exact_mut(3 * canvas[0] as usize).zip(rows) {
        to[..from.len()].copy_from_slice(from);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn flat(width: u32, height: u32) -> RgbImage {
        RgbImage::from_pixel(width, height, [9, 8, 7].into())
    }

    #[test]
    fn the_image_lies_at_the_top_left() {
        // 100 x 30 into 64 x 64: 0.64, so 64 x 19.2.
        let fitted = letterbox(&flat(100, 30), 64, 64, 114).unwrap();
        assert!((fitted.ratio - 0.64).abs() < 1e-12);
        assert_eq!(fitted.image.get_pixel(63, 18).0, [9, 8, 7]);
        assert_eq!(fitted.image.get_pixel(0, 19).0, [114; 3]);
    }

    #[test]
    fn a_thread_of_an_image_keeps_one_pixel() {
        for (width, height) in [(1, 1000), (1000, 1)] {
            let fitted = letterbox(&flat(width, height), 416, 416, 114).unwrap();
            assert_eq!(fitted.image.dimensions(), (416, 416));
            assert_eq!(fitted.image.get_pixel(0, 0).0, [9, 8, 7]);
            assert_eq!(fitted.image.get_pixel(1, 1).0, [114; 3]);
        }
    }

    #[test]
    fn points_come_back_to_where_they_were() {
        for (width, height) in [(7, 5), (854, 480), (1, 1000), (4096, 2160), (333, 1001)] {
            let fitted = letterbox(&flat(width, height), 640, 640, 0).unwrap();
            let corner = (
                f64::from(width) * fitted.ratio,
                f64::from(height) * fitted.ratio,
            );
            assert!(corner.0 <= 640.001 && corner.1 <= 640.001);
            assert!(corner.0 > 639.999 || corner.1 > 639.999);
        }
    }
}
