//! Focus, hashes and colour on drawn images.

use image::imageops;
use vision::decode::to_luma;
use vision::focus::{laplacian_variance, sharpest_tenth, tiles};
use vision::{GrayImage, colour, hash};

use crate::drawn;

/// Blotches without a direction, the same each time.
fn blotches(side: u32) -> GrayImage {
    let mut state = 1_u32;
    let noise = GrayImage::from_fn(side, side, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Luma([(state >> 24) as u8])
    });
    imageops::blur(&noise, 1.2)
}

#[test]
fn blur_lowers_the_variance_of_the_laplacian() {
    let sharp = to_luma(&drawn(200, 120));
    let blurred = imageops::blur(&sharp, 3.0);
    assert!(laplacian_variance(&sharp) > 20.0 * laplacian_variance(&blurred));
}

#[test]
fn the_sharpest_tiles_see_what_the_whole_does_not() {
    let mut shallow = imageops::blur(&to_luma(&drawn(256, 256)), 4.0);
    let sharp = to_luma(&drawn(32, 32));
    imageops::replace(&mut shallow, &sharp, 96, 96);
    let sharpest = sharpest_tenth(&tiles(&shallow, 8, 8));
    assert!(sharpest > 5.0 * laplacian_variance(&shallow));
}

#[test]
fn hashes_survive_what_leaves_an_image_alike() {
    let image = blotches(128);
    let wide = imageops::resize(&image, 640, 512, imageops::FilterType::Triangle);
    let bright = GrayImage::from_fn(128, 128, |x, y| {
        image::Luma([(f32::from(image.get_pixel(x, y).0[0]) * 0.8 + 20.0) as u8])
    });
    for other in [wide, bright] {
        for hashed in [hash::phash, hash::dhash] {
            let distance = hash::hamming(hashed(&image).unwrap(), hashed(&other).unwrap());
            assert!(distance <= 6, "{distance}");
        }
    }
    let mirrored = imageops::flip_horizontal(&image);
    let distance = hash::hamming(
        hash::phash(&image).unwrap(),
        hash::phash(&mirrored).unwrap(),
    );
    assert!(distance > 16, "{distance}");
}

#[test]
fn every_level_survives_linear_light() {
    for level in 0..=255 {
        assert_eq!(colour::encoded(colour::linear(level)), level);
    }
    assert_eq!(
        (
            colour::encoded(-1.0),
            colour::encoded(7.0),
            colour::encoded(f32::NAN)
        ),
        (0, 255, 0)
    );
}

#[test]
fn temperatures_run_from_warm_to_cold() {
    let mut last = 0.0;
    for blue in (0..=250).step_by(10) {
        let light = [0.6, 0.5, blue as f32 / 250.0];
        let (x, y) = colour::chromaticity(light).unwrap();
        let kelvin = colour::temperature(x, y);
        assert!(
            kelvin >= last && kelvin <= colour::TEMPERATURES[1],
            "{light:?} {kelvin}"
        );
        last = kelvin;
    }
    for corner in [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [1.0, 0.0, 1.0],
    ] {
        let (x, y) = colour::chromaticity(corner).unwrap();
        let kelvin = colour::temperature(x, y);
        assert!((1000.0..=25000.0).contains(&kelvin), "{corner:?} {kelvin}");
    }
}
