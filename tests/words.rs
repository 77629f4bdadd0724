//! Characters that are not people, through the pipeline: a drawn network takes what is red for a dragon.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::Path;

use end_to_end::{make, records, root, runtime, succeeds};
use image::Rgb;

/// Makes the instances of the folder's frames, with these words more.
fn made(here: &Path, words: &[&str]) {
    let network = root().join("shared/nets/tests/onnx/grounding_dino/coloured");
    let mut command = make(here);
    command
        .args(["instances", "FRAMES=frames", "OUT=out", "NETWORKS=small"])
        .args([
            "DEVICE=cpu",
            "BLUR_FLAGS=--min-side 1 --sharpness 1 --contrast 1 --flat 1 --letters 0",
        ])
        .args(words)
        .arg(format!("WORDS_MODEL={}", network.display()));
    succeeds(&mut command);
}

/// How often boxes have a label.
fn labelled(here: &Path, label: &str) -> usize {
    let records = records(&here.join("out/boxes.jsonl"));
    let boxes = records
        .iter()
        .flat_map(|record| record["boxes"].as_array().unwrap());
    boxes.filter(|found| found["label"] == label).count()
}

/// A scene with something red of 60 x 80 pixels, or that alone on gray.
fn dragon(seed: u64, alone: bool) -> image::RgbImage {
    let mut image = testkit::scene(320, 200, seed);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let [red, green, blue] = pixel.0;
        if (200..260).contains(&x) && (60..140).contains(&y) {
            *pixel = Rgb([220, 30 + (y % 8) as u8, 30]);
        } else if alone {
            *pixel = Rgb([128; 3]);
        } else {
            // Nothing else is red.
            *pixel = Rgb([red.min(green.max(blue)), green, blue]);
        }
    }
    image
}

#[test]
fn what_words_name_is_detected_and_named_like_its_images() {
    if !runtime() {
        return;
    }
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    fs::create_dir(here.join("frames")).unwrap();
    for number in 0..4 {
        let name = format!("frames/{number}.png");
        dragon(number + 3, false).save(here.join(name)).unwrap();
    }
    made(here, &["WORDS=person. a dragon=0.4."]);
    assert_eq!(labelled(here, "a dragon"), 4);
    // A character with words of its own; the words of any film are asked for beside these.
    let own = here.join("cast/smaug");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("words.txt"), "# by his looks\nred dragon\n").unwrap();
    for number in 0..3 {
        dragon(number, true)
            .save(own.join(format!("{number}.png")))
            .unwrap();
    }
    made(here, &["CAST=cast"]);
    assert_eq!(labelled(here, "red dragon"), 4);
    let shown = records(&here.join("out/cast.jsonl"));
    assert!(!shown.is_empty());
    assert!(
        shown
            .iter()
            .all(|one| one["instance"]["label"] == "red dragon")
    );
    fs::write(own.join("words.txt"), "the dragon=0.3\n").unwrap();
    made(here, &["CAST=cast"]);
    assert_eq!(
        labelled(here, "the dragon"),
        4,
        "other words are asked for anew"
    );
}
