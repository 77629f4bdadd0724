//! PNG, WebP, TIFF and BMP, and the odd JPEG, through the `image` crate.

use std::io::{BufRead, Cursor, Seek};

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::error::{Error, Result};
use crate::header::{self, Dimensions, Format, Header, MAX_PIXELS};
use crate::samples::Samples;

/// What a decoder may take besides the picture, for tables, colour profiles and comments: 64 MiB.
const SPARE_BYTES: u64 = 64 << 20;

/// The most bytes of a decoded pixel: four channels of 32 bits.
const PIXEL_BYTES: u64 = 16;

/// A decoder that has read the header and nothing else.
///
/// It may take memory for the picture that it announces and little more, so that a small picture
/// with an enormous comment is refused. `start` is the file's first [`START`] bytes.
pub(crate) fn decoder<'a, R: BufRead + Seek + 'a>(
    reader: R,
    start: &[u8],
    format: Format,
) -> Result<impl ImageDecoder + 'a> {
    let announced = png_size(start, format)?;
    let kind = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
        Format::Tiff => ImageFormat::Tiff,
        Format::Bmp => ImageFormat::Bmp,
    };
    let mut reader = ImageReader::with_format(reader, kind);
    // A PNG decoder is told its limit before it has read a byte, the others after the header.
    reader.limits(limits(announced));
    let mut decoder = reader
        .into_decoder()
        .map_err(|error| explain(format, error))?;
    if announced.is_none() {
        let size = header::stored(&decoder)?;
        decoder
            .set_limits(limits(Some(size)))
            .map_err(|error| explain(format, error))?;
    }
    Ok(decoder)
}

/// Memory for a picture of this size, or for the largest one.
fn limits(size: Option<Dimensions>) -> Limits {
    let pixels = size.map_or(MAX_PIXELS, |size| {
        u64::from(size.width) * u64::from(size.height)
    });
    let mut limits = Limits::default();
    limits.max_alloc = Some(pixels * PIXEL_BYTES + SPARE_BYTES);
    limits
}

/// How many bytes tell the size of a PNG.
pub(crate) const START: usize = 24;

/// The size that a PNG announces, checked. The decoder would complain of memory before it tells it.
fn png_size(start: &[u8], format: Format) -> Result<Option<Dimensions>> {
    let width = u32_at(start, 16, u32::from_be_bytes);
    let height = u32_at(start, 20, u32::from_be_bytes);
    match (format, width, height) {
        (Format::Png, Some(width), Some(height)) => {
            header::checked(width.into(), height.into()).map(Some)
        }
        _ => Ok(None),
    }
}

/// Size and orientation; an orientation that cannot be read counts as none.
pub(crate) fn header(decoder: &mut impl ImageDecoder, format: Format) -> Result<Header> {
    Ok(Header {
        format,
        stored: header::stored(decoder)?,
        orientation: decoder.orientation().unwrap_or(Orientation::NoTransforms),
        samples: Samples::of(decoder),
    })
}

/// The picture as stored, upright.
pub(crate) fn decode(bytes: &[u8], format: Format) -> Result<DynamicImage> {
    let mut decoder = decoder(Cursor::new(bytes), bytes, format)?;
    let header = header(&mut decoder, format)?;
    complete(bytes, format)?;
    let mut picture =
        DynamicImage::from_decoder(decoder).map_err(|error| explain(format, error))?;
    picture.apply_orientation(header.orientation);
    Ok(picture)
}

/// Whether the container ends where it says. The decoders stop at the last pixel they need and
/// would take a file cut off in its tail for a whole one.
fn complete(bytes: &[u8], format: Format) -> Result<()> {
    let whole = match format {
        Format::Png => png_end(bytes).is_some(),
        Format::WebP => u32_at(bytes, 4, u32::from_le_bytes)
            .is_some_and(|length| bytes.len() as u64 >= u64::from(length) + 8),
        Format::Jpeg | Format::Tiff | Format::Bmp => true,
    };
    if whole {
        Ok(())
    } else {
        Err(Error::UnexpectedEnd)
    }
}

/// Where the `IEND` chunk ends, if every chunk up to it is there.
fn png_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 8;
    loop {
        let length = u32_at(bytes, at, u32::from_be_bytes)? as usize;
        let kind = bytes.get(at + 4..at + 8)?;
        at = at.checked_add(length)?.checked_add(12)?;
        if at > bytes.len() {
            return None;
        }
        if kind == b"IEND" {
            return Some(at);
        }
    }
}

fn u32_at(bytes: &[u8], at: usize, read: fn([u8; 4]) -> u32) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    field.try_into().ok().map(read)
}

/// Our words for the crate's error.
pub(crate) fn explain(format: Format, error: ImageError) -> Error {
    let cause = cause(&error);
    if ends_early(&error) {
        return Error::UnexpectedEnd;
    }
    match error {
        ImageError::IoError(error) => error.into(),
        ImageError::Limits(_) => Error::Memory { format, cause },
        ImageError::Unsupported(_) => Error::Unsupported { format, cause },
        _ => Error::Damaged { format, cause },
    }
}

/// The innermost reason, on one line.
fn cause(error: &ImageError) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    let text = inner.to_string();
    text.lines().next().unwrap_or("no reason given").to_owned()
}

/// Whether anywhere in the chain of reasons the file came to its end.
fn ends_early(error: &ImageError) -> bool {
    let mut inner: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = inner {
        let early = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof);
        if early {
            return true;
        }
        inner = error.source();
    }
    false
}
