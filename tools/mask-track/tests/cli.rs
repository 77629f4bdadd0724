//! What mask-track makes of shots that are drawn. The segmenter answers a box with the box.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in};
use vision::Rect;
use vision::mask::{Mask, Rle};

const TOOL: &str = env!("CARGO_BIN_EXE_mask-track");
const SEGMENTER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/sam/drawn2"
);
const MEMORY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/track_drawn"
);

const RED: [u8; 3] = [210, 40, 30];
const BLUE: [u8; 3] = [30, 60, 200];
const SIZE: (u32, u32) = (160, 90);

#[test]
fn has_manners() {
    let flags = [
        "--method",
        "overlap",
        "--segmenter",
        SEGMENTER,
        "--device",
        "cpu",
        "--out-dir",
        "tracked",
        "--cache",
        "cache",
    ];
    manners(Shape {
        tool: TOOL,
        flags: &flags,
        opens_images: true,
        streams: false,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Someone in a frame: left column, colour, and the detector's score where it has found them.
type Character = (u32, [u8; 3], Option<f64>);

/// Draws frame `number` of a shot, a quarter of a second after the one before, and writes its record: who is in
/// it is 20 wide and 40 high.
fn frame(folder: &Path, shot: u64, number: u64, characters: &[Character]) -> Value {
    let inside =
        |left: u32, x: u32, y: u32| (left..left + 20).contains(&x) && (30..70).contains(&y);
    let image = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let at = characters.iter().find(|(left, ..)| inside(*left, x, y));
        Rgb(at.map_or([120, 130, 120], |(_, colour, _)| *colour))
    });
    let id = format!("s{shot}_{number:03}");
    image.save(folder.join(format!("{id}.png"))).unwrap();
    let found = characters.iter().filter_map(|(left, _, score)| {
        let mask = Mask::from_fn(SIZE.0, SIZE.1, |x, y| inside(*left, x, y)).unwrap();
        let score = (*score)?;
        Some(json!({
            "mask": {"size": [SIZE.1, SIZE.0], "counts": Rle::encode(&mask).to_coco_string()},
            "score": 0.9,
            "stability": 1.0,
            "label": "person",
            "mine": 0.123_456_789,
            "detection": {"box": [left, 30, left + 20, 70], "score": score},
        }))
    });
    let time = number as f64 / 4.0;
    json!({
        "id": id, "image": format!("{id}.png"), "mine": "kept",
        "source": {"film": "f.mp4", "shot": shot, "frame": number, "time": time},
        "masks": found.collect::<Vec<_>>(),
    })
}

fn tracked(folder: &Path, flags: &[&str], records: &[Value]) -> Ran {
    let usual = ["--device", "cpu", "--out-dir", "tracked", "--no-cache"];
    let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
    run_in(folder, TOOL, &[&usual, flags].concat(), &lines.concat())
}

fn overlap(folder: &Path, records: &[Value]) -> Vec<Value> {
    let flags = ["--method", "overlap", "--segmenter", SEGMENTER];
    let ran = tracked(folder, &flags, records);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

/// The tracks of a record's masks, and the left edge of each mask.
fn tracks(record: &Value) -> Vec<(u64, u64)> {
    let masks = record["masks"].as_array().unwrap().iter();
    let found = masks.map(|mask| {
        let left = mask["box"][0].as_u64();
        (mask["track"].as_u64().unwrap(), left.unwrap_or(0))
    });
    found.collect()
}

#[test]
fn who_is_missed_in_one_frame_is_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let records = [
        frame(here, 1, 0, &[(10, RED, Some(0.9)), (120, BLUE, Some(0.8))]),
        frame(here, 1, 1, &[(22, RED, None), (120, BLUE, Some(0.8))]),
        frame(here, 1, 2, &[(34, RED, Some(0.9)), (118, BLUE, Some(0.8))]),
    ];
    let found = overlap(here, &records);
    assert_eq!(tracks(&found[1]), [(1, 0), (0, 22)], "{}", found[1]);
    let filled = &found[1]["masks"][1];
    assert_eq!(filled["followed"], true);
    assert_eq!(
        (&filled["area"], &filled["label"]),
        (&json!(800), &json!("person"))
    );
    assert!(filled.get("detection").is_none());
    // What was detected stays as it was, key for key, and gets its track.
    let mut same = found[0]["masks"][0].clone();
    assert_eq!(same["track"], 0);
    same.as_object_mut().unwrap().remove("track");
    assert_eq!(same, records[0]["masks"][0]);
    assert_eq!(found[0]["mine"], "kept");
    let union = image::open(here.join(found[1]["mask"].as_str().unwrap())).unwrap();
    let white = union
        .to_luma8()
        .pixels()
        .filter(|pixel| pixel.0[0] > 127)
        .count();
    assert_eq!(white, 2 * 800);
}

#[test]
fn a_box_that_shows_something_else_is_not_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // In the frame between nobody is there: the box is as grey as the ground.
    let records = [
        frame(here, 1, 0, &[(10, RED, Some(0.9))]),
        frame(here, 1, 1, &[]),
        frame(here, 1, 2, &[(34, RED, Some(0.9))]),
    ];
    let found = overlap(here, &records);
    assert_eq!(tracks(&found[1]), []);
    assert!(found[1].get("mask").is_none());
    assert_eq!(
        (tracks(&found[0])[0].0, tracks(&found[2])[0].0),
        (0, 0),
        "one track"
    );
}

#[test]
fn a_mask_that_flickers_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut records: Vec<Value> = (0..3)
        .map(|number| frame(here, 1, number, &[(40, RED, Some(0.9))]))
        .collect();
    // The legs alone.
    let legs = Mask::from_fn(SIZE.0, SIZE.1, |x, y| {
        (40..60).contains(&x) && (55..70).contains(&y)
    });
    let legs = Rle::encode(&legs.unwrap()).to_coco_string();
    records[1]["masks"][0]["mask"]["counts"] = json!(legs);
    records[1]["masks"][0]["matte"] = json!({"agreement": 0.97, "reach": 3});
    let found = overlap(here, &records);
    let mask = &found[1]["masks"][0];
    assert_eq!((&mask["area"], &mask["track"]), (&json!(800), &json!(0)));
    assert_eq!(
        mask["detection"]["score"], 0.9,
        "it is still what was detected"
    );
    assert!(mask.get("stability").is_none() && mask.get("followed").is_none());
    assert!(mask.get("matte").is_none(), "the new mask is not soft");
    assert_eq!(mask["mine"], 0.123_456_789);
}

#[test]
fn what_was_seen_once_and_faintly_is_marked_as_a_ghost() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let shot = |score: f64| -> Vec<Value> {
        (0..4)
            .map(|number| {
                let lantern = (number == 2).then_some(score);
                frame(
                    here,
                    1,
                    number,
                    &[(10, RED, Some(0.9)), (120, BLUE, lantern)],
                )
            })
            .collect()
    };
    let found = overlap(here, &shot(0.3));
    let ghost = found[2]["masks"][1]["ghost"].as_str().unwrap();
    assert_eq!(
        ghost,
        "detected in 1 of 4 frames within 2 s, with a score of 0.30, below 0.6"
    );
    assert!(found[2]["masks"][0].get("ghost").is_none());
    let found = overlap(here, &shot(0.7));
    assert!(found[2]["masks"][1].get("ghost").is_none(), "sure enough");
}

#[test]
fn tracks_end_at_the_cut() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // The shots come mixed, and leave in the order in which they came.
    let records = [
        frame(here, 2, 4, &[(40, RED, Some(0.9))]),
        frame(here, 1, 3, &[(40, RED, Some(0.9)), (90, BLUE, Some(0.9))]),
        frame(here, 2, 5, &[(42, RED, Some(0.9))]),
        frame(here, 1, 2, &[(90, BLUE, Some(0.9))]),
    ];
    let found = overlap(here, &records);
    let numbers: Vec<Vec<u64>> = { found.iter() }
        .map(|record| tracks(record).into_iter().map(|(track, _)| track).collect())
        .collect();
    assert_eq!(numbers, [vec![0], vec![1, 0], vec![0], vec![0]]);
    let ids: Vec<&Value> = found.iter().map(|record| &record["id"]).collect();
    assert_eq!(ids, ["s2_004", "s1_003", "s2_005", "s1_002"]);
}

#[test]
fn frames_between_those_that_were_searched_get_masks() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let records = [
        frame(here, 1, 0, &[(10, RED, Some(0.9))]),
        frame(here, 1, 2, &[(34, RED, Some(0.9))]),
    ];
    let mut between = [
        frame(here, 1, 1, &[(22, RED, None)]),
        frame(here, 1, 2, &[(34, RED, None)]),
        frame(here, 1, 3, &[]),
        frame(here, 7, 9, &[(22, RED, None)]),
    ];
    for record in &mut between {
        record.as_object_mut().unwrap().remove("masks");
    }
    let lines: Vec<String> = between.iter().map(|record| format!("{record}\n")).collect();
    fs::write(here.join("between.jsonl"), lines.concat()).unwrap();
    let flags = [
        "--method",
        "overlap",
        "--segmenter",
        SEGMENTER,
        "--between",
        "between.jsonl",
    ];
    let ran = tracked(here, &flags, &records);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = ran.records();
    assert_eq!(
        found.len(),
        4,
        "neither one that was read nor one of another shot"
    );
    assert_eq!(found[2]["id"], "s1_001");
    assert_eq!(tracks(&found[2]), [(0, 22)]);
    assert!(found[2].get("lost").is_none());
    // Nobody is seen in the last, but no detector has looked.
    assert_eq!(found[3]["id"], "s1_003");
    assert_eq!(
        (tracks(&found[3]), &found[3]["lost"]),
        (vec![], &json!([0]))
    );
}

#[test]
fn without_a_segmenter_detections_are_linked_and_nothing_is_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let records = [
        frame(here, 1, 0, &[(10, RED, Some(0.9))]),
        frame(here, 1, 1, &[(22, RED, None)]),
        frame(here, 1, 2, &[(34, RED, Some(0.9))]),
    ];
    let flags = ["--method", "overlap", "--segmenter", "none"];
    let ran = tracked(here, &flags, &records);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = ran.records();
    assert_eq!(tracks(&found[1]), []);
    assert_eq!(tracks(&found[2])[0].0, 0);
    assert!(found[0]["models"].is_null(), "no network was asked");
}

#[test]
fn a_damaged_frame_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let records = [
        frame(here, 1, 0, &[(10, RED, Some(0.9))]),
        frame(here, 1, 1, &[(12, RED, Some(0.9))]),
        frame(here, 1, 2, &[(14, RED, Some(0.9))]),
    ];
    fs::write(here.join("s1_001.png"), "no image").unwrap();
    let flags = [
        "--method",
        "overlap",
        "--segmenter",
        "none",
        "--rejects",
        "rejects.jsonl",
    ];
    let ran = tracked(here, &flags, &records);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.records().len(), 2);
    let rejects = fs::read_to_string(here.join("rejects.jsonl")).unwrap();
    assert!(rejects.contains("s1_001.png"), "{rejects}");
}

/// A shot of one who is 100 wide and 120 high, in frames of 320x180: in each the left column, if there is anyone,
/// and the detector's score where it has found them.
fn large(folder: &Path, places: &[Option<(u32, Option<f64>)>]) -> Vec<Value> {
    let (width, height) = (320, 180);
    let frame = |(number, place): (usize, &Option<(u32, Option<f64>)>)| {
        let inside = |x: u32, y: u32| {
            place.is_some_and(|(left, _)| (left..left + 100).contains(&x)) && (30..150).contains(&y)
        };
        let colour = |x, y| Rgb(if inside(x, y) { RED } else { [120, 130, 120] });
        let id = format!("l{number}");
        let image = RgbImage::from_fn(width, height, colour);
        image.save(folder.join(format!("{id}.png"))).unwrap();
        let found = place.and_then(|(left, score)| {
            let mask = Mask::from_fn(width, height, inside).unwrap();
            Some(json!({
                "mask": {"size": [height, width], "counts": Rle::encode(&mask).to_coco_string()},
                "label": "person",
                "detection": {"box": [left, 30, left + 100, 150], "score": score?},
            }))
        });
        let time = number as f64 / 4.0;
        json!({
            "id": id, "image": format!("{id}.png"),
            "source": {"film": "f.mp4", "shot": 1, "frame": number, "time": time},
            "masks": found.into_iter().collect::<Vec<_>>(),
        })
    };
    places.iter().enumerate().map(frame).collect()
}

/// Of each frame the tracks of its masks, whether they were followed only, and their left columns.
fn followed(folder: &Path, records: &[Value]) -> Vec<Vec<(u64, bool, u64)>> {
    let flags = ["--method", "memory", "--model", MEMORY];
    let ran = tracked(folder, &flags, records);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let masks = |record: &Value| -> Vec<(u64, bool, u64)> {
        assert_eq!(record["models"]["mask-track"]["model"], "track_drawn");
        let masks = record["masks"].as_array().unwrap().iter();
        let mask = |mask: &Value| {
            let left = mask["box"][0].as_u64().unwrap();
            (
                mask["track"].as_u64().unwrap(),
                mask["followed"] == true,
                left,
            )
        };
        masks.map(mask).collect()
    };
    ran.records().iter().map(masks).collect()
}

#[test]
fn a_network_with_a_memory_follows_forward_and_backward() {
    let folder = tempfile::tempdir().unwrap();
    let lefts = [20, 40, 60, 110, 160, 210];
    let scores = [None, None, Some(0.95), None, Some(0.7), None];
    let places: Vec<_> = { lefts.iter().zip(scores) }
        .map(|(left, score)| Some((*left, score)))
        .collect();
    let found = followed(folder.path(), &large(folder.path(), &places));
    for ((masks, wanted), score) in found.iter().zip(lefts).zip(scores) {
        let [(track, is_followed, left)] = masks[..] else {
            panic!("one mask in each frame: {found:?}");
        };
        assert_eq!((track, is_followed), (0, score.is_none()), "{found:?}");
        // The network's mask has a fortieth of the image's width for a pixel.
        assert!(left.abs_diff(u64::from(wanted)) <= 10, "{left} {wanted}");
    }
}

#[test]
fn who_leaves_and_comes_back_keeps_the_track() {
    let folder = tempfile::tempdir().unwrap();
    let there = |left, score| Some((left, score));
    let places = [
        there(20, None),
        there(30, Some(0.9)),
        None,
        None,
        there(200, None),
        there(210, None),
    ];
    let found = followed(folder.path(), &large(folder.path(), &places));
    let counts: Vec<usize> = found.iter().map(Vec::len).collect();
    assert_eq!(counts, [1, 1, 0, 0, 1, 1]);
    assert!(found.iter().flatten().all(|(track, ..)| *track == 0));
}

#[test]
fn two_detections_that_the_memory_joins_are_one_track() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody would link them: they are two widths apart, in neighbouring frames. What a detector has found twice
    // is detected, and not only followed.
    let places = [
        Some((0, Some(0.9))),
        Some((215, Some(0.8))),
        Some((215, None)),
    ];
    let found = followed(folder.path(), &large(folder.path(), &places));
    let tracks: Vec<(u64, bool)> = { found.iter().flatten() }
        .map(|(track, is_followed, _)| (*track, *is_followed))
        .collect();
    assert_eq!(tracks, [(0, false), (0, false), (0, true)]);
}

#[test]
fn boxes_without_masks_are_enough_for_a_memory() {
    let folder = tempfile::tempdir().unwrap();
    let places = [
        Some((40, Some(0.9))),
        Some((60, None)),
        Some((80, Some(0.8))),
    ];
    let mut records = large(folder.path(), &places);
    for record in &mut records {
        let masks = record["masks"].as_array().unwrap().iter();
        let boxes = masks.map(|mask| {
            let found = &mask["detection"];
            json!({"box": found["box"], "score": found["score"], "label": "person"})
        });
        record["boxes"] = boxes.collect();
        record.as_object_mut().unwrap().remove("masks");
    }
    let found = followed(folder.path(), &records);
    let tracks: Vec<(u64, bool)> = { found.iter().flatten() }
        .map(|(track, is_followed, _)| (*track, *is_followed))
        .collect();
    assert_eq!(tracks, [(0, false), (0, true), (0, false)]);
    for ((_, _, left), wanted) in found.iter().flatten().zip([40_u64, 60, 80]) {
        assert!(left.abs_diff(wanted) <= 10, "{left} {wanted}");
    }
}

#[test]
fn a_memory_that_leads_elsewhere_is_set_right_by_a_box() {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new("tests/golden/overlap");
    let text = fs::read_to_string(golden.join("in.jsonl")).unwrap();
    let mut records: Vec<Value> = { text.lines() }
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for record in &mut records {
        let image = record["image"].as_str().unwrap();
        fs::copy(golden.join(image), folder.path().join(image)).unwrap();
        let masks = record["masks"].as_array().unwrap().iter();
        record["boxes"] = masks.map(|mask| mask["detection"].clone()).collect();
        record.as_object_mut().unwrap().remove("masks");
    }
    let flags = ["--method", "memory", "--model", MEMORY];
    let ran = tracked(folder.path(), &flags, &records);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let edges = |value: &Value| -> Rect<f64> { serde_json::from_value(value.clone()).unwrap() };
    let mut detected = 0;
    for record in ran.records() {
        for mask in record["masks"].as_array().unwrap() {
            if mask.get("detection").is_some() {
                let iou = edges(&mask["box"]).iou(edges(&mask["detection"]["box"]));
                assert!(iou >= 0.5, "{}: {iou} {mask}", record["id"]);
                detected += 1;
            }
        }
    }
    assert!(detected >= 6, "{detected}");
}

/// What comes of records, with a cache.
fn remembered(here: &Path, segmenter: &str, records: &[Value]) -> Ran {
    let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
    let flags = [
        "--method",
        "overlap",
        "--segmenter",
        segmenter,
        "--device",
        "cpu",
        "--out-dir",
        "tracked",
        "--cache",
        "cache",
        "--rejects",
        "rejects.jsonl",
    ];
    run_in(here, TOOL, &flags, &lines.concat())
}

#[test]
fn what_was_found_of_a_shot_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let records: Vec<Value> = (0..3)
        .map(|number| frame(here, 1, number, &[(40, RED, Some(0.9))]))
        .collect();
    let first = remembered(here, SEGMENTER, &records);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(first.records()[0]["masks"][0].get("ghost").is_none());
    // Another answer in its place shows where the next one is from. An answer without a seal is one of old.
    let database = rusqlite::Connection::open(here.join("cache/results.sqlite3")).unwrap();
    let mark = r#"UPDATE results SET seal = NULL, value =
        CAST(replace(CAST(value AS TEXT), '"ghost":null', '"ghost":"from memory"') AS BLOB)"#;
    assert_eq!(database.execute(mark, []).unwrap(), 1);
    let second = remembered(here, SEGMENTER, &records);
    for record in second.records() {
        assert_eq!(record["masks"][0]["ghost"], "from memory");
    }
    let old = "SELECT count(*) FROM results WHERE seal IS NULL";
    let old: i64 = database.query_row(old, [], |row| row.get(0)).unwrap();
    assert_eq!(old, 1, "it was not written again");
    let cache = stage_usage(here);
    remembered(here, "none", &records);
    assert!(stage_usage(here) > cache, "other settings, another answer");
}

#[test]
fn an_answer_is_remembered_for_the_labels_and_scores_that_it_was_given_on() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut records = [
        frame(here, 1, 0, &[(10, RED, Some(0.9))]),
        frame(here, 1, 1, &[(22, RED, None)]),
        frame(here, 1, 2, &[(34, RED, Some(0.9))]),
    ];
    let found = remembered(here, SEGMENTER, &records).records();
    assert_eq!(found[1]["masks"][0]["label"], "person");
    for at in [0, 2] {
        records[at]["masks"][0]["label"] = json!("animal");
    }
    let found = remembered(here, SEGMENTER, &records).records();
    assert_eq!(found[1]["masks"][0]["label"], "animal", "of its track");
    assert!(found[0]["masks"][0].get("doubts").is_none());
    records[0]["masks"][0]["score"] = json!(0.3);
    let found = remembered(here, SEGMENTER, &records).records();
    assert_eq!(found[0]["masks"][0]["doubts"], json!(["quality"]));
}

#[test]
fn of_a_shot_without_a_sound_frame_nothing_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let records = [frame(here, 1, 0, &[(10, RED, Some(0.9))])];
    fs::write(here.join("s1_000.png"), "no image").unwrap();
    let ran = remembered(here, "none", &records);
    assert!(ran.records().is_empty(), "{}", ran.stdout);
    assert_eq!(stage_usage(here), 0);
}

/// How many results the cache holds.
fn stage_usage(here: &Path) -> u64 {
    stage::Cache::open(&here.join("cache"))
        .usage()
        .unwrap()
        .results
}
