//! What shot-detect makes of frames that are drawn here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Shape, Tolerance, flat, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_shot-detect");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &[],
        opens_images: true,
        streams: false,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Upside down where the seed is odd: drawn scenes all have their sky above.
fn turned(mut scene: image::RgbImage, seed: u64) -> image::RgbImage {
    if seed % 2 == 1 {
        image::imageops::rotate180_in_place(&mut scene);
    }
    scene
}

/// Frames of scenes by their seeds, 0 for black, in the folder `film`.
fn frames(here: &Path, seeds: &[u64]) -> Vec<Value> {
    std::fs::create_dir_all(here.join("film")).unwrap();
    let draw = |(number, &seed): (usize, &u64)| {
        let image = format!("film/{number}.png");
        let drawn = if seed == 0 {
            flat(160, 96, [0; 3])
        } else {
            turned(scene(160, 96, seed), seed)
        };
        drawn.save(here.join(&image)).unwrap();
        json!({"id": number.to_string(), "image": image})
    };
    seeds.iter().enumerate().map(draw).collect()
}

fn detect(here: &Path, flags: &[&str], records: &[Value]) -> Vec<Value> {
    let lines: Vec<_> = records.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let ran = run_in(here, TOOL, flags, &lines);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

fn shots(records: &[Value]) -> Vec<u64> {
    let shot = |record: &Value| record["source"]["shot"].as_u64().unwrap();
    records.iter().map(shot).collect()
}

#[test]
fn a_folder_is_a_film_and_its_order_is_the_time() {
    let here = tempfile::tempdir().unwrap();
    let given = frames(here.path(), &[1, 1, 2, 0, 3]);
    let found = detect(here.path(), &["--fps", "4"], &given);
    assert_eq!(shots(&found), [0, 0, 1, 1, 2]);
    let source = json!({"film": "film", "frame": 2, "time": 0.5, "shot": 1});
    assert_eq!(found[2]["source"], source);
    assert_eq!(found[3]["transition"], "fade");
    assert_eq!(found[4].get("transition"), None);
}

#[test]
fn what_a_frame_says_of_itself_stays_and_films_have_shots_of_their_own() {
    let here = tempfile::tempdir().unwrap();
    let mut given = frames(here.path(), &[1, 3, 1, 4]);
    for (at, record) in given.iter_mut().enumerate() {
        let film = ["a.mkv", "b.mkv"][at % 2];
        record["source"] = json!({"film": film, "frame": 100 + at, "time": 7.25});
        record["transition"] = json!("flash");
    }
    let found = detect(here.path(), &[], &given);
    assert_eq!(shots(&found), [0, 0, 0, 1]);
    let source = json!({"film": "b.mkv", "frame": 103, "time": 7.25, "shot": 1});
    assert_eq!(found[3]["source"], source);
    assert_eq!(found[0].get("transition"), None, "it was of other shots");
}

#[test]
fn an_image_that_cannot_be_read_is_named() {
    let here = tempfile::tempdir().unwrap();
    let mut given = frames(here.path(), &[1, 2]);
    given[1]["image"] = json!("film/gone.png");
    let lines = format!("{}\n{}\n", given[0], given[1]);
    let ran = run_in::<&str>(here.path(), TOOL, &[], &lines);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("film/gone.png"), "{}", ran.stderr);
}
