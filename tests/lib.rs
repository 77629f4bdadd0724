//! What the end-to-end tests share: where things are, and a small film.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "only tests use this crate"
)]

pub mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
pub use testkit::ffmpeg;

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The folder of the tools that were built with the tests.
pub fn tools() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().to_owned()
}

/// Whether there is ONNX Runtime, which networks need; it is said where there is not.
pub fn runtime() -> bool {
    let folder = root().join("models/runtime");
    let library = ["libonnxruntime.so", "libonnxruntime.dylib"];
    let there = library.iter().any(|name| folder.join(name).exists());
    if !there {
        testkit::lacking("ONNX Runtime");
    }
    there
}

/// How to call make, with the built tools, as from the folder `here`.
pub fn make(here: &Path) -> Command {
    let mut command = Command::new("make");
    command
        .current_dir(root())
        .arg(format!("BIN={}", tools().display()))
        .arg(format!("CALLED_FROM={}", here.display()))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL");
    command
}

/// What a command of make says, which must succeed.
pub fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// The records of a manifest.
pub fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Copies a folder and what is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// Writes a film of `shots` drawn shots of two seconds each, at 8 frames a
/// second, with black bars above and below; in each the view pans slowly.
pub fn draw_film(ffmpeg: &Path, film: &Path, shots: u64) {
    let frames = tempfile::tempdir().unwrap();
    for shot in 0..shots {
        let view = testkit::scene(640, 300, shot * 7 + 3);
        for frame in 0..16_u64 {
            let mut image = image::RgbImage::new(480, 300);
            let pan = image::imageops::crop_imm(&view, frame as u32 * 6, 0, 480, 240).to_image();
            image::imageops::replace(&mut image, &pan, 0, 30);
            let path = frames.path().join(format!("{:04}.png", shot * 16 + frame));
            image.save(path).unwrap();
        }
    }
    let status = Command::new(ffmpeg)
        .args(["-v", "error", "-y", "-framerate", "8", "-i"])
        .arg(frames.path().join("%04d.png"))
        .args(["-c:v", "mpeg4", "-q:v", "2", "-pix_fmt", "yuv420p"])
        .arg(film)
        .status();
    assert!(status.unwrap().success(), "ffmpeg draws {}", film.display());
}
