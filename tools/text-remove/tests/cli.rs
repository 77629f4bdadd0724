//! What text-remove makes of frames whose text is marked.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_text-remove");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--out-dir", "plain"],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// A frame of 160x100 with a subtitle from row 80 to 90 of columns 40 to 120, and a sign.
fn frame(here: &Path) -> Value {
    scene(160, 100, 3).save(here.join("a.png")).unwrap();
    // Run lengths down the columns: 40 whole columns and 80 rows outside, and so on.
    let mut counts = vec![40 * 100 + 80, 10];
    for _ in 1..80 {
        counts.extend([90, 10]);
    }
    counts.push(10 + 40 * 100);
    json!({"id": "a", "image": "a.png", "width": 160, "height": 100, "boxes": [], "text": {
        "lines": [{"box": [20, 30, 60, 44], "score": 0.9, "kind": "scene"}, {"box": [42, 82, 118, 88], "score": 0.8, "kind": "burnt-in"}],
        "mask": {"size": [100, 160], "counts": counts}, "clear": [0, 0, 160, 80]}})
}

fn removed(here: &Path, record: &Value, flags: &[&str]) -> Ran {
    let all = [&["--out-dir", "plain", "--rejects", "rejects.jsonl"], flags].concat();
    let ran = run_in(here, TOOL, &all, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

fn reason(here: &Path) -> String {
    let text = std::fs::read_to_string(here.join("rejects.jsonl")).unwrap();
    let record: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    record["rejected"]["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_frame_is_cropped_to_what_is_clear() {
    let here = tempfile::tempdir().unwrap();
    let given = frame(here.path());
    let found = removed(here.path(), &given, &[]).records().remove(0);
    assert_eq!(found["image"], "plain/a.png");
    assert_eq!(
        (&found["width"], &found["height"]),
        (&json!(160), &json!(80))
    );
    assert_eq!(found.get("boxes"), None, "places in the whole frame");
    let text = json!({"lines": [{"box": [20.0, 30.0, 60.0, 44.0], "score": 0.9, "kind": "scene"}], "original": "a.png"});
    assert_eq!(found["text"], text);
    let open = |path: &str| image::open(here.path().join(path)).unwrap().to_rgb8();
    let part = image::imageops::crop_imm(&open("a.png"), 0, 0, 160, 80).to_image();
    assert_eq!(open("plain/a.png"), part);
}

#[test]
fn nothing_of_a_cropped_frame_is_said_in_columns_and_rows_of_the_whole() {
    let here = tempfile::tempdir().unwrap();
    let mut given = frame(here.path());
    // A caption above, and the sign below it: row 30 of the frame is row 10 of the part.
    given["text"]["clear"] = json!([0, 20, 160, 100]);
    let found = removed(here.path(), &given, &[]).records().remove(0);
    assert_eq!(found["height"], 80);
    let text = json!({"lines": [{"box": [20.0, 10.0, 60.0, 24.0], "score": 0.9, "kind": "scene"}], "original": "a.png"});
    assert_eq!(found["text"], text, "all of the part is clear");
}

#[test]
fn a_folder_is_needed_only_where_something_is_written() {
    let here = tempfile::tempdir().unwrap();
    let line = format!("{}\n", frame(here.path()));
    let ran = run_in(here.path(), TOOL, &["--how", "drop"], &line);
    assert_eq!(
        (ran.code, ran.records().len()),
        (Some(0), 0),
        "{}",
        ran.stderr
    );
    let ran = run_in(here.path(), TOOL, &["--how", "crop"], &line);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("--out-dir is missing: name a folder"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_frame_of_which_too_little_remains_is_dropped() {
    let here = tempfile::tempdir().unwrap();
    let mut given = frame(here.path());
    assert!(
        removed(here.path(), &given, &["--min-left", "0.81"])
            .records()
            .is_empty()
    );
    assert_eq!(
        reason(here.path()),
        "burnt-in text leaves 0.80 of the image, below 0.81"
    );
    given["text"]["clear"] = json!([0, 0, 0, 0]);
    assert!(removed(here.path(), &given, &[]).records().is_empty());
}

#[test]
fn a_mask_leaves_the_text_out() {
    let here = tempfile::tempdir().unwrap();
    let given = frame(here.path());
    let found = removed(here.path(), &given, &["--how", "mask"])
        .records()
        .remove(0);
    assert_eq!(found["image"], given["image"]);
    assert_eq!(found["text"], given["text"]);
    assert_eq!(found["mask"], "plain/a.text.png");
    let mask = image::open(here.path().join("plain/a.text.png"))
        .unwrap()
        .to_luma8();
    for (x, y, pixel) in mask.enumerate_pixels() {
        let text = (40..120).contains(&x) && (80..90).contains(&y);
        assert_eq!(pixel.0[0], if text { 0 } else { 255 }, "{x}, {y}");
    }
}

#[test]
fn frames_with_text_are_dropped_and_others_pass() {
    let here = tempfile::tempdir().unwrap();
    let mut given = frame(here.path());
    assert!(
        removed(here.path(), &given, &["--how", "drop"])
            .records()
            .is_empty()
    );
    assert_eq!(reason(here.path()), "has text that is burnt in");
    given["text"] = json!({"lines": [{"box": [20.5, 30, 60, 44], "score": 0.9, "kind": "scene"}]});
    for by in ["drop", "crop", "mask"] {
        assert_eq!(
            removed(here.path(), &given, &["--how", by]).records(),
            [given.clone()],
            "{by}"
        );
    }
}
