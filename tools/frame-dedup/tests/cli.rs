//! What frame-dedup makes of manifests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::RgbImage;
use image::imageops::{self, FilterType};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, blurred, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-dedup");

#[test]
fn has_manners() {
    let shape = Shape {
        tool: TOOL,
        flags: &[],
        opens_images: true,
        streams: false,
    };
    manners(shape);
    manners(Shape {
        flags: &["--hash-only"],
        streams: true,
        ..shape
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Writes an image as JPEG and returns its record, in shot `shot` if there is one.
fn record(folder: &Path, id: &str, image: &RgbImage, shot: Option<u64>) -> String {
    let name = format!("{id}.jpg");
    image.save(folder.join(&name)).unwrap();
    let mut record =
        json!({"id": id, "image": name, "width": image.width(), "height": image.height()});
    if let Some(shot) = shot {
        record["source"] = json!({"film": "drawn.mp4", "frame": 0, "time": 0.0, "shot": shot});
    }
    format!("{record}\n")
}

fn ids(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["id"].as_str().unwrap())
        .collect()
}

fn dropped(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("rejects.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn with_rejects(folder: &Path, more: &[&str], input: &str) -> Ran {
    let arguments: Vec<_> = ["--rejects", "rejects.jsonl"].iter().chain(more).collect();
    let ran = run_in(folder, TOOL, &arguments, input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

#[test]
fn keeps_the_best_of_copies() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let image = scene(640, 360, 3);
    let small = imageops::resize(&image, 320, 180, FilterType::Triangle);
    let input = record(here, "soft", &blurred(&image, 2), None)
        + &record(here, "small", &small, None)
        + &record(here, "whole", &image, None)
        + &record(here, "other", &scene(640, 360, 8), None);
    let ran = with_rejects(here, &[], &input);
    assert_eq!(ids(&ran.records()), ["whole", "other"]);
    assert_eq!(ran.records()[0]["dedup"]["size"], 3);
    assert_eq!(ran.records()[1]["dedup"]["size"], 1);
    for reject in dropped(here) {
        assert_eq!(reject["dedup"]["group"], "whole");
        let reason = reject["rejected"]["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("near duplicate of whole: pHash "),
            "{reason}"
        );
    }
}

#[test]
fn measured_sharpness_goes_before_size() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let image = scene(320, 180, 3);
    let large = imageops::resize(&image, 640, 360, FilterType::Triangle);
    let sharp = |line: String, value: f64| {
        let mut record: Value = serde_json::from_str(&line).unwrap();
        record["quality"] = json!({ "sharpness": value });
        format!("{record}\n")
    };
    let input = sharp(record(here, "large", &large, None), 90.0)
        + &sharp(record(here, "small", &image, None), 300.0);
    assert_eq!(ids(&with_rejects(here, &[], &input).records()), ["small"]);
}

/// A manifest of images that are not there, with these hashes.
fn hashed(hashes: &[u64], shot: impl Fn(usize) -> Option<u64>) -> String {
    let one = |(number, hash): (usize, &u64)| {
        let hash = format!("{hash:016x}");
        let mut record = json!({"id": format!("i{number}"), "image": "gone.jpg", "dedup": {"hash": hash, "dhash": hash}});
        if let Some(shot) = shot(number) {
            record["source"] = json!({"film": "f", "frame": number, "time": 0.0, "shot": shot});
        }
        format!("{record}\n")
    };
    hashes.iter().enumerate().map(one).collect()
}

#[test]
fn a_kept_image_says_from_when_to_when_it_stands_for_its_shot() {
    let here = tempfile::tempdir().unwrap();
    let shots = [Some(4), Some(4), Some(5), Some(4), Some(4), None];
    let lines = hashed(&[7, 7, 7, 7, u64::MAX, 7], |at| shots[at]);
    let lines = lines.lines().enumerate().map(|(at, line)| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        if at != 5 {
            record["source"]["time"] = json!(10.0 + at as f64 / 2.0);
        }
        format!("{record}\n")
    });
    let ran = with_rejects(here.path(), &[], &lines.collect::<String>());
    let records = ran.records();
    assert_eq!(ids(&records), ["i0", "i4"]);
    assert_eq!(records[0]["dedup"]["times"], json!([10.0, 11.5]));
    assert_eq!(records[0]["dedup"]["size"], 5);
    assert!(records[1]["dedup"].get("times").is_none(), "it is alone");
    for reject in dropped(here.path()) {
        assert!(reject["dedup"].get("times").is_none(), "of kept ones only");
    }
}

#[test]
fn a_slow_pan_is_not_chained() {
    let here = tempfile::tempdir().unwrap();
    // Each is 2 bits from the one before; the fifth is the first that is over 8 from the first.
    let pan: Vec<u64> = (0..18).map(|step| (1 << (2 * step)) - 1).collect();
    let ran = with_rejects(here.path(), &[], &hashed(&pan, |_| Some(4)));
    assert_eq!(ids(&ran.records()), ["i0", "i5", "i10", "i15"]);
}

#[test]
fn shots_apart_must_be_nearer() {
    let here = tempfile::tempdir().unwrap();
    let hashes = [0, 0xff, 0xf, 0x1f];
    let kept = |flags: &[&str], shot: fn(usize) -> Option<u64>| {
        let ran = with_rejects(here.path(), flags, &hashed(&hashes, shot));
        ids(&ran.records()).join(" ")
    };
    assert_eq!(kept(&[], |_| Some(0)), "i0");
    assert_eq!(kept(&[], |number| Some(number as u64)), "i0 i1");
    assert_eq!(kept(&[], |_| None), "i0 i1");
    assert_eq!(kept(&["--across", "3"], |_| None), "i0 i1 i2");
    assert_eq!(kept(&["--max-distance", "7"], |_| Some(0)), "i0 i1");
}

#[test]
fn an_older_manifest_is_compared_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let old = record(here, "old", &scene(320, 180, 1), None);
    let hashes = run_in(here, TOOL, &["--hash-only"], &old);
    fs::write(here.join("old.jsonl"), hashes.stdout).unwrap();
    fs::remove_file(here.join("old.jpg")).unwrap();
    let input = old
        + &record(here, "again", &scene(320, 180, 1), None)
        + &record(here, "new", &scene(320, 180, 2), None);
    let ran = with_rejects(here, &["--against", "old.jsonl"], &input);
    assert_eq!(ids(&ran.records()), ["new"]);
    let dropped = dropped(here);
    assert_eq!(
        dropped[0]["rejected"]["reason"],
        "its id is in the older manifest"
    );
    let reason = dropped[1]["rejected"]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("near duplicate of old of the older manifest: "),
        "{reason}"
    );
}

#[test]
fn an_older_manifest_without_hashes_is_refused() {
    let here = tempfile::tempdir().unwrap();
    fs::write(
        here.path().join("old.jsonl"),
        "{\"id\":\"x\",\"image\":\"x.png\"}\n",
    )
    .unwrap();
    let ran = run_in(here.path(), TOOL, &["--against", "old.jsonl"], "");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("old.jsonl: x: has no hashes"),
        "{}",
        ran.stderr
    );
}

#[test]
fn hashes_that_are_there_need_no_image() {
    let here = tempfile::tempdir().unwrap();
    let input = hashed(&[5, 6, u64::MAX], |_| None);
    assert_eq!(
        ids(&with_rejects(here.path(), &[], &input).records()),
        ["i0", "i2"]
    );
    let ran = run_in(here.path(), TOOL, &["--hash-only"], &input);
    assert_eq!(ran.stdout, input, "nothing is added");
}

#[test]
fn a_hash_that_is_none_is_an_error() {
    let here = tempfile::tempdir().unwrap();
    let input = "{\"id\":\"x\",\"image\":\"x.png\",\"dedup\":{\"hash\":\"12\",\"dhash\":\"34\"}}\n";
    let ran = run_in::<&str>(here.path(), TOOL, &[], input);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("key `dedup`"), "{}", ran.stderr);
}

#[test]
fn an_id_stands_for_one_record() {
    let here = tempfile::tempdir().unwrap();
    let input = hashed(&[5], |_| None) + &hashed(&[u64::MAX], |_| None);
    let ran = run_in::<&str>(here.path(), TOOL, &[], &input);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("id `i0` appears twice"),
        "{}",
        ran.stderr
    );
}

#[test]
fn every_image_says_how_far_the_nearest_better_one_of_its_shot_is() {
    let here = tempfile::tempdir().unwrap();
    // The first is the best of its shot, as it comes first. 0x3 is 2 bits from it, 0xfffff 20, and 0x1ffffff 5 from that.
    let input = hashed(&[0, 0x3, 0xf_ffff, 0x1ff_ffff], |_| Some(1))
        + &hashed(&[0x1], |_| Some(2)).replace("i0", "alone");
    let ran = with_rejects(here.path(), &[], &input);
    let said = |record: &Value| {
        let dedup = &record["dedup"];
        (
            record["id"].as_str().unwrap().to_owned(),
            dedup["nearest"].clone(),
            dedup["distance"].clone(),
        )
    };
    let kept: Vec<_> = ran.records().iter().map(said).collect();
    let second = ("i2".to_owned(), json!("i0"), json!(20));
    assert_eq!(kept, [("i0".to_owned(), Value::Null, Value::Null), second]);
    let gone: Vec<_> = dropped(here.path()).iter().map(said).collect();
    let near = ("i1".to_owned(), json!("i0"), json!(2));
    let next = ("i3".to_owned(), json!("i2"), json!(5));
    // That of another shot is near, but not by the distance within a shot.
    assert_eq!(
        gone,
        [near, next, ("alone".to_owned(), Value::Null, Value::Null)]
    );
}

#[test]
fn what_a_person_decided_of_two_images_is_obeyed() {
    let here = tempfile::tempdir().unwrap();
    let input = hashed(&[0, 0x3, 0x7, u64::MAX, 0xff00], |_| Some(1));
    assert_eq!(
        ids(&with_rejects(here.path(), &[], &input).records()),
        ["i0", "i3"]
    );
    let pairs = |lines: &str| {
        fs::write(here.path().join("pairs.jsonl"), lines).unwrap();
        let ran = with_rejects(here.path(), &["--pairs", "pairs.jsonl"], &input);
        ids(&ran.records()).join(" ")
    };
    let different = "{\"pair\":[\"i1\",\"i0\"],\"different\":true}\n";
    assert_eq!(
        pairs(different),
        "i0 i1 i3",
        "the third is still near to one of them"
    );
    // What differs from one image may still be near to a third, and a better image is not dropped for it.
    let both = different.to_owned() + "{\"pair\":[\"i2\",\"i0\"],\"different\":true}\n";
    assert_eq!(pairs(&both), "i0 i1 i3", "i2 is near to i1");
    let same = "{\"pair\":[\"i3\",\"i0\"],\"different\":false}\n{\"pair\":[\"gone\",\"i0\"],\"different\":false}\n";
    assert_eq!(pairs(same), "i0", "however far they are");
    assert_eq!(dropped(here.path()).last().unwrap()["dedup"]["group"], "i0");
    assert_eq!(pairs(&(different.to_owned() + same)), "i0 i1");
    fs::write(here.path().join("pairs.jsonl"), "i0 i1\n").unwrap();
    let ran = run_in(here.path(), TOOL, &["--pairs", "pairs.jsonl"], &input);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("pairs.jsonl: line 1: not a decision on a pair"),
        "{}",
        ran.stderr
    );
}
