//! What a file says of its image before any pixel is decoded.

use std::fmt;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use image::ImageDecoder;
use image::metadata::Orientation;

use crate::error::{Error, Result};
use crate::samples::Samples;
use crate::{avif, file, gif, jpeg, jxl, raster};

/// The most pixels that an image may have: 2^27, which is 16384x8192, 400 MB as RGB.
///
/// The header is asked before any pixel memory is taken, so a bomb costs nothing.
pub const MAX_PIXELS: u64 = 1 << 27;

/// The longest file that is read, in bytes: 1 GiB.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// A file format that can be read. It is found by the first bytes; the name's ending says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG: baseline, progressive, gray, CMYK, YCCK.
    Jpeg,
    /// PNG, of any depth; of an animation the default image.
    Png,
    /// WebP, lossy or lossless; of an animation the first image.
    WebP,
    /// TIFF, classic or big; of several pages the first.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// GIF; of an animation the first image.
    Gif,
    /// AVIF stills, single or put together from tiles; of a sequence the still that stands for it.
    Avif,
    /// JPEG XL, bare or in its container; of an animation the first image.
    Jxl,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
            Self::Avif => "AVIF",
            Self::Jxl => "JPEG XL",
        })
    }
}

impl Format {
    /// The format that begins with these bytes; 64 are enough.
    ///
    /// # Errors
    /// `Empty` without any byte, `UnreadFormat` for some formats that are known but not read,
    /// `UnknownFormat` for anything else.
    ///
    /// ```
    /// use vision::decode::Format;
    /// assert_eq!(Format::of(&[0xff, 0xd8, 0xff, 0xe0]).unwrap(), Format::Jpeg);
    /// assert_eq!(Format::of(b"GIF89a").unwrap(), Format::Gif);
    /// assert!(Format::of(b"\0\0\0\x18ftypheic").unwrap_err().to_string().contains("HEIC"));
    /// ```
    pub fn of(bytes: &[u8]) -> Result<Self> {
        match bytes {
            [] => Err(Error::Empty),
            [0xff, 0xd8, 0xff, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Ok(Self::Png),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Ok(Self::WebP),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(Self::Tiff),
            [b'B', b'M', ..] => Ok(Self::Bmp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Self::Gif),
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', 13, 10, 0x87, 10, ..] => {
                Ok(Self::Jxl)
            }
            [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..]
                if has_brand(brands, &[b"avif", b"avis"]) =>
            {
                Ok(Self::Avif)
            }
            other => Err(unread(other)),
        }
    }

    /// Whether every trainer and every server reads files of this format: JPEG and PNG.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png)
    }
}

/// How many brands of a file are looked at: as many as 64 bytes hold.
const BRANDS: usize = 14;

/// Whether one of the brands of a file, four letters each, is among `wanted`; the number after the
/// first is a version.
fn has_brand(brands: &[u8], wanted: &[&[u8; 4]]) -> bool {
    let mut brands = brands.as_chunks::<4>().0.iter().take(BRANDS);
    brands.any(|brand| wanted.contains(&brand))
}

/// The error for a file that begins with none of the formats' bytes: it says what it is, if known.
fn unread(start: &[u8]) -> Error {
    const HEIC: [&[u8; 4]; 8] = [
        b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"mif1", b"msf1",
    ];
    let kind = match start {
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] if has_brand(brands, &HEIC) => "HEIC",
        [_, _, _, _, b'f', b't', b'y', b'p', b'c', b'r', b'x', ..] => "camera raw (CR3)",
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => "JPEG 2000",
        [0x76, 0x2f, 0x31, 0x01, ..] => "OpenEXR",
        [b'8', b'B', b'P', b'S', ..] => "Photoshop",
        [0, 0, 1, 0, ..] => "icon (ICO)",
        [b'#', b'?', b'R', b'A', b'D' | b'G', ..] => "Radiance HDR",
        [b'q', b'o', b'i', b'f', ..] => "QOI",
        [b'D', b'D', b'S', b' ', ..] => "DDS",
        [b'g', b'i', b'm', b'p', b' ', ..] => "GIMP",
        _ => return Error::UnknownFormat,
    };
    Error::UnreadFormat { kind }
}

/// A size in pixels, the way the image is meant to be seen (after EXIF orientation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dimensions {
    /// Columns, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
}

/// What a file says of its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The format by content.
    pub format: Format,
    /// Columns and rows as stored in the file, before orientation.
    pub stored: Dimensions,
    /// How the stored image must be turned to be seen upright; an invalid value counts as none.
    pub orientation: Orientation,
    /// What the pixels are made of.
    pub samples: Samples,
    /// Whether there are further images in it, of which none is read.
    pub animated: bool,
}

impl Header {
    /// Whether the image is stored the way it is meant to be seen.
    pub fn is_upright(&self) -> bool {
        self.orientation == Orientation::NoTransforms
    }

    /// Columns and rows as seen, after orientation.
    pub fn dimensions(&self) -> Dimensions {
        self.stored.turned(self.orientation)
    }
}

impl Dimensions {
    /// Width and height exchanged where the orientation does so.
    pub(crate) fn turned(self, orientation: Orientation) -> Self {
        match orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => Self {
                width: self.height,
                height: self.width,
            },
            _ => self,
        }
    }
}

/// The size if it is a sane one: at least a pixel, at most [`MAX_PIXELS`].
pub(crate) fn checked(width: u64, height: u64) -> Result<Dimensions> {
    if width == 0 || height == 0 {
        return Err(Error::NoPixels { width, height });
    }
    let too_many = Error::TooManyPixels {
        width,
        height,
        limit: MAX_PIXELS,
    };
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(too_many);
    }
    match (u32::try_from(width), u32::try_from(height)) {
        (Ok(width), Ok(height)) => Ok(Dimensions { width, height }),
        _ => Err(too_many),
    }
}

/// The header of a file; only the bytes up to the first pixel are read.
///
/// # Errors
/// What is not a regular file, no known format, has a broken header, or announces more than
/// [`MAX_PIXELS`].
pub fn header(path: &Path) -> Result<Header> {
    let (file, _) = file::open(path)?;
    header_of(BufReader::with_capacity(1 << 14, file))
}

/// As [`header`], of a file that is already in memory.
///
/// ```
/// let pixel = vision::RgbImage::new(3, 2);
/// let bytes = vision::write::encode_png(&pixel).unwrap();
/// let header = vision::decode::header_from_bytes(&bytes).unwrap();
/// assert_eq!((header.stored.width, header.stored.height), (3, 2));
/// ```
pub fn header_from_bytes(bytes: &[u8]) -> Result<Header> {
    header_of(Cursor::new(bytes))
}

/// Width and height as seen, from the file's header alone.
///
/// # Errors
/// As [`header`].
pub fn dimensions(path: &Path) -> Result<Dimensions> {
    header(path).map(|header| header.dimensions())
}

/// As [`dimensions`], of a file that is already in memory.
pub fn dimensions_from_bytes(bytes: &[u8]) -> Result<Dimensions> {
    header_from_bytes(bytes).map(|header| header.dimensions())
}

fn header_of<R: BufRead + Seek>(mut reader: R) -> Result<Header> {
    let mut start = Vec::with_capacity(raster::START);
    (&mut reader)
        .take(raster::START as u64)
        .read_to_end(&mut start)?;
    reader.seek(SeekFrom::Start(0))?;
    let format = Format::of(&start)?;
    match format {
        Format::Jpeg => jpeg::header(reader),
        Format::Gif => gif::header(reader),
        Format::Avif => avif::header(reader),
        Format::Jxl => jxl::header(reader),
        Format::Png | Format::WebP | Format::Tiff | Format::Bmp => {
            let animated = raster::is_animated(&mut reader, &start, format)?;
            let told = raster::png_orientation(&mut reader, format)?;
            reader.seek(SeekFrom::Start(0))?;
            let mut decoder = raster::decoder(reader, &start, format)?;
            raster::header(&mut decoder, format, animated, told)
        }
    }
}

/// Width and height as the decoder says, checked.
pub(crate) fn stored(decoder: &impl ImageDecoder) -> Result<Dimensions> {
    let (width, height) = decoder.dimensions();
    checked(width.into(), height.into())
}
