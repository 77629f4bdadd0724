//! What pose-draw makes of poses.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_pose-draw");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--out-dir", "control"],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// A figure of 17 joints in an image of 256x512: the left shoulder at the right of the image.
fn record() -> Value {
    let mut points: Vec<[f64; 3]> = (0..17)
        .map(|at| [128.0, 40.0 + 25.0 * f64::from(at), 0.1])
        .collect();
    points[5] = [180.0, 100.0, 0.9];
    points[6] = [76.0, 100.0, 0.9];
    points[7] = [220.0, 200.0, 0.9];
    json!({"id": "a", "image": "a.png", "width": 256, "height": 512, "pose": {"keypoints": points}})
}

fn draw(folder: &Path, flags: &[&str], record: &Value) -> Ran {
    let usual = ["--out-dir", "control", "--rejects", "rejects.jsonl"];
    run_in(
        folder,
        TOOL,
        &[&usual[..], flags].concat(),
        &format!("{record}\n"),
    )
}

fn read(folder: &Path, name: &str) -> RgbImage {
    image::open(folder.join(name)).unwrap().to_rgb8()
}

#[test]
fn a_skeleton_is_drawn_on_black_in_the_colours_of_openpose() {
    let folder = tempfile::tempdir().unwrap();
    let ran = draw(folder.path(), &[], &record());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.records()[0]["skeleton"], json!("control/a.png"));
    let image = read(folder.path(), "control/a.png");
    assert_eq!(image.dimensions(), (256, 512));
    // Its left shoulder and elbow, the neck between the shoulders, the limbs at 0.6.
    for (at, colour) in [
        ((180, 100), [85, 255, 0]),
        ((220, 200), [0, 255, 0]),
        ((128, 100), [255, 85, 0]),
        ((102, 100), [153, 0, 0]),
        ((154, 100), [153, 51, 0]),
        ((200, 150), [102, 153, 0]),
        ((128, 300), [0, 0, 0]),
    ] {
        assert_eq!(image.get_pixel(at.0, at.1), &Rgb(colour), "{at:?}");
    }
    draw(folder.path(), &["--colours", "coco"], &record());
    let image = read(folder.path(), "control/a.png");
    assert_eq!(image.get_pixel(200, 150), &Rgb([0, 255, 0]));
    assert_eq!(image.get_pixel(128, 100), &Rgb([51, 153, 255]));
}

#[test]
fn over_the_image_it_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let grey = RgbImage::from_pixel(256, 512, Rgb([120; 3]));
    grey.save(folder.path().join("a.png")).unwrap();
    let ran = draw(folder.path(), &["--over", "looks"], &record());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let image = read(folder.path(), "looks/a.jpg");
    let near = |at: (u32, u32), colour: [u8; 3]| {
        let own = image.get_pixel(at.0, at.1).0;
        own.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 24)
    };
    assert!(near((20, 20), [120; 3]) && near((200, 150), [102, 153, 0]));
}

#[test]
fn an_exported_image_gets_its_name_and_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut record = record();
    record["dataset"] =
        json!({"file": "pose/dataset/store/pose_nilo_3.png", "width": 128, "height": 256});
    let ran = draw(folder.path(), &["--exported"], &record);
    assert_eq!(
        ran.records()[0]["skeleton"],
        json!("control/pose_nilo_3.png"),
        "{}",
        ran.stderr
    );
    let image = read(folder.path(), "control/pose_nilo_3.png");
    assert_eq!(image.dimensions(), (128, 256));
    assert_eq!(image.get_pixel(90, 50), &Rgb([85, 255, 0]));
    // Of a part of the image that part, here twice as large.
    record["crop"] = json!([128, 64, 256, 192]);
    record["dataset"] = json!({"file": "store/part.jpg", "width": 256, "height": 256});
    draw(folder.path(), &["--exported"], &record);
    let image = read(folder.path(), "control/part.png");
    assert_eq!(image.get_pixel(104, 72), &Rgb([85, 255, 0]));
    record.as_object_mut().unwrap().remove("crop");
    record["dataset"] = json!({"file": "a.jpg", "width": 256, "height": 512});
    // One of a shard has no file of its own.
    record["dataset"]["file"] = json!("shards/00000.tar");
    let ran = draw(folder.path(), &["--exported"], &record);
    assert_eq!(ran.records()[0]["skeleton"], json!("control/a.png"));
}

#[test]
fn of_a_part_that_was_exported_that_part_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let own = RgbImage::from_fn(256, 512, |x, y| Rgb([(x % 200) as u8, (y / 3) as u8, 90]));
    own.save(folder.path().join("a.png")).unwrap();
    let part = image::imageops::crop_imm(&own, 0, 90, 256, 256).to_image();
    part.save(folder.path().join("b.png")).unwrap();
    let mut record = record();
    record["dataset"] = json!({"file": "b.png", "width": 256, "height": 256});
    let ran = draw(folder.path(), &["--exported"], &record);
    assert_eq!(ran.records().len(), 1, "{}", ran.stderr);
    let image = read(folder.path(), "control/b.png");
    assert_eq!(
        image.get_pixel(180, 10),
        &Rgb([85, 255, 0]),
        "the shoulder, at 100"
    );
    let rejected = || {
        let text = std::fs::read_to_string(folder.path().join("rejects.jsonl")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["rejected"].clone()
    };
    RgbImage::new(256, 256)
        .save(folder.path().join("b.png"))
        .unwrap();
    let ran = draw(folder.path(), &["--exported"], &record);
    assert_eq!((ran.code, ran.records().len()), (Some(0), 0));
    let why = rejected()["reason"].as_str().unwrap().to_owned();
    assert!(why.starts_with("no part of the image looks like"), "{why}");
    let mut bare = record.clone();
    bare.as_object_mut().unwrap().remove("dataset");
    draw(folder.path(), &["--exported"], &bare);
    assert!(
        rejected()["error"]
            .as_str()
            .unwrap()
            .contains("--exported needs")
    );
}

#[test]
fn several_figures_are_in_one_image_and_none_pass() {
    let folder = tempfile::tempdir().unwrap();
    let pose = record()["pose"].clone();
    let several = json!({"id": "b", "image": "b.png", "width": 256, "height": 512,
        "boxes": [{"box": [0, 0, 1, 1], "pose": pose}, {"box": [0, 0, 1, 1]}]});
    draw(folder.path(), &[], &several);
    assert_eq!(
        read(folder.path(), "control/b.png").get_pixel(180, 100),
        &Rgb([85, 255, 0])
    );
    let none = json!({"id": "c", "image": "c.png", "width": 256, "height": 512});
    assert_eq!(draw(folder.path(), &[], &none).records()[0], none);
    let huge = json!({"id": "d", "image": "d.png", "width": 99_999, "height": 99_999, "pose": {"keypoints": []}});
    let ran = draw(folder.path(), &[], &huge);
    assert!(ran.records().is_empty(), "{}", ran.stderr);
}
