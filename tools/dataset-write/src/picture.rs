//! From an image as it was found to one that every trainer reads alike.

use std::borrow::Cow;
use std::path::Path;

use manifest::Record;
use stage::{Context, Result, ensure};
use vision::RgbImage;
use vision::decode::{self, Format, Header};
use vision::write::{Subsampling, encode_jpeg, encode_png};

use crate::store::{Store, Stored};

/// Quality of the JPEG files that are written: no artefact is seen at it.
const QUALITY: u8 = 95;

/// A finished image: RGB, 8 bits, upright, without alpha.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Its file.
    pub(crate) stored: Stored,
    /// Columns.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
}

/// Finishes the image of `record`.
///
/// A JPEG or PNG that needs no change is kept byte for byte.
pub(crate) fn finish(record: &Record, store: &Store) -> Result<Picture> {
    let path = record.image()?;
    let crop: Option<[f64; 4]> = record.find("crop")?;
    let name = || path.display().to_string();
    let bytes = decode::read(&path).with_context(name)?;
    let header = decode::header_from_bytes(&bytes).with_context(name)?;
    let size = header.dimensions();
    let area = crop.map(|crop| area(crop, size.width, size.height));
    let area = area.transpose().with_context(name)?;
    let (_, _, width, height) = area.unwrap_or((0, 0, size.width, size.height));
    let ending = ending(header.format);
    let stored = if area.is_none() && is_plain(&header) {
        store.make(&bytes, "", ending, || whole(&bytes, &path))?
    } else {
        let recipe = format!("rgb {area:?} {QUALITY}");
        store.make(&bytes, &recipe, ending, || {
            changed(&bytes, area, header.format, &path)
        })?
    };
    Ok(Picture {
        stored,
        width,
        height,
    })
}

/// Whether the file is fit as it is.
fn is_plain(header: &Header) -> bool {
    let portable = matches!(header.format, Format::Jpeg | Format::Png);
    portable && header.is_upright() && header.samples.is_rgb()
}

/// What is lossy stays so; all else becomes a PNG.
fn ending(format: Format) -> &'static str {
    if format == Format::Jpeg { "jpg" } else { "png" }
}

/// The bytes themselves, once they are known to hold a whole picture.
fn whole<'a>(bytes: &'a [u8], path: &Path) -> Result<Cow<'a, [u8]>> {
    decode::luma_at_least_from_bytes(bytes, 1, 1).with_context(|| path.display().to_string())?;
    Ok(Cow::Borrowed(bytes))
}

/// The picture, or an area of it, in a new file.
fn changed(
    bytes: &[u8],
    area: Option<Area>,
    format: Format,
    path: &Path,
) -> Result<Cow<'static, [u8]>> {
    let picture = decode::rgb_from_bytes(bytes).with_context(|| path.display().to_string())?;
    let picture = area.map_or(picture.clone(), |area| cut(&picture, area));
    let encoded = if format == Format::Jpeg {
        encode_jpeg(&picture, QUALITY, Subsampling::S444)
    } else {
        encode_png(&picture)
    };
    Ok(Cow::Owned(encoded?))
}

/// Left, top, width and height of a part of a picture, in pixels.
type Area = (u32, u32, u32, u32);

/// The pixels that the corners `[x0, y0, x1, y1]` enclose.
fn area([x0, y0, x1, y1]: [f64; 4], width: u32, height: u32) -> Result<Area> {
    let within = |value: f64, side: u32| value.clamp(0.0, side.into()).round() as u32;
    let (left, right) = (within(x0, width), within(x1, width));
    let (top, bottom) = (within(y0, height), within(y1, height));
    ensure!(
        left < right && top < bottom,
        "key `crop`: [{x0}, {y0}, {x1}, {y1}] holds no pixel of {width}x{height}"
    );
    Ok((left, top, right - left, bottom - top))
}

fn cut(picture: &RgbImage, (left, top, width, height): Area) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| *picture.get_pixel(left + x, top + y))
}
