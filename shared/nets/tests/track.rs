//! SAM 2.1 with its memory against the reference: twelve frames, two objects, forward and backward.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use nets::sam::OFFSET;
use nets::track::{Bank, Features, Found, Tracker, Way};
use onnx::{Device, ModelFlags, Runtime};
use serde::Deserialize;
use vision::mask::Rle;
use vision::{Rect, RgbImage, crop};

fn graphs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/track")
}

fn open(folder: &Path) -> anyhow::Result<Tracker> {
    let flags = ModelFlags {
        model: Some(folder.to_str().unwrap().to_owned()),
        runtime: Runtime {
            device: Device::Cpu,
            threads: Some(2),
            ..Runtime::default()
        },
    };
    Tracker::open(&flags.open(nets::track::ROLE)?, &flags.runtime)
}

/// What the reference says: `reference/track.py`.
#[derive(Debug, Deserialize)]
struct Expected {
    width: u32,
    height: u32,
    objects: Vec<Object>,
}

#[derive(Debug, Deserialize)]
struct Object {
    seed: usize,
    #[serde(rename = "box")]
    rect: [f64; 4],
    frames: Vec<Answer>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    counts: String,
    score: f32,
}

fn expected() -> Expected {
    serde_json::from_str(&fs::read_to_string("tests/expected/track.json").unwrap()).unwrap()
}

/// The frames, which the file has one below the other.
fn frames(expected: &Expected) -> Vec<RgbImage> {
    let sheet = vision::decode::rgb(Path::new("tests/expected/track.png")).unwrap();
    let (width, height) = (expected.width, expected.height);
    let one = Rect::whole(width, height);
    let tops = (0..sheet.height()).step_by(height as usize);
    tops.map(|top| crop::rgb(&sheet, one.shift(0, top)).unwrap())
        .collect()
}

/// The score within 1e-3, the mask with an intersection over union of more than 0.99; what is left is the
/// rounding of the scaled image to whole levels.
fn agrees(found: &Found, wanted: &Answer, expected: &Expected, place: &str) {
    let far = (found.presence - wanted.score).abs();
    assert!(far < 5e-3, "{place}: {} {}", found.presence, wanted.score);
    let mask = Rle::encode(&found.logits.cut(0.0, OFFSET).unwrap().mask);
    let wanted = Rle::from_coco_string(expected.width, expected.height, &wanted.counts).unwrap();
    let iou = mask.iou(&wanted).unwrap();
    let nothing = mask.area() == 0 && wanted.area() == 0;
    assert!(nothing || iou > 0.99, "{place}: {iou}");
}

#[test]
fn objects_are_followed_as_the_reference_follows_them() {
    let expected = expected();
    let mut tracker = open(&graphs()).unwrap();
    assert_eq!(tracker.side(), 128);
    let images = frames(&expected);
    let count = images.len();
    let encoded: Vec<Features> = { images.iter() }
        .map(|image| {
            let scaled = Tracker::scaled(tracker.side(), image).unwrap();
            tracker.encode(&scaled).unwrap()
        })
        .collect();
    for (number, object) in expected.objects.iter().enumerate() {
        let seed = object.seed;
        let mut bank = Bank::default();
        let found = tracker.prompt(&encoded[seed], object.rect.into()).unwrap();
        agrees(&found, &object.frames[seed], &expected, "the prompt");
        let memory = tracker.remember(&encoded[seed], &found, true).unwrap();
        bank.prompt(seed, memory);
        let ways: [(Way, Vec<usize>); 2] = [
            (Way::Forward, (seed + 1..count).collect()),
            (Way::Backward, (0..seed).rev().collect()),
        ];
        for (way, numbers) in ways {
            bank.turn();
            for at in numbers {
                let found = tracker
                    .follow(&encoded[at], &bank, (at, way, count))
                    .unwrap();
                let place = format!("object {number}, {way:?}, frame {at}");
                agrees(&found, &object.frames[at], &expected, &place);
                let memory = tracker.remember(&encoded[at], &found, false).unwrap();
                bank.follow(at, way, memory);
            }
        }
    }
}

#[test]
fn what_is_missing_or_does_not_fit_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(graphs()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let constants = folder.path().join("constants.json");
    let table = |rows: usize, width: usize| {
        let row = vec!["0.5"; width].join(",");
        let rows = vec![format!("[{row}]"); rows].join(",");
        fs::write(
            &constants,
            format!("{{\"memory_temporal_positional_encoding\":[{rows}]}}"),
        )
        .unwrap();
        format!("{:#}", open(folder.path()).unwrap_err())
    };
    assert!(
        table(9, 8).contains("memory tokens are not 9 frames of 64 cells"),
        "{}",
        table(9, 8)
    );
    assert!(
        table(7, 5).contains("rows of other than 8 numbers"),
        "{}",
        table(7, 5)
    );
    fs::remove_file(&constants).unwrap();
    let error = format!("{:#}", open(folder.path()).unwrap_err());
    assert!(
        error.contains("the model has no file for `constants`"),
        "{error}"
    );
}
