//! Segment Anything against graphs whose answers are known, and against the reference.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use nets::sam::{Automatic, OFFSET, Point, Prompt, Segmenter, best};
use onnx::{Device, ModelFlags, Runtime};
use vision::mask::Rle;
use vision::{Rect, RgbImage};

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
    assert_eq!(segmenter.layout().name, "sam2");
    for (width, height) in [(640, 271), (97, 403), (1024, 1024)] {
        let image = RgbImage::new(width, height);
        let embedding = segmenter.encode(&image).unwrap();
        let (w, h) = (f64::from(width), f64::from(height));
        let boxes = [
            [0.2 * w, 0.3 * h, 0.6 * w, 0.9 * h],
            [0.5 * w, 0.1 * h, 0.7 * w, 0.4 * h],
        ];
        let prompts = boxes.map(|edges| Prompt::of_box(edges.into()));
        let answers = segmenter.predict(&embedding, &prompts).unwrap();
        for (edges, candidates) in boxes.iter().zip(answers) {
            assert_eq!(candidates.len(), 3);
            let mask = best(candidates)
                .unwrap()
                .logits
                .cut(0.0, OFFSET)
                .unwrap()
                .mask;
            let found = mask.bounding_box().unwrap().map(f64::from);
            for (found, wanted) in found.edges().iter().zip(edges) {
                assert!(
                    (found - wanted).abs() <= 0.75,
                    "{width}x{height}: {found} {wanted}"
                );
            }
        }
    }
}

/// What the reference says of an image: prompts with the quality of each mask, and the best mask.
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
    let rect = |own: &serde_json::Value| Rect::from([0, 1, 2, 3].map(|at| number(own, at)));
    Prompt {
        points: points.map(point).collect(),
        rect: Some(&value["box"]).filter(|own| own.is_array()).map(rect),
    }
}

/// Answers as the reference does: qualities within 1e-3, masks with an intersection over union of
/// more than 0.995; what is left is the rounding of the scaled image to whole levels.
fn agrees(segmenter: &mut Segmenter, reference: &serde_json::Value) {
    for (name, wanted) in reference.as_object().unwrap() {
        let path = format!("tests/expected/sam/{name}.png");
        let image = vision::decode::rgb(Path::new(&path)).unwrap();
        let embedding = segmenter.encode(&image).unwrap();
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
            let truth = Rle::from_coco_string(image.width(), image.height(), counts).unwrap();
            let overlap = Rle::encode(&mask).iou(&truth).unwrap();
            assert!(overlap > 0.995, "{name}: {overlap} {}", wanted["points"]);
        }
    }
}

#[test]
fn sam2_answers_as_the_reference() {
    let mut segmenter = open("sam2").unwrap();
    assert_eq!(segmenter.layout().name, "sam2");
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
    assert_eq!(segmenter.layout().name, "sam2");
    agrees(&mut segmenter, &reference("sam2"));
}

#[test]
fn sam21_answers_as_the_reference() {
    let mut segmenter = open("sam21").unwrap();
    assert_eq!(segmenter.layout().name, "sam21");
    agrees(&mut segmenter, &reference("sam2"));
}

#[test]
fn sam1_answers_as_the_reference() {
    let mut segmenter = open("sam1").unwrap();
    assert_eq!(segmenter.layout().name, "sam1");
    agrees(&mut segmenter, &reference("sam1"));
}

#[test]
fn sam1_that_normalises_by_itself_answers_as_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = graphs().join("sam1raw_encoder.onnx");
    fs::copy(encoder, folder.path().join("mobile_sam.encoder.onnx")).unwrap();
    let decoder = graphs().join("sam1/decoder.onnx");
    fs::copy(decoder, folder.path().join("mobile_sam.decoder.onnx")).unwrap();
    let mut segmenter = open(folder.path().to_str().unwrap()).unwrap();
    assert_eq!(segmenter.layout().name, "sam1");
    agrees(&mut segmenter, &reference("sam1"));
}

/// A disc of radius 60 at (250, 90) on gray, 400 x 180: padded, it fills 1024 x 461 of the frame.
fn disc() -> RgbImage {
    RgbImage::from_fn(400, 180, |x, y| {
        let far = (f64::from(x) + 0.5 - 250.0).hypot(f64::from(y) + 0.5 - 90.0);
        image::Rgb(if far < 60.0 { [220, 40, 40] } else { [128; 3] })
    })
}

/// Whether the best mask of a prompt has this box, to within a cell of the coarse grid.
fn has_box(segmenter: &mut Segmenter, prompt: Prompt, wanted: [f64; 4], cell: f64) {
    let embedding = segmenter.encode(&disc()).unwrap();
    let candidates = segmenter.predict(&embedding, &[prompt]).unwrap().remove(0);
    assert_eq!(candidates.len(), 3, "the first of four is for many points");
    let candidate = best(candidates).unwrap();
    assert!(
        (candidate.iou - 0.9).abs() < 1e-6,
        "the point of no meaning stands where it must, and nowhere else: {}",
        candidate.iou
    );
    let mask = candidate.logits.cut(0.0, OFFSET).unwrap().mask;
    let found = mask.bounding_box().unwrap().map(f64::from);
    for (found, wanted) in found.edges().iter().zip(wanted) {
        assert!((found - wanted).abs() <= cell, "{found} {wanted}");
    }
}

#[test]
fn sam1_pads_its_images_and_its_prompts() {
    for model in ["drawn1", "drawn1raw"] {
        let mut segmenter = open(model).unwrap();
        assert!(segmenter.layout().is_padded());
        let sides = [50.0, 20.0, 310.0, 160.0];
        has_box(&mut segmenter, Prompt::of_box(sides.into()), sides, 0.75);
        // A colour's edge is found to within a cell of 16 of 1024: 6.25 pixels of 400.
        let wanted = [190.0, 30.0, 310.0, 150.0];
        has_box(&mut segmenter, Prompt::at([250.0, 90.0]), wanted, 6.25);
    }
}

#[test]
fn many_points_take_the_first_mask_of_sam1() {
    let mut segmenter = open("drawn1").unwrap();
    let embedding = segmenter.encode(&disc()).unwrap();
    let mut prompt = Prompt::at([250.0, 90.0]);
    prompt.points.push(prompt.points[0]);
    let candidates = segmenter.predict(&embedding, &[prompt]).unwrap().remove(0);
    assert_eq!(candidates.len(), 1);
    assert!((candidates[0].iou - 0.99).abs() < 1e-6);
}

/// The reference's own generator ran on the same graphs: the same masks in the same order.
#[test]
fn everything_is_what_the_reference_finds() {
    let mut segmenter = open("drawn2").unwrap();
    let path = Path::new("tests/expected/sam/everything.png");
    let image = vision::decode::rgb(path).unwrap();
    let prepared = segmenter.layout().scaled(&image).unwrap();
    for (name, case) in reference("everything").as_object().unwrap() {
        let set = &case["settings"];
        let usual = Automatic::new(segmenter.layout());
        let number = |key: &str| set[key].as_u64();
        let settings = Automatic {
            points_per_side: number("points_per_side").unwrap() as u32,
            crop_layers: number("crop_n_layers").unwrap_or(0) as u32,
            crop_points_downscale: number("crop_n_points_downscale_factor").unwrap_or(1) as u32,
            least_region: number("min_mask_region_area").unwrap_or(0),
            least_iou: set["pred_iou_thresh"].as_f64().unwrap_or(0.8) as f32,
            least_stability: set["stability_score_thresh"].as_f64().unwrap_or(0.95),
            ..usual
        };
        let found = segmenter.everything(&image, &prepared, &settings).unwrap();
        let wanted = case["masks"].as_array().unwrap();
        assert_eq!(found.len(), wanted.len(), "{name}");
        for (found, wanted) in found.iter().zip(wanted) {
            let counts = wanted["counts"].as_str().unwrap();
            let truth = Rle::from_coco_string(image.width(), image.height(), counts).unwrap();
            let overlap = found.mask.iou(&truth).unwrap();
            assert!(overlap > 0.995, "{name}: {overlap} {wanted}");
            let near = |found: f64, wanted: &serde_json::Value, far: f64| {
                (found - wanted.as_f64().unwrap()).abs() < far
            };
            assert!(near(found.iou.into(), &wanted["iou"], 1e-4), "{name}");
            assert!(near(found.stability, &wanted["stability"], 5e-3), "{name}");
            for at in 0..2 {
                assert!(near(found.point[at], &wanted["point"][at], 1e-2), "{name}");
            }
            assert_eq!(serde_json::json!(found.crop), wanted["crop"], "{name}");
        }
    }
}
