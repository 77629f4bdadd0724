//! What emotion-classify says of faces.
//!
//! The networks are the tiny ones of `shared/nets/tests/onnx/face`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_emotion-classify");

fn graph(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/nets/tests/onnx/face"
    );
    format!("{folder}/{name}.onnx")
}

#[test]
fn has_manners() {
    let model = graph("mini_xception_tiny");
    manners(Shape {
        tool: TOOL,
        flags: &["--device", "cpu", "--model", &model, "--no-cache"],
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    let tolerance = Tolerance {
        relative: 1e-2,
        absolute: 1e-2,
    };
    golden(TOOL, "tests/golden", tolerance);
}

fn run(folder: &Path, network: &str, more: &[&str], input: &str) -> Ran {
    let model = graph(network);
    let flags = ["--device", "cpu", "--model", &model, "--no-cache"];
    run_in(folder, TOOL, &[&flags, more].concat(), input)
}

fn emotion(network: &str, more: &[&str], image: &RgbImage, face: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    image.save(folder.path().join("face.png")).unwrap();
    let mut record = json!({"id": "face", "image": "face.png"});
    if !face.is_null() {
        record["face"] = face.clone();
    }
    let ran = run(folder.path(), network, more, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()[0]["emotion"].clone()
}

fn scores(emotion: &Value) -> Vec<f64> {
    let scores = emotion["scores"].as_object().unwrap();
    scores
        .values()
        .map(|score| score.as_f64().unwrap())
        .collect()
}

/// A face in a crop, as face-crop writes it.
fn face() -> Value {
    json!({
        "box": [120.0, 60.0, 180.0, 130.0],
        "landmarks": [[138.0, 90.0], [162.0, 90.0], [150.0, 102.0], [140.0, 115.0], [160.0, 115.0]],
        "window": [100, 40, 200, 150],
        "box_in_crop": [20.0, 20.0, 80.0, 90.0],
    })
}

#[test]
fn every_family_answers_in_the_same_words() {
    let words = [
        "happy",
        "sad",
        "surprised",
        "angry",
        "neutral",
        "fear",
        "disgust",
        "contempt",
    ];
    for (network, count) in [
        ("enet_b0_8_tiny", 8),
        ("enet_b0_8_tiny_mtl", 8),
        ("enet_b2_7_tiny", 7),
        ("ferplus_tiny", 8),
        ("fer_mobilefacenet_tiny", 7),
        ("mini_xception_tiny", 7),
    ] {
        let found = emotion(network, &[], &scene(100, 110, 4), &face());
        let names: Vec<_> = found["scores"].as_object().unwrap().keys().collect();
        assert_eq!(names, &words[..count], "{network}");
        let sum: f64 = scores(&found).iter().sum();
        assert!((sum - 1.0).abs() < 5e-4, "{network}: {sum}");
    }
}

#[test]
fn the_label_is_the_best_score_and_the_margin_its_lead() {
    for seed in 0..8 {
        let flags = ["--threshold", "0", "--margin", "0"];
        let found = emotion(
            "mini_xception_tiny",
            &flags,
            &scene(100, 110, seed),
            &face(),
        );
        let mut sorted = scores(&found);
        sorted.sort_by(|a, b| b.total_cmp(a));
        let score = |key: &str| {
            found["scores"][found[key].as_str().unwrap()]
                .as_f64()
                .unwrap()
        };
        assert!((score("label") - sorted[0]).abs() < 1e-9, "{found}");
        assert!((score("second") - sorted[1]).abs() < 1e-9, "{found}");
        let margin = found["margin"].as_f64().unwrap();
        assert!((margin - (sorted[0] - sorted[1])).abs() < 2e-4, "{found}");
        let intensity = match margin {
            margin if margin >= 0.75 => "high",
            margin if margin >= 0.4 => "medium",
            _ => "low",
        };
        assert_eq!(found["intensity"], intensity, "{found}");
    }
}

#[test]
fn says_unknown_where_the_scores_say_too_little() {
    let image = scene(100, 110, 2);
    for flags in [["--threshold", "1"], ["--margin", "1"]] {
        let found = emotion("mini_xception_tiny", &flags, &image, &face());
        assert_eq!(found["label"], "unknown");
        assert_eq!(found["intensity"], "unknown");
        assert_eq!(scores(&found).len(), 7, "what was measured is still said");
    }
}

#[test]
fn the_intensity_follows_its_flags() {
    let image = scene(100, 110, 2);
    for (medium, high, word) in [("0", "0", "high"), ("0", "1", "medium"), ("1", "1", "low")] {
        let flags = [
            "--threshold",
            "0",
            "--margin",
            "0",
            "--medium",
            medium,
            "--high",
            high,
        ];
        let found = emotion("mini_xception_tiny", &flags, &image, &face());
        assert_eq!(found["intensity"], word, "{found}");
    }
}

#[test]
fn only_the_face_counts_not_the_padding() {
    let image = scene(100, 110, 5);
    // The box grown by a tenth is from 17 to 83 and from 16.5 to 93.5.
    let other = RgbImage::from_fn(100, 110, |x, y| {
        let inside = (17..83).contains(&x) && (16..94).contains(&y);
        if inside {
            *image.get_pixel(x, y)
        } else {
            Rgb([255, 0, 0])
        }
    });
    let of = |image: &RgbImage, face: &Value| emotion("enet_b0_8_tiny", &[], image, face);
    assert_eq!(of(&image, &face()), of(&other, &face()));
    assert_ne!(
        of(&image, &Value::Null),
        of(&other, &Value::Null),
        "the whole image counts"
    );
}

#[test]
fn no_landmarks_is_an_error_of_its_record() {
    let folder = tempfile::tempdir().unwrap();
    scene(100, 110, 1)
        .save(folder.path().join("face.png"))
        .unwrap();
    let input = "{\"id\":\"a\",\"image\":\"face.png\"}\n";
    let ran = run(folder.path(), "fer_mobilefacenet_tiny", &[], input);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("face.png: no landmarks"),
        "{}",
        ran.stderr
    );
}

#[test]
fn models_and_flags_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let said = |network: &str, more: &[&str], code: i32| {
        let ran = run(folder.path(), network, more, "");
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        ran.stderr
    };
    let error = said("yunet_dynamic", &[], 1);
    assert!(error.contains("not a known emotion classifier"), "{error}");
    let error = said("ferplus_tiny", &["--medium", "0.9", "--high", "0.2"], 1);
    assert!(
        error.contains("--high 0.2: is below --medium 0.9"),
        "{error}"
    );
    said("ferplus_tiny", &["--margin", "1.5"], 2);
    let nameless = folder.path().join("mine.onnx");
    std::fs::copy(graph("enet_b0_8_tiny"), &nameless).unwrap();
    let flags = [
        "--device",
        "cpu",
        "--no-cache",
        "--model",
        nameless.to_str().unwrap(),
    ];
    let ran = run_in(folder.path(), TOOL, &flags, "");
    assert!(
        ran.stderr.contains("mine.onnx: its classes are not known"),
        "{}",
        ran.stderr
    );
}

#[test]
fn ranks_are_within_the_character_and_need_no_network() {
    let folder = tempfile::tempdir().unwrap();
    let record = |number: usize, name: &str, score: f64| {
        let record = json!({"id": format!("{name}{number}"), "image": "none.png", "identity": {"name": name},
            "emotion": {"label": "happy", "intensity": "high", "scores": {"happy": score, "neutral": 0.2}}});
        format!("{record}\n")
    };
    let mut input = String::new();
    for number in 0..6 {
        input += &record(number, "nilo", 0.94 + 0.01 * number as f64);
        input += &record(number, "pia", 0.3 + 0.01 * number as f64);
    }
    input += &json!({"id": "z", "image": "none.png", "emotion": {"label": "unknown", "intensity": "unknown"}}).to_string();
    let ran = run_in(
        folder.path(),
        TOOL,
        &["--rank-within", "/identity/name"],
        &input,
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let records = ran.records();
    let said = |number: usize| {
        records[number]["emotion"]["intensity"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let words: Vec<_> = (0..13).map(said).collect();
    let expected = [
        "low", "low", "low", "low", "medium", "medium", "medium", "medium", "high", "high", "high",
        "high",
    ];
    assert_eq!(words[..12], expected, "two characters by turns");
    assert_eq!(words[12], "unknown");
    assert_eq!(records[0]["emotion"]["rank"], json!(0.0833));
}
