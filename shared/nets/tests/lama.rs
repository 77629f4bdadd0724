//! `LaMa`'s crops and tensors against `IOPaint`'s steps in Python (`reference/lama.py`).
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::{Path, PathBuf};

use image::Rgb;
use nets::inpaint::lama::{Layout, Range, decode, prepare};
use nets::inpaint::{Crop, Inpainter, crops};
use onnx::{Device, Registry, Runtime};
use serde::Deserialize;
use vision::mask::Mask;
use vision::{Rect, RgbImage};

/// One image of the reference.
#[derive(Deserialize)]
struct Case {
    name: String,
    width: u32,
    height: u32,
    parts: Vec<[i64; 4]>,
    context: f64,
    crops: Vec<Expected>,
    tensors: Vec<Tensors>,
}

#[derive(Deserialize)]
struct Expected {
    square: Rect,
    hole: Rect,
}

#[derive(Deserialize)]
struct Tensors {
    layout: Option<u32>,
    size: [u32; 2],
    hole: usize,
    sum: f64,
    image: Vec<f32>,
    mask: Vec<f32>,
    filled: Vec<i32>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("expected/lama/cases.json")).unwrap()
}

/// The reference's waves and squares.
fn image(width: u32, height: u32) -> RgbImage {
    let wave = |at: u32, half: u32| (at % (2 * half)).abs_diff(half) * 200 / half;
    RgbImage::from_fn(width, height, |x, y| {
        let squares = (x / 8 + y / 8) % 2 * 12;
        let level = |c: u32| u32::midpoint(wave(x + c * 20, 97), wave(2 * y + c * 11, 61));
        Rgb([0, 1, 2].map(|c| (level(c) + squares) as u8))
    })
}

/// The reference's ellipses.
fn mask(case: &Case) -> Mask {
    let inside = |x: u32, y: u32| {
        case.parts.iter().any(|[cx, cy, rx, ry]| {
            let across = (i64::from(x) - cx) * ry;
            let down = (i64::from(y) - cy) * rx;
            across * across + down * down <= (rx * ry) * (rx * ry)
        })
    };
    Mask::from_fn(case.width, case.height, inside).unwrap()
}

/// The reference's places.
fn places(count: u64, total: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |n| ((n * 7919 * 104_729 + 31 * n) % total as u64) as usize)
}

fn cut(image: &RgbImage, hole: &Mask, crop: Crop) -> (RgbImage, Mask) {
    let part = vision::crop::rgb(image, crop.rect).unwrap();
    (part, hole.part(crop.rect).unwrap())
}

fn layout(tensors: &Tensors) -> Layout {
    tensors.layout.map_or(Layout::Dynamic, Layout::Fixed)
}

fn network(name: &str) -> Inpainter {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx");
    let runtime = Runtime {
        device: Device::Cpu,
        threads: Some(2),
        ..Runtime::default()
    };
    let folder = Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models"));
    let registry = Registry::open(folder.as_deref()).unwrap();
    let file = path.join(name).display().to_string();
    let model = registry.model("inpaint", Some(&file)).unwrap();
    Inpainter::open(&model, &runtime).unwrap()
}

#[test]
fn crops_are_the_references() {
    for case in cases() {
        let found = crops(&mask(&case), case.context).unwrap();
        let found: Vec<_> = found
            .into_iter()
            .map(|crop| (crop.rect, crop.hole))
            .collect();
        let expected: Vec<_> = case
            .crops
            .iter()
            .map(|crop| (crop.square, crop.hole))
            .collect();
        assert_eq!(found, expected, "{} {}", case.name, case.context);
    }
}

#[test]
fn tensors_are_the_references() {
    for case in cases().iter().filter(|case| !case.tensors.is_empty()) {
        let (image, hole) = (image(case.width, case.height), mask(case));
        let (part, hole) = cut(&image, &hole, crops(&hole, 1.0).unwrap()[0]);
        for expected in &case.tensors {
            let name = format!("{} {:?}", case.name, expected.layout);
            let found = prepare(layout(expected), &part, &hole).unwrap();
            assert_eq!([found.size().0, found.size().1], expected.size, "{name}");
            let count = found.mask.iter().filter(|bit| **bit > 0.5).count();
            assert_eq!(count, expected.hole, "{name}: pixels of the hole");
            for (at, bit) in places(160, found.mask.len()).zip(&expected.mask) {
                assert_eq!(found.mask[at].to_bits(), bit.to_bits(), "{name}: mask {at}");
            }
            for (at, level) in places(160, found.image.len()).zip(&expected.image) {
                let difference = (found.image[at] * 255.0 - level).abs();
                assert!(difference < 1.001, "{name}: image {at}: {difference}");
            }
            let sum: f64 = found.image.iter().map(|x| f64::from(*x) * 255.0).sum();
            let mean = (sum - expected.sum) / found.image.len() as f64;
            assert!(mean.abs() < 0.05, "{name}: on the mean {mean}");
        }
    }
}

#[test]
fn filled_crops_are_the_references() {
    for (file, kind) in [
        ("lama_512.onnx", Layout::Fixed(512)),
        ("lama_dynamic.onnx", Layout::Dynamic),
    ] {
        let mut network = network(file);
        for case in cases().iter().filter(|case| !case.tensors.is_empty()) {
            let (image, hole) = (image(case.width, case.height), mask(case));
            let (part, hole) = cut(&image, &hole, crops(&hole, 1.0).unwrap()[0]);
            let expected = case.tensors.iter().find(|t| layout(t) == kind).unwrap();
            let filled = network.fill(&part, &hole).unwrap();
            let samples = filled.as_raw();
            for (at, level) in places(160, samples.len()).zip(&expected.filled) {
                let found = i32::from(samples[at]);
                assert!(
                    (found - level).abs() <= 1,
                    "{file} {}: {at}: {found} and {level}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn a_thousand_specks_are_a_few_crops() {
    let specks = Mask::from_fn(4000, 3000, |x, y| x % 40 == 0 && y % 40 == 0).unwrap();
    let found = crops(&specks, 1.0).unwrap();
    assert!(found.len() <= 48, "{}", found.len());
    let covered = |x, y| {
        found.iter().any(|crop| {
            let [left, top, right, bottom] = crop.hole.edges();
            (left..right).contains(&x) && (top..bottom).contains(&y)
        })
    };
    assert!((0..100).all(|n| covered(n * 40, n % 75 * 40)));
}

#[test]
fn a_black_image_stays_black() {
    let black = RgbImage::from_pixel(70, 70, Rgb([1, 0, 1]));
    let hole = Mask::from_fn(70, 70, |x, y| x > 30 && y > 30).unwrap();
    let prepared = prepare(Layout::Dynamic, &black, &hole).unwrap();
    // A network of 0..255 gives ones, and one of 0..1 small fractions.
    let bytes: Vec<f32> = prepared.image.iter().map(|x| x * 255.0).collect();
    assert_eq!(
        decode(&prepared, &bytes).unwrap(),
        (black.clone(), Range::Bytes)
    );
    assert_eq!(
        decode(&prepared, &prepared.image).unwrap(),
        (black, Range::Unit)
    );
}

#[test]
fn numbers_that_are_no_image_are_an_error() {
    let image = image(64, 64);
    let hole = Mask::from_fn(64, 64, |x, _| x > 30).unwrap();
    let prepared = prepare(Layout::Dynamic, &image, &hole).unwrap();
    let mut output = prepared.image.clone();
    output[7] = f32::NAN;
    let error = decode(&prepared, &output).unwrap_err().to_string();
    assert!(error.contains("not finite"), "{error}");
    let error = decode(&prepared, &output[1..]).unwrap_err().to_string();
    assert!(error.contains("12287 numbers instead of 12288"), "{error}");
    assert!(prepare(Layout::Dynamic, &image, &Mask::new(63, 64).unwrap()).is_err());
}
