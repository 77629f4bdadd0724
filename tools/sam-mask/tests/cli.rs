//! What sam-mask cuts out of images, with a drawn network that answers a box with the box and a
//! point with what has its colour.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in, scene};
use vision::mask::Rle;

const TOOL: &str = env!("CARGO_BIN_EXE_sam-mask");
const MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/sam/drawn2"
);

#[test]
fn has_manners() {
    let auto = [
        "--model",
        MODEL,
        "--device",
        "cpu",
        "--out-dir",
        "masks",
        "--cache",
        "cache",
        "--auto",
        "--points-per-side",
        "2",
    ];
    manners(Shape {
        tool: TOOL,
        flags: &auto,
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

fn cut(folder: &Path, record: &Value, flags: &[&str]) -> Ran {
    let usual = [
        "--model",
        MODEL,
        "--device",
        "cpu",
        "--out-dir",
        "masks",
        "--no-cache",
    ];
    run_in(
        folder,
        TOOL,
        &[&usual, flags].concat(),
        &format!("{record}\n"),
    )
}

fn one(folder: &Path, record: &Value, flags: &[&str]) -> Value {
    let ran = cut(folder, record, flags);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()[0].clone()
}

fn near(found: &Value, wanted: [f64; 4]) -> bool {
    let sides = found.as_array().unwrap().iter().zip(wanted);
    sides
        .into_iter()
        .all(|(found, wanted)| (found.as_f64().unwrap() - wanted).abs() <= 1.0)
}

fn decoded(mask: &Value) -> vision::mask::Mask {
    let size = |at: usize| mask["size"][at].as_u64().unwrap() as u32;
    let counts = mask["counts"].as_str().unwrap();
    Rle::from_coco_string(size(1), size(0), counts)
        .unwrap()
        .decode()
        .unwrap()
}

/// An image of 300x100 and its record.
fn drawn(folder: &Path) -> Value {
    scene(300, 100, 3).save(folder.join("a.png")).unwrap();
    json!({"id": "a", "image": "a.png", "boxes": [
        {"box": [20.0, 10.0, 80.0, 90.0], "score": 0.9, "label": "person", "identity": {"name": "pia"}},
        {"box": [150.5, 30.0, 290.0, 70.0], "score": 0.5, "label": "dog"},
    ]})
}

#[test]
fn a_mask_a_box_with_all_that_is_known_of_it() {
    let here = tempfile::tempdir().unwrap();
    let record = one(here.path(), &drawn(here.path()), &[]);
    let masks = record["masks"].as_array().unwrap();
    assert_eq!(masks.len(), 2);
    assert!(near(&masks[0]["box"], [20.0, 10.0, 80.0, 90.0]), "{record}");
    assert!(
        near(&masks[1]["box"], [150.5, 30.0, 290.0, 70.0]),
        "{record}"
    );
    assert_eq!(masks[0]["label"], "person");
    assert_eq!(masks[0]["identity"]["name"], "pia");
    assert_eq!(
        masks[0]["detection"],
        json!({"box": [20.0, 10.0, 80.0, 90.0], "score": 0.9})
    );
    let first = decoded(&masks[0]["mask"]);
    assert_eq!(masks[0]["area"], first.area());
    assert!((first.area() as f64 - 60.0 * 80.0).abs() < 150.0);
    assert!(masks[0]["score"].as_f64().unwrap() > 0.9);
    // The union is white in both and black elsewhere.
    assert_eq!(record["mask"], "masks/a.mask.png");
    let union = image::open(here.path().join("masks/a.mask.png"))
        .unwrap()
        .into_luma8();
    assert_eq!(union.dimensions(), (300, 100));
    assert_eq!(union.get_pixel(50, 50).0, [255]);
    assert_eq!(union.get_pixel(200, 50).0, [255]);
    assert_eq!(union.get_pixel(120, 50).0, [0]);
    assert_eq!(record["models"]["sam-mask"]["device"], "cpu");
}

#[test]
fn png_masks_are_those_of_the_run_lengths() {
    let here = tempfile::tempdir().unwrap();
    let record = drawn(here.path());
    let runs = one(here.path(), &record, &[]);
    let files = one(here.path(), &record, &["--png"]);
    for at in 0..2 {
        let path = files["masks"][at]["mask"].as_str().unwrap();
        assert_eq!(path, format!("masks/a.m{at}.png"));
        let file = image::open(here.path().join(path)).unwrap().into_luma8();
        assert_eq!(decoded(&runs["masks"][at]["mask"]).to_luma(), file);
    }
}

#[test]
fn an_image_without_boxes_passes_without_a_mask() {
    let here = tempfile::tempdir().unwrap();
    let mut record = drawn(here.path());
    record["boxes"] = json!([]);
    record["mask"] = json!("old.png");
    let found = one(here.path(), &record, &[]);
    assert_eq!(found["masks"], json!([]));
    assert!(found.get("mask").is_none());
    record.as_object_mut().unwrap().remove("boxes");
    let ran = cut(here.path(), &record, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("run char-detect first"),
        "{}",
        ran.stderr
    );
}

#[test]
fn of_two_boxes_round_one_thing_the_surer_stays() {
    let here = tempfile::tempdir().unwrap();
    let mut record = drawn(here.path());
    record["boxes"][1] = json!({"box": [21.0, 10.0, 80.0, 91.0], "score": 0.95, "label": "twin"});
    let found = one(here.path(), &record, &[]);
    assert_eq!(found["masks"].as_array().unwrap().len(), 1);
    assert_eq!(found["masks"][0]["label"], "twin");
    let both = one(here.path(), &record, &["--overlap", "1"]);
    assert_eq!(both["masks"].as_array().unwrap().len(), 2);
}

#[test]
fn boxes_grow_and_masks_are_counted_and_judged() {
    let here = tempfile::tempdir().unwrap();
    let record = drawn(here.path());
    let grown = one(here.path(), &record, &["--grow-boxes", "0.1"]);
    assert!(
        near(&grown["masks"][0]["box"], [14.0, 2.0, 86.0, 98.0]),
        "{grown}"
    );
    // The drawn network is the surer the farther up and left the box begins.
    let best = one(here.path(), &record, &["--max-masks", "1"]);
    assert_eq!(best["masks"][0]["label"], "person");
    assert_eq!(best["masks"].as_array().unwrap().len(), 1);
    let none = one(here.path(), &record, &["--threshold", "0.99"]);
    assert_eq!(none["masks"], json!([]));
    assert!(none.get("mask").is_none());
}

#[test]
fn a_lower_cut_gives_wider_masks() {
    let here = tempfile::tempdir().unwrap();
    let record = drawn(here.path());
    let mask = |cut: &str| decoded(&one(here.path(), &record, &["--cut", cut])["masks"][0]["mask"]);
    let (narrow, usual, wide) = (mask("2"), mask("0"), mask("-2"));
    assert_eq!(narrow.difference(&usual).unwrap().area(), 0);
    assert_eq!(usual.difference(&wide).unwrap().area(), 0);
    assert!(narrow.area() < usual.area() && usual.area() < wide.area());
    let wrong = cut(here.path(), &record, &["--cut=NaN"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("-32 to 32"), "{}", wrong.stderr);
    let both = cut(here.path(), &record, &["--cut", "-1", "--auto"]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
}

/// Two discs on gray, and their middles and radii.
fn discs(folder: &Path) -> [(f64, f64, f64); 2] {
    let discs = [(60.0, 50.0, 35.0), (220.0, 55.0, 25.0)];
    let colours = [[220, 40, 40], [40, 60, 230]];
    let image = RgbImage::from_fn(300, 120, |x, y| {
        let within = |(cx, cy, r): (f64, f64, f64)| {
            (f64::from(x) + 0.5 - cx).hypot(f64::from(y) + 0.5 - cy) < r
        };
        let found = discs.iter().position(|disc| within(*disc));
        Rgb(found.map_or([128; 3], |at| colours[at]))
    });
    image.save(folder.join("discs.png")).unwrap();
    discs
}

#[test]
fn a_point_gives_what_is_under_it() {
    let here = tempfile::tempdir().unwrap();
    let [(x, y, r), _] = discs(here.path());
    let record = json!({"id": "d", "image": "discs.png", "mine": {"clicks": [[x, y], [[220, 55, 1], [5, 5, 0]]]}});
    let found = one(here.path(), &record, &["--points", "/mine/clicks"]);
    assert!(
        near(&found["masks"][0]["box"], [x - r, y - r, x + r, y + r]),
        "{found}"
    );
    assert_eq!(found["masks"][0]["points"], json!([x, y]));
    assert_eq!(
        found["masks"][1]["points"],
        json!([[220, 55, 1], [5, 5, 0]])
    );
}

#[test]
fn everything_is_the_discs_and_the_ground() {
    let here = tempfile::tempdir().unwrap();
    let discs = discs(here.path());
    let record = json!({"id": "d", "image": "discs.png"});
    let found = one(
        here.path(),
        &record,
        &["--auto", "--points-per-side", "8", "--min-region", "50"],
    );
    let masks = found["masks"].as_array().unwrap();
    assert_eq!(masks.len(), 3, "{found}");
    for (x, y, r) in discs {
        let disc = masks
            .iter()
            .find(|mask| near(&mask["box"], [x - r, y - r, x + r, y + r]))
            .unwrap();
        let area = disc["area"].as_f64().unwrap();
        assert!(
            (area / (std::f64::consts::PI * r * r) - 1.0).abs() < 0.06,
            "{area}"
        );
        assert_eq!(disc["crop"], json!([0, 0, 300, 120]));
        assert!(disc["stability"].as_f64().unwrap() >= 0.95);
    }
}

#[test]
fn answers_are_remembered_and_settings_are_part_of_them() {
    let here = tempfile::tempdir().unwrap();
    let record = drawn(here.path());
    let flags = [
        "--model",
        MODEL,
        "--device",
        "cpu",
        "--out-dir",
        "masks",
        "--cache",
        "cache",
    ];
    let run = |more: &[&str]| {
        let ran = run_in(
            here.path(),
            TOOL,
            &[&flags, more].concat(),
            &format!("{record}\n"),
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    let first = run(&[]);
    fs::remove_dir_all(here.path().join("masks")).unwrap();
    assert_eq!(run(&[]), first, "a remembered answer gives the same bytes");
    assert!(
        here.path().join("masks/a.mask.png").exists(),
        "and the file again"
    );
    assert_ne!(run(&["--grow-boxes", "0.2"]), first);
    assert_ne!(run(&["--cut", "-1"]), first);
}

#[test]
fn wrong_prompts_are_errors_of_their_record() {
    let here = tempfile::tempdir().unwrap();
    let mut record = drawn(here.path());
    for (wrong, said) in [
        (
            json!([{"box": [5, 5, 5, 9]}]),
            "is not [left, top, right, bottom]",
        ),
        (json!([{"score": 1}]), "key `boxes`: missing field `box`"),
        (json!([{"box": [1, 2, 1e9, 1e9]}]), ""),
        (json!([{"box": "all"}]), "key `boxes`: "),
    ] {
        record["boxes"] = wrong;
        let ran = cut(here.path(), &record, &[]);
        assert_eq!(
            ran.code,
            Some(i32::from(!said.is_empty())),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    // Outside of the image there is nothing to cut out.
    record["boxes"] = json!([{"box": [400, 5, 500, 9]}]);
    assert_eq!(one(here.path(), &record, &[])["masks"], json!([]));
    record["id"] = json!("../a");
    assert_eq!(cut(here.path(), &record, &[]).code, Some(1));
}

#[test]
fn a_model_that_is_none_is_said_so() {
    let here = tempfile::tempdir().unwrap();
    let record = drawn(here.path());
    let folder = here.path().join("model");
    fs::create_dir(&folder).unwrap();
    let ran = |folder: &Path| {
        let flags = [
            "--model",
            folder.to_str().unwrap(),
            "--device",
            "cpu",
            "--out-dir",
            "masks",
        ];
        let ran = run_in(here.path(), TOOL, &flags, &format!("{record}\n"));
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        ran.stderr
    };
    fs::copy(
        Path::new(MODEL).join("decoder.onnx"),
        folder.join("decoder.onnx"),
    )
    .unwrap();
    assert!(ran(&folder).contains("no encoder: a SAM is a folder of two graphs"));
    fs::copy(
        Path::new(MODEL).join("decoder.onnx"),
        folder.join("encoder.onnx"),
    )
    .unwrap();
    assert!(ran(&folder).contains("no input `image`: the graph takes"));
    fs::copy(
        Path::new(MODEL).join("encoder.onnx"),
        folder.join("my_encoder.onnx"),
    )
    .unwrap();
    assert!(ran(&folder).contains("the encoder may be encoder or my_encoder"));
}

const SAM3: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/sam3"
);

/// Runs a tiny SAM 3, which takes what is bright for all that is asked for, and what is dark.
fn with_words(here: &Path, record: &Value, flags: &[&str]) -> Ran {
    let mut all = vec!["--device", "cpu", "--out-dir", "masks"];
    if !flags.contains(&"--model") {
        all.extend(["--model", SAM3]);
    }
    if !flags.contains(&"--cache") {
        all.push("--no-cache");
    }
    all.extend(flags);
    run_in(here, TOOL, &all, &format!("{record}\n"))
}

/// A bright square in the upper left and a dark one in the lower right of a gray image.
fn squares(here: &Path) -> Value {
    let image = RgbImage::from_fn(120, 90, |x, y| {
        let within =
            |left: u32, top: u32| (left..left + 30).contains(&x) && (top..top + 30).contains(&y);
        Rgb([if within(10, 10) {
            240
        } else if within(80, 50) {
            10
        } else {
            100
        }; 3])
    });
    image.save(here.join("squares.png")).unwrap();
    json!({"id": "a", "image": "squares.png", "boxes": [{"box": [78, 48, 112, 82], "score": 0.7, "label": "cat"}, {"box": [40, 0, 60, 20], "score": 0.9}]})
}

#[test]
fn words_segment_all_that_they_name() {
    let here = tempfile::tempdir().unwrap();
    let ran = with_words(
        here.path(),
        &squares(here.path()),
        &[
            "--words",
            "a boy. a lantern.",
            "--threshold",
            "0.01",
            "--overlap",
            "1",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let masks = ran.records()[0]["masks"].clone();
    let labels: Vec<_> = masks
        .as_array()
        .unwrap()
        .iter()
        .map(|mask| mask["label"].clone())
        .collect();
    assert_eq!(labels, ["boy", "boy", "lantern", "lantern"]);
    for mask in masks.as_array().unwrap() {
        assert_eq!(mask.get("stability"), None, "nobody has measured it");
        let area = mask["area"].as_u64().unwrap();
        assert!(area.abs_diff(900) < 120, "{area}");
    }
}

/// The labels and scores of masks, in their order.
fn scores(ran: &Ran) -> Vec<(String, f64)> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let masks = ran.records()[0]["masks"].clone();
    let said = |mask: &Value| {
        let label = mask["label"].as_str().unwrap().to_owned();
        (label, mask["score"].as_f64().unwrap())
    };
    masks.as_array().unwrap().iter().map(said).collect()
}

#[test]
fn a_phrase_keeps_its_own_threshold_beside_another() {
    let here = tempfile::tempdir().unwrap();
    let record = squares(here.path());
    let asked = |words: &str, threshold: &str| {
        let flags = ["--words", words, "--threshold", threshold, "--overlap", "1"];
        scores(&with_words(here.path(), &record, &flags))
    };
    let all = asked("a boy. a lantern.", "0");
    let least = all
        .iter()
        .map(|(_, score)| *score)
        .fold(f64::INFINITY, f64::min);
    let own = asked("a boy=0. a lantern.", "1");
    assert!(least < 1.0, "{all:?}");
    let boys = { all.iter() }.filter(|(label, _)| label == "boy").cloned();
    assert_eq!(own, boys.collect::<Vec<_>>());
}

#[test]
fn a_remembered_answer_is_that_of_any_threshold() {
    let here = tempfile::tempdir().unwrap();
    let record = squares(here.path());
    let run = |words: &str, threshold: &str| {
        let flags = ["--cache", "c", "--overlap", "1"];
        let asked = ["--words", words, "--threshold", threshold];
        scores(&with_words(
            here.path(),
            &record,
            &[&flags[..], &asked].concat(),
        ))
    };
    let few = run("a boy. a lantern.", "0.5");
    assert!(few.len() < 4, "{few:?}");
    assert_eq!(run("a boy. a lantern.", "0.01").len(), 4);
    assert_eq!(run("a boy. a lantern.", "0.5"), few);
}

#[test]
fn an_image_of_which_nothing_is_asked_is_not_decoded() {
    let here = tempfile::tempdir().unwrap();
    let mut record = squares(here.path());
    let path = here.path().join("squares.png");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let cut_off = with_words(here.path(), &record, &[]);
    assert_eq!(cut_off.code, Some(1));
    for nothing in [json!([]), json!([{"box": [400, 5, 500, 9]}])] {
        record["boxes"] = nothing;
        let ran = with_words(here.path(), &record, &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(ran.records()[0]["masks"], json!([]));
    }
}

/// A copy of the tiny SAM 3.
fn copied(here: &Path) -> String {
    let folder = here.join("model");
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(SAM3).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// Spoils the decoder of such a copy: masks of two channels instead of one, which cannot be resized to.
fn spoil(model: &str) {
    let path = Path::new(model).join("sam3_decoder.onnx");
    let mut graph = fs::read(&path).unwrap();
    // The constant `ones`: its name, and 16 bytes.
    let ones = b"\x42\x04ones\x4a\x10\x01";
    let at = graph.windows(ones.len()).position(|part| part == ones);
    graph[at.unwrap() + ones.len() + 7] = 2;
    fs::write(&path, graph).unwrap();
}

#[test]
fn an_error_of_the_network_names_the_image() {
    let here = tempfile::tempdir().unwrap();
    let record = squares(here.path());
    let model = copied(here.path());
    spoil(&model);
    let ran = with_words(
        here.path(),
        &record,
        &["--model", &model, "--words", "a boy."],
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("squares.png: ") && ran.stderr.contains("sam3_decoder.onnx: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_box_gets_what_is_in_it_and_not_all_that_is_like_it() {
    let here = tempfile::tempdir().unwrap();
    let ran = with_words(here.path(), &squares(here.path()), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let masks = ran.records()[0]["masks"].clone();
    let masks = masks.as_array().unwrap();
    assert_eq!(masks.len(), 1, "nothing is in the other box");
    assert_eq!(
        (&masks[0]["label"], &masks[0]["detection"]["score"]),
        (&json!("cat"), &json!(0.7))
    );
    let edges: [i64; 4] = serde_json::from_value(masks[0]["box"].clone()).unwrap();
    let near = edges
        .iter()
        .zip([80, 50, 110, 80])
        .all(|(edge, drawn)| (edge - drawn).abs() <= 2);
    assert!(near, "{edges:?}");
}

#[test]
fn words_need_a_network_that_knows_them() {
    let here = tempfile::tempdir().unwrap();
    let record = squares(here.path());
    let flags = [
        "--model",
        MODEL,
        "--device",
        "cpu",
        "--out-dir",
        "masks",
        "--words",
        "a boy.",
    ];
    let ran = run_in(here.path(), TOOL, &flags, &format!("{record}\n"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("--words needs SAM 3"), "{}", ran.stderr);
    let ran = with_words(here.path(), &record, &["--cut", "-1"]);
    assert!(
        ran.stderr.contains("has no --points, --auto and --cut"),
        "{}",
        ran.stderr
    );
}
