//! Characters followed through more frames than are searched, `TRACK=yes TRACK_FPS=12`.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::Path;
use std::process::Command;

use end_to_end::{make, records, root, runtime, succeeds};
use serde_json::Value;
use testkit::ffmpeg;

/// Makes backgrounds of the film with these settings more.
fn made(here: &Path, out: &str, more: &[&str]) {
    let mut command = make(here);
    command
        .args(["background", "FILM=film.mp4", "NETWORKS=small", "NICE=0"])
        .args(["DEVICE=cpu", "DESCRIBE=no", "MINIMUM=1"])
        .args(["EXTRACT_FLAGS=--fps 4", "PLATE_CROP_FLAGS=--min-side 160"])
        .arg("PLATE_BLUR_FLAGS=--letters 16 --sharpness 1 --min-side 160 --flat 1")
        .arg("DETECT_MODEL=small-creature-detect")
        .arg("BACKGROUND_DETECT_FLAGS=--classes all --threshold 0.1")
        .arg(format!("OUT={out}"))
        .args(more);
    succeeds(&mut command);
}

fn number(record: &Value) -> u64 {
    record["source"]["frame"].as_u64().unwrap()
}

#[test]
fn frames_between_those_that_are_searched_have_the_masks_of_tracks() {
    let Some(ffmpeg) = ffmpeg().filter(|_| runtime()) else {
        return;
    };
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    // The beginning of the second film, in which the beast sits and then walks past a boy.
    let cut = Command::new(ffmpeg)
        .args(["-v", "error", "-i"])
        .arg(root().join("examples/creature/film.mp4"))
        .args(["-t", "2.5", "-c", "copy"])
        .arg(here.join("film.mp4"))
        .status();
    assert!(cut.unwrap().success());
    made(here, "between", &["TRACK=yes", "TRACK_FPS=12"]);
    let out = here.join("between");
    let searched = records(&out.join("background/masked.jsonl"));
    let searched: Vec<u64> = searched.iter().map(number).collect();
    let followed = records(&out.join("background/tracked.jsonl"));
    assert!(
        followed.len() as f64 >= 2.5 * searched.len() as f64,
        "{} of {}",
        followed.len(),
        searched.len()
    );
    let between: Vec<&Value> = { followed.iter() }
        .filter(|record| !searched.contains(&number(record)))
        .collect();
    let masked = { between.iter() }.filter(|record| {
        let masks = record["masks"].as_array().unwrap();
        let of_track = |mask: &Value| mask["followed"] == true && mask["track"].is_u64();
        !masks.is_empty() && masks.iter().all(of_track)
    });
    let masked = masked.count();
    assert!(
        2 * masked > between.len(),
        "{masked} of {}: a track goes on between detections",
        between.len()
    );
    // A second make does nothing.
    let before = fs::metadata(out.join("background/tracked.jsonl")).unwrap();
    made(here, "between", &["TRACK=yes", "TRACK_FPS=12"]);
    let after = fs::metadata(out.join("background/tracked.jsonl")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
}
