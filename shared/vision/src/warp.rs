//! Affine maps of pictures, like `OpenCV`'s `warpAffine`.
//!
//! Unlike a resize, it maps the *integer* coordinates of each target pixel, with no shift by half a
//! pixel, takes four neighbours whatever the scale, and finds black beyond the source's border. It
//! agrees with `OpenCV` 4.12 to one level; versions before 4.11 round positions to 1/32 pixel and
//! differ beside hard edges.

use image::{Rgb, RgbImage};

use crate::error::{Error, Result};
use crate::header;

/// Two rows of three: `x' = m[0][0] x + m[0][1] y + m[0][2]`, and `y'` from the second row.
pub type Affine = [[f64; 3]; 2];

/// Farther from the border than this, in pixels, nothing but black is found; it keeps positions
/// within whole numbers.
const FAR: f64 = 1e6;

/// The picture seen through an affine map, `width` x `height`: each target pixel shows what is at
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
    let along = |[across, down, shift]: [f64; 3], column: f64, row: f64| {
        (across * column + down * row + shift).clamp(-FAR, FAR)
    };
    Ok(RgbImage::from_fn(width, height, |column, row| {
        let (column, row) = (f64::from(column), f64::from(row));
        let x = along(to_source[0], column, row);
        let y = along(to_source[1], column, row);
        between(image, x, y)
    }))
}

/// What is at a point between four pixels, by the share of each.
fn between(image: &RgbImage, x: f64, y: f64) -> Rgb<u8> {
    let (left, top) = (x.floor(), y.floor());
    let (right, down) = ((x - left) as f32, (y - top) as f32);
    let (left, top) = (left as i64, top as i64);
    let pixel = |x: i64, y: i64| match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) => image
            .get_pixel_checked(x, y)
            .map_or([0.0; 3], |pixel| pixel.0.map(f32::from)),
        _ => [0.0; 3],
    };
    let (first, second) = (pixel(left, top), pixel(left + 1, top));
    let (third, fourth) = (pixel(left, top + 1), pixel(left + 1, top + 1));
    Rgb(std::array::from_fn(|channel| {
        let above = first[channel] + right * (second[channel] - first[channel]);
        let below = third[channel] + right * (fourth[channel] - third[channel]);
        (above + down * (below - above)).round_ties_even() as u8
    }))
}
