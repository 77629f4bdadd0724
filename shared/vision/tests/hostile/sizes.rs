//! The smallest and the widest images.

use image::ImageFormat;
use vision::resize::{self, PilFilter};
use vision::write::{Subsampling, encode_jpeg};
use vision::{GrayImage, colour, decode, focus, hash, statistics};

use crate::{drawn, encoded, read_every_way};

#[test]
fn one_pixel_is_an_image() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
    ] {
        let bytes = encoded(&drawn(1, 1), format);
        assert_eq!(decode::rgb_from_bytes(&bytes).unwrap(), drawn(1, 1));
    }
    let bytes = encode_jpeg(&drawn(1, 1), 90, Subsampling::S420).unwrap();
    assert_eq!(
        decode::luma_at_least_from_bytes(&bytes, 1, 1)
            .unwrap()
            .dimensions(),
        (1, 1)
    );
}

#[test]
fn as_wide_as_it_gets() {
    for (width, height) in [(65535, 1), (1, 65535)] {
        let image = drawn(width, height);
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff] {
            assert_eq!(
                decode::rgb_from_bytes(&encoded(&image, format)).unwrap(),
                image
            );
        }
        let message = encode_jpeg(&image, 90, Subsampling::S444)
            .unwrap_err()
            .to_string();
        assert!(message.contains("65500"), "{message}");
        let widest = drawn(width.min(65500), height.min(65500));
        read_every_way(&encode_jpeg(&widest, 90, Subsampling::S444).unwrap()).unwrap();
        let small = resize::pil(&image, 7, 5, PilFilter::Lanczos).unwrap();
        assert_eq!(small.dimensions(), (7, 5));
        let luma = decode::to_luma(&image);
        assert!(hash::phash(&luma).is_ok() && focus::laplacian_variance(&luma).is_finite());
    }
}

#[test]
fn a_jpeg_wider_than_libjpeg_takes_is_unsupported() {
    let mut bytes = encode_jpeg(&drawn(65500, 1), 90, Subsampling::S444).unwrap();
    let at = bytes
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap()
        + 7;
    bytes[at..at + 2].copy_from_slice(&[0xff, 0xff]);
    let message = decode::rgb_from_bytes(&bytes).unwrap_err().to_string();
    assert!(message.starts_with("unsupported JPEG image: "), "{message}");
}

#[test]
fn an_image_without_pixels_measures_nothing() {
    let none = GrayImage::new(0, 0);
    assert!(hash::phash(&none).is_err() && hash::dhash(&none).is_err());
    assert!(resize::pil_luma(&none, 3, 3, PilFilter::Box).is_err());
    assert!(focus::laplacian_variance(&none).abs() < f64::EPSILON);
    assert_eq!(focus::tiles(&none, 2, 2), [0.0; 4]);
    let luma = statistics::LumaStatistics::of(&none);
    assert!(luma.mean.abs() < f64::EPSILON && luma.entropy.is_finite());
    assert!(colour::colourfulness(&vision::RgbImage::new(0, 0)).is_finite());
    assert!(colour::saturation(&vision::RgbImage::new(0, 0)).is_finite());
}

#[test]
fn targets_out_of_range_are_errors() {
    let image = drawn(4, 4);
    for (width, height) in [(0, 4), (4, 0), (60000, 60000)] {
        assert!(resize::pil(&image, width, height, PilFilter::Box).is_err());
        assert!(resize::opencv_linear(&image, width, height).is_err());
        assert!(resize::opencv_area(&image, width, height).is_err());
    }
}

#[test]
fn a_long_strip_is_resized_within_memory() {
    // Columns first would need 20000 x 60000 pixels in between.
    let strip = GrayImage::from_pixel(10, 60000, image::Luma([77]));
    let wide = resize::pil_luma(&strip, 20000, 3, PilFilter::Bilinear).unwrap();
    assert_eq!(wide.get_pixel(19999, 2).0, [77]);
    let wide = resize::pil_luma_exact(&strip, 20000, 3, PilFilter::Bilinear).unwrap();
    assert_eq!(wide.get_pixel(0, 0).0, [77]);
}

#[test]
fn more_tiles_than_pixels_are_empty() {
    let tiles = focus::tiles(&GrayImage::from_pixel(2, 2, image::Luma([5])), 5, 3);
    assert_eq!(tiles, [0.0; 15]);
}
