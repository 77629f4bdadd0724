//! What face-landmarks says of faces.
//!
//! The network is the tiny one of `shared/nets/tests/onnx`. Where a test is of measures, the points are
//! given by `features` and judged by `--calibrate-within`, which runs none.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_face-landmarks");

fn graph(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/nets/tests/onnx");
    format!("{folder}/{name}.onnx")
}

#[test]
fn has_manners() {
    let model = graph("landmark");
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
        absolute: 2e-2,
    };
    golden(TOOL, "tests/golden", tolerance);
}

fn run(folder: &Path, more: &[&str], input: &str) -> Ran {
    let model = graph("landmark");
    let flags = ["--device", "cpu", "--model", &model, "--no-cache"];
    let ran = run_in(folder, TOOL, &[&flags, more].concat(), input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

#[test]
fn points_are_in_pixels_of_the_parent() {
    let here = tempfile::tempdir().unwrap();
    scene(100, 90, 3)
        .save(here.path().join("face.png"))
        .unwrap();
    let record = |window: Value| {
        let face = json!({"box_in_crop": [20, 20, 80, 70], "window": window});
        format!(
            "{}\n",
            json!({"id": "a", "image": "face.png", "face": face})
        )
    };
    let input = record(json!([0, 0, 100, 90])) + &record(json!([300, 200, 400, 290]));
    let records = run(here.path(), &[], &input).records();
    let points = |number: usize| records[number]["features"]["points"].as_array().unwrap();
    assert_eq!(points(0).len(), 28);
    for (near, far) in points(0).iter().zip(points(1)) {
        let at = |point: &Value, axis: usize| point[axis].as_f64().unwrap();
        assert!((at(near, 0) + 300.0 - at(far, 0)).abs() < 1e-6);
        assert!((at(near, 1) + 200.0 - at(far, 1)).abs() < 1e-6);
    }
}

#[test]
fn a_mirrored_look_is_asked_for_and_remembered_apart() {
    let here = tempfile::tempdir().unwrap();
    scene(100, 90, 3)
        .save(here.path().join("face.png"))
        .unwrap();
    let input = "{\"id\":\"a\",\"image\":\"face.png\"}\n";
    let cache = here.path().join("cache");
    let of = |more: &[&str]| {
        let model = graph("landmark");
        let flags = [
            "--device",
            "cpu",
            "--model",
            &model,
            "--cache",
            cache.to_str().unwrap(),
        ];
        let ran = run_in(here.path(), TOOL, &[&flags, more].concat(), input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.records()[0]["features"]["points"].clone()
    };
    let (twice, once) = (of(&[]), of(&["--no-mirror"]));
    assert_ne!(twice, once);
    assert_eq!(of(&[]), twice);
    assert_eq!(of(&["--no-mirror"]), once);
}

/// A record of a face of `name` with these measures.
fn face(number: usize, name: &str, eyes: f64, mouth: [f64; 2], brows: [f64; 2]) -> String {
    let features = json!({"scheme": "anime28", "score": 0.9, "eyes": {"openness": eyes},
        "mouth": {"openness": mouth[0], "curve": mouth[1], "width": 0.6},
        "eyebrows": {"height": brows[0], "tilt": brows[1]}});
    let record = json!({"id": format!("{name}{number}"), "image": "none.png",
        "identity": {"name": name}, "features": features});
    format!("{record}\n")
}

fn judged(input: &str, more: &[&str]) -> Vec<Value> {
    let here = tempfile::tempdir().unwrap();
    let flags = [&["--calibrate-within", "/identity/name"], more].concat();
    let ran = run_in(here.path(), TOOL, &flags, input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

fn labels(record: &Value) -> [String; 3] {
    ["eyes", "mouth", "eyebrows"].map(|part| {
        let label = &record["features"][part]["label"];
        label.as_str().unwrap().to_owned()
    })
}

#[test]
fn faces_are_compared_with_the_characters_own() {
    // Nilo's eyes are high, Oreste's low; what is wide for one is shut for the other.
    let mut input = String::new();
    for number in 0..12 {
        input += &face(number, "nilo", 0.9, [0.02, 0.0], [0.7, 4.0]);
        input += &face(number, "oreste", 0.3, [0.02, 0.0], [0.3, -3.0]);
    }
    input += &face(20, "nilo", 1.02, [0.02, 0.0], [0.9, 4.0]);
    input += &face(20, "oreste", 0.4, [0.02, 0.0], [0.3, 12.0]);
    input += &face(21, "nilo", 0.4, [0.02, 0.0], [0.5, 4.0]);
    input += &face(22, "nilo", 0.6, [0.02, 0.0], [0.7, -8.0]);
    let records = judged(&input, &[]);
    let said: Vec<_> = records[24..].iter().map(labels).collect();
    assert_eq!(said[0], ["wide eyes", "closed mouth", "raised eyebrows"]);
    assert_eq!(said[1], ["wide eyes", "closed mouth", "worried eyebrows"]);
    assert_eq!(said[2], ["closed eyes", "closed mouth", "lowered eyebrows"]);
    assert_eq!(
        said[3],
        ["half-closed eyes", "closed mouth", "lowered eyebrows"]
    );
    for record in &records[..24] {
        let rest = ["open eyes", "closed mouth", "relaxed eyebrows"];
        assert_eq!(labels(record), rest, "{record}");
        assert_eq!(record["features"]["judged"], "character");
    }
}

#[test]
fn few_faces_are_judged_by_ratios_that_hold_for_all() {
    let input: String = (0..11)
        .map(|number| face(number, "nilo", 0.5, [0.02, 0.0], [0.7, 4.0]))
        .chain([face(11, "pia", 0.19, [0.7, 0.0], [0.9, 11.0])])
        .collect();
    let records = judged(&input, &[]);
    assert_eq!(records[0]["features"]["judged"], "absolute");
    assert_eq!(
        labels(&records[11]),
        ["closed eyes", "wide open mouth", "worried eyebrows"]
    );
    let records = judged(&input, &["--eyes-closed", "0.1"]);
    assert_eq!(labels(&records[11])[0], "open eyes");
}

#[test]
fn a_mouth_smiles_or_frowns_open_or_closed() {
    let cases = [
        ([0.0, 0.2], "smile"),
        ([0.3, 0.2], "open smile"),
        ([0.0, -0.2], "frown"),
        ([0.3, -0.2], "open frown"),
        ([0.3, 0.05], "open mouth"),
        ([0.8, -0.05], "wide open mouth"),
        ([0.1, 0.0], "closed mouth"),
    ];
    let input: String = { cases.iter().enumerate() }
        .map(|(number, (mouth, _))| face(number, "pia", 0.5, *mouth, [0.5, 0.0]))
        .collect();
    for (record, (mouth, label)) in judged(&input, &[]).iter().zip(cases) {
        assert_eq!(labels(record)[1], label, "{mouth:?}");
    }
}

#[test]
fn what_is_unsure_or_turned_away_is_unknown_and_keeps_its_measures() {
    let mut unsure: Value =
        serde_json::from_str(&face(0, "pia", 0.1, [0.3, 0.2], [0.5, 0.0])).unwrap();
    let mut turned = unsure.clone();
    unsure["features"]["score"] = json!(0.2);
    turned["face"] = json!({"angle": {"yaw": -50.0, "roll": 0.0}});
    for record in judged(&format!("{unsure}\n{turned}\n"), &[]) {
        assert_eq!(labels(&record), ["unknown", "unknown", "unknown"]);
        assert_eq!(record["features"]["eyes"]["openness"], json!(0.1));
    }
    let records = judged(&format!("{turned}\n"), &["--turned", "60"]);
    assert_eq!(labels(&records[0])[0], "closed eyes");
}

#[test]
fn judging_writes_labels_and_keeps_what_else_stands_there() {
    let mut record: Value =
        serde_json::from_str(&face(0, "pia", 0.5, [0.3, 0.2], [0.5, 0.0])).unwrap();
    record["features"]["mine"] = json!({"kept": 0.123_456});
    record["features"]["mouth"]["tongue"] = json!(true);
    let mut expected = record.clone();
    expected["features"]["judged"] = json!("absolute");
    for (part, label) in [
        ("eyes", "open eyes"),
        ("mouth", "open smile"),
        ("eyebrows", "relaxed eyebrows"),
    ] {
        expected["features"][part]["label"] = json!(label);
    }
    assert_eq!(judged(&format!("{record}\n"), &[]), [expected]);
}

#[test]
fn judging_runs_no_network() {
    let here = tempfile::tempdir().unwrap();
    let flags = ["--calibrate-within", "/identity/name", "--model", "x.onnx"];
    let ran = run_in(here.path(), TOOL, &flags, "");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
}

#[test]
fn five_points_tell_a_smile_from_the_character_and_nothing_else() {
    let here = tempfile::tempdir().unwrap();
    let record = |number: usize, half: f64| {
        let points = json!([
            [10, 10],
            [30, 12],
            [20, 20],
            [20.0 - half, 30],
            [20.0 + half, 30]
        ]);
        let record = json!({"id": format!("{number}"), "image": "none.png", "identity": {"name": "pia"},
            "face": {"landmarks": points, "score": 0.9}});
        format!("{record}\n")
    };
    let mut input: String = (0..12).map(|number| record(number, 6.0)).collect();
    input += &record(20, 8.0);
    let ran = run_in(here.path(), TOOL, &["--five"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let alone = ran.records();
    assert!(alone.iter().all(|record| labels(record) == ["unknown"; 3]));
    // 16 over the 20.1 px between the eyes.
    let width = alone[12]["features"]["mouth"]["width"].as_f64().unwrap();
    assert!((width - 0.796).abs() < 1e-3, "{width}");
    let records = judged(&ran.stdout, &[]);
    assert_eq!(labels(&records[0]), ["unknown"; 3]);
    assert_eq!(labels(&records[12]), ["unknown", "smile", "unknown"]);
}

#[test]
fn records_without_features_pass_and_flags_must_fit() {
    let line = "{\"id\":\"a\",\"image\":\"none.png\"}";
    assert_eq!(
        judged(line, &[])[0],
        serde_json::from_str::<Value>(line).unwrap()
    );
    let here = tempfile::tempdir().unwrap();
    let ran = run_in(here.path(), TOOL, &["--five", "--mouth-open", "0.7"], line);
    assert_eq!(ran.code, Some(1));
    let said = "--mouth-wide 0.6: is below --mouth-open 0.7";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let model = graph("shot/logits");
    let ran = run_in(
        here.path(),
        TOOL,
        &["--device", "cpu", "--model", &model],
        line,
    );
    assert_eq!(ran.code, Some(1));
    let said = "not a known landmark estimator";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}
