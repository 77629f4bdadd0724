//! Affine maps of images, like `OpenCV`'s `warpAffine`.
//!
//! Unlike a resize, it maps the *integer* coordinates of each target pixel, with no shift by half a
//! pixel, takes four neighbours whatever the scale, and finds black beyond the source's border. It
//! rounds as `OpenCV` does (`imgproc/src/imgwarp.cpp`): products to 1/1024 of a pixel, places to 1/32,
//! so that it gives the same levels as 4.12.

use image::{Rgb, RgbImage};

use crate::error::{Error, Result};
use crate::header;

/// Two rows of three: `x' = m[0][0] x + m[0][1] y + m[0][2]`, and `y'` from the second row.
pub type Affine = [[f64; 3]; 2];

/// Parts of a pixel that products are rounded to, as a power of two.
const PRODUCT_BITS: u32 = 10;

/// Parts of a pixel that places are rounded to, as a power of two.
const PLACE_BITS: u32 = 5;

/// Farther from the border than this, in pixels, nothing but black is found.
const FAR: f64 = 1e9;

/// The image seen through an affine map, `width` x `height`: each target pixel shows what is at
/// `to_source` of its column and row.
///
/// It is `cv2.warpAffine(image, m, (width, height))` with the inverse of `m` for `to_source`.
///
/// # Errors
/// A source or a target without pixels or over the limit; a map that is not of finite numbers.
///
/// ```
/// use vision::warp::opencv_affine;
/// let step = vision::RgbImage::from_fn(2, 1, |x, _| image::Rgb([100 * x as u8; 3]));
/// // Half the scale: columns 0, 0.5, 1 and 1.5, the last half beyond the border.
/// let wide = opencv_affine(&step, &[[0.5, 0.0, 0.0], [0.0, 1.0, 0.0]], 4, 1).unwrap();
/// let reds: Vec<u8> = wide.pixels().map(|pixel| pixel.0[0]).collect();
/// assert_eq!(reds, [0, 50, 100, 50]);
/// ```
pub fn opencv_affine(
    image: &RgbImage,
    to_source: &Affine,
    width: u32,
    height: u32,
) -> Result<RgbImage> {
    header::checked(image.width().into(), image.height().into())?;
    header::checked(width.into(), height.into())?;
    if let Some(wrong) = to_source.as_flattened().iter().find(|n| !n.is_finite()) {
        return Err(Error::OutOfRange {
            what: "a number of the affine map",
            value: wrong.to_string(),
            range: "the finite numbers",
        });
    }
    // Across and down are rounded apart, before they are added.
    let rounded = |pixels: f64| {
        let parts = pixels.clamp(-FAR, FAR) * f64::from(1 << PRODUCT_BITS);
        parts.round_ties_even() as i64
    };
    let half = 1 << (PRODUCT_BITS - PLACE_BITS - 1);
    let place = |[across, down, shift]: [f64; 3], column: f64, row: f64| {
        let parts = rounded(across * column) + rounded(down * row + shift);
        (parts + half) >> (PRODUCT_BITS - PLACE_BITS)
    };
    Ok(RgbImage::from_fn(width, height, |column, row| {
        let (column, row) = (f64::from(column), f64::from(row));
        let x = place(to_source[0], column, row);
        let y = place(to_source[1], column, row);
        between(image, x, y)
    }))
}

/// What is at a place, in parts of a pixel, by its share in each of the four pixels around it.
fn between(image: &RgbImage, x: i64, y: i64) -> Rgb<u8> {
    let whole = 1 << PLACE_BITS;
    let (right, down) = ((x & (whole - 1)) as u32, (y & (whole - 1)) as u32);
    let (column, row) = (x >> PLACE_BITS, y >> PLACE_BITS);
    let pixel = |x: i64, y: i64| match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) => image
            .get_pixel_checked(x, y)
            .map_or([0; 3], |pixel| pixel.0.map(u32::from)),
        _ => [0; 3],
    };
    let (first, second) = (pixel(column, row), pixel(column + 1, row));
    let (third, fourth) = (pixel(column, row + 1), pixel(column + 1, row + 1));
    let (left, up) = (whole as u32 - right, whole as u32 - down);
    Rgb(std::array::from_fn(|channel| {
        let above = left * first[channel] + right * second[channel];
        let below = left * third[channel] + right * fourth[channel];
        let half = 1 << (2 * PLACE_BITS - 1);
        ((up * above + down * below + half) >> (2 * PLACE_BITS)) as u8
    }))
}
