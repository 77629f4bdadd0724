//! Backgrounds of a film in which the detector found no character: none unless its owner says so.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::Path;
use std::process::Output;

use end_to_end::{make, runtime};

/// Makes backgrounds of the folder's frames with a detector that is never sure enough, with these words more.
fn made(here: &Path, words: &[&str]) -> Output {
    make(here)
        .args(["background", "FRAMES=frames", "OUT=out", "NETWORKS=small"])
        .args(["DEVICE=cpu", "DESCRIBE=no", "MINIMUM=1"])
        .arg("BACKGROUND_DETECT_FLAGS=--threshold 1")
        .arg("BLUR_FLAGS=--min-side 1 --sharpness 1 --contrast 1 --flat 1 --letters 0")
        .arg("PLATE_BLUR_FLAGS=--min-side 1 --sharpness 1 --contrast 1 --flat 1 --letters 0")
        .args(words)
        .output()
        .unwrap()
}

#[test]
fn a_film_without_any_box_makes_no_backgrounds_unless_allowed() {
    if !runtime() {
        return;
    }
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    fs::create_dir(here.join("frames")).unwrap();
    for number in 0..4 {
        let scene = testkit::scene(640, 360, number);
        scene
            .save(here.join(format!("frames/{number}.png")))
            .unwrap();
    }
    let ran = made(here, &[]);
    let said =
        String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    assert!(!ran.status.success(), "{said}");
    assert!(said.contains("ALLOW_UNSEEN=yes"), "{said}");
    assert!(!here.join("out/background/boxes.jsonl").exists());
    assert!(!here.join("out/background/dataset").exists());
    let ran = made(here, &["ALLOW_UNSEEN=yes"]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    let written = fs::read_to_string(here.join("out/background/dataset.jsonl")).unwrap();
    assert!(written.lines().count() >= 1, "{written}");
}
