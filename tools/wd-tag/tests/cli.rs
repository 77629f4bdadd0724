//! What wd-tag makes of manifests, with a small network of the published shapes. What is expected of
//! it was made by `shared/nets/tests/reference/tagger.py`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_wd-tag");
const NET: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/tiny-tagger"
);
const EXPECTED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/expected/tagger/tags.json"
);

/// The tags of the small network, in its order.
const TAGS: [&str; 11] = [
    "general",
    "sensitive",
    "questionable",
    "explicit",
    "1girl",
    "long hair",
    "^_^",
    "sky (weather)",
    "quote \"a, b\"",
    "hatsune miku",
    "alice (wonderland)",
];

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &[
            "--model",
            NET,
            "--device",
            "cpu",
            "--threads",
            "1",
            "--batch",
            "2",
            "--no-cache",
        ],
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// The image that the reference draws too.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let even = (x / 9 + y / 7) % 2 == 0;
        let green = if even {
            230
        } else {
            y * 200 / (height - 1).max(1)
        };
        let red = x * 255 / (width - 1).max(1);
        Rgb([red, green, (x * x + y * y) / 97 % 256].map(|level| u8::try_from(level).unwrap()))
    })
}

/// Tags the reference's images.
fn tag(here: &Path, more: &[&str]) -> (Vec<Vec<f64>>, Ran) {
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(EXPECTED).unwrap()).unwrap();
    let (mut input, mut wanted) = (String::new(), Vec::new());
    for case in &cases {
        let (width, height): (u32, u32) = serde_json::from_value(case["size"].clone()).unwrap();
        let name = format!("{width}x{height}.png");
        drawn(width, height).save(here.join(&name)).unwrap();
        input.extend([
            json!({"id": name, "image": name}).to_string(),
            "\n".to_owned(),
        ]);
        wanted.push(serde_json::from_value(case["probabilities"].clone()).unwrap());
    }
    let flags = ["--model", NET, "--device", "cpu", "--no-cache"];
    let arguments: Vec<_> = flags.iter().chain(more).collect();
    let ran = run_in(here, TOOL, &arguments, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    (wanted, ran)
}

fn names(record: &Value, group: &str) -> Vec<String> {
    let list = record["tags"][group].as_array().unwrap();
    list.iter()
        .map(|pair| pair[0].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn probabilities_are_those_of_the_demonstration() {
    let here = tempfile::tempdir().unwrap();
    let flags = [
        "--threshold",
        "0",
        "--characters",
        "--character-threshold",
        "0",
        "--batch",
        "3",
    ];
    let (wanted, ran) = tag(here.path(), &flags);
    for (wanted, record) in wanted.iter().zip(ran.records()) {
        for (group, range) in [("wd", 4..9), ("wd_character", 9..11)] {
            let found = record["tags"][group].as_array().unwrap();
            assert_eq!(found.len(), range.len(), "{record}");
            for pair in found {
                let at = TAGS.iter().position(|tag| pair[0] == *tag).unwrap();
                assert!(range.contains(&at), "{pair} in {group}");
                let far = (pair[1].as_f64().unwrap() - wanted[at]).abs();
                assert!(far < 5e-3, "{} {pair}: {far}", record["id"]);
            }
        }
        let rating = (0..4)
            .max_by(|a, b| wanted[*a].total_cmp(&wanted[*b]))
            .unwrap();
        assert_eq!(names(&record, "rating"), [TAGS[rating]]);
    }
}

#[test]
fn names_of_characters_are_asked_for() {
    let here = tempfile::tempdir().unwrap();
    let (wanted, ran) = tag(here.path(), &["--escape"]);
    for (wanted, record) in wanted.iter().zip(ran.records()) {
        assert!(record["tags"].get("wd_character").is_none());
        let reached = (4..9).filter(|at| wanted[*at] >= 0.35).count();
        assert_eq!(names(&record, "wd").len(), reached, "{record}");
    }
    let (_, ran) = tag(here.path(), &["--escape", "--threshold", "0"]);
    assert!(names(&ran.records()[0], "wd").contains(&"sky \\(weather\\)".to_owned()));
}

#[test]
fn the_largest_gap_divides() {
    let here = tempfile::tempdir().unwrap();
    // 0.99992, 0.8278, 0.1238, 0.0314, 0: between the second and the third.
    let (_, ran) = tag(here.path(), &["--largest-gap"]);
    assert_eq!(names(&ran.records()[0], "wd"), ["1girl", "quote \"a, b\""]);
}

#[test]
fn a_list_that_does_not_fit_is_refused() {
    let here = tempfile::tempdir().unwrap();
    fs::copy(format!("{NET}/model.onnx"), here.path().join("model.onnx")).unwrap();
    fs::write(
        here.path().join("selected_tags.csv"),
        "tag_id,name,category,count\n0,a,0,1\n",
    )
    .unwrap();
    let ran = run_in(
        here.path(),
        TOOL,
        &["--model", ".", "--device", "cpu", "--no-cache"],
        "",
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("the network has 11 tags, but its list has 1"),
        "{}",
        ran.stderr
    );
}
