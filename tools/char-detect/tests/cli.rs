//! What char-detect finds with drawn detectors and, where they are at hand, with published weights.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::{Path, PathBuf};

use image::RgbImage;
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_char-detect");

fn drawn(name: &str) -> String {
    let file = format!("../../shared/nets/tests/onnx/{name}.onnx");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    path.to_str().unwrap().to_owned()
}

/// Runs the tool with a drawn detector on images, `p0` and so on.
fn detect(here: &Path, model: &str, images: &[RgbImage], flags: &[&str]) -> Ran {
    let mut manifest = String::new();
    for (number, image) in images.iter().enumerate() {
        let name = format!("p{number}.png");
        image.save(here.join(&name)).unwrap();
        let record = json!({"id": format!("p{number}"), "image": name});
        manifest.push_str(&record.to_string());
        manifest.push('\n');
    }
    let model = drawn(model);
    let mut all = vec!["--device", "cpu", "--model", &model];
    if !flags.contains(&"--cache") {
        all.push("--no-cache");
    }
    all.extend(flags);
    run_in(here, TOOL, &all, &manifest)
}

fn boxes(ran: &Ran) -> Vec<Vec<Value>> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let records = ran.records();
    let boxes = records.iter().map(|record| record["boxes"].as_array());
    boxes.map(|boxes| boxes.unwrap().clone()).collect()
}

#[test]
fn has_manners() {
    let model = drawn("yolox");
    manners(Shape {
        tool: TOOL,
        flags: &["--device", "cpu", "--no-cache", "--model", &model],
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

#[test]
fn the_same_for_any_batch_and_from_the_cache() {
    let here = tempfile::tempdir().unwrap();
    let images: Vec<_> = (0..5).map(|seed| scene(120, 80, seed)).collect();
    for model in ["yolox", "yolox_suppressed", "rtdetr"] {
        let flags = ["--classes", "all", "--cache", model];
        let run = |more: &[&str]| detect(here.path(), model, &images, &[&flags, more].concat());
        let first = run(&["--batch", "1"]);
        assert!(
            boxes(&first).iter().any(|boxes| !boxes.is_empty()),
            "{model}"
        );
        let remembered = run(&[]);
        assert_eq!(first.stdout, remembered.stdout, "{model}");
        let fresh = detect(
            here.path(),
            model,
            &images,
            &["--classes", "all", "--batch", "3"],
        );
        assert_eq!(first.stdout, fresh.stdout, "{model}");
    }
}

#[test]
fn a_remembered_answer_is_that_of_the_same_settings() {
    let here = tempfile::tempdir().unwrap();
    let run = |threshold: &str| {
        let flags = ["--classes", "all", "--cache", "c", "--threshold", threshold];
        boxes(&detect(here.path(), "yolox", &[scene(120, 80, 1)], &flags))[0].len()
    };
    let (many, few) = (run("0.1"), run("0.7"));
    assert!(many > few, "{many} and {few}");
    assert_eq!(run("0.1"), many);
}

#[test]
fn flags_bound_what_is_kept() {
    let here = tempfile::tempdir().unwrap();
    let run = |flags: &[&str]| {
        let flags = [&["--classes", "all"], flags].concat();
        boxes(&detect(here.path(), "yolox", &[scene(320, 200, 2)], &flags)).remove(0)
    };
    let all = run(&[]);
    let scores: Vec<_> = all
        .iter()
        .map(|found| found["score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "by descending score");
    assert!(run(&["--nms", "0.1"]).len() < all.len());
    let large = run(&["--min-side", "40"]);
    assert!(!large.is_empty() && large.len() < all.len());
    for found in large {
        let side = |low: usize| {
            found["box"][low + 2].as_f64().unwrap() - found["box"][low].as_f64().unwrap()
        };
        assert!(side(0) >= 39.98 && side(1) >= 39.98, "{found}");
    }
    let flags = ["--classes", "class_1"];
    let one = detect(here.path(), "yolox", &[scene(320, 200, 2)], &flags);
    let one = boxes(&one).remove(0);
    assert!(!one.is_empty() && one.iter().all(|found| found["label"] == "class_1"));
}

#[test]
fn tiles_are_looked_at_as_well() {
    let here = tempfile::tempdir().unwrap();
    let images: Vec<_> = (0..6).map(|seed| scene(640, 400, seed)).collect();
    let run = |tiles: &str| {
        let flags = [
            "--classes",
            "class_0",
            "--threshold",
            "0.5",
            "--tiles",
            tiles,
        ];
        boxes(&detect(here.path(), "yolox", &images, &flags))
    };
    let (whole, tiled) = (run("0"), run("3"));
    assert_ne!(whole, tiled);
    let small = |found: &&Value| {
        let side = |low: usize| {
            found["box"][low + 2].as_f64().unwrap() - found["box"][low].as_f64().unwrap()
        };
        side(0).max(side(1)) < 60.0
    };
    let count = |all: &[Vec<Value>]| all.iter().flatten().filter(small).count();
    assert!(count(&tiled) > count(&whole), "small characters are found");
}

#[test]
fn nothing_found_is_an_empty_list_said_loudly() {
    let here = tempfile::tempdir().unwrap();
    let images = [scene(64, 64, 1), scene(64, 64, 2)];
    let ran = detect(here.path(), "yolox", &images, &["--threshold", "1"]);
    assert_eq!(boxes(&ran), [Vec::<Value>::new(), Vec::new()]);
    assert!(
        ran.stderr.contains("no box in any of 2 images"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_film_in_which_nobody_is_found_can_be_an_error() {
    let here = tempfile::tempdir().unwrap();
    let images = [scene(64, 64, 1), scene(64, 64, 2)];
    let flags = ["--must-find", "--threshold", "1"];
    let ran = detect(here.path(), "yolox", &images, &flags);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("no box in any of 2 images: no character was detected"),
        "{}",
        ran.stderr
    );
    let ran = detect(
        here.path(),
        "yolox",
        &images,
        &["--must-find", "--threshold", "0"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn of_a_detector_with_classes_of_its_own_creatures_are_all_it_finds() {
    let here = tempfile::tempdir().unwrap();
    let images: Vec<_> = (0..4).map(|seed| scene(160, 120, seed)).collect();
    let found = |flags: &[&str]| detect(here.path(), "yolox", &images, flags).stdout;
    let creatures = found(&["--classes", "creatures"]);
    assert!(creatures.contains("class_"), "{creatures}");
    assert_eq!(creatures, found(&[]));
}

/// A boy close to the camera, before a plain ground, and known by his face alone.
#[test]
fn a_close_up_is_a_character_by_its_face() {
    let here = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let boy = image::open(root.join("examples/film/cast/nilo/nilo_13.jpg")).unwrap();
    let mut image = RgbImage::from_pixel(768, 320, image::Rgb([150, 160, 170]));
    image::imageops::replace(&mut image, &boy.into_rgb8(), 250, 32);
    let images = [image];
    let face = root.join("models/small/face/face.onnx");
    let nobody = ["--threshold", "1"];
    assert_eq!(
        boxes(&detect(here.path(), "yolox", &images, &nobody)),
        [Vec::<Value>::new()]
    );
    let flags = [&nobody[..], &["--face-detector", face.to_str().unwrap()]].concat();
    let ran = detect(here.path(), "yolox", &images, &flags);
    let found = &boxes(&ran)[0];
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["label"], "person");
    // His face is 195 by 156 pixels round column 390, from row 78 on.
    let side = |at: usize| found[0]["box"][at].as_f64().unwrap();
    let near = |at: usize, place: f64| assert!((side(at) - place).abs() < 25.0, "{found:?}");
    near(0, 390.0 - 1.4 * 195.0);
    near(1, 0.0);
    near(2, 390.0 + 1.4 * 195.0);
    near(3, 320.0);
    assert!(ran.records()[0]["models"]["char-detect faces"].is_object());
}

#[test]
fn threads_of_images_and_single_pixels_are_looked_at() {
    let here = tempfile::tempdir().unwrap();
    let sizes = [(1, 1000), (1000, 1), (7, 5), (1, 1), (3000, 40)];
    let images: Vec<_> = sizes.iter().map(|(w, h)| scene(*w, *h, 4)).collect();
    for model in ["yolox", "rtdetr"] {
        let flags = ["--classes", "all", "--tiles", "3"];
        let found = boxes(&detect(here.path(), model, &images, &flags));
        for (boxes, (width, height)) in found.iter().zip(sizes) {
            for found in boxes {
                let corner = |place: usize| found["box"][place].as_f64().unwrap();
                assert!(corner(0) >= 0.0 && corner(2) <= f64::from(width), "{found}");
                assert!(
                    corner(1) >= 0.0 && corner(3) <= f64::from(height),
                    "{found}"
                );
            }
        }
    }
}

#[test]
fn wrong_flags_are_a_wrong_command_line() {
    for wrong in [
        "--threshold=1.5",
        "--nms=nan",
        "--tiles=9",
        "--batch=0",
        "--min-side=-1",
    ] {
        let ran = run_in(Path::new("."), TOOL, &[wrong], "");
        assert_eq!(ran.code, Some(2), "{wrong}");
    }
}

/// The folder of published weights, beside the repository or where the variable says.
fn weights() -> Option<PathBuf> {
    let named = std::env::var_os("FILM2LORA_WEIGHTS").map(PathBuf::from);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut above = here.ancestors().map(|folder| folder.join("shared/weights"));
    let found = named.or_else(|| above.find(|folder| folder.join("yolox_nano.onnx").is_file()))?;
    found.is_dir().then_some(found)
}

/// What rtmlib's `YOLOX` finds with Megvii's `yolox_nano.onnx` on `frame.jpg`, at a score of 0.3 and
/// suppression at 0.65, in all classes.
const BY_RTMLIB: &[([f64; 4], f64, &str)] = &[
    ([225.70, 69.00, 340.90, 189.62], 0.8798, "person"),
    ([70.63, 96.82, 133.29, 186.75], 0.7841, "person"),
    ([332.84, 104.32, 345.09, 117.83], 0.4038, "sports ball"),
    ([143.33, 104.53, 201.30, 186.84], 0.3987, "fire hydrant"),
    ([356.37, 132.46, 377.68, 151.92], 0.3516, "sports ball"),
];

#[test]
fn published_weights_find_what_rtmlib_finds() {
    let Some(weights) = weights() else { return };
    let model = weights.join("yolox_nano.onnx");
    let flags = [
        "--no-cache",
        "--device",
        "cpu",
        "--classes",
        "all",
        "--model",
    ];
    let flags = [&flags[..], &[model.to_str().unwrap()]].concat();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let record = json!({"id": "frame", "image": "frame.jpg"});
    let ran = run_in(&here, TOOL, &flags, &format!("{record}\n"));
    let found = boxes(&ran).remove(0);
    assert_eq!(found.len(), BY_RTMLIB.len(), "{found:?}");
    for (found, (corners, score, label)) in found.iter().zip(BY_RTMLIB) {
        assert_eq!(found["label"], *label);
        assert!(
            (found["score"].as_f64().unwrap() - score).abs() < 0.01,
            "{found}"
        );
        for (place, corner) in corners.iter().enumerate() {
            let own = found["box"][place].as_f64().unwrap();
            assert!((own - corner).abs() < 1.0, "{found}");
        }
    }
}
