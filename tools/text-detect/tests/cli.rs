//! What text-detect makes of drawn films, with a network that takes what is bright for text.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_text-detect");

fn bright() -> String {
    let file = "../../shared/nets/tests/onnx/text/bright.onnx";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    path.to_str().unwrap().to_owned()
}

#[test]
fn has_manners() {
    let model = bright();
    manners(Shape {
        tool: TOOL,
        flags: &["--device", "cpu", "--no-cache", "--model", &model],
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

const LOGO: [u32; 4] = [256, 14, 300, 30];
const SIGN: [u32; 4] = [40, 60, 90, 84];

/// A frame of 320x180 with bright blocks where text is, and its record.
fn frame(here: &Path, shot: u64, number: u64, texts: &[[u32; 4]]) -> Value {
    let within = |[left, top, right, bottom]: &[u32; 4], x: u32, y: u32| {
        (*left..*right).contains(&x) && (*top..*bottom).contains(&y)
    };
    let image = RgbImage::from_fn(320, 180, |x, y| {
        let text = texts.iter().any(|text| within(text, x, y));
        if text {
            Rgb([250; 3])
        } else {
            Rgb([30 + (y / 9) as u8, 50, 40 + shot as u8])
        }
    });
    let id = format!("s{shot}f{number}");
    image.save(here.join(format!("{id}.png"))).unwrap();
    json!({"id": id, "image": format!("{id}.png"), "width": 320, "height": 180,
        "source": {"film": "drawn.mp4", "frame": shot * 40 + number * 10, "time": 1.0, "shot": shot}})
}

/// Five shots of four frames: a logo everywhere but in one frame, subtitles of several widths, and a sign in one shot.
fn film(here: &Path) -> Vec<Value> {
    let mut frames = Vec::new();
    for shot in 0..5 {
        for number in 0..4 {
            let mut texts = vec![LOGO];
            if (shot, number) == (3, 2) {
                texts.clear();
            }
            if shot != 1 && number > 0 {
                let half = 40 + 15 * shot as u32;
                texts.push([160 - half, 150, 160 + half, 164]);
            }
            if shot == 2 {
                texts.push(SIGN);
            }
            frames.push(frame(here, shot, number, &texts));
        }
    }
    frames
}

fn lines(records: &[Value]) -> String {
    let lines: Vec<_> = records.iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn found(here: &Path, given: &[Value]) -> Vec<Value> {
    let model = bright();
    let flags = ["--device", "cpu", "--no-cache", "--model", &model];
    let ran = run_in(here, TOOL, &flags, &lines(given));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = run_in(here, TOOL, &["--mark"], &ran.stdout);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

fn kinds(record: &Value) -> Vec<&str> {
    let lines = record["text"]["lines"].as_array().unwrap();
    let mut kinds: Vec<_> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds
}

#[test]
fn subtitles_and_logos_are_told_from_signs() {
    let here = tempfile::tempdir().unwrap();
    let given = film(here.path());
    let found = found(here.path(), &given);
    assert_eq!(found.len(), given.len());
    for record in &found {
        let id = record["id"].as_str().unwrap();
        let mut wanted = vec!["logo"];
        if !id.starts_with("s1") && !id.ends_with("f0") {
            wanted.insert(0, "burnt-in");
        }
        if id.starts_with("s2") {
            wanted.push("scene");
        }
        assert_eq!(kinds(record), wanted, "{id}");
    }
    let clear = |id: &str| {
        let record = found.iter().find(|record| record["id"] == id).unwrap();
        serde_json::from_value::<[u32; 4]>(record["text"]["clear"].clone()).unwrap()
    };
    // Below the logo, which the blunt network finds 8 pixels larger than it is; where a subtitle is, above it and
    // beside the logo, which leaves more than what is between both.
    let [left, top, right, bottom] = clear("s1f1");
    assert!(left == 0 && (30..42).contains(&top) && right == 320 && bottom == 180);
    let [left, top, right, bottom] = clear("s0f1");
    assert!(left == 0 && top == 0 && (235..256).contains(&right) && (135..150).contains(&bottom));
}

#[test]
fn a_logo_that_was_not_seen_is_known_to_be_there() {
    let here = tempfile::tempdir().unwrap();
    let found = found(here.path(), &film(here.path()));
    let record = found.iter().find(|record| record["id"] == "s3f2").unwrap();
    let lines = record["text"]["lines"].as_array().unwrap();
    let logo = lines.iter().find(|line| line["kind"] == "logo").unwrap();
    assert_eq!(logo["score"], 0.0);
    let edges: [f64; 4] = serde_json::from_value(logo["box"].clone()).unwrap();
    let near = edges
        .iter()
        .zip(LOGO)
        .all(|(edge, drawn)| (edge - f64::from(drawn)).abs() < 10.0);
    assert!(near, "{edges:?}");
}

#[test]
fn records_whose_text_was_not_looked_for_pass_as_they_are() {
    let here = tempfile::tempdir().unwrap();
    let given = [
        json!({"id": "a", "image": "none.png"}),
        json!({"id": "b", "image": "none.png", "text": null}),
    ];
    let ran = run_in(here.path(), TOOL, &["--mark"], &lines(&given));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.records(), given);
}

#[test]
fn without_a_network_it_fails_or_says_so() {
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("registry.toml"), "").unwrap();
    let given = lines(&[json!({"id": "a", "image": "none.png"})]);
    let models = here.path().to_str().unwrap();
    let ran = run_in(
        here.path(),
        TOOL,
        &["--models", models, "--if-installed"],
        &given,
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), given.as_str()));
    assert!(
        ran.stderr.contains("no network for it is installed"),
        "{}",
        ran.stderr
    );
    let ran = run_in(here.path(), TOOL, &["--models", models], &given);
    assert_eq!(ran.code, Some(1));
}
