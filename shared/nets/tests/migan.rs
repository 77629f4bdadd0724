//! MI-GAN's pipeline, round a tiny network, against its own code in Python (`reference/migan.py`).
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use image::Rgb;
use nets::inpaint::Inpainter;
use onnx::{Device, Runtime};
use serde::Deserialize;
use vision::RgbImage;
use vision::mask::Mask;

#[derive(Deserialize)]
struct Case {
    name: String,
    width: u32,
    height: u32,
    parts: Vec<[i64; 4]>,
    filled: Vec<u8>,
}

fn network() -> Inpainter {
    let runtime = Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/migan.onnx");
    Inpainter::open(&runtime.model("inpaint", path.to_str()).unwrap(), &runtime).unwrap()
}

/// The reference's waves and squares.
fn waves(width: u32, height: u32) -> RgbImage {
    let wave = |at: u32, half: u32| (at % (2 * half)).abs_diff(half) * 200 / half;
    RgbImage::from_fn(width, height, |x, y| {
        let squares = (x / 8 + y / 8) % 2 * 12;
        let level = |c: u32| u32::midpoint(wave(x + c * 20, 97), wave(2 * y + c * 11, 61));
        Rgb([0, 1, 2].map(|c| (level(c) + squares) as u8))
    })
}

/// The reference's ellipses.
fn ellipses(width: u32, height: u32, parts: &[[i64; 4]]) -> Mask {
    let inside = |x: u32, y: u32| {
        parts.iter().any(|[cx, cy, rx, ry]| {
            let across = (i64::from(x) - cx) * ry;
            let down = (i64::from(y) - cy) * rx;
            across * across + down * down <= (rx * ry) * (rx * ry)
        })
    };
    Mask::from_fn(width, height, inside).unwrap()
}

#[test]
fn holes_are_inpainted_as_by_the_reference() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("expected/migan.json")).unwrap();
    let mut network = network();
    assert_eq!(network.provenance().family, "migan");
    for case in cases {
        let image = waves(case.width, case.height);
        let hole = ellipses(case.width, case.height, &case.parts);
        let filled = network.fill(&image, &hole).unwrap();
        assert_eq!(filled.dimensions(), image.dimensions(), "{}", case.name);
        let levels = filled.as_raw();
        let places = (0..case.filled.len() as u64)
            .map(|n| ((n * 7919 * 104_729 + 31 * n) % levels.len() as u64) as usize);
        for (at, wanted) in places.zip(&case.filled) {
            // Rounding differs from processor to processor.
            assert!(
                levels[at].abs_diff(*wanted) <= 1,
                "{}: {at}: {} and {wanted}",
                case.name,
                levels[at]
            );
        }
    }
}

#[test]
fn nothing_changes_far_from_a_hole_in_flat_gray() {
    let gray = RgbImage::from_pixel(700, 600, Rgb([128; 3]));
    let hole = Mask::from_fn(700, 600, |x, y| {
        x.abs_diff(300) < 40 && y.abs_diff(250) < 30
    })
    .unwrap();
    let filled = network().fill(&gray, &hole).unwrap();
    let (near, mut inside) = (hole.dilate(7), 0);
    for (x, y, pixel) in filled.enumerate_pixels() {
        let changed = pixel.0 != [128; 3];
        assert!(near.get(x, y) || !changed, "{x}, {y}: {:?}", pixel.0);
        inside += u32::from(hole.get(x, y) && changed);
    }
    // The tiny network makes something else of a hole: that it is the hole which is inpainted, and not all else.
    assert!(inside > 2000, "{inside} pixels of the hole have changed");
}

#[test]
fn without_a_hole_no_network_runs_and_a_crop_of_a_pixel_fits() {
    let mut network = network();
    let image = waves(40, 30);
    assert_eq!(
        network.fill(&image, &Mask::new(40, 30).unwrap()).unwrap(),
        image
    );
    let speck = Mask::from_fn(1, 1, |_, _| true).unwrap();
    let filled = network.fill(&waves(1, 1), &speck).unwrap();
    assert_eq!(filled.dimensions(), (1, 1));
    assert!(
        network
            .fill(&image, &Mask::from_fn(30, 40, |_, _| true).unwrap())
            .is_err()
    );
}
