//! What bucket-crop makes of images with faces and joints.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_bucket-crop");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &[],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

fn cropped(flags: &[&str], record: &Value) -> Value {
    let ran = run_in(Path::new("."), TOOL, flags, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()[0].clone()
}

/// A tall image with a face at its top.
fn tall() -> Value {
    json!({"id": "a", "image": "a.png", "width": 400, "height": 2000,
        "face": {"box": [120, 20, 280, 200]},
        "pose": {"keypoints": [[200.0, 100.0, 0.9], [200.0, 1100.0, 0.9], [200.0, 1999.0, 0.1]]}})
}

#[test]
fn a_face_that_a_bucket_would_cut_gets_a_part_that_holds_it() {
    let out = cropped(&[], &tall());
    let crop: Vec<u32> = serde_json::from_value(out["crop"].clone()).unwrap();
    assert!(
        crop[1] <= 20 && crop[3] >= 1100 && crop[3] < 2000,
        "{crop:?}"
    );
    assert_eq!([crop[0], crop[2]], [0, 400]);
    assert_eq!(cropped(&[], &out), out, "a part that was chosen stays");
}

#[test]
fn what_is_safe_or_not_known_stays_as_it_is() {
    let mut square = tall();
    square["height"] = json!(400);
    square["pose"] = json!({"keypoints": []});
    assert_eq!(cropped(&[], &square), square);
    let mut bare = tall();
    bare.as_object_mut()
        .unwrap()
        .retain(|key, _| !["face", "pose"].contains(&key.as_str()));
    assert_eq!(cropped(&[], &bare), bare);
    // The crop of a face: the box in its parent is somewhere else.
    let face = json!({"id": "a.f0", "image": "f.png", "width": 100, "height": 100, "parent": "a",
        "face": {"box": [500, 20, 560, 80], "window": [480, 0, 580, 100], "box_in_crop": [20, 20, 80, 80]}});
    assert_eq!(cropped(&[], &face), face);
}

#[test]
fn buckets_that_a_trainer_refuses_are_refused() {
    let ran = run_in(Path::new("."), TOOL, &["--min-bucket", "1088"], "");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("sd-scripts would refuse"),
        "{}",
        ran.stderr
    );
}
