//! JPEG XL through `jxl-oxide`.

use std::io::Read;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, RgbImage, RgbaImage};
use jxl_oxide::{
    AllocTracker, EnumColourEncoding, InitializeResult, JxlImage, JxlThreadPool, RenderingIntent,
    UninitializedJxlImage,
};

use crate::decode::Format;
use crate::error::{Error, Result};
use crate::header::{self, Header, MAX_PIXELS};
use crate::profile::Origin;
use crate::samples::Samples;

/// How much of a file is read at a time.
const PIECE: usize = 1 << 14;

/// The longest description before the first image, colour profile included.
const LONGEST: usize = 64 << 20;

/// Bytes that decoding takes a pixel: four channels in floating point, and as much again.
const PIXEL_BYTES: u64 = 32;

/// What decoding may take besides.
const SPARE_BYTES: u64 = 256 << 20;

/// The header of a file; only what stands before the first image is read. The decoder turns
/// images upright by itself.
pub(crate) fn header<R: Read>(reader: R) -> Result<Header> {
    let image = open(reader, limit(MAX_PIXELS))?;
    let metadata = &image.image_header().metadata;
    let kind = image.pixel_format();
    Ok(Header {
        format: Format::Jxl,
        stored: header::checked(image.width().into(), image.height().into())?,
        orientation: Orientation::NoTransforms,
        samples: Samples {
            channels: kind.channels() as u8,
            alpha: kind.has_alpha(),
            bits: if metadata.bit_depth.bits_per_sample() > 8 {
                16
            } else {
                8
            },
        },
        animated: metadata.animation.is_some(),
    })
}

/// What the numbers of a file in memory mean, where the decoder cannot turn them into sRGB itself.
pub(crate) fn origin(bytes: &[u8]) -> Result<Origin> {
    let image = open(bytes, limit(MAX_PIXELS))?;
    Ok(profile(&image))
}

/// The first image, upright, and what its numbers mean.
pub(crate) fn decode(bytes: &[u8]) -> Result<(DynamicImage, Orientation, Origin)> {
    let size = header(bytes)?.stored;
    let tracker = limit(u64::from(size.width) * u64::from(size.height));
    let mut coded = open_whole(bytes, tracker)?;
    let origin = profile(&coded);
    if origin == Origin::Unsaid {
        coded.request_color_encoding(EnumColourEncoding::srgb(RenderingIntent::Relative));
    }
    if coded.pixel_format().has_black() {
        return Err(unsupported("CMYK"));
    }
    let render = coded.render_frame(0).map_err(|error| explain(&*error))?;
    let mut stream = render.stream();
    let (width, height) = (stream.width(), stream.height());
    header::checked(width.into(), height.into())?;
    let channels = stream.channels();
    let mut pixels = vec![0_u8; width as usize * height as usize * channels as usize];
    stream.write_to_buffer(&mut pixels);
    let image = match channels {
        1 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        2 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8),
        3 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        4 => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => None,
    };
    let image = image.ok_or_else(|| unsupported("more channels than colour and alpha"))?;
    Ok((image, Orientation::NoTransforms, origin))
}

/// The profile, unless the decoder knows the colours by itself.
fn profile(image: &JxlImage) -> Origin {
    let known = image.image_header().metadata.xyb_encoded;
    match image.original_icc() {
        Some(profile) if !known => Origin::Icc(profile.to_vec()),
        _ => Origin::Unsaid,
    }
}

fn limit(pixels: u64) -> AllocTracker {
    AllocTracker::with_limit((pixels * PIXEL_BYTES + SPARE_BYTES) as usize)
}

fn fresh(tracker: AllocTracker) -> UninitializedJxlImage {
    // Several images are decoded at a time already.
    let builder = JxlImage::builder().pool(JxlThreadPool::none());
    builder.alloc_tracker(tracker).build_uninit()
}

/// Reads until the first image begins.
fn open<R: Read>(mut reader: R, tracker: AllocTracker) -> Result<JxlImage> {
    let mut waiting = fresh(tracker);
    let (mut piece, mut held, mut read) = (vec![0; PIECE], 0, 0);
    loop {
        let count = reader.read(&mut piece[held..])?;
        read += count;
        if count == 0 || read > LONGEST {
            return Err(Error::UnexpectedEnd);
        }
        held += count;
        let used = waiting
            .feed_bytes(&piece[..held])
            .map_err(|error| explain(&*error))?;
        piece.copy_within(used..held, 0);
        held -= used;
        if held == piece.len() {
            piece.resize(2 * held, 0);
        }
        match waiting.try_init().map_err(|error| explain(&*error))? {
            InitializeResult::NeedMoreData(rest) => waiting = rest,
            InitializeResult::Initialized(image) => return Ok(image),
        }
    }
}

/// Reads all of a file.
fn open_whole(bytes: &[u8], tracker: AllocTracker) -> Result<JxlImage> {
    let mut waiting = fresh(tracker);
    let used = waiting
        .feed_bytes(bytes)
        .map_err(|error| explain(&*error))?;
    let InitializeResult::Initialized(mut image) =
        waiting.try_init().map_err(|error| explain(&*error))?
    else {
        return Err(Error::UnexpectedEnd);
    };
    image
        .feed_bytes(&bytes[used..])
        .map_err(|error| explain(&*error))?;
    let first = image.num_loaded_keyframes() > 0;
    if first {
        Ok(image)
    } else {
        Err(Error::UnexpectedEnd)
    }
}

fn unsupported(cause: &str) -> Error {
    Error::Unsupported {
        format: Format::Jxl,
        cause: cause.to_owned(),
    }
}

/// Our words for the library's error.
fn explain(error: &(dyn std::error::Error + 'static)) -> Error {
    let mut inner = Some(error);
    let mut cause = error.to_string();
    while let Some(error) = inner {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof) {
            return Error::UnexpectedEnd;
        }
        cause = error.to_string();
        inner = error.source();
    }
    let cause = cause
        .lines()
        .next()
        .unwrap_or("no reason given")
        .to_lowercase();
    Error::Damaged {
        format: Format::Jxl,
        cause,
    }
}
