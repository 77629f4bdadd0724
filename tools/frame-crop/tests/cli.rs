//! What frame-crop makes of frames that are drawn here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Shape, Tolerance, flat, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-crop");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--out-dir", "cropped"],
        opens_images: true,
        streams: false,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Frames of 160x120 with bars of 20 rows above and below, in a folder.
fn barred(here: &Path, folder: &str, count: u64) -> Vec<Value> {
    std::fs::create_dir_all(here.join(folder)).unwrap();
    let draw = |seed: u64| {
        let mut frame = flat(160, 120, [0; 3]);
        image::imageops::replace(&mut frame, &scene(160, 80, seed + 1), 0, 20);
        let image = format!("{folder}/{seed}.png");
        frame.save(here.join(&image)).unwrap();
        json!({"id": format!("{folder}{seed}"), "image": image, "width": 160, "height": 120})
    };
    (0..count).map(draw).collect()
}

fn cropped(here: &Path, records: &[Value]) -> Vec<Value> {
    let lines: Vec<_> = records.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let ran = run_in(here, TOOL, &["--out-dir", "cropped"], &lines);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

#[test]
fn bars_that_frames_agree_on_are_cropped_and_the_frames_stay() {
    let here = tempfile::tempdir().unwrap();
    let given = barred(here.path(), "film", 8);
    let found = cropped(here.path(), &given);
    for (given, found) in given.iter().zip(&found) {
        assert_eq!(
            found["image"],
            format!("cropped/{}.png", found["id"].as_str().unwrap())
        );
        assert_eq!(
            (&found["width"], &found["height"]),
            (&json!(160), &json!(80))
        );
        let letterbox = json!({"original": given["image"], "crop": [0, 20, 160, 100]});
        assert_eq!(found["letterbox"], letterbox);
    }
    let open = |path: &Value| {
        image::open(here.path().join(path.as_str().unwrap()))
            .unwrap()
            .to_rgb8()
    };
    let (whole, part) = (open(&given[3]["image"]), open(&found[3]["image"]));
    assert_eq!(whole.dimensions(), (160, 120));
    assert_eq!(
        part,
        image::imageops::crop_imm(&whole, 0, 20, 160, 80).to_image()
    );
}

#[test]
fn few_frames_and_frames_without_bars_are_passed_on_as_they_are() {
    let here = tempfile::tempdir().unwrap();
    let mut given = barred(here.path(), "few", 3);
    std::fs::create_dir_all(here.path().join("open")).unwrap();
    for seed in 0..8 {
        let image = format!("open/{seed}.png");
        scene(160, 120, seed)
            .save(here.path().join(&image))
            .unwrap();
        given.push(json!({"id": format!("open{seed}"), "image": image}));
    }
    assert_eq!(cropped(here.path(), &given), given);
}
