//! PNG, WebP, TIFF, BMP and the pixels of GIF through the `image` crate.

use std::io::{BufRead, Cursor, Read, Seek, SeekFrom};

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::error::{Error, Result};
use crate::header::{self, Dimensions, Format, Header, MAX_PIXELS};
use crate::profile::Origin;
use crate::samples::Samples;

/// What a decoder may take besides the image, for tables, colour profiles and comments: 64 MiB.
const SPARE_BYTES: u64 = 64 << 20;

/// The most bytes of a decoded pixel: four channels of 32 bits.
const PIXEL_BYTES: u64 = 16;

/// A decoder that has read the header and nothing else.
///
/// It may take memory for the image that it announces and little more, so that a small image
/// with an enormous comment is refused. `start` is the file's first [`START`] bytes.
pub(crate) fn decoder<'a, R: BufRead + Seek + 'a>(
    reader: R,
    start: &[u8],
    format: Format,
) -> Result<impl ImageDecoder + 'a> {
    let announced = png_size(start, format)?;
    let kind = match format {
        Format::WebP => ImageFormat::WebP,
        Format::Tiff => ImageFormat::Tiff,
        Format::Bmp => ImageFormat::Bmp,
        Format::Gif => ImageFormat::Gif,
        // The others have decoders of their own and do not come here.
        Format::Png | Format::Jpeg | Format::Avif | Format::Jxl => ImageFormat::Png,
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

/// Memory for an image of this size, or for the largest one.
fn limits(size: Option<Dimensions>) -> Limits {
    let pixels = size.map_or(MAX_PIXELS, |size| {
        u64::from(size.width) * u64::from(size.height)
    });
    let mut limits = Limits::default();
    limits.max_alloc = Some(pixels * PIXEL_BYTES + SPARE_BYTES);
    limits
}

/// How many bytes tell the format, and the size of a PNG.
pub(crate) const START: usize = 64;

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

/// Size and orientation, which a PNG has told already; one that cannot be read counts as none.
pub(crate) fn header(
    decoder: &mut impl ImageDecoder,
    format: Format,
    animated: bool,
    told: Option<Orientation>,
) -> Result<Header> {
    Ok(Header {
        animated,
        format,
        stored: header::stored(decoder)?,
        orientation: told
            .or_else(|| decoder.orientation().ok())
            .unwrap_or(Orientation::NoTransforms),
        samples: Samples::of(decoder),
    })
}

/// The most of an Exif block that is looked at, in bytes; its first directory comes first.
const EXIF_BYTES: u64 = 1 << 16;

/// The orientation of a PNG: its Exif may stand behind the pixels (PNG, third edition, 11.3.4.6), where
/// the decoder does not look.
pub(crate) fn png_orientation<R: BufRead + Seek>(
    reader: &mut R,
    format: Format,
) -> Result<Option<Orientation>> {
    if format != Format::Png {
        return Ok(None);
    }
    reader.seek(SeekFrom::Start(8))?;
    let mut head = [0; 8];
    while reader.read_exact(&mut head).is_ok() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        match &head[4..] {
            b"eXIf" => {
                let mut exif = Vec::new();
                reader
                    .take(u64::from(length).min(EXIF_BYTES))
                    .read_to_end(&mut exif)?;
                return Ok(Orientation::from_exif_chunk(&exif));
            }
            b"IEND" => break,
            // The chunk and its checksum.
            _ => reader.seek_relative(i64::from(length) + 4)?,
        }
    }
    Ok(None)
}

/// The image as stored, how it is turned upright, and what its numbers mean.
pub(crate) fn decode(bytes: &[u8], format: Format) -> Result<(DynamicImage, Orientation, Origin)> {
    let told = png_orientation(&mut Cursor::new(bytes), format)?;
    let mut decoder = decoder(Cursor::new(bytes), bytes, format)?;
    let orientation = header(&mut decoder, format, false, told)?.orientation;
    let origin = origin(&mut decoder, bytes, format);
    complete(bytes, format)?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| explain(format, error))?;
    Ok((image, orientation, origin))
}

/// What the numbers mean. A profile that cannot be taken out counts as one that cannot be used.
fn origin(decoder: &mut impl ImageDecoder, bytes: &[u8], format: Format) -> Origin {
    // Code points go before a profile (PNG, third edition, 11.3.2).
    let codes = (format == Format::Png)
        .then(|| png_chunk(bytes, *b"cICP"))
        .flatten();
    if let Some([primaries, transfer, _, _]) = codes {
        return Origin::Codes {
            primaries: *primaries,
            transfer: *transfer,
        };
    }
    let profile = decoder.icc_profile().unwrap_or_default();
    profile
        .filter(|profile| !profile.is_empty())
        .map_or(Origin::Unsaid, Origin::Icc)
}

/// What the numbers of a file in memory mean.
pub(crate) fn origin_of(bytes: &[u8], format: Format) -> Result<Origin> {
    let mut decoder = decoder(Cursor::new(bytes), bytes, format)?;
    Ok(origin(&mut decoder, bytes, format))
}

/// Whether a PNG or WebP holds several images; a TIFF's further pages are not looked for.
pub(crate) fn is_animated<R: BufRead + Seek>(
    reader: &mut R,
    start: &[u8],
    format: Format,
) -> Result<bool> {
    if format == Format::WebP {
        // The extended header's flags: ICC, alpha, Exif, XMP, animation.
        let extended = start.get(12..16) == Some(b"VP8X");
        return Ok(extended && start.get(20).is_some_and(|flags| flags >> 1 & 1 == 1));
    }
    if format != Format::Png {
        return Ok(false);
    }
    reader.seek(SeekFrom::Start(8))?;
    loop {
        let mut head = [0; 8];
        if reader.read_exact(&mut head).is_err() {
            return Ok(false);
        }
        let [a, b, c, d, kind @ ..] = head;
        match &kind {
            b"acTL" => return Ok(true),
            b"IDAT" | b"IEND" => return Ok(false),
            _ => reader.seek_relative(i64::from(u32::from_be_bytes([a, b, c, d])) + 4)?,
        }
    }
}

/// What is in the first chunk of a kind, of those before the pixels of a PNG.
fn png_chunk(bytes: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    let mut at = 8;
    loop {
        let length = u32_at(bytes, at, u32::from_be_bytes)? as usize;
        let kind = bytes.get(at + 4..at + 8)?;
        let inside = bytes.get(at + 8..(at + 8).checked_add(length)?)?;
        if kind == wanted {
            return Some(inside);
        }
        if kind == b"IDAT" {
            return None;
        }
        at = at.checked_add(length)?.checked_add(12)?;
    }
}

/// Whether the container ends where it says. The decoders stop at the last pixel they need and
/// would take a file cut off in its tail for a whole one.
fn complete(bytes: &[u8], format: Format) -> Result<()> {
    let whole = match format {
        Format::Png => png_end(bytes).is_some(),
        Format::WebP => u32_at(bytes, 4, u32::from_le_bytes)
            .is_some_and(|length| bytes.len() as u64 >= u64::from(length) + 8),
        _ => true,
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
