//! `TransNetV2`'s windows against the reference's in Python (`reference/shot.py`): with tiny graphs of its ports, and
//! with the published weights where they are at hand.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::{Path, PathBuf};

use image::Rgb;
use nets::shot::{Detector, SIZE, Scores, frame};
use onnx::{Device, Runtime};
use serde::Deserialize;
use vision::RgbImage;

/// How far scores may lie apart: processors round differently.
const APART: f32 = 2e-4;

#[derive(Deserialize)]
struct Case {
    network: String,
    frames: u32,
    heads: Vec<Vec<f32>>,
}

fn detector(path: &Path) -> Detector {
    let runtime = Runtime {
        device: Device::Cpu,
        ..Runtime::default()
    };
    let model = runtime.model("shot", path.to_str()).unwrap();
    Detector::open(&model, &runtime).unwrap()
}

fn tiny(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/onnx/shot/{name}.onnx"))
}

/// Where published weights are, if anywhere: `$FILM2LORA_WEIGHTS`, or `shared/weights` in a folder above.
fn published() -> Option<PathBuf> {
    let named = std::env::var_os("FILM2LORA_WEIGHTS").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folders = named
        .into_iter()
        .chain(above.map(|folder| folder.join("shared/weights")));
    let mut files = folders.map(|folder| folder.join("transnetv2_u8.onnx"));
    files.find(|file| file.is_file())
}

/// The reference's frame: scenes of 23, in each of which squares of two colours move to the right.
fn drawn(number: u32) -> RgbImage {
    let scene = number / 23;
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let square = (x + number) / (4 + scene % 5) + y / (3 + scene % 4);
        let level = |c: u32| square % 2 * (90 + scene * 37 % 120) + (scene * (c + 2) * 41) % 100;
        Rgb([0, 1, 2].map(|c| level(c) as u8))
    })
}

fn scores(detector: &mut Detector, count: u32) -> Scores {
    for number in 0..count {
        detector.push(&drawn(number)).unwrap();
    }
    detector.finish().unwrap()
}

fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (frame, (found, expected)) in found.iter().zip(expected).enumerate() {
        let apart = (found - expected).abs();
        assert!(
            apart <= APART,
            "{what}, frame {frame}: {found} instead of {expected}"
        );
    }
}

#[test]
fn every_frame_has_the_scores_that_the_reference_gives_it() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("expected/shot.json")).unwrap();
    for name in ["scores", "logits", "published"] {
        let path = match (name, published()) {
            ("published", None) => continue,
            ("published", Some(path)) => path,
            _ => tiny(name),
        };
        // Of one film after another, as the last frames of one must not show in the next.
        let mut detector = detector(&path);
        for case in cases.iter().filter(|case| case.network == name) {
            let found = scores(&mut detector, case.frames);
            let what = format!("{name}, {} frames", case.frames);
            assert_near(&found.last, &case.heads[0], &what);
            let within = case.heads.get(1).map_or(&[][..], Vec::as_slice);
            assert_near(&found.within, within, &what);
        }
    }
}

#[test]
fn a_film_without_frames_has_no_scores() {
    let mut detector = detector(&tiny("scores"));
    assert_eq!(detector.finish().unwrap(), Scores::default());
}

#[test]
fn other_frames_and_other_graphs_are_refused() {
    let mut detector = detector(&tiny("scores"));
    let large = RgbImage::new(96, 54);
    let error = detector.push(&large).unwrap_err().to_string();
    assert!(error.contains("(96, 54)"), "{error}");
    detector.push(&frame(&large).unwrap()).unwrap();
    assert_eq!(detector.finish().unwrap().last.len(), 1);
    let runtime = Runtime::default();
    let other = tiny("../yolox");
    let model = runtime.model("shot", other.to_str()).unwrap();
    let error = format!("{:#}", Detector::open(&model, &runtime).unwrap_err());
    assert!(error.contains("not TransNetV2"), "{error}");
}
