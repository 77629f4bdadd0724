//! SAM 3's inputs and answers against transformers' image processor and its graphs' own run (`reference/sam3.py`).
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::{Path, PathBuf};

use image::Rgb;
use nets::sam3::{Asked, Prepared, Segmenter, is_one, prepare};
use onnx::{Device, Model, Runtime};
use serde::Deserialize;
use vision::{Rect, RgbImage};

#[derive(Deserialize)]
struct Case {
    size: [u32; 2],
    levels: Vec<u8>,
    asked: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    words: String,
    like: Option<Rect<f64>>,
    /// Score and pixels of each.
    found: Vec<(f32, u64)>,
}

fn runtime() -> Runtime {
    Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    }
}

fn model(name: &str) -> Model {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/onnx")
        .join(name);
    runtime().model("segment", path.to_str()).unwrap()
}

/// The waves and squares of `reference/lama.py`.
fn waves([width, height]: [u32; 2]) -> RgbImage {
    let wave = |at: u32, half: u32| (at % (2 * half)).abs_diff(half) * 200 / half;
    RgbImage::from_fn(width, height, |x, y| {
        let squares = (x / 8 + y / 8) % 2 * 12;
        let level = |c: u32| u32::midpoint(wave(x + c * 20, 97), wave(2 * y + c * 11, 61));
        Rgb([0, 1, 2].map(|c| (level(c) + squares) as u8))
    })
}

#[test]
fn inputs_and_answers_are_the_references() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("expected/sam3.json")).unwrap();
    let mut segmenter = Segmenter::open(&model("sam3"), &runtime()).unwrap();
    assert_eq!(segmenter.provenance().family, "sam3");
    for case in cases {
        let prepared = prepare(&waves(case.size)).unwrap();
        assert_eq!(prepared.size, case.size);
        let total = prepared.levels.len();
        let places = (0..case.levels.len() as u64)
            .map(|n| ((n * 7919 * 104_729 + 31 * n) % total as u64) as usize);
        for (at, wanted) in places.zip(&case.levels) {
            let off = prepared.levels[at].abs_diff(*wanted);
            assert!(off <= 2, "{:?}: level {at} is off by {off}", case.size);
        }
        let asked: Vec<Asked> = case
            .asked
            .iter()
            .map(|one| {
                one.like
                    .map_or_else(|| Asked::words(&one.words), Asked::like)
            })
            .collect();
        let found = segmenter.find(prepared, &asked).unwrap();
        for (question, found) in case.asked.iter().zip(found) {
            assert_eq!(found.len(), question.found.len());
            for (found, (score, area)) in found.iter().zip(&question.found) {
                assert!(
                    (found.score - score).abs() < 1e-3,
                    "{}: {}",
                    question.words,
                    found.score
                );
                assert_eq!((found.mask.width(), found.mask.height()), case.size.into());
                // Levels that resizing has moved by one fall to the other side of the graph's threshold.
                let off = found.mask.area().abs_diff(*area) as f64 / *area as f64;
                assert!(
                    off < 0.05,
                    "{}: {} pixels, {area}",
                    question.words,
                    found.mask.area()
                );
            }
        }
    }
}

#[test]
fn an_image_of_which_nothing_is_asked_is_not_looked_at() {
    let mut segmenter = Segmenter::open(&model("sam3"), &runtime()).unwrap();
    let none = Prepared {
        levels: Vec::new(),
        size: [320, 180],
    };
    assert!(segmenter.find(none, &[]).unwrap().is_empty());
}

#[test]
fn models_without_words_are_told_apart() {
    assert!(is_one(&model("sam3")));
    assert!(!is_one(&model("sam/sam2")));
    let error = Segmenter::open(&model("sam/sam2"), &runtime())
        .err()
        .unwrap();
    assert!(format!("{error:#}").contains("tokenizer"), "{error:#}");
}
