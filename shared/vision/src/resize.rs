//! Resizing like Pillow and like `OpenCV`, which differ: networks expect the one they grew up with.
//!
//! | function | like | antialiased when shrinking | largest difference |
//! |---|---|---|---|
//! | [`pil`], [`pil_luma`] | `PIL.Image.resize`, torchvision with `antialias=True` | yes | 2, on the mean 0.01 |
//! | [`pil_luma_exact`] | the same, bit for bit, but slower | yes | 0 |
//! | [`opencv_linear`], [`opencv_linear_luma`] | `cv2.resize(…, INTER_LINEAR)` | no | 0; enlarging 1, on the mean 0.01 |
//! | [`opencv_area`], [`opencv_area_luma`] | `cv2.resize(…, INTER_AREA)`, shrinking | yes | 0 |
//!
//! The differences are in levels of 0..=255 and are tested against stored results of the originals.
//! A target of no width or height is an error, as is one over the pixel limit.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::{GrayImage, RgbImage};

use crate::error::{Error, Result};
use crate::{header, linear};

pub use crate::area::{opencv_area, opencv_area_luma};
pub use crate::exact::pil_luma_exact;

/// Pillow's resampling filters, each stretched over the pixels that it replaces when shrinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PilFilter {
    /// The mean of the pixels covered.
    Box,
    /// A triangle of radius 1.
    Bilinear,
    /// The cubic with `a = -0.5` (Catmull-Rom), radius 2.
    Bicubic,
    /// A windowed sinc of radius 3.
    Lanczos,
}

impl PilFilter {
    fn kind(self) -> FilterType {
        match self {
            Self::Box => FilterType::Box,
            Self::Bilinear => FilterType::Bilinear,
            Self::Bicubic => FilterType::CatmullRom,
            Self::Lanczos => FilterType::Lanczos3,
        }
    }
}

/// Resizes as Pillow does.
///
/// # Errors
/// An image or a target without pixels, or a target over the limit.
///
/// ```
/// use vision::resize::{PilFilter, pil};
/// let flat = vision::RgbImage::from_pixel(8, 8, image::Rgb([9, 8, 7]));
/// let small = pil(&flat, 3, 2, PilFilter::Bicubic).unwrap();
/// assert_eq!(small.get_pixel(2, 1).0, [9, 8, 7]);
/// ```
pub fn pil(image: &RgbImage, width: u32, height: u32, filter: PilFilter) -> Result<RgbImage> {
    let (size, target) = (image.dimensions(), (width, height));
    let pixels = resize::<U8x3>(image.as_raw(), size, target, filter)?;
    RgbImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}

/// As [`pil`], of luma.
pub fn pil_luma(
    image: &GrayImage,
    width: u32,
    height: u32,
    filter: PilFilter,
) -> Result<GrayImage> {
    let (size, target) = (image.dimensions(), (width, height));
    let pixels = resize::<U8>(image.as_raw(), size, target, filter)?;
    GrayImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}

/// Resizes as `OpenCV`'s `INTER_LINEAR`: four neighbours, whatever the scale, so that a strong
/// shrinking skips pixels. It is what most published pose, face and detection networks were fed.
///
/// # Errors
/// As [`pil`].
///
/// ```
/// use vision::resize::{opencv_linear, opencv_linear_luma};
/// let step = vision::GrayImage::from_raw(2, 1, vec![0, 100]).unwrap();
/// assert_eq!(opencv_linear_luma(&step, 4, 1).unwrap().into_raw(), [0, 25, 75, 100]);
/// let step = vision::RgbImage::from_raw(2, 1, vec![0, 0, 0, 100, 100, 200]).unwrap();
/// let wide = opencv_linear(&step, 4, 1).unwrap();
/// assert_eq!(wide.into_raw(), [0, 0, 0, 25, 25, 50, 75, 75, 150, 100, 100, 200]);
/// ```
pub fn opencv_linear(image: &RgbImage, width: u32, height: u32) -> Result<RgbImage> {
    check(image.dimensions(), (width, height))?;
    let pixels = linear::resized::<3>(image.as_raw(), image.dimensions(), (width, height));
    RgbImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}

/// As [`opencv_linear`], of luma.
pub fn opencv_linear_luma(image: &GrayImage, width: u32, height: u32) -> Result<GrayImage> {
    check(image.dimensions(), (width, height))?;
    let pixels = linear::resized::<1>(image.as_raw(), image.dimensions(), (width, height));
    GrayImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}

/// Resizes columns first and then rows, each rounded to 8 bits, as Pillow does; the crate by itself
/// goes the other way, which differs by up to ten levels beside hard edges, where the overshoot of
/// the first pass is cut off. It is left to do so where the other way would need too much memory.
///
/// The kind of pixel is one of the type: asked for by a value, the crate comes with its code for all
/// kinds, which is four megabytes in each tool.
fn resize<P: PixelTrait>(
    pixels: &[u8],
    (width, height): (u32, u32),
    target: (u32, u32),
    filter: PilFilter,
) -> Result<Vec<u8>> {
    check((width, height), target)?;
    let source = TypedImageRef::<P>::from_buffer(width, height, pixels).map_err(resize_error)?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter.kind()))
        .use_alpha(false);
    let mut resizer = Resizer::new();
    let mut small = vec![0; target.0 as usize * target.1 as usize * P::size()];
    let mut result =
        TypedImage::<P>::from_buffer(target.0, target.1, &mut small).map_err(resize_error)?;
    if target.1 == height || !columns_first(height, target.0) {
        resizer
            .resize_typed(&source, &mut result, &options)
            .map_err(resize_error)?;
        return Ok(small);
    }
    let mut wide = TypedImage::<P>::new(target.0, height);
    resizer
        .resize_typed(&source, &mut wide, &options)
        .and_then(|()| resizer.resize_typed(&wide, &mut result, &options))
        .map_err(resize_error)?;
    Ok(small)
}

/// Whether the image between the passes stays within the limit when columns go first. If it does
/// not, it does when rows go first, since source and target are both within it.
pub(crate) fn columns_first(height: u32, target_width: u32) -> bool {
    u64::from(height) * u64::from(target_width) <= header::MAX_PIXELS
}

/// Both sizes must have pixels, and not too many.
pub(crate) fn check(source: (u32, u32), target: (u32, u32)) -> Result<()> {
    header::checked(source.0.into(), source.1.into())?;
    header::checked(target.0.into(), target.1.into())?;
    Ok(())
}

pub(crate) fn no_pixels(width: u32, height: u32) -> Error {
    Error::NoPixels {
        width: width.into(),
        height: height.into(),
    }
}

fn resize_error(error: impl std::fmt::Display) -> Error {
    Error::Resize {
        cause: error.to_string(),
    }
}
