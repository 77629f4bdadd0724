//! Decoding a JPEG at a fraction of its size, and what is forgiven.

use vision::decode::{self, Dimensions};
use vision::resize;
use vision::write::{Subsampling, encode_jpeg, encode_png};

use crate::drawn;

#[test]
fn a_jpeg_is_shrunk_as_far_as_asked_and_no_farther() {
    let bytes = encode_jpeg(&drawn(203, 101), 90, Subsampling::S420).unwrap();
    for (asked, given) in [
        ((1, 1), (26, 13)),
        ((26, 13), (26, 13)),
        ((27, 1), (51, 26)),
        ((1, 27), (102, 51)),
        ((103, 51), (203, 101)),
        ((0, 0), (26, 13)),
        ((u32::MAX, 1), (203, 101)),
    ] {
        let luma = decode::luma_at_least_from_bytes(&bytes, asked.0, asked.1).unwrap();
        assert_eq!(luma.dimensions(), given, "{asked:?}");
        let rgb = decode::rgb_at_least_from_bytes(&bytes, asked.0, asked.1).unwrap();
        assert_eq!(rgb.dimensions(), given, "{asked:?}");
    }
}

#[test]
fn a_png_comes_whole() {
    let bytes = encode_png(&drawn(203, 101)).unwrap();
    let luma = decode::luma_at_least_from_bytes(&bytes, 1, 1).unwrap();
    assert_eq!(luma.dimensions(), (203, 101));
}

#[test]
fn a_shrunk_jpeg_looks_like_the_whole_one() {
    let bytes = encode_jpeg(&drawn(256, 128), 95, Subsampling::S444).unwrap();
    let small = decode::luma_at_least_from_bytes(&bytes, 64, 32).unwrap();
    let whole = decode::luma_from_bytes(&bytes).unwrap();
    let whole = resize::opencv_area_luma(&whole, 64, 32).unwrap();
    let pairs = small.as_raw().iter().zip(whole.as_raw());
    let difference: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    assert!(difference < 64 * 32 * 4, "{difference}");
}

#[test]
fn the_order_of_images_does_not_matter() {
    let large = encode_jpeg(&drawn(200, 100), 90, Subsampling::S420).unwrap();
    let small = encode_jpeg(&drawn(20, 10), 50, Subsampling::S444).unwrap();
    let first = decode::rgb_from_bytes(&large).unwrap();
    decode::luma_at_least_from_bytes(&small, 1, 1).unwrap();
    assert_eq!(decode::rgb_from_bytes(&large).unwrap(), first);
}

#[test]
fn padding_before_the_end_is_forgiven_and_within_the_image_is_not() {
    let image = drawn(64, 64);
    let bytes = encode_jpeg(&image, 90, Subsampling::S444).unwrap();
    let mut padded = bytes.clone();
    padded.splice(bytes.len() - 2..bytes.len() - 2, [0; 5]);
    assert_eq!(
        decode::rgb_from_bytes(&padded).unwrap(),
        decode::rgb_from_bytes(&bytes).unwrap()
    );
    let mut holed = bytes.clone();
    let middle = bytes.len() / 2;
    holed.splice(middle..middle, [0xff, 0xd9]);
    assert!(decode::rgb_from_bytes(&holed).is_err());
    let mut without_end = bytes;
    without_end.truncate(without_end.len() - 2);
    assert!(decode::rgb_from_bytes(&without_end).is_err());
}

fn at_least(width: u32, height: u32) -> Dimensions {
    Dimensions { width, height }
}

#[test]
fn luma_and_colours_of_one_decoding_are_those_of_two() {
    let samplings = [Subsampling::S444, Subsampling::S422, Subsampling::S420];
    for (sampling, (width, height)) in
        samplings
            .into_iter()
            .zip([(203, 101), (205, 98), (413, 207)])
    {
        let bytes = encode_jpeg(&drawn(width, height), 95, sampling).unwrap();
        let whole = decode::rgb_from_bytes(&bytes).unwrap();
        for by in [1, 2] {
            let least = (width.div_ceil(by), height.div_ceil(by));
            let (luma, colours) = decode::luma_and_rgb_at_least_from_bytes(
                &bytes,
                at_least(least.0, least.1),
                at_least(24, 1),
            )
            .unwrap();
            let alone = decode::luma_at_least_from_bytes(&bytes, least.0, least.1).unwrap();
            assert_eq!(luma, alone, "{sampling:?} by {by}");
            // The most that 2, 4, 8 or 16 leave of it that is 24 across.
            let shrunk = [16, 8, 4, 2].into_iter().find(|by| luma.width() / by >= 24);
            let shrunk = shrunk.unwrap();
            let size = (luma.width() / shrunk, luma.height() / shrunk);
            assert_eq!(colours.dimensions(), size, "{sampling:?} by {by}");
            let covered = [size.0, size.1].map(|side| side * shrunk * by);
            let part = image::imageops::crop_imm(&whole, 0, 0, covered[0], covered[1]);
            let means = resize::opencv_area(&part.to_image(), size.0, size.1).unwrap();
            let pairs = colours.as_raw().iter().zip(means.as_raw());
            let difference: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            let mean = f64::from(difference) / colours.as_raw().len() as f64;
            assert!(mean < 3.0, "{sampling:?} by {by}: {mean}");
        }
    }
}

#[test]
fn what_is_no_such_jpeg_is_shrunk_to_the_same_sizes_by_means() {
    let image = drawn(64, 32);
    let png = encode_png(&image).unwrap();
    let (luma, colours) =
        decode::luma_and_rgb_at_least_from_bytes(&png, at_least(20, 8), at_least(8, 8)).unwrap();
    let half = resize::opencv_area_luma(&decode::to_luma(&image), 32, 16).unwrap();
    assert_eq!(luma, half);
    assert_eq!(colours, resize::opencv_area(&image, 16, 8).unwrap());
    let (luma, colours) =
        decode::luma_and_rgb_at_least_from_bytes(&png, at_least(33, 8), at_least(64, 1)).unwrap();
    assert_eq!((luma, colours), (decode::to_luma(&image), image.clone()));
    // Colours that are to be as large as the luma are not means of anything.
    let jpeg = encode_jpeg(&image, 90, Subsampling::S420).unwrap();
    let (_, colours) =
        decode::luma_and_rgb_at_least_from_bytes(&jpeg, at_least(64, 32), at_least(64, 32))
            .unwrap();
    assert_eq!(colours, decode::rgb_from_bytes(&jpeg).unwrap());
}
