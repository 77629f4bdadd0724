//! JPEG through libjpeg-turbo: whole or scaled, in colour or luma alone.

use std::cell::RefCell;
use std::io::{BufRead, Read, Seek};

use image::metadata::Orientation;
use turbojpeg::{
    Colorspace, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp,
    YuvImage, yuv_pixels_len,
};

use crate::error::{Error, Result};
use crate::exif;
use crate::file::array;
use crate::header::{self, Dimensions, Format, Header};
use crate::profile::Origin;
use crate::samples::Samples;
use crate::spare;

/// The most scans of a progressive file. Encoders write about ten; a file of thousands of tiny
/// ones over a large image takes minutes to decode.
const MAX_SCANS: u32 = 200;

thread_local! {
    /// One decoder a thread: its tables and buffers outlive the image.
    static DECOMPRESSOR: RefCell<Option<Decompressor>> = const { RefCell::new(None) };
}

/// Pixels as libjpeg gives them, not yet turned upright.
pub(crate) struct Raw {
    /// Columns.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Rows one after another, without padding.
    pub(crate) pixels: Vec<u8>,
}

/// How many bytes a pixel is wanted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    /// Luma alone.
    Luma,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, 255.
    Rgba,
}

impl Channels {
    fn format(self) -> PixelFormat {
        match self {
            Self::Luma => PixelFormat::GRAY,
            Self::Rgb => PixelFormat::RGB,
            Self::Rgba => PixelFormat::RGBA,
        }
    }
}

/// Decodes, shrunk by 1, 2, 4 or 8 as far as the result stays at least `least` (as stored), and
/// says whether the four bytes of a pixel are CMYK instead of what was asked.
pub(crate) fn decode(
    bytes: &[u8],
    channels: Channels,
    least: Option<Dimensions>,
) -> Result<(Raw, bool)> {
    with_decompressor(|decompressor| decode_with(decompressor, bytes, channels, least))
}

fn with_decompressor<T>(work: impl FnOnce(&mut Decompressor) -> Result<T>) -> Result<T> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(fresh()?),
        };
        let result = work(decompressor);
        if result.is_err() {
            // A decoder that stumbled is not trusted with the next image.
            *slot = None;
        }
        result
    })
}

/// Luma and the two planes of colour as they are stored, not yet turned upright.
pub(crate) struct Planes {
    /// Columns of the image; a row of the luma may be longer.
    pub(crate) width: u32,
    /// Rows of the image; there may be more of the luma.
    pub(crate) height: u32,
    /// Luma, blue and red.
    pub(crate) levels: [Plane; 3],
}

/// Numbers in rows.
pub(crate) struct Plane {
    /// Columns of the image, and rows, for which there is one number.
    pub(crate) each: (u32, u32),
    pub(crate) width: usize,
    pub(crate) levels: Vec<u8>,
}

impl Plane {
    /// The numbers of that many columns and rows alone.
    pub(crate) fn trimmed(self, width: u32, height: u32) -> Vec<u8> {
        let (width, height) = (width as usize, height as usize);
        let mut levels = self.levels;
        if self.width == width {
            levels.truncate(width * height);
            return levels;
        }
        let rows = levels.chunks_exact(self.width.max(1)).take(height);
        let rows: Vec<_> = rows.map(|row| &row[..width]).collect();
        rows.concat()
    }
}

/// Decodes luma and colours at once, shrunk as by [`decode`]; `None` where the file does not have them as such planes.
pub(crate) fn planes(bytes: &[u8], least: Dimensions) -> Result<Option<Planes>> {
    with_decompressor(|decompressor| planes_with(decompressor, bytes, least))
}

fn planes_with(
    decompressor: &mut Decompressor,
    bytes: &[u8],
    least: Dimensions,
) -> Result<Option<Planes>> {
    let header = decompressor.read_header(bytes).map_err(explain)?;
    let size = header::checked(header.width as u64, header.height as u64)?;
    let each = match header.subsamp {
        Subsamp::None => (1, 1),
        Subsamp::Sub2x1 => (2, 1),
        Subsamp::Sub2x2 => (2, 2),
        Subsamp::Sub1x2 => (1, 2),
        _ => return Ok(None),
    };
    if header.colorspace != Colorspace::YCbCr || header.is_lossless {
        return Ok(None);
    }
    let factor = factor(&header, size, Some(least));
    decompressor.set_scaling_factor(factor).map_err(explain)?;
    let (width, height) = (factor.scale(header.width), factor.scale(header.height));
    let length = yuv_pixels_len(width, 1, height, header.subsamp).map_err(explain)?;
    let mut pixels = vec![0; length];
    let output = YuvImage {
        pixels: pixels.as_mut_slice(),
        width,
        align: 1,
        height,
        subsamp: header.subsamp,
    };
    match decompressor.decompress_to_yuv(bytes, output) {
        Err(error) if !harmless(&error) => return Err(explain(error)),
        _ => {}
    }
    // A plane of colour has one number for the last columns or rows, too, where they do not make up a whole block;
    // the luma has as many as these cover.
    let (across, down) = (each.0 as usize, each.1 as usize);
    let (columns, rows) = (width.div_ceil(across), height.div_ceil(down));
    let mut rest = pixels;
    let mut cut = |width: usize, height: usize, each| {
        let after = rest.split_off((width * height).min(rest.len()));
        let levels = std::mem::replace(&mut rest, after);
        Plane {
            each,
            width,
            levels,
        }
    };
    let levels = [
        cut(columns * across, rows * down, (1, 1)),
        cut(columns, rows, each),
        cut(columns, rows, each),
    ];
    Ok(Some(Planes {
        width: width as u32,
        height: height as u32,
        levels,
    }))
}

fn fresh() -> Result<Decompressor> {
    let mut decompressor = Decompressor::new().map_err(explain)?;
    decompressor.set_scan_limit(MAX_SCANS).map_err(explain)?;
    Ok(decompressor)
}

fn decode_with(
    decompressor: &mut Decompressor,
    bytes: &[u8],
    channels: Channels,
    least: Option<Dimensions>,
) -> Result<(Raw, bool)> {
    let header = decompressor.read_header(bytes).map_err(explain)?;
    let size = header::checked(header.width as u64, header.height as u64)?;
    let cmyk = matches!(header.colorspace, Colorspace::CMYK | Colorspace::YCCK);
    let format = if cmyk {
        PixelFormat::CMYK
    } else {
        channels.format()
    };
    let factor = factor(&header, size, least);
    decompressor.set_scaling_factor(factor).map_err(explain)?;
    let (width, height) = (factor.scale(header.width), factor.scale(header.height));
    let pitch = width * format.size();
    let mut pixels = spare::take(pitch * height);
    let output = Image {
        pixels: pixels.as_mut_slice(),
        width,
        pitch,
        height,
        format,
    };
    match decompressor.decompress(bytes, output) {
        Err(error) if !harmless(&error) => return Err(explain(error)),
        _ => {}
    }
    let raw = Raw {
        width: width as u32,
        height: height as u32,
        pixels,
    };
    Ok((raw, cmyk))
}

/// The strongest shrinking that leaves at least `least`; none for lossless files, which have no
/// transform to scale in.
fn factor(header: &DecompressHeader, size: Dimensions, least: Option<Dimensions>) -> ScalingFactor {
    let Some(least) = least.filter(|_| !header.is_lossless) else {
        return ScalingFactor::ONE;
    };
    [8_u32, 4, 2]
        .into_iter()
        .find(|by| {
            size.width.div_ceil(*by) >= least.width && size.height.div_ceil(*by) >= least.height
        })
        .map_or(ScalingFactor::ONE, |by| ScalingFactor::new(1, by as usize))
}

/// Whether a warning came after the last pixel: some cameras pad before the end marker.
/// libjpeg reports the first warning of a file, so none can have come before it.
fn harmless(error: &turbojpeg::Error) -> bool {
    matches!(error, turbojpeg::Error::TurboJpegError(text)
        if text.contains("extraneous bytes before marker 0xd9"))
}

/// Our words for the library's error.
fn explain(error: turbojpeg::Error) -> Error {
    let text = match error {
        turbojpeg::Error::TurboJpegError(text) => text,
        other => other.to_string(),
    };
    if text.contains("remature end") || text.contains("Input file read error") {
        return Error::UnexpectedEnd;
    }
    let cause = text.strip_prefix("Corrupt JPEG data: ").unwrap_or(&text);
    let unsupported = [
        "nsupported",
        "not implemented",
        "precision",
        "Maximum supported",
    ];
    let format = Format::Jpeg;
    let cause = cause.to_owned();
    if unsupported.iter().any(|word| cause.contains(word)) {
        Error::Unsupported { format, cause }
    } else {
        Error::Damaged { format, cause }
    }
}

/// Adobe's CMYK as stored (255 = no ink) to RGB by the product of ink and black, as Pillow and
/// `OpenCV` do without a colour profile.
pub(crate) fn cmyk_to_rgb(cmyk: &[u8]) -> Vec<u8> {
    let through = |ink: u8, black: u8| ((u32::from(ink) * u32::from(black) + 127) / 255) as u8;
    cmyk.as_chunks::<4>()
        .0
        .iter()
        .flat_map(|&[cyan, magenta, yellow, black]| {
            [cyan, magenta, yellow].map(|ink| through(ink, black))
        })
        .collect()
}

/// Size and orientation from the marker segments, without reading any image data.
pub(crate) fn header<R: BufRead + Seek>(mut reader: R) -> Result<Header> {
    reader.seek_relative(2)?;
    let mut orientation = Orientation::NoTransforms;
    loop {
        let marker = next_marker(&mut reader)?;
        match marker {
            // Stand-alone markers: no length follows.
            0x01 | 0xd0..=0xd8 => continue,
            0xd9 | 0xda => {
                return Err(damaged("no frame header before the image data"));
            }
            _ => {}
        }
        let length = u16::from_be_bytes(array(&mut reader)?);
        let Some(length) = length.checked_sub(2) else {
            return Err(damaged("segment shorter than its own length"));
        };
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let [bits, h1, h0, w1, w0, channels] = array(&mut reader)?;
                let width = u16::from_be_bytes([w1, w0]);
                let height = u16::from_be_bytes([h1, h0]);
                return Ok(Header {
                    format: Format::Jpeg,
                    animated: false,
                    stored: header::checked(width.into(), height.into())?,
                    orientation,
                    samples: Samples {
                        channels,
                        alpha: false,
                        bits,
                    },
                });
            }
            0xe1 => {
                let mut segment = vec![0; length.into()];
                reader.read_exact(&mut segment)?;
                if let Some(exif) = segment.strip_prefix(b"Exif\0\0") {
                    orientation = Orientation::from_exif_chunk(exif).unwrap_or(orientation);
                }
            }
            _ => reader.seek_relative(length.into())?,
        }
    }
}

/// What the numbers of a file in memory mean: by its ICC profile, or else by its Exif.
///
/// A profile is cut into segments of at most 64 KB, which are numbered (ICC.1:2022, annex B.4).
pub(crate) fn origin(bytes: &[u8]) -> Origin {
    let mut pieces: Vec<(u8, &[u8])> = Vec::new();
    let mut adobe = false;
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some((marker, segment)) = next_segment(&mut rest) {
        let piece = segment.strip_prefix(b"ICC_PROFILE\0");
        if let (0xe2, Some([number, _, piece @ ..])) = (marker, piece) {
            pieces.push((*number, piece));
        }
        let exif = segment.strip_prefix(b"Exif\0\0");
        adobe |= marker == 0xe1 && exif.is_some_and(exif::is_adobe_rgb);
    }
    pieces.sort_by_key(|(number, _)| *number);
    let numbers = pieces.iter().map(|(number, _)| *number);
    let whole = numbers.zip(1..).all(|(number, wanted)| number == wanted);
    let profile = pieces.into_iter().flat_map(|(_, piece)| piece).copied();
    match profile.collect::<Vec<u8>>() {
        profile if whole && !profile.is_empty() => Origin::Icc(profile),
        _ if adobe => Origin::AdobeRgb,
        _ => Origin::Unsaid,
    }
}

/// The next segment before the pixels, and its marker.
fn next_segment<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    loop {
        match next_marker(rest).ok()? {
            0x01 | 0xd0..=0xd8 => {}
            0xd9 | 0xda => return None,
            marker => {
                let (length, after) = rest.split_first_chunk()?;
                let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2)?;
                let (segment, after) = after.split_at_checked(length)?;
                *rest = after;
                return Some((marker, segment));
            }
        }
    }
}

/// The next marker's code. Stray bytes before it are skipped, as libjpeg does.
fn next_marker(reader: &mut impl Read) -> Result<u8> {
    let mut previous = 0;
    loop {
        let [byte] = array(reader)?;
        if previous == 0xff && byte != 0xff && byte != 0 {
            return Ok(byte);
        }
        previous = byte;
    }
}

fn damaged(cause: &str) -> Error {
    Error::Damaged {
        format: Format::Jpeg,
        cause: cause.to_owned(),
    }
}
