//! What why says of runs.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Ran, help_and_manual, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_why");

#[test]
fn has_help_and_manual() {
    help_and_manual(TOOL);
}

fn write(folder: &Path, name: &str, records: &[Value]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut lines = records
        .iter()
        .map(Value::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    lines.push('\n');
    fs::write(path, lines).unwrap();
}

/// The record with one more key.
fn with(record: &Value, key: &str, value: Value) -> Value {
    let mut record = record.clone();
    record[key] = value;
    record
}

fn dropped(record: &Value, by: &str, reason: &str) -> Value {
    with(record, "rejected", json!({"by": by, "reason": reason}))
}

/// A run of a few images: one kept to the end, its duplicate, one too soft,
/// one not selected, and two figures cut out of the first.
fn make(folder: &Path, caption: &str) {
    let frame = |n: u32| {
        let source =
            json!({"film": "film.mp4", "frame": n, "time": f64::from(n) / 24.0, "shot": n / 100});
        let image = format!("frames/film_{n:06}.jpg");
        json!({"id": format!("film_{n:06}"), "image": image, "width": 854, "height": 364, "source": source})
    };
    let frames: Vec<Value> = [96, 108, 240, 312].map(frame).to_vec();
    write(folder, "frames.jsonl", &frames);
    let sharp = make_trunk(folder, &frames);
    make_style(folder, &sharp, caption);
    let child = |name: &str| {
        let image = format!("cut/{name}.png");
        json!({"id": name, "image": image, "parent": "film_000096", "source": frames[0]["source"]})
    };
    write(folder, "instances/cut.jsonl", &[child("film_000096.i1")]);
    let cut = dropped(
        &child("film_000096.i2"),
        "mask-crop",
        "cut off by the frame's edge",
    );
    write(folder, "instances/cut.rejects.jsonl", &[cut]);
}

fn make_trunk(folder: &Path, frames: &[Value]) -> [Value; 2] {
    let group = |at: usize, group: usize, size: u32| {
        let dedup = json!({"hash": "0", "group": frames[group]["id"], "size": size});
        with(&frames[at], "dedup", dedup)
    };
    let unique = [group(0, 0, 2), group(2, 2, 1), group(3, 3, 1)];
    write(folder, "unique.jsonl", &unique);
    let reason = "near duplicate of film_000096: pHash 2 bits apart, dHash 0";
    let duplicate = dropped(&group(1, 0, 2), "frame-dedup", reason);
    write(folder, "unique.rejects.jsonl", &[duplicate]);
    let measured = |record: &Value, sharpness: f64| {
        let quality = json!({"sharpness": sharpness, "brightness": 0.25});
        with(record, "quality", quality)
    };
    let sharp = [measured(&unique[0], 61.53), measured(&unique[2], 50.0)];
    write(folder, "sharp.jsonl", &sharp);
    let soft = dropped(
        &measured(&unique[1], 12.25),
        "blur-filter",
        "sharpness 12.25 is under 41.2",
    );
    write(folder, "sharp.rejects.jsonl", &[soft]);
    sharp
}

fn make_style(folder: &Path, sharp: &[Value], caption: &str) {
    let selected = with(&sharp[0], "balance", json!({"rank": 1, "cell": {}}));
    write(
        folder,
        "style/selected.jsonl",
        std::slice::from_ref(&selected),
    );
    let left = dropped(&sharp[1], "balance", "not among the best 1");
    write(folder, "style/selected.rejects.jsonl", &[left]);
    let facts = json!({"said": [["/light/time", "noon"]], "left_out": [], "tokens": 3});
    let captioned = with(&with(&selected, "caption", json!(caption)), "facts", facts);
    let file = json!({"file": "style/dataset/img/style_x_scene000096.jpg"});
    write(
        folder,
        "style/dataset.jsonl",
        &[with(&captioned, "dataset", file)],
    );
    let metadata =
        json!({"file_name": "style_x_scene000096.jpg", "id": "film_000096", "image": "x"});
    write(folder, "style/dataset/img/metadata.jsonl", &[metadata]);
}

fn run() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    make(&folder.path().join("out"), "a wall, noon");
    folder
}

fn why(folder: &TempDir, words: &[&str]) -> Ran {
    run_in(folder.path(), TOOL, words, "")
}

#[test]
fn the_chain_goes_from_the_film_to_the_exported_file() {
    let folder = run();
    let ran = why(&folder, &["film_000096", "out"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let expected = "\
film_000096
  frames.jsonl          frame-extract    frames/film_000096.jpg, 854 x 364
                        frame-extract    film.mp4 at 0:00:04.00, frame 96, shot 0
  unique.jsonl          frame-dedup      dedup: best of 2 near duplicates
  sharp.jsonl           blur-filter      quality: sharpness 61.53, brightness 0.25
  style/
  style/selected.jsonl  balance          balance: rank 1
  style/dataset.jsonl   caption-compose  caption: a wall, noon
                        caption-compose  facts: 1 facts used, 0 left out, 3 tokens
                        dataset-write    dataset: exported as style/dataset/img/style_x_scene000096.jpg
  cut from it:
    film_000096.i1, last in instances/cut.jsonl
    film_000096.i2, dropped by mask-crop: cut off by the frame's edge
  dropped as near duplicates of it:
    film_000108
";
    assert_eq!(ran.stdout, expected);
}

#[test]
fn an_image_is_found_by_any_of_its_names() {
    let folder = run();
    let by_id = why(&folder, &["film_000096", "out"]).stdout;
    for name in [
        "frames/film_000096.jpg",
        "film_000096.jpg",
        "style_x_scene000096.txt",
        "out/style/dataset/img/style_x_scene000096.jpg",
    ] {
        assert_eq!(why(&folder, &[name, "out"]).stdout, by_id, "{name}");
    }
}

#[test]
fn a_dropped_image_says_by_whom_and_why() {
    let folder = run();
    let soft = why(&folder, &["film_000240", "out"]).stdout;
    assert!(
        soft.contains("blur-filter    DROPPED: sharpness 12.25 is under 41.2"),
        "{soft}"
    );
    let duplicate = why(&folder, &["film_000108", "out"]).stdout;
    assert!(
        duplicate.contains("frame-dedup    DROPPED: near duplicate of film_000096"),
        "{duplicate}"
    );
    assert!(
        duplicate.contains("kept instead: film_000096, last in style/dataset.jsonl"),
        "{duplicate}"
    );
    let left = why(&folder, &["film_000312", "out"]).stdout;
    assert!(
        left.contains("style/selected.rejects.jsonl  balance        DROPPED: not among the best 1"),
        "{left}"
    );
}

#[test]
fn a_cutting_begins_with_what_it_was_cut_from() {
    let folder = run();
    let cut = why(&folder, &["film_000096.i1", "out"]).stdout;
    assert!(cut.starts_with("film_000096\n  frames.jsonl"), "{cut}");
    let (_, own) = cut.split_once("\n  |\nfilm_000096.i1\n").unwrap();
    assert!(own.contains("mask-crop  cut/film_000096.i1.png"), "{own}");
}

#[test]
fn json_says_the_same() {
    let folder = run();
    let ran = why(&folder, &["film_000240", "out", "--json"]);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let steps = answer["images"][0]["steps"].as_array().unwrap();
    let last = steps.last().unwrap();
    assert_eq!(
        (&last["what"], &last["tool"]),
        (&json!("dropped"), &json!("blur-filter"))
    );
    assert_eq!(last["manifest"], "sharp.rejects.jsonl");
}

#[test]
fn an_unknown_image_is_1_and_near_names_are_said() {
    let folder = run();
    let ran = why(&folder, &["film_000097", "out"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(
        ran.stderr
            .contains("film_000097: not in any of 10 manifests; similar: film_000096"),
        "{}",
        ran.stderr
    );
    let ran = why(&folder, &["film_000096", "gone"]);
    assert!(
        ran.stderr.contains("gone: there is no such folder"),
        "{}",
        ran.stderr
    );
}

#[test]
fn two_equal_runs_do_not_differ() {
    let folder = run();
    make(&folder.path().join("new"), "a wall, noon");
    let ran = why(&folder, &["--diff", "out", "new"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.ends_with("no image came, went or changed\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_came_went_and_changed_is_said_with_the_tool() {
    let folder = run();
    let new = folder.path().join("new");
    make(&new, "a white wall, noon");
    // Now film_000240 is sharp enough, and film_000312 is not.
    let text = |name: &str| fs::read_to_string(new.join(name)).unwrap();
    let (sharp, soft) = (text("sharp.jsonl"), text("sharp.rejects.jsonl"));
    let records = |text: &str| {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<Value>>()
    };
    let mut sharp = records(&sharp);
    let mut came = records(&soft).remove(0);
    came.as_object_mut().unwrap().remove("rejected");
    let went = dropped(
        &std::mem::replace(&mut sharp[1], came),
        "blur-filter",
        "sharpness 50 is under 55",
    );
    write(&new, "sharp.jsonl", &sharp);
    write(&new, "sharp.rejects.jsonl", &[went]);
    let ran = why(&folder, &["--diff", "out", "new"]);
    let out = &ran.stdout;
    for line in [
        "sharp.jsonl: 2 before, 2 now: 1 came, 1 went, 0 changed",
        "+ film_000240  blur-filter: was dropped: sharpness 12.25 is under 41.2",
        "- film_000312  blur-filter: is dropped: sharpness 50 is under 55",
        "style/dataset.jsonl: 1 before, 1 now: 0 came, 0 went, 1 changed",
        "~ film_000096  caption-compose: caption",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
}

#[test]
fn junk_between_records_does_no_harm() {
    let folder = run();
    let path = folder.path().join("out/unique.rejects.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        format!("{text}not json film_000108\n\u{1}\n{{\"line\":\"film_000108\"}}\n"),
    )
    .unwrap();
    fs::write(folder.path().join("out/empty.jsonl"), "").unwrap();
    fs::write(folder.path().join("out/binary.jsonl"), [0, 159, 146, 150]).unwrap();
    let ran = why(&folder, &["film_000108", "out"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("DROPPED"), "{}", ran.stdout);
}

#[test]
fn a_terminal_has_nothing_to_obey() {
    let folder = run();
    let record = json!({"id": "evil", "image": "a.png", "mine": "\u{1b}[2J", "rejected": {"by": "x", "reason": "\u{1b}[31mred\u{7}"}});
    write(&folder.path().join("out"), "evil.rejects.jsonl", &[record]);
    let ran = why(&folder, &["evil", "out"]);
    assert_eq!(ran.code, Some(0));
    let obeyed = |c: char| c.is_control() && c != '\n';
    assert!(!ran.stdout.contains(obeyed), "{:?}", ran.stdout);
}
