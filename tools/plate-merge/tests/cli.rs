//! What plate-merge makes of manifests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma, Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_plate-merge");

#[test]
fn has_manners() {
    let shape = Shape {
        tool: TOOL,
        flags: &["--unmasked"],
        opens_images: true,
        streams: false,
    };
    manners(shape);
    manners(Shape {
        flags: &["--unmasked", "--per", "frame"],
        ..shape
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// The side of the drawn frames, pixels.
const SIZE: (u32, u32) = (240, 160);

/// A ground without end: smooth patches of many sizes in colour, 20 to 235.
fn ground(x: f64, y: f64) -> [u8; 3] {
    let level = |size: f64, seed: f64| {
        let (u, v) = (x / size, y / size);
        let (left, top) = (u.floor(), v.floor());
        let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
        let at = |column: f64, row: f64| {
            let mixed = (column * 127.1 + row * 311.7 + seed * 74.7).sin() * 43_758.545;
            mixed - mixed.floor()
        };
        let line = |row: f64| {
            let across = smooth(u - left);
            at(left, row) * (1.0 - across) + at(left + 1.0, row) * across
        };
        let down = smooth(v - top);
        line(top) * (1.0 - down) + line(top + 1.0) * down
    };
    [1.0, 2.0, 3.0].map(|seed| {
        (20.0 + 150.0 * level(31.0, seed) + 65.0 * level(11.0, seed + 5.0)).round() as u8
    })
}

/// A frame: the ground as the camera sees it, under a red character of which the mask is a file.
struct Drawn<'a> {
    /// From a pixel to the ground.
    camera: &'a dyn Fn(f64, f64) -> (f64, f64),
    /// Left, top, right, bottom.
    character: [u32; 4],
    gain: f64,
}

impl Drawn<'_> {
    fn pixel(&self, x: u32, y: u32) -> Rgb<u8> {
        let (u, v) = (self.camera)(f64::from(x), f64::from(y));
        Rgb(ground(u, v).map(|level| (f64::from(level) * self.gain).round().min(255.0) as u8))
    }

    fn inside(&self, x: u32, y: u32) -> bool {
        let [left, top, right, bottom] = self.character;
        (left..right).contains(&x) && (top..bottom).contains(&y)
    }

    /// Writes image and mask, and gives the record.
    fn record(&self, folder: &Path, number: usize) -> String {
        let image = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            if self.inside(x, y) {
                Rgb([250, 5, 5])
            } else {
                self.pixel(x, y)
            }
        });
        let mask = GrayImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            Luma([if self.inside(x, y) { 255 } else { 0 }])
        });
        image.save(folder.join(format!("f{number}.png"))).unwrap();
        mask.save(folder.join(format!("m{number}.png"))).unwrap();
        let source = json!({"film": "drawn", "frame": number, "time": number as f64, "shot": 3});
        let record = json!({"id": format!("f{number}"), "image": format!("f{number}.png"), "mask": format!("m{number}.png"), "source": source});
        format!("{record}\n")
    }
}

/// Runs the tool over frames, and gives what passed.
fn plates(folder: &Path, flags: &[&str], input: &str) -> Vec<Value> {
    let arguments: Vec<&str> = ["--rejects", "r.jsonl"]
        .iter()
        .chain(flags)
        .copied()
        .collect();
    let ran = run_in(folder, TOOL, &arguments, input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

fn dropped(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("r.jsonl")).unwrap();
    let reason = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        record["rejected"]["reason"].as_str().unwrap().to_owned()
    };
    text.lines().map(reason).collect()
}

/// The largest and the mean difference of a plate from what the camera would see without anybody,
/// where the hole is not.
fn off(folder: &Path, plate: &Value, drawn: &Drawn<'_>) -> (u8, f64) {
    let image = image::open(folder.join(plate["image"].as_str().unwrap()))
        .unwrap()
        .to_rgb8();
    let hole = image::open(folder.join(plate["mask"].as_str().unwrap()))
        .unwrap()
        .to_luma8();
    let seen = image
        .enumerate_pixels()
        .filter(|(x, y, _)| hole.get_pixel(*x, *y).0[0] == 0);
    let differences: Vec<u8> = seen
        .flat_map(|(x, y, pixel)| {
            let truth = drawn.pixel(x, y);
            [0, 1, 2].map(|part| pixel.0[part].abs_diff(truth.0[part]))
        })
        .collect();
    let sum: f64 = differences.iter().copied().map(f64::from).sum();
    (
        *differences.iter().max().unwrap(),
        sum / differences.len() as f64,
    )
}

#[test]
fn one_who_walks_past_a_fixed_camera_is_wholly_gone() {
    let here = tempfile::tempdir().unwrap();
    let still = |x, y| (x, y);
    let frames: Vec<Drawn<'_>> = (0..5)
        .map(|step| Drawn {
            camera: &still,
            character: [10 + 40 * step, 50, 40 + 40 * step, 140],
            gain: 1.0,
        })
        .collect();
    let input: String = frames
        .iter()
        .enumerate()
        .map(|(number, frame)| frame.record(here.path(), number))
        .collect();
    let plates = plates(here.path(), &[], &input);
    assert_eq!(plates.len(), 1, "one plate a shot");
    let plate = &plates[0]["plate"];
    assert_eq!(
        (&plate["frames"], &plate["seen"], &plate["hole"]),
        (&json!(5), &json!(1.0), &json!(0.0))
    );
    assert_eq!(
        (&plate["motion"], &plate["original"]),
        (&json!("fixed"), &json!("f0.png"))
    );
    assert_eq!(
        off(here.path(), &plates[0], &frames[0]),
        (0, 0.0),
        "every pixel is the ground's own"
    );
    assert_eq!(dropped(here.path()), ["merged into f0"; 4]);
}

#[test]
fn what_no_frame_shows_stays_a_hole() {
    let here = tempfile::tempdir().unwrap();
    let still = |x, y| (x, y);
    let frames = [[100, 60, 140, 120], [110, 60, 150, 120]];
    let frames = frames.map(|character| Drawn {
        camera: &still,
        character,
        gain: 1.0,
    });
    let input: String = frames
        .iter()
        .enumerate()
        .map(|(number, frame)| frame.record(here.path(), number))
        .collect();
    let plates = plates(
        here.path(),
        &["--grow-masks", "0", "--grow-down", "0"],
        &input,
    );
    let hole = image::open(here.path().join(plates[0]["mask"].as_str().unwrap()))
        .unwrap()
        .to_luma8();
    let expected = GrayImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        Luma([if (110..140).contains(&x) && (60..120).contains(&y) {
            255
        } else {
            0
        }])
    });
    assert!(hole == expected, "what is hidden in both");
    assert_eq!(plates[0]["plate"]["seen"], 0.25);
    assert_eq!(
        plates[0]["plate"]["hole"],
        json!((30.0_f64 * 60.0 / (240.0 * 160.0) * 1e4).round() / 1e4)
    );
}

#[test]
fn a_pan_in_flickering_light_is_laid_together() {
    let here = tempfile::tempdir().unwrap();
    let cameras: Vec<_> = (0..4)
        .map(|step| move |x: f64, y: f64| (x + 13.3 * f64::from(step), y - 4.6 * f64::from(step)))
        .collect();
    let frames: Vec<Drawn<'_>> = cameras
        .iter()
        .zip([1.0, 0.9, 1.05, 0.95])
        .map(|(camera, gain)| Drawn {
            camera,
            character: [90, 40, 120, 130],
            gain,
        })
        .collect();
    let input: String = frames
        .iter()
        .enumerate()
        .map(|(number, frame)| frame.record(here.path(), number))
        .collect();
    let plates = plates(here.path(), &["--per", "frame"], &input);
    assert_eq!(plates.len(), 4);
    for (plate, frame) in plates.iter().zip(&frames) {
        assert_eq!(plate["plate"]["motion"], "shift", "{plate}");
        assert!(plate["plate"]["seen"].as_f64().unwrap() > 0.95, "{plate}");
        let (most, mean) = off(here.path(), plate, frame);
        assert!(most <= 12 && mean < 0.5, "{most} {mean}");
    }
}

#[test]
fn a_camera_that_turns_is_a_homography() {
    let here = tempfile::tempdir().unwrap();
    // A turn: x' = (x cos + f sin) / (cos - x sin / f), with f = 200 pixels.
    let turn = |angle: f64| {
        move |x: f64, y: f64| {
            let (x, y) = (x - 120.0, y - 80.0);
            let depth = angle.cos() - x * angle.sin() / 200.0;
            (
                120.0 + (x * angle.cos() + 200.0 * angle.sin()) / depth,
                80.0 + y / depth,
            )
        }
    };
    let cameras = [turn(0.0), turn(0.06), turn(0.12)];
    let frames = cameras.each_ref().map(|camera| Drawn {
        camera,
        character: [100, 40, 124, 130],
        gain: 1.0,
    });
    let input: String = frames
        .iter()
        .enumerate()
        .map(|(number, frame)| frame.record(here.path(), number))
        .collect();
    let plates = plates(here.path(), &["--per", "frame"], &input);
    for (plate, frame) in plates.iter().zip(&frames) {
        assert_eq!(
            (&plate["plate"]["motion"], &plate["plate"]["frames"]),
            (&json!("homography"), &json!(3)),
            "{plate}"
        );
        let (most, mean) = off(here.path(), plate, frame);
        assert!(most <= 12 && mean < 0.3, "{most} {mean}");
    }
}

#[test]
fn a_camera_that_moves_past_things_near_and_far_is_refused() {
    let here = tempfile::tempdir().unwrap();
    // The lower half is near, and moves six times as far.
    let camera =
        |step: f64| move |x: f64, y: f64| (x + if y < 80.0 { step } else { 6.0 * step }, y);
    let cameras = [camera(0.0), camera(2.0)];
    let frames = cameras.each_ref().map(|camera| Drawn {
        camera,
        character: [90, 40, 120, 130],
        gain: 1.0,
    });
    let input: String = frames
        .iter()
        .enumerate()
        .map(|(number, frame)| frame.record(here.path(), number))
        .collect();
    let passed = plates(here.path(), &[], &input);
    assert_eq!(passed[0]["plate"]["frames"], 1);
    assert_eq!(passed[0]["image"], "f0.png", "as it was");
    let reason = passed[0]["plate"]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("no other frame of its shot aligns with it: parts are still"),
        "{reason}"
    );
    assert!(
        dropped(here.path())[0].starts_with("not merged into f0: parts are still"),
        "{:?}",
        dropped(here.path())
    );
    assert_eq!(
        plates(here.path(), &["--per", "frame"], &input).len(),
        2,
        "none is lost"
    );
}

#[test]
fn beyond_three_frames_that_are_too_far_apart_only_what_is_near_again_is_compared() {
    let here = tempfile::tempdir().unwrap();
    let camera =
        |step: f64| move |x: f64, y: f64| (x + if y < 80.0 { step } else { 6.0 * step }, y);
    let pan = |step: f64| move |x: f64, y: f64| (x + step, y);
    let [near, farther, far, away, gone, back] = [0.0, 2.0, 4.0, 6.0, 8.0, 0.0].map(camera);
    let moved = pan(5.0);
    let cameras: [&dyn Fn(f64, f64) -> (f64, f64); 7] =
        [&near, &farther, &far, &away, &gone, &back, &moved];
    let drawn = cameras.map(|camera| Drawn {
        camera,
        character: [90, 40, 120, 130],
        gain: 1.0,
    });
    let frames = drawn.iter().enumerate();
    let input: String = frames
        .map(|(number, frame)| frame.record(here.path(), number))
        .collect();
    let passed = plates(here.path(), &["--per", "frame"], &input);
    let aligned: Vec<bool> = (passed.iter())
        .map(|record| record["plate"]["frames"].as_u64().unwrap() > 1)
        .collect();
    assert_eq!(aligned, [true, false, false, false, false, true, true]);
    let reason = |at: usize| passed[at]["plate"]["reason"].as_str().unwrap();
    assert!(
        reason(3).starts_with("does not align with f0: parts are still"),
        "{}",
        reason(3)
    );
    assert_eq!(
        reason(4),
        "does not align with f0: neither it nor the frames between align"
    );
}

#[test]
fn masks_come_as_run_lengths_too_and_must_fit() {
    let here = tempfile::tempdir().unwrap();
    let still = |x, y| (x, y);
    let frame = Drawn {
        camera: &still,
        character: [0, 0, 2, 160],
        gain: 1.0,
    };
    let record: Value = serde_json::from_str(&frame.record(here.path(), 0)).unwrap();
    let with = |masks: Value| {
        let mut record = record.clone();
        record.as_object_mut().unwrap().remove("mask");
        record["masks"] = masks;
        run_in(
            here.path(),
            TOOL,
            &["--grow-masks", "0", "--grow-down", "0"],
            &format!("{record}\n"),
        )
    };
    // The two left columns; COCO counts down columns.
    let ran = with(json!([{"mask": {"size": [160, 240], "counts": [0, 320, 38080]}}]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let plate = &ran.records()[0]["plate"];
    assert_eq!(
        (&plate["hole"], &plate["reason"]),
        (&json!(0.0083), &json!("the only frame of its shot"))
    );
    assert_eq!(
        with(json!([])).records()[0]["plate"]["seen"],
        1.0,
        "nobody is there"
    );
    for (masks, said) in [
        (
            json!([{"mask": {"size": [10, 24], "counts": [0, 240]}}]),
            "the mask is 24x10, but the image is 240x160",
        ),
        (
            json!([{"mask": {"size": [160, 240], "counts": "zz"}}]),
            "mask 0",
        ),
        (Value::Null, "neither `mask` nor `masks`"),
    ] {
        let ran = with(masks);
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn frames_of_a_dissolve_and_frames_beyond_the_number_are_left_out() {
    let here = tempfile::tempdir().unwrap();
    let still = |x, y| (x, y);
    let frame = |step: u32| Drawn {
        camera: &still,
        character: [10 + 30 * step, 50, 30 + 30 * step, 140],
        gain: 1.0,
    };
    let mut input: Vec<String> = (0..6)
        .map(|step| frame(step as u32).record(here.path(), step))
        .collect();
    input[0] = input[0].replace("\"source\"", "\"transition\":\"dissolve\",\"source\"");
    input[1] = input[1].replace("\"source\"", "\"lost\":[3,5],\"source\"");
    let passed = plates(here.path(), &["--frames", "2"], &input.concat());
    assert_eq!(
        (passed.len(), &passed[0]["plate"]["frames"]),
        (1, &json!(2))
    );
    let mut reasons = dropped(here.path());
    reasons.sort();
    assert_eq!(reasons[0], "its shot has 2 other frames, which are enough");
    assert_eq!(
        reasons[2],
        "may show characters without a mask: tracks 3, 5"
    );
    assert_eq!(reasons[4], "part of a dissolve");
    assert_eq!(
        reasons
            .iter()
            .filter(|reason| reason.starts_with("merged into"))
            .count(),
        1
    );
}

#[test]
fn text_that_is_laid_over_a_frame_hides_what_is_behind_it() {
    let here = tempfile::tempdir().unwrap();
    let still = |x, y| (x, y);
    let frame = Drawn {
        camera: &still,
        character: [0, 0, 2, 160],
        gain: 1.0,
    };
    let mut record: Value = serde_json::from_str(&frame.record(here.path(), 0)).unwrap();
    // The two columns at the left are the character's, and the two beside them have text.
    record["text"] =
        json!({"lines": [], "mask": {"size": [160, 240], "counts": [320, 320, 37760]}});
    let flags = ["--grow-masks", "0", "--grow-down", "0"];
    let found = plates(here.path(), &flags, &format!("{record}\n"));
    assert_eq!(found[0]["plate"]["hole"], 0.0167);
}
