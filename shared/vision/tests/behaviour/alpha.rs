//! Alpha and depth: what lies under a cut-out, and what 16 bits become.

use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, ImageFormat, LumaA, Rgba, RgbaImage};
use vision::decode;
use vision::write::encode_png_rgba;

fn cut_out() -> RgbaImage {
    RgbaImage::from_raw(3, 1, vec![9, 8, 7, 255, 100, 0, 50, 128, 1, 2, 3, 0]).unwrap()
}

#[test]
fn a_cut_out_is_laid_over_white_or_the_colour_asked_for() {
    let bytes = encode_png_rgba(&cut_out()).unwrap();
    let white = decode::rgb_from_bytes(&bytes).unwrap();
    assert_eq!(white.into_raw(), [9, 8, 7, 177, 127, 152, 255, 255, 255]);
    let green = decode::rgb_over_from_bytes(&bytes, [0, 255, 0]).unwrap();
    assert_eq!(green.into_raw(), [9, 8, 7, 50, 127, 25, 0, 255, 0]);
    let luma = decode::luma_from_bytes(&bytes).unwrap();
    assert_eq!(luma.into_raw(), [8, 145, 255]);
}

#[test]
fn alpha_is_kept_where_it_is_asked_for() {
    let bytes = encode_png_rgba(&cut_out()).unwrap();
    assert_eq!(decode::rgba_from_bytes(&bytes).unwrap(), cut_out());
    let header = decode::header_from_bytes(&bytes).unwrap();
    assert!(header.samples.alpha && !header.samples.is_rgb());
}

#[test]
fn sixteen_bits_with_alpha_are_rounded_too() {
    let deep = ImageBuffer::from_pixel(2, 2, Rgba([65535_u16, 32896, 128, 65535]));
    let gray = ImageBuffer::from_pixel(2, 2, LumaA([257_u16 * 90, 65535]));
    for (image, expected) in [
        (DynamicImage::from(deep), [255, 128, 0, 255]),
        (DynamicImage::from(gray), [90, 90, 90, 255]),
    ] {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        let read = decode::rgba_from_bytes(bytes.get_ref()).unwrap();
        assert_eq!(read.get_pixel(1, 1).0, expected);
        let read = decode::rgb_from_bytes(bytes.get_ref()).unwrap();
        assert_eq!(read.get_pixel(1, 1).0, expected[..3]);
    }
}
