//! AV1 through `rav1d`, without its assembly: stills are few and small, and so nothing but Rust is
//! needed to build it.

use re_rav1d::dav1d::pixel::YUVRange;
use re_rav1d::dav1d::{Decoder, Picture, PixelLayout, PlanarImageComponent as Part, Settings};

use crate::avif::property::Codes;
use crate::avif::yuv::{Plane, Planes};
use crate::avif::{damaged, unsupported};
use crate::error::{Error, Result};
use crate::header::{self, MAX_PIXELS};

/// Decodes the first image of an item.
pub(crate) fn decode(data: Vec<u8>) -> Result<Planes> {
    if data.is_empty() {
        return Err(damaged("an image without bytes"));
    }
    let mut settings = Settings::new();
    // Several images are decoded at a time already.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(MAX_PIXELS as u32);
    let mut decoder = Decoder::with_settings(&settings).map_err(explain)?;
    let mut sent = decoder.send_data(data, None, None, None);
    loop {
        match decoder.get_picture() {
            Ok(picture) => return planes(&picture),
            Err(re_rav1d::dav1d::Error::Again) if sent.is_err() => {}
            Err(re_rav1d::dav1d::Error::Again) => return Err(Error::UnexpectedEnd),
            Err(error) => return Err(explain(error)),
        }
        match sent {
            Err(re_rav1d::dav1d::Error::Again) => sent = decoder.send_pending_data(),
            Err(error) => return Err(explain(error)),
            Ok(()) => {}
        }
    }
}

fn planes(picture: &Picture) -> Result<Planes> {
    let size = header::checked(picture.width().into(), picture.height().into())?;
    let (width, height) = (size.width as usize, size.height as usize);
    let halved = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        PixelLayout::I420 => Some((true, true)),
        PixelLayout::I422 => Some((true, false)),
        PixelLayout::I444 => Some((false, false)),
    };
    let bits = picture.bits_per_component();
    let bits = bits
        .ok_or_else(|| unsupported("samples of an unknown depth"))?
        .0;
    let luma = plane(picture, Part::Y, (width, height), bits)?;
    let colour = match halved {
        None => None,
        Some((across, down)) => {
            let size = (
                if across { width.div_ceil(2) } else { width },
                if down { height.div_ceil(2) } else { height },
            );
            let blue = plane(picture, Part::U, size, bits)?;
            Some([blue, plane(picture, Part::V, size, bits)?])
        }
    };
    let codes = Codes {
        primaries: picture.color_primaries() as u8,
        transfer: picture.transfer_characteristic() as u8,
        matrix: picture.matrix_coefficients() as u8,
        full: matches!(picture.color_range(), YUVRange::Full),
    };
    Ok(Planes::new(luma, colour, bits, codes))
}

/// One plane without its padding, as numbers of 16 bits.
fn plane(
    picture: &Picture,
    part: Part,
    (width, height): (usize, usize),
    bits: usize,
) -> Result<Plane> {
    let stride = picture.stride(part) as usize;
    let data = picture.plane(part);
    let bytes: &[u8] = data.as_ref();
    let size = if bits > 8 { 2 } else { 1 };
    let mut samples = Vec::with_capacity(width * height);
    for row in bytes.chunks(stride.max(1)).take(height) {
        let row = row
            .get(..width * size)
            .ok_or_else(|| damaged("a plane is too short"))?;
        if size == 1 {
            samples.extend(row.iter().map(|byte| u16::from(*byte)));
        } else {
            samples.extend(
                row.as_chunks::<2>()
                    .0
                    .iter()
                    .map(|pair| u16::from_ne_bytes(*pair)),
            );
        }
    }
    Plane::new(width, samples).ok_or_else(|| damaged("a plane is too short"))
}

fn explain(error: re_rav1d::dav1d::Error) -> Error {
    match error {
        re_rav1d::dav1d::Error::UnsupportedBitstream => unsupported("this kind of AV1"),
        other => damaged(&other.to_string().to_lowercase()),
    }
}
