//! Parts of images.

use geometry::Rect;
use image::RgbImage;

use crate::error::Result;
use crate::header;
use crate::resize::no_pixels;

/// The part of an image within `rect`, as far as it is in the image.
///
/// # Errors
/// A part without pixels.
///
/// ```
/// use vision::{Rect, crop};
/// let image = vision::RgbImage::from_fn(4, 3, |x, y| image::Rgb([x as u8, y as u8, 0]));
/// let part = crop::rgb(&image, Rect::from([2, 1, 9, 3])).unwrap();
/// assert_eq!(part.dimensions(), (2, 2));
/// assert_eq!(part.get_pixel(1, 1).0, [3, 2, 0]);
/// assert!(crop::rgb(&image, Rect::from([4, 0, 9, 3])).is_err());
/// ```
pub fn rgb(image: &RgbImage, rect: Rect) -> Result<RgbImage> {
    let within = rect.clip(image.width(), image.height());
    let (width, height) = (within.width(), within.height());
    header::checked(width.into(), height.into())?;
    // Whole rows at once, which `imageops::crop_imm` does not: it asks for every pixel.
    let bytes = |pixels: u32| 3 * pixels as usize;
    let rows = image.chunks_exact(bytes(image.width()));
    let mut pixels = Vec::with_capacity(bytes(width) * height as usize);
    for row in rows.skip(within.top as usize).take(height as usize) {
        pixels.extend_from_slice(&row[bytes(within.left)..bytes(within.right)]);
    }
    RgbImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}
