//! Mattes against torch and Pillow: what the network is given of an image, and what its answer becomes.
//! The expected values are made by `reference/matte.py`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use nets::matte::{Matting, decode, prepare};
use onnx::{Device, Runtime};
use serde::Deserialize;
use vision::{GrayImage, RgbImage};

const SIDE: u32 = 64;

#[derive(Deserialize)]
struct Case {
    size: (u32, u32),
    /// Every 331st number that the network is given.
    given: Vec<f32>,
    /// Every 97th level of the matte by logits, and by shares.
    logits: Vec<u8>,
    shares: Vec<u8>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn cases() -> Vec<Case> {
    serde_json::from_str(&fs::read_to_string(file("expected/matte.json")).unwrap()).unwrap()
}

fn drawn((width, height): (u32, u32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let lattice = (x / 5 + y / 7) % 2 * 255;
        let levels = [(x * 7 + y * 13) % 256, (x * y + x / 3 * 40) % 256, lattice];
        image::Rgb(levels.map(|level| level as u8))
    })
}

/// Rings: the square of the script.
fn answer(logits: bool) -> Vec<f32> {
    let at = |cell: u32| {
        let (x, y) = ((cell % SIDE) as f32, (cell / SIDE) as f32);
        let waves = 9.0 * ((x - 20.0).hypot(y - 31.0) / 5.0).sin();
        if logits { waves } else { (waves + 9.0) / 18.0 }
    };
    (0..SIDE * SIDE).map(at).collect()
}

fn near(own: &GrayImage, expected: &[u8]) -> bool {
    let own: Vec<u8> = own.as_raw().iter().step_by(97).copied().collect();
    // Pillow's own resampling is met to two levels, and a share may fall to either side of a level.
    own.len() == expected.len() && { own.iter().zip(expected) }
        .all(|(own, expected)| own.abs_diff(*expected) <= 2)
}

#[test]
fn images_are_prepared_as_the_reference_does() {
    for case in cases() {
        let own = prepare(&drawn(case.size), SIDE).unwrap();
        let own: Vec<f32> = own.into_iter().step_by(331).collect();
        assert_eq!(own.len(), case.given.len());
        // A level of 255, over the deviation: 0.018.
        for (own, given) in own.iter().zip(&case.given) {
            assert!((own - given).abs() < 0.02, "{:?}: {own} {given}", case.size);
        }
    }
}

#[test]
fn logits_and_shares_become_the_same_matte_as_the_references() {
    for case in cases() {
        let matte = decode(&answer(true), case.size).unwrap();
        assert!(near(&matte, &case.logits), "{:?}", case.size);
        let matte = decode(&answer(false), case.size).unwrap();
        assert!(near(&matte, &case.shares), "{:?}", case.size);
    }
}

#[test]
fn both_kinds_of_graph_say_the_same_of_an_image() {
    let runtime = Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    };
    let image = RgbImage::from_fn(90, 50, |x, _| {
        image::Rgb(if x < 45 { [220, 90, 30] } else { [30, 90, 220] })
    });
    let mattes = ["logits", "shares"].map(|name| {
        let path = file("onnx/matte").join(format!("{name}.onnx"));
        let model = runtime.model("matte", path.to_str()).unwrap();
        let mut network = Matting::open(&model, &runtime).unwrap();
        assert_eq!(network.side(), SIDE);
        let numbers = prepare(&image, network.side()).unwrap();
        network.run(numbers, image.dimensions()).unwrap()
    });
    assert_eq!(mattes[0], mattes[1]);
    assert!(mattes[0].get_pixel(10, 25).0[0] > 250 && mattes[0].get_pixel(80, 25).0[0] < 5);
}

#[test]
fn an_answer_that_is_no_matte_is_refused() {
    let said = |answer: &[f32]| decode(answer, (4, 4)).unwrap_err().to_string();
    assert_eq!(
        said(&[0.5, f32::NAN, 0.5, 0.5]),
        "the answer has values that are not finite"
    );
    assert_eq!(said(&[0.5; 5]), "the answer, 5 numbers, is not square");
    assert_eq!(said(&[]), "the answer, 0 numbers, is not square");
}
