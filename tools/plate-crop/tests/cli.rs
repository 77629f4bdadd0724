//! What plate-crop makes of plates and masks.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma};
use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, noise, run_in};
use vision::mask::{Mask, Rle};

const TOOL: &str = env!("CARGO_BIN_EXE_plate-crop");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--out-dir", "crops"],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// An image of 120x100 with a mask of columns 40 to 59.
fn record(folder: &Path, id: &str) -> Value {
    let image = format!("{id}.png");
    noise(120, 100, 1).save(folder.join(&image)).unwrap();
    let inside = |x: u32| (40..60).contains(&x);
    let mask = GrayImage::from_fn(120, 100, |x, _| Luma([if inside(x) { 255 } else { 0 }]));
    mask.save(folder.join("mask.png")).unwrap();
    json!({"id": id, "image": image, "mask": "mask.png", "width": 120, "height": 100, "quality": {}, "light": {"time": "day"}})
}

fn crop(folder: &Path, record: &Value, flags: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let usual = ["--out-dir", "crops", "--rejects", "rejects.jsonl"];
    let small = ["--min-side", "50"];
    let sides: &[&str] = if flags.contains(&"--min-side") {
        &[]
    } else {
        &small
    };
    let ran = run_in(
        folder,
        TOOL,
        &[&usual[..], sides, flags].concat(),
        &format!("{record}\n"),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let text = fs::read_to_string(folder.join("rejects.jsonl")).unwrap();
    let rejects = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (ran.records(), rejects.collect())
}

#[test]
fn the_side_beside_the_mask_is_what_is_left() {
    let here = tempfile::tempdir().unwrap();
    let given = record(here.path(), "a");
    // 16 pixels for every 1024 of 100 are 1.6: two all round.
    let (kept, rejects) = crop(here.path(), &given, &[]);
    assert_eq!(rejects, [] as [Value; 0]);
    let wanted = json!({
        "id": "a", "image": "crops/a.png", "width": 58, "height": 100, "light": {"time": "day"},
        "ground": {"original": "a.png", "crop": [62, 0, 120, 100], "area": 0.4833},
    });
    assert_eq!(kept, [wanted]);
    let before = image::open(here.path().join("a.png")).unwrap().to_rgb8();
    let after = image::open(here.path().join("crops/a.png"))
        .unwrap()
        .to_rgb8();
    let same = |x, y| after.get_pixel(x, y) == before.get_pixel(x + 62, y);
    assert!((0..100).all(|y| (0..58).all(|x| same(x, y))));
}

#[test]
fn what_was_filled_badly_is_cropped_as_it_was_before() {
    let here = tempfile::tempdir().unwrap();
    let mut given = record(here.path(), "a");
    given["inpaint"] = json!({"original": "a.png", "verdict": "fog"});
    given["image"] = json!("filled.png");
    given["rejected"] = json!({"by": "lama-inpaint", "reason": "fog: 0.2 is over 0.01"});
    let (kept, _) = crop(here.path(), &given, &[]);
    assert_eq!(kept[0]["ground"]["original"], "a.png");
    assert_eq!(kept[0].get("rejected"), None);
}

#[test]
fn what_was_filled_well_or_has_no_mask_passes_as_it_is() {
    let here = tempfile::tempdir().unwrap();
    let mut clean = record(here.path(), "a");
    clean["inpaint"] = json!({"original": "a.png", "verdict": "clean"});
    assert_eq!(crop(here.path(), &clean, &[]).0, [clean]);
    let mut bare = record(here.path(), "b");
    bare.as_object_mut().unwrap().remove("mask");
    assert_eq!(crop(here.path(), &bare, &[]).0, [bare]);
}

#[test]
fn a_small_rest_is_dropped_with_its_share() {
    let here = tempfile::tempdir().unwrap();
    let (kept, rejects) = crop(
        here.path(),
        &record(here.path(), "a"),
        &["--min-share", "0.5"],
    );
    assert_eq!(kept, [] as [Value; 0]);
    let reason = "small: the largest rectangle beside the mask has 0.4833 of the image, under 0.5";
    assert_eq!(rejects[0]["rejected"]["reason"], reason);
    assert!(!here.path().join("crops/a.png").exists());
    // Asked for 60 pixels, 58 columns are too few, and nothing is left.
    let (_, rejects) = crop(
        here.path(),
        &record(here.path(), "a"),
        &["--min-side", "60"],
    );
    let reason = "small: the largest rectangle beside the mask has 0 of the image, under 0.15";
    assert_eq!(rejects[0]["rejected"]["reason"], reason);
}

#[test]
fn run_lengths_are_a_mask_too_and_must_be_of_the_size_of_the_image() {
    let here = tempfile::tempdir().unwrap();
    let mut given = record(here.path(), "a");
    let inside = |x: u32, _: u32| (40..60).contains(&x);
    let runs =
        |width: u32| Rle::encode(&Mask::from_fn(width, 100, inside).unwrap()).to_coco_string();
    given["mask"] = json!({"size": [100, 120], "counts": runs(120)});
    assert_eq!(crop(here.path(), &given, &[]).0[0]["width"], 58);
    given["mask"] = json!({"size": [100, 119], "counts": runs(119)});
    let ran = run_in(
        here.path(),
        TOOL,
        &["--out-dir", "crops"],
        &format!("{given}\n"),
    );
    assert_eq!(ran.code, Some(1));
    let said = "a: the mask is 119x100, but the image is 120x100";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn the_image_of_a_record_is_not_written_over() {
    let here = tempfile::tempdir().unwrap();
    let given = record(here.path(), "a");
    let ran = run_in(
        here.path(),
        TOOL,
        &["--out-dir", ".", "--min-side", "50"],
        &format!("{given}\n"),
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("a.png: would be overwritten: give another --out-dir"),
        "{}",
        ran.stderr
    );
}
