//! Small files that announce huge images.

use image::ImageFormat;
use vision::decode::{self, MAX_PIXELS};
use vision::write::{self, Subsampling};
use vision::{Error, RgbImage};

use crate::{crc32, drawn, encoded};

#[track_caller]
fn refused(bytes: &[u8], width: u64, height: u64) {
    for error in [
        decode::dimensions_from_bytes(bytes).unwrap_err(),
        decode::rgb_from_bytes(bytes).unwrap_err(),
        decode::luma_at_least_from_bytes(bytes, 8, 8).unwrap_err(),
    ] {
        let announced = match error {
            Error::TooManyPixels { width, height, .. } => (width, height),
            other => panic!("{other}"),
        };
        assert_eq!(announced, (width, height));
    }
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = write::encode_png(&drawn(8, 8)).unwrap();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// Where the frame header of a JPEG has its height.
fn jpeg_height(bytes: &[u8]) -> usize {
    bytes
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap()
        + 5
}

#[test]
fn a_png_bomb_is_refused_by_its_header() {
    refused(&png(60000, 60000), 60000, 60000);
    refused(&png(0x7fff_ffff, 0x7fff_ffff), 0x7fff_ffff, 0x7fff_ffff);
    let message = decode::rgb_from_bytes(&png(60000, 60000))
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "image of 60000x60000 is over the limit of 134217728 pixels"
    );
}

#[test]
fn a_jpeg_bomb_is_refused_by_its_header() {
    let mut bytes = write::encode_jpeg(&drawn(8, 8), 90, Subsampling::S420).unwrap();
    let at = jpeg_height(&bytes);
    bytes[at..at + 4].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    refused(&bytes, 60000, 60000);
}

#[test]
fn a_bmp_bomb_is_refused_by_its_header() {
    let mut bytes = encoded(&drawn(8, 8), ImageFormat::Bmp);
    bytes[18..22].copy_from_slice(&60000_u32.to_le_bytes());
    bytes[22..26].copy_from_slice(&60000_u32.to_le_bytes());
    refused(&bytes, 60000, 60000);
}

#[test]
fn a_tiff_bomb_is_refused_by_its_header() {
    let mut bytes = encoded(&drawn(8, 8), ImageFormat::Tiff);
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let entries = u16::from_le_bytes(bytes[directory..directory + 2].try_into().unwrap());
    for entry in (0..usize::from(entries)).map(|index| directory + 2 + index * 12) {
        // 256 is the width, 257 the height, 278 the rows of a strip; each one 32-bit number.
        if matches!(bytes[entry..entry + 2], [0 | 1 | 22, 1]) {
            bytes[entry + 2..entry + 4].copy_from_slice(&[4, 0]);
            bytes[entry + 8..entry + 12].copy_from_slice(&60000_u32.to_le_bytes());
        }
    }
    refused(&bytes, 60000, 60000);
}

#[test]
fn a_webp_bomb_is_refused_by_its_header() {
    let mut bytes = encoded(&drawn(8, 8), ImageFormat::WebP);
    let at = bytes.windows(4).position(|name| name == b"VP8L").unwrap() + 9;
    // 14 bits each of width and height less one
    bytes[at..at + 4].copy_from_slice(&0x0fff_bffe_u32.to_le_bytes());
    refused(&bytes, 16383, 16383);
}

#[test]
fn the_limit_itself_is_let_through() {
    let header = decode::header_from_bytes(&png(16384, 8192)).unwrap();
    let size = header.dimensions();
    assert_eq!(u64::from(size.width) * u64::from(size.height), MAX_PIXELS);
    refused(&png(16384, 8193), 16384, 8193);
}

#[test]
fn no_pixels_are_refused() {
    let message = decode::rgb_from_bytes(&png(0, 5)).unwrap_err().to_string();
    assert!(
        message.contains("PNG") || message.contains("no pixels"),
        "{message}"
    );
    let mut bytes = write::encode_jpeg(&drawn(8, 8), 90, Subsampling::S420).unwrap();
    let at = jpeg_height(&bytes);
    bytes[at..at + 2].copy_from_slice(&[0, 0]);
    let message = decode::rgb_from_bytes(&bytes).unwrap_err().to_string();
    assert_eq!(message, "image of 8x0 has no pixels");
    assert!(write::encode_png(&RgbImage::new(0, 3)).is_err());
    assert!(write::encode_jpeg(&RgbImage::new(3, 0), 90, Subsampling::S444).is_err());
}
