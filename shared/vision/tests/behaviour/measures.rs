//! Focus, direction of blur, hashes and colour on drawn pictures.

use image::imageops;
use vision::decode::to_luma;
use vision::focus::{Gradient, TileFocus, laplacian_variance};
use vision::statistics::{bhattacharyya, chi_square, colour_histogram};
use vision::{GrayImage, RgbImage, colour, hash};

use crate::drawn;

/// The mean of `length` pixels to the right: a pan.
fn panned(image: &GrayImage, length: u32) -> GrayImage {
    GrayImage::from_fn(image.width(), image.height(), |x, y| {
        let sum: u32 = (0..length)
            .map(|dx| u32::from(image.get_pixel((x + dx).min(image.width() - 1), y).0[0]))
            .sum();
        image::Luma([(sum / length) as u8])
    })
}

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
fn blur_lowers_every_measure() {
    let sharp = to_luma(&drawn(200, 120));
    let blurred = imageops::blur(&sharp, 3.0);
    assert!(laplacian_variance(&sharp) > 20.0 * laplacian_variance(&blurred));
    assert!(Gradient::of(&sharp).energy > 2.0 * Gradient::of(&blurred).energy);
}

#[test]
fn the_best_tile_sees_what_the_mean_does_not() {
    let mut shallow = imageops::blur(&to_luma(&drawn(256, 256)), 4.0);
    let sharp = to_luma(&drawn(32, 32));
    imageops::replace(&mut shallow, &sharp, 96, 96);
    let focus = TileFocus::measure(&shallow, 8, 8);
    assert!(focus.best > 20.0 * focus.median && focus.top > focus.mean);
}

#[test]
fn a_pan_leaves_edges_of_one_direction() {
    let still = Gradient::of(&blotches(200));
    let panned = Gradient::of(&panned(&blotches(200), 15));
    assert!(still.coherence < 0.1, "{still:?}");
    assert!(panned.coherence > 0.8, "{panned:?}");
    // What changes now changes downwards.
    assert!((panned.angle.abs() - 90.0).abs() < 5.0, "{panned:?}");
}

#[test]
fn hashes_survive_what_leaves_a_picture_alike() {
    let picture = blotches(128);
    let wide = imageops::resize(&picture, 640, 512, imageops::FilterType::Triangle);
    let bright = GrayImage::from_fn(128, 128, |x, y| {
        image::Luma([(f32::from(picture.get_pixel(x, y).0[0]) * 0.8 + 20.0) as u8])
    });
    for other in [wide, bright] {
        for hashed in [hash::phash, hash::dhash] {
            let distance = hash::hamming(hashed(&picture).unwrap(), hashed(&other).unwrap());
            assert!(distance <= 6, "{distance}");
        }
    }
    let mirrored = imageops::flip_horizontal(&picture);
    let distance = hash::hamming(
        hash::phash(&picture).unwrap(),
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

#[test]
fn distances_of_distributions_are_those_of_pictures() {
    let bins = [12, 3, 3];
    let first = colour_histogram(&drawn(64, 64), bins).unwrap();
    assert!((first.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    let same = colour_histogram(&drawn(64, 64), bins).unwrap();
    assert!(chi_square(&first, &same).unwrap() < 1e-12);
    assert!(bhattacharyya(&first, &same).unwrap() < 1e-6);
    let other = colour_histogram(&RgbImage::from_pixel(9, 9, image::Rgb([0, 0, 200])), bins);
    assert!(chi_square(&first, &other.unwrap()).unwrap() > 0.5);
    assert!(chi_square(&first, &[1.0]).is_err() && bhattacharyya(&first, &[1.0]).is_err());
    assert!(colour_histogram(&drawn(4, 4), [0, 1, 1]).is_err());
    assert!(colour_histogram(&drawn(4, 4), [257, 1, 1]).is_err());
}
