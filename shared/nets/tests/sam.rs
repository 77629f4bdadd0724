//! Segment Anything against graphs whose answers are known, and against the reference.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use nets::sam::{Layout, OFFSET, Point, Prompt, Segmenter, best};
use onnx::{Device, ModelFlags, Runtime};
use vision::RgbImage;
use vision::mask::Rle;

fn graphs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/sam")
}

/// Opens a model of the test's folder.
fn open(model: &str) -> anyhow::Result<Segmenter> {
    let flags = ModelFlags {
        model: Some(graphs().join(model).to_str().unwrap().to_owned()),
        runtime: Runtime {
            device: Device::Cpu,
            threads: Some(2),
            ..Runtime::default()
        },
    };
    Segmenter::open(&flags.open("segment")?, &flags.runtime)
}

#[test]
fn a_box_comes_back_from_a_frame_of_another_shape() {
    let mut segmenter = open("drawn2").unwrap();
    assert_eq!(segmenter.layout(), Layout::Sam2);
    for (width, height) in [(640, 271), (97, 403), (1024, 1024)] {
        let picture = RgbImage::new(width, height);
        let embedding = segmenter.encode(&picture).unwrap();
        let (w, h) = (f64::from(width), f64::from(height));
        let boxes = [
            [0.2 * w, 0.3 * h, 0.6 * w, 0.9 * h],
            [0.5 * w, 0.1 * h, 0.7 * w, 0.4 * h],
        ];
        let prompts = boxes.map(Prompt::of_box);
        let answers = segmenter.predict(&embedding, &prompts).unwrap();
        for (rectangle, candidates) in boxes.iter().zip(answers) {
            assert_eq!(candidates.len(), 3);
            let mask = best(candidates)
                .unwrap()
                .logits
                .cut(0.0, OFFSET)
                .unwrap()
                .mask;
            let bounds = mask.bounding_box().unwrap();
            let found = [bounds.left, bounds.top, bounds.right, bounds.bottom].map(f64::from);
            for (found, wanted) in found.iter().zip(rectangle) {
                assert!(
                    (found - wanted).abs() <= 0.75,
                    "{width}x{height}: {found} {wanted}"
                );
            }
        }
    }
}

/// What the reference says of a picture: prompts with the quality of each mask, and the best mask.
fn reference(model: &str) -> serde_json::Value {
    let path = format!("tests/expected/sam/{model}.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn prompt(value: &serde_json::Value) -> Prompt {
    let number = |value: &serde_json::Value, at: usize| value[at].as_f64().unwrap();
    let points = value["points"].as_array().unwrap().iter();
    let point = |own: &serde_json::Value| Point {
        at: [number(own, 0), number(own, 1)],
        inside: number(own, 2) > 0.0,
    };
    let sides = |own: &serde_json::Value| std::array::from_fn(|at| number(own, at));
    Prompt {
        points: points.map(point).collect(),
        rectangle: Some(&value["box"]).filter(|own| own.is_array()).map(sides),
    }
}

/// Answers as the reference does: qualities within 1e-3, masks with an intersection over union of
/// more than 0.995; what is left is the rounding of the scaled picture to whole levels.
fn agrees(segmenter: &mut Segmenter, reference: &serde_json::Value) {
    for (name, wanted) in reference.as_object().unwrap() {
        let path = format!("tests/expected/sam/{name}.png");
        let picture = vision::decode::rgb(Path::new(&path)).unwrap();
        let embedding = segmenter.encode(&picture).unwrap();
        let wanted = wanted["prompts"].as_array().unwrap();
        let prompts: Vec<Prompt> = wanted.iter().map(prompt).collect();
        let answers = segmenter.predict(&embedding, &prompts).unwrap();
        for (wanted, candidates) in wanted.iter().zip(answers) {
            let qualities = wanted["iou"].as_array().unwrap();
            assert_eq!(qualities.len(), candidates.len());
            for (candidate, quality) in candidates.iter().zip(qualities) {
                let far = f64::from(candidate.iou) - quality.as_f64().unwrap();
                assert!(far.abs() < 1e-3, "{name}: {far} of {wanted}");
            }
            let mask = best(candidates)
                .unwrap()
                .logits
                .cut(0.0, OFFSET)
                .unwrap()
                .mask;
            let counts = wanted["best"].as_str().unwrap();
            let truth = Rle::from_coco_string(picture.width(), picture.height(), counts).unwrap();
            let truth = truth.decode().unwrap();
            let overlap = mask.intersection_over_union(&truth).unwrap();
            assert!(overlap > 0.995, "{name}: {overlap} {}", wanted["points"]);
        }
    }
}

#[test]
fn sam2_answers_as_the_reference() {
    let mut segmenter = open("sam2").unwrap();
    assert_eq!(segmenter.layout(), Layout::Sam2);
    agrees(&mut segmenter, &reference("sam2"));
}

#[test]
fn sam2_with_a_size_answers_as_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = graphs().join("sam2/encoder.onnx");
    fs::copy(encoder, folder.path().join("sam2_tiny.encoder.onnx")).unwrap();
    let decoder = graphs().join("sam2sized_decoder.onnx");
    fs::copy(decoder, folder.path().join("sam2_tiny.decoder.onnx")).unwrap();
    let mut segmenter = open(folder.path().to_str().unwrap()).unwrap();
    assert_eq!(segmenter.layout(), Layout::Sam2Sized);
    agrees(&mut segmenter, &reference("sam2"));
}

#[test]
fn sam21_answers_as_the_reference() {
    let mut segmenter = open("sam21").unwrap();
    assert_eq!(segmenter.layout(), Layout::Sam21);
    agrees(&mut segmenter, &reference("sam2"));
}
