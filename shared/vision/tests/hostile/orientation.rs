//! EXIF orientation: applied once, from every format that has it, and never trusted.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage, imageops};
use vision::decode;
use vision::write::{Subsampling, encode_jpeg};

use crate::{crc32, drawn};

/// An EXIF block that says nothing but the orientation.
fn exif(orientation: u16, big: bool) -> Vec<u8> {
    let two = |value: u16| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let four = |value: u32| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let mut bytes = if big {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    bytes.extend(four(8));
    bytes.extend(two(1));
    bytes.extend(two(0x112));
    bytes.extend(two(3));
    bytes.extend(four(1));
    bytes.extend(two(orientation));
    bytes.extend([0; 6]);
    bytes
}

/// A JPEG with this EXIF block.
fn jpeg(image: &RgbImage, exif: &[u8]) -> Vec<u8> {
    let plain = encode_jpeg(image, 95, Subsampling::S444).unwrap();
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1];
    bytes.extend((exif.len() as u16 + 8).to_be_bytes());
    bytes.extend(b"Exif\0\0");
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    bytes
}

/// What a viewer shows for each value.
fn upright(image: &RgbImage, orientation: u16) -> RgbImage {
    match orientation {
        2 => imageops::flip_horizontal(image),
        3 => imageops::rotate180(image),
        4 => imageops::flip_vertical(image),
        5 => imageops::flip_horizontal(&imageops::rotate90(image)),
        6 => imageops::rotate90(image),
        7 => imageops::flip_horizontal(&imageops::rotate270(image)),
        8 => imageops::rotate270(image),
        _ => image.clone(),
    }
}

#[test]
fn all_eight_are_applied_once_to_jpeg() {
    let image = drawn(32, 16);
    let plain = encode_jpeg(&image, 95, Subsampling::S444).unwrap();
    let stored = decode::rgb_from_bytes(&plain).unwrap();
    for orientation in 1..=8 {
        for big in [false, true] {
            let bytes = jpeg(&image, &exif(orientation, big));
            let expected = upright(&stored, orientation);
            assert_eq!(
                decode::rgb_from_bytes(&bytes).unwrap(),
                expected,
                "{orientation}"
            );
            let size = decode::dimensions_from_bytes(&bytes).unwrap();
            assert_eq!((size.width, size.height), expected.dimensions());
            let luma = decode::luma_from_bytes(&bytes).unwrap();
            assert_eq!(luma.dimensions(), expected.dimensions());
            let half = decode::Dimensions {
                width: size.width / 2,
                height: size.height / 2,
            };
            let both = decode::luma_and_rgb_at_least_from_bytes(&bytes, size, half);
            let (upright, colours) = both.unwrap();
            assert_eq!(upright, luma, "{orientation}");
            assert_eq!(colours.dimensions(), (half.width, half.height));
        }
    }
}

#[test]
fn the_size_asked_for_is_the_upright_one() {
    let image = drawn(256, 64);
    let bytes = jpeg(&image, &exif(6, false));
    // 64x256 upright; 8 across leaves an eighth, 40 down a quarter
    let small = decode::luma_at_least_from_bytes(&bytes, 8, 8).unwrap();
    assert_eq!(small.dimensions(), (8, 32));
    let small = decode::luma_at_least_from_bytes(&bytes, 8, 40).unwrap();
    assert_eq!(small.dimensions(), (16, 64));
    let small = decode::rgb_at_least_from_bytes(&bytes, 1000, 8).unwrap();
    assert_eq!(small.dimensions(), (64, 256));
}

#[test]
fn png_and_webp_are_turned_too() {
    let image = drawn(20, 10);
    let mut png = Cursor::new(Vec::new());
    let mut encoder = PngEncoder::new(&mut png);
    encoder.set_exif_metadata(exif(6, true)).unwrap();
    encoder
        .write_image(image.as_raw(), 20, 10, ExtendedColorType::Rgb8)
        .unwrap();
    let mut webp = Cursor::new(Vec::new());
    let mut encoder = WebPEncoder::new_lossless(&mut webp);
    encoder.set_exif_metadata(exif(6, false)).unwrap();
    encoder
        .write_image(image.as_raw(), 20, 10, ExtendedColorType::Rgb8)
        .unwrap();
    for bytes in [png.into_inner(), webp.into_inner()] {
        assert_eq!(
            decode::rgb_from_bytes(&bytes).unwrap(),
            imageops::rotate90(&image)
        );
        assert_eq!(decode::dimensions_from_bytes(&bytes).unwrap().width, 10);
    }
}

/// A chunk of a PNG.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &body, &crc32(&body).to_be_bytes()].concat()
}

#[test]
fn a_png_may_say_it_before_its_pixels_and_behind_them() {
    let stored = drawn(31, 20);
    let plain = vision::write::encode_png(&stored).unwrap();
    // The header's chunk ends at 33; the last one takes 12 bytes.
    for at in [33, plain.len() - 12] {
        for orientation in 1..=8 {
            let mut bytes = plain.clone();
            bytes.splice(at..at, chunk(*b"eXIf", &exif(orientation, true)));
            let seen = upright(&stored, orientation);
            let size = decode::dimensions_from_bytes(&bytes).unwrap();
            assert_eq!(
                (size.width, size.height),
                seen.dimensions(),
                "{orientation} at {at}"
            );
            assert_eq!(
                decode::rgb_from_bytes(&bytes).unwrap(),
                seen,
                "{orientation} at {at}"
            );
        }
    }
}

#[test]
fn bad_exif_counts_as_none() {
    let image = drawn(32, 16);
    let mut endless = exif(6, false);
    endless[8] = 0xff;
    endless[9] = 0xff;
    endless[10] = 0; // no longer the orientation tag
    let mut outside = exif(6, false);
    outside[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let blocks = [
        vec![],
        b"II".to_vec(),
        b"garbage, not TIFF at all".to_vec(),
        exif(0, false),
        exif(9, false),
        exif(65535, true),
        exif(6, false)[..12].to_vec(),
        endless,
        outside,
    ];
    for block in blocks {
        let read = decode::rgb_from_bytes(&jpeg(&image, &block)).unwrap();
        assert_eq!(read.dimensions(), (32, 16), "{block:?}");
    }
}
