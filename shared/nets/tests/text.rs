//! Text detectors against `RapidOCR`'s and `PaddleOCR`'s steps in Python (`reference/text.py`).
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::{Path, PathBuf};

use image::Rgb;
use nets::text::{Detector, Found, Map, decode, prepare};
use onnx::{Device, Model, Runtime};
use serde::Deserialize;
use vision::RgbImage;

#[derive(Deserialize)]
struct Cases {
    maps: Vec<OfMap>,
    images: Vec<OfImage>,
}

/// The lines of a stored map: left, top, right, bottom, score.
#[derive(Deserialize)]
struct OfMap {
    map: String,
    size: [u32; 2],
    lines: Vec<[f32; 5]>,
}

#[derive(Deserialize)]
struct OfImage {
    size: [u32; 2],
    input: [u32; 2],
    places: Vec<usize>,
    numbers: Vec<f32>,
    lines: Vec<[f32; 5]>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("expected/text/cases.json")).unwrap()
}

fn runtime() -> Runtime {
    Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    }
}

fn model(graph: &str) -> Model {
    let path = file("onnx").join(graph);
    runtime().model("text", path.to_str()).unwrap()
}

/// The reference's lines of blocks.
fn drawn([width, height]: [u32; 2]) -> RgbImage {
    let lines = [
        [width / 4, height * 7 / 8, width / 2, height / 20],
        [width * 7 / 8, height / 16, width / 10, height / 12],
        [3, height / 3, width / 8, height / 9],
    ];
    RgbImage::from_fn(width, height, |x, y| {
        let within = |[left, top, wide, high]: &[u32; 4]| {
            (*left..left + wide).contains(&x) && (*top..top + high).contains(&y)
        };
        if lines.iter().any(within) {
            return Rgb([255, 245, 250]);
        }
        let shade = ((x + y) % 16) as u8;
        Rgb([30, 60, 40].map(|level| level + shade))
    })
}

/// `within` is how far edges may lie apart, in pixels: the reference's clipper rounds to whole pixels of the map.
fn alike(found: &[Found], wanted: &[[f32; 5]], within: f32, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}: {found:?}");
    for [left, top, right, bottom, score] in wanted {
        let edges = [left, top, right, bottom];
        let near = |found: &&Found| {
            let mut pairs = found.rect.edges().into_iter().zip(edges);
            pairs.all(|(edge, wanted)| (edge - wanted).abs() <= within)
        };
        let same = found.iter().find(near);
        assert!(same.is_some(), "{what}: no {edges:?} among {found:?}");
        let same = same.unwrap();
        // OpenCV's rectangles may end a hundred-thousandth of a pixel too early, and take in one more row then.
        assert!(
            (same.score - score).abs() < 0.035,
            "{what}: {same:?}, {score}"
        );
    }
}

#[test]
fn lines_of_maps_are_the_references() {
    for case in cases().maps {
        let name = format!("expected/text/{}.png", case.map);
        let levels = image::open(file(&name)).unwrap().to_luma8();
        let scores: Vec<f32> = levels
            .as_raw()
            .iter()
            .map(|l| f32::from(*l) / 255.0)
            .collect();
        let map = Map {
            scores: &scores,
            size: [levels.width(), levels.height()],
        };
        let found = decode(&map, case.size, 0.6).unwrap();
        let scale = case.size[0] as f32 / levels.width() as f32;
        alike(
            &found,
            &case.lines,
            1.0 + scale,
            &format!("{name} {:?}", case.size),
        );
    }
}

#[test]
fn inputs_and_lines_of_images_are_the_references() {
    let mut detector = Detector::open(&model("text/bright.onnx"), &runtime()).unwrap();
    for case in cases().images {
        let name = format!("{:?}", case.size);
        let prepared = prepare(&drawn(case.size), 960).unwrap();
        assert_eq!(prepared.size, case.input, "{name}");
        for (place, wanted) in case.places.iter().zip(&case.numbers) {
            // A level of 255 is 0.018.
            let off = (prepared.numbers[*place] - wanted).abs();
            assert!(off < 0.02, "{name}: number {place} is off by {off}");
        }
        let scale = case.size[0] as f32 / case.input[0] as f32;
        let found = detector.run(prepared, 0.6).unwrap();
        alike(&found, &case.lines, 1.0 + scale, &name);
    }
}

#[test]
fn a_map_that_is_none_is_an_error() {
    let size = [4, 2];
    let said = |scores: &[f32]| {
        decode(&Map { scores, size }, size, 0.6)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(said(&[0.0; 7]), "a map of 7 numbers for 4x2 pixels");
    assert!(said(&[f32::NAN; 8]).contains("not finite"));
}

#[test]
fn a_graph_of_another_kind_is_refused() {
    let error = Detector::open(&model("yolox.onnx"), &runtime())
        .unwrap_err()
        .to_string();
    assert!(error.contains("not a text detector"), "{error}");
}
