//! Shots by a network: which is asked, what it makes of a film, and that of the published weights.
#![allow(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod films;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nets::shot::{Detector, SIZE, Scores};
use onnx::{Device, Runtime};
use serde_json::Value;
use testkit::{Ran, run_in};

use films::{draw, ffmpeg, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-extract");

/// A graph of `TransNetV2`'s ports that adds up colours.
fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/nets/tests/onnx/shot/scores.onnx")
}

/// A file of the folder `shared/NAME` above the repository, or of the one that the variable names.
fn given(variable: &str, name: &str, file: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folders = above.map(|folder| folder.join("shared").join(name));
    let mut files = named
        .into_iter()
        .chain(folders)
        .map(|folder| folder.join(file));
    files.find(|path| path.is_file())
}

fn extract(ffmpeg: &Path, here: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["--ffmpeg", ffmpeg.to_str().unwrap(), "--device", "cpu"];
    arguments.extend(["--out-dir", "frames", "film.mkv"]);
    arguments.extend(more);
    run_in(here, TOOL, &arguments, "")
}

fn analysis(here: &Path) -> Value {
    let text = fs::read(here.join("frames/film.analysis.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_network_is_named_in_records_and_another_one_looks_again() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let here = tempfile::tempdir().unwrap();
    let graph = scene(1, 48, "a") + &scene(2, 30, "b") + "[a][b]concat=n=2:v=1[out]";
    draw(&ffmpeg, here.path(), "film.mkv", &graph);
    let model = tiny();
    let model = model.to_str().unwrap();
    let ran = extract(&ffmpeg, here.path(), &["--model", model]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for record in ran.records() {
        let network = &record["models"]["frame-extract"];
        assert_eq!(network["model"], "scores.onnx");
        assert_eq!(network["sha256"].as_str().unwrap().len(), 64);
    }
    let both = analysis(here.path());
    assert_eq!(both["shots"][1]["first"], 48, "the rules have their say");
    let ran = extract(
        &ffmpeg,
        here.path(),
        &["--model", model, "--method", "network"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let alone = analysis(here.path());
    assert_eq!(alone["asked"]["alone"], true);
    assert_ne!(alone["shots"], both["shots"], "sums of colours find no cut");
    let ran = extract(&ffmpeg, here.path(), &["--method", "rules"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.records()
            .iter()
            .all(|record| record.get("models").is_none())
    );
    let rules = analysis(here.path());
    assert_eq!(
        (rules.get("asked"), &rules["shots"]),
        (None, &both["shots"])
    );
}

#[test]
fn rules_alone_are_said_once_where_no_network_is_installed() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let here = tempfile::tempdir().unwrap();
    let graph = scene(1, 12, "a") + "[a]null[out]";
    draw(&ffmpeg, here.path(), "film.mkv", &graph);
    let empty = here.path().join("models");
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("registry.toml"), "").unwrap();
    let models = ["--models", empty.to_str().unwrap()];
    let ran = extract(&ffmpeg, here.path(), &models);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.stderr.matches("by rules alone").count(),
        1,
        "{}",
        ran.stderr
    );
    let quiet = extract(
        &ffmpeg,
        here.path(),
        &[&models[..], &["--method", "rules"]].concat(),
    );
    assert!(!quiet.stderr.contains("by rules alone"), "{}", quiet.stderr);
    let missing = extract(
        &ffmpeg,
        here.path(),
        &[&models[..], &["--method", "both"]].concat(),
    );
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("`shot`"), "{}", missing.stderr);
    let sparse = extract(
        &ffmpeg,
        here.path(),
        &["--method", "both", "--sample", "keyframes"],
    );
    assert_eq!(sparse.code, Some(1));
    assert!(sparse.stderr.contains("every frame"), "{}", sparse.stderr);
}

/// The scenes of the reference, `predictions_to_scenes`: the number of the last frame of each.
fn ends(scores: &Scores) -> Vec<usize> {
    let sure: Vec<bool> = scores.last.iter().map(|&score| score > 0.5).collect();
    let changes = (1..sure.len()).filter(|&frame| sure[frame] && !sure[frame - 1]);
    changes.chain([sure.len() - 1]).collect()
}

#[test]
fn the_published_weights_find_the_scenes_of_the_reference() {
    let weights = given("FILM2LORA_WEIGHTS", "weights", "transnetv2_u8.onnx");
    let clip = given("FILM2LORA_CLIPS", "clips", "sintel_trailer_854x480.mp4");
    let (Some(weights), Some(clip), Some(ffmpeg)) = (weights, clip, ffmpeg()) else {
        return;
    };
    let mut command = Command::new(ffmpeg);
    command.args(["-v", "error", "-i"]).arg(clip);
    command.args([
        "-s",
        "48x27",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "rgb24",
    ]);
    command.args(["-f", "rawvideo", "-"]).stdin(Stdio::null());
    let pixels = command.output().unwrap().stdout;
    let runtime = Runtime {
        device: Device::Cpu,
        ..Runtime::default()
    };
    let model = runtime.model("shot", weights.to_str()).unwrap();
    let mut detector = Detector::open(&model, &runtime).unwrap();
    for frame in pixels.chunks_exact((SIZE.0 * SIZE.1 * 3) as usize) {
        let frame = image::RgbImage::from_raw(SIZE.0, SIZE.1, frame.to_vec()).unwrap();
        detector.push(&frame).unwrap();
    }
    let scores = detector.finish().unwrap();
    // Of the reference, on 1253 frames, at its threshold.
    let expected = [
        120, 207, 333, 395, 419, 570, 620, 657, 671, 688, 782, 1162, 1219, 1252,
    ];
    assert_eq!(ends(&scores), expected);
}
