//! Detectors against rtmlib and transformers, on the same images: `reference/detect.py`.
//!
//! Tolerance: two thousandths of the longer side or of the box's own, and 0.002 of a score. `OpenCV`
//! and Pillow are matched to a level of 255; what a box moves by that grows with the box.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nets::detect::{Detection, Detector, Settings, prepare};
use onnx::{Device, Registry, Runtime};
use serde::Deserialize;
use vision::{Rect, RgbImage};

#[derive(Deserialize)]
struct Expected {
    count: usize,
    /// Some of them: edges, score, and the class where the reference says it.
    rows: Vec<Vec<f32>>,
}

fn runtime() -> Runtime {
    Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn detector(name: &str) -> Detector {
    let path = file(&format!("onnx/{name}.onnx"));
    let model = runtime().model("detect", path.to_str()).unwrap();
    Detector::open(&model, &runtime()).unwrap()
}

/// As a model of a registry, whose family says what the file does not.
fn registered(name: &str, family: &str) -> anyhow::Result<Detector> {
    let folder = tempfile::tempdir()?;
    let entry = format!(
        "[[model]]\nname = \"own\"\nrole = \"detect\"\nfamily = \"{family}\"\nlicence = \"MIT\"\n\
         folder = \".\"\n[model.parameters]\nlabels = [\"knight\", \"dragon\"]\n\
         [[model.file]]\npath = \"own.onnx\"\nsha256 = \"unconfirmed\"\n"
    );
    std::fs::write(folder.path().join("registry.toml"), entry)?;
    std::fs::copy(
        file(&format!("onnx/{name}.onnx")),
        folder.path().join("own.onnx"),
    )?;
    let model = Registry::open(Some(folder.path()))?.model("detect", Some("own"))?;
    Detector::open(&model, &runtime())
}

/// The image of this size that the script draws as well.
fn image(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (across, down) = (x * 251 / width, y * 241 / height);
        let blue = ((across / 16) ^ (down / 16)) * 16;
        [across + 2 * down, across * down / 64, blue]
            .map(|level| (level % 256) as u8)
            .into()
    })
}

fn everything() -> Settings {
    Settings {
        classes: vec!["all".to_owned()],
        ..Settings::default()
    }
}

/// Compares what is found with `expected/detect/NAME.json`, whose boxes are not clipped.
fn agrees(name: &str, detector: &mut Detector, settings: &Settings) {
    let path = file(&format!("expected/detect/{name}.json"));
    let text = std::fs::read_to_string(path).unwrap();
    let expected: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
    assert!(expected.len() >= 7);
    for (size, expected) in expected {
        let (width, height) = size.split_once('x').unwrap();
        let image = image(width.parse().unwrap(), height.parse().unwrap());
        let found = detector.detect(&image, settings).unwrap();
        // A score at the threshold may fall to either side of it.
        assert!(
            found.len().abs_diff(expected.count) <= 1 + expected.count / 50,
            "{name} {size}: {} boxes, and the reference has {}",
            found.len(),
            expected.count
        );
        let lost: Vec<_> = expected
            .rows
            .iter()
            .filter(|row| !matched(&found, row, &image))
            .collect();
        // So may an overlap.
        assert!(
            lost.len() <= expected.rows.len() / 20,
            "{name} {size}: {lost:?}"
        );
    }
}

/// Whether a row of the reference, clipped to the image, is among what was found.
fn matched(found: &[Detection], row: &[f32], image: &RgbImage) -> bool {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let whole = Rect::from([row[0], row[1], row[2], row[3]]);
    let clipped = whole.clip(width, height);
    if clipped.is_empty() {
        return true;
    }
    let long = whole.width().max(whole.height());
    let bound = 0.002 * width.max(height).max(long);
    let off = |found: &Detection| {
        let edges = found.rect.edges().into_iter().zip(clipped.edges());
        edges.fold(0.0_f32, |most, (own, other)| most.max((own - other).abs()))
    };
    found.iter().any(|found| {
        let class = row
            .get(5)
            .is_none_or(|class| found.label == format!("class_{class}"));
        class && off(found) <= bound && (found.score - row[4]).abs() <= 0.002
    })
}

#[test]
fn a_grid_is_read_as_rtmlib_does() {
    agrees("yolox", &mut detector("yolox"), &everything());
}

#[test]
fn suppressed_boxes_are_read_as_rtmlib_does() {
    agrees(
        "yolox_suppressed",
        &mut detector("yolox_suppressed"),
        &everything(),
    );
}

#[test]
fn rtmdet_is_normalised_as_rtmlib_does() {
    let mut detector = registered("rtmdet_suppressed", "rtmdet").unwrap();
    agrees("rtmdet_suppressed", &mut detector, &everything());
}

#[test]
fn detr_is_read_as_transformers_does() {
    agrees("rtdetr", &mut detector("rtdetr"), &everything());
    agrees("dfine", &mut detector("dfine"), &everything());
}

#[test]
fn boxes_lie_in_the_image_and_descend() {
    for name in ["yolox", "yolox_suppressed", "rtdetr"] {
        let mut detector = detector(name);
        for (width, height) in [(1, 1000), (1000, 1), (1, 1), (7, 5)] {
            let found = detector
                .detect(&image(width, height), &everything())
                .unwrap();
            assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            for found in found {
                let whole = Rect::whole(width as f32, height as f32);
                assert!(
                    whole.holds(found.rect) && found.rect.is_sound(),
                    "{found:?}"
                );
            }
        }
    }
}

#[test]
fn several_images_at_once_are_as_one_by_one() {
    let settings = Settings {
        tiles: 2,
        ..everything()
    };
    for name in ["yolox", "yolox_suppressed", "rtdetr"] {
        let mut detector = detector(name);
        let images = [image(333, 207), image(90, 160), image(64, 64)];
        let prepared: Vec<_> = images
            .iter()
            .map(|image| prepare(detector.layout(), image, &settings).unwrap())
            .collect();
        let together = detector.detect_all(&prepared, &settings).unwrap();
        for (image, together) in images.iter().zip(together) {
            assert_eq!(
                detector.detect(image, &settings).unwrap(),
                together,
                "{name}"
            );
        }
    }
}

#[test]
fn the_registry_names_classes() {
    let mut detector = registered("yolox", "yolox").unwrap();
    let settings = Settings {
        classes: vec!["dragon".to_owned()],
        ..Settings::default()
    };
    let found = detector.detect(&image(333, 207), &settings).unwrap();
    assert!(!found.is_empty() && found.iter().all(|found| found.label == "dragon"));
    let wrong = Settings {
        classes: vec!["wolf".to_owned()],
        ..Settings::default()
    };
    let error = detector.layout().wanted(&wrong).unwrap_err().to_string();
    assert_eq!(
        error,
        "`wolf`: the detector has no such class, only knight, dragon"
    );
}

#[test]
fn what_is_no_detector_is_told_so() {
    let error = registered("rtdetr", "yolox").unwrap_err().to_string();
    assert!(
        error.starts_with("own: is not `yolox`: not a known detector"),
        "{error}"
    );
    let error = format!("{:#}", registered("yolox", "yunet").unwrap_err());
    assert!(
        error.starts_with(
            "own: `yunet` is not a family of detectors: the families are yolox, rtmdet, rtdetr"
        ),
        "{error}"
    );
}
