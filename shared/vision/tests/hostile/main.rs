//! What film folders hold besides images: every one an error with words, never a panic or a hang.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing helper is a failing test"
)]

mod bombs;
mod broken;
mod orientation;
mod paths;
mod sizes;

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, ImageFormat};
use vision::write::{self, Subsampling};
use vision::{Error, RgbImage, decode};

/// An image with edges, ramps and saturated colours.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let stripe = if (x / 5 + y / 3) % 2 == 0 { 200 } else { 20 };
        image::Rgb([stripe, (x * 4) as u8, (y * 5) as u8])
    })
}

/// A file in the given format, by the `image` crate.
fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image.clone())
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

fn stored(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    fs::read(folder.join(name)).unwrap()
}

/// A small file of every kind that can be read.
fn samples() -> Vec<(String, Vec<u8>)> {
    let image = drawn(61, 43);
    let mut samples = vec![
        ("png".to_owned(), write::encode_png(&image).unwrap()),
        ("bmp".to_owned(), encoded(&image, ImageFormat::Bmp)),
        ("tiff".to_owned(), encoded(&image, ImageFormat::Tiff)),
        ("webp".to_owned(), encoded(&image, ImageFormat::WebP)),
    ];
    for subsampling in [Subsampling::S444, Subsampling::S422, Subsampling::S420] {
        let bytes = write::encode_jpeg(&image, 90, subsampling).unwrap();
        samples.push((format!("jpeg {subsampling:?}"), bytes));
    }
    let names = [
        "decode_progressive.jpg",
        "decode_gray.jpg",
        "decode_cmyk.jpg",
        "decode_lzw.tif",
        "decode_deflate.tif",
        "decode_cmyk.tif",
        "decode_palette.bmp",
        "decode_palette.png",
        "decode_16.png",
        "decode_16.tif",
        "decode_lossy.webp",
        "decode_lossless.webp",
    ];
    samples.extend(names.map(|name| (name.to_owned(), stored(name))));
    samples
}

/// Reads bytes in every way there is; the first error, if any.
fn read_every_way(bytes: &[u8]) -> Result<(), Error> {
    decode::rgb_from_bytes(bytes)?;
    decode::rgba_from_bytes(bytes)?;
    decode::luma_from_bytes(bytes)?;
    decode::rgb_at_least_from_bytes(bytes, 9, 7)?;
    decode::luma_at_least_from_bytes(bytes, 9, 7)?;
    decode::dimensions_from_bytes(bytes)?;
    Ok(())
}

/// The checksum of a PNG chunk (CRC-32 as in zip).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}
