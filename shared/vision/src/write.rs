//! Writing images as files, whole or not at all: see [`machine::file`] for what that means.

use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, GrayImage, ImageEncoder, RgbImage, RgbaImage};
use machine::file;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use crate::error::{Error, Result};

/// How much of a JPEG's colour is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subsampling {
    /// Every pixel's: sharp red and blue edges, as drawn images need; a fifth larger.
    S444,
    /// One colour for two pixels side by side.
    S422,
    /// One colour for two by two pixels: the usual, and what video has anyway.
    S420,
}

/// A JPEG file in memory. `quality` is libjpeg's, 1..=100.
///
/// # Errors
/// A quality out of range; an image without pixels or over 65500 on a side, JPEG's own limit.
///
/// ```
/// use vision::write::{Subsampling, encode_jpeg};
/// let bytes = encode_jpeg(&vision::RgbImage::new(8, 8), 95, Subsampling::S444).unwrap();
/// assert_eq!(bytes[..2], [0xff, 0xd8]);
/// ```
pub fn encode_jpeg(image: &RgbImage, quality: u8, subsampling: Subsampling) -> Result<Vec<u8>> {
    if !(1..=100).contains(&quality) {
        return Err(Error::OutOfRange {
            what: "quality",
            value: quality.to_string(),
            range: "1..=100",
        });
    }
    let (width, height) = checked(image.dimensions())?;
    compress(image.as_raw(), width, height, quality, subsampling).map_err(encode_error)
}

fn compress(
    pixels: &[u8],
    width: usize,
    height: usize,
    quality: u8,
    subsampling: Subsampling,
) -> turbojpeg::Result<Vec<u8>> {
    let mut compressor = Compressor::new()?;
    compressor.set_quality(quality.into())?;
    compressor.set_subsamp(match subsampling {
        Subsampling::S444 => Subsamp::None,
        Subsampling::S422 => Subsamp::Sub2x1,
        Subsampling::S420 => Subsamp::Sub2x2,
    })?;
    compressor.compress_to_vec(Image {
        pixels,
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    })
}

/// Writes a JPEG; see [`encode_jpeg`].
///
/// # Errors
/// As [`encode_jpeg`], and the operating system's.
pub fn jpeg(image: &RgbImage, path: &Path, quality: u8, subsampling: Subsampling) -> Result<()> {
    bytes(path, &encode_jpeg(image, quality, subsampling)?)
}

/// A PNG file in memory, compressed fast (about twenty times faster than well).
///
/// # Errors
/// An image without pixels.
pub fn encode_png(image: &RgbImage) -> Result<Vec<u8>> {
    encode(image.as_raw(), image.dimensions(), ExtendedColorType::Rgb8)
}

/// As [`encode_png`], with alpha.
pub fn encode_png_rgba(image: &RgbaImage) -> Result<Vec<u8>> {
    encode(image.as_raw(), image.dimensions(), ExtendedColorType::Rgba8)
}

/// As [`encode_png`], gray; the form of masks.
pub fn encode_png_luma(image: &GrayImage) -> Result<Vec<u8>> {
    encode(image.as_raw(), image.dimensions(), ExtendedColorType::L8)
}

/// Writes a PNG; see [`encode_png`].
///
/// # Errors
/// As [`encode_png`], and the operating system's.
pub fn png(image: &RgbImage, path: &Path) -> Result<()> {
    bytes(path, &encode_png(image)?)
}

/// As [`png`], gray; the form of masks.
pub fn png_luma(image: &GrayImage, path: &Path) -> Result<()> {
    bytes(path, &encode_png_luma(image)?)
}

/// Writes any file whole or not at all, replacing one of that name; see [`machine::file::write`].
///
/// # Errors
/// The operating system's: no such folder, no permission, no space.
pub fn bytes(path: &Path, content: &[u8]) -> Result<()> {
    Ok(file::write(path, content)?)
}

/// As [`bytes`], for a file that a later run takes for finished because it is there; see
/// [`machine::file::write_lasting`].
///
/// # Errors
/// As [`bytes`].
pub fn bytes_lasting(path: &Path, content: &[u8]) -> Result<()> {
    Ok(file::write_lasting(path, content)?)
}

/// Makes `to` the same file as `from`, by a link or a copy; see [`machine::file::hard_link_or_copy`].
///
/// # Errors
/// `from` is not a regular file, and the operating system's.
pub fn hard_link_or_copy(from: &Path, to: &Path) -> Result<()> {
    Ok(file::hard_link_or_copy(from, to)?)
}

fn encode(pixels: &[u8], size: (u32, u32), kind: ExtendedColorType) -> Result<Vec<u8>> {
    checked(size)?;
    let mut result = Vec::with_capacity(pixels.len() / 2);
    // Choosing a filter for every row takes half again as long and saves two bytes of a thousand.
    PngEncoder::new_with_quality(&mut result, CompressionType::Fast, FilterType::Paeth)
        .write_image(pixels, size.0, size.1, kind)
        .map_err(encode_error)?;
    Ok(result)
}

fn checked((width, height): (u32, u32)) -> Result<(usize, usize)> {
    let size = crate::header::checked(width.into(), height.into())?;
    Ok((size.width as usize, size.height as usize))
}

fn encode_error(error: impl std::fmt::Display) -> Error {
    Error::Encode {
        cause: error.to_string(),
    }
}
