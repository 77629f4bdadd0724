//! How matte sharpens masks, with a drawn network whose matte is what is redder than blue.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, keyed_manners, run_in};
use vision::decode;
use vision::mask::{Mask, Rle};

const TOOL: &str = env!("CARGO_BIN_EXE_matte");
const MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/matte/logits.onnx"
);

fn runs(mask: &Mask) -> Value {
    let runs = Rle::encode(mask);
    json!({"size": [mask.height(), mask.width()], "counts": runs.to_coco_string()})
}

#[test]
fn has_manners() {
    // The images of testkit are 96 x 64.
    let mask = Mask::from_fn(96, 64, |x, y| x > 20 && y > 10 && x < 70 && y < 50).unwrap();
    let flags = [
        "--model",
        MODEL,
        "--device",
        "cpu",
        "--out-dir",
        "mattes",
        "--no-cache",
    ];
    keyed_manners(
        Shape {
            tool: TOOL,
            flags: &flags,
            opens_images: true,
            streams: true,
        },
        &[("masks", json!([{"mask": runs(&mask)}]))],
    );
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

fn sharpen(folder: &Path, record: &Value, flags: &[&str]) -> Ran {
    let usual = [
        "--model",
        MODEL,
        "--device",
        "cpu",
        "--out-dir",
        "mattes",
        "--no-cache",
    ];
    run_in(
        folder,
        TOOL,
        &[&usual, flags].concat(),
        &format!("{record}\n"),
    )
}

/// A red disc with a strand, 3 px wide, that leaves it to the right, on blue.
fn subject(x: u32, y: u32) -> bool {
    let disc = (f64::from(x) - 80.0).hypot(f64::from(y) - 70.0) < 40.0;
    disc || (y.abs_diff(70) < 2 && (80..126).contains(&x))
}

fn drawn(folder: &Path) {
    let image = RgbImage::from_fn(200, 140, |x, y| {
        Rgb(if subject(x, y) {
            [230, 60, 20]
        } else {
            [20, 60, 230]
        })
    });
    image.save(folder.join("a.png")).unwrap();
}

/// The disc as a segmenter cuts it out: with steps of 4 px, and without the strand.
fn coarse() -> Mask {
    Mask::from_fn(200, 140, |x, y| {
        let (x, y) = (x / 4 * 4 + 2, y / 4 * 4 + 2);
        (f64::from(x) - 80.0).hypot(f64::from(y) - 70.0) < 40.0
    })
    .unwrap()
}

fn truth() -> Mask {
    Mask::from_fn(200, 140, subject).unwrap()
}

fn overlap(one: &Mask, other: &Mask) -> f64 {
    let both = one.intersection(other).unwrap().area() as f64;
    both / one.union(other).unwrap().area() as f64
}

#[test]
fn the_edge_becomes_that_of_the_subject() {
    let here = tempfile::tempdir().unwrap();
    drawn(here.path());
    let record =
        json!({"id": "a", "image": "a.png", "masks": [{"mask": runs(&coarse()), "label": "disc"}]});
    let ran = sharpen(here.path(), &record, &["--band", "0.1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = ran.records().remove(0);
    let entry = &found["masks"][0];
    assert_eq!(entry["label"], "disc");
    assert_eq!(entry["mask"], "mattes/a.m0.png");
    assert_eq!(found["mask"], "mattes/a.mask.png");
    assert_eq!(entry["matte"]["reach"], 8);
    let path = here.path().join("mattes/a.m0.png");
    let sharp = vision::mask::read(&path).unwrap();
    let (before, after) = (overlap(&coarse(), &truth()), overlap(&sharp, &truth()));
    assert!(before < 0.95 && after > 0.97, "{before} {after}");
    assert_eq!(entry["area"], json!(sharp.area()));
    assert_eq!(entry["box"], json!(sharp.bounding_box().unwrap()));
    // The strand is followed for as far as the band reaches, and no farther.
    assert!(sharp.get(122, 70) && !sharp.get(130, 70));
    let levels = decode::luma(&path).unwrap();
    let soft = levels
        .pixels()
        .filter(|level| !matches!(level.0[0], 0 | 255));
    assert!(soft.count() > 50, "its edge has levels between");
    assert_eq!(
        decode::luma(&here.path().join("mattes/a.mask.png")).unwrap(),
        levels,
        "of one mask the union is the mask"
    );
}

#[test]
fn a_matte_of_something_else_changes_nothing() {
    let here = tempfile::tempdir().unwrap();
    drawn(here.path());
    // The mask is of the blue corner, but the network takes what is red.
    let corner = Mask::from_fn(200, 140, |x, y| x > 110 && y > 90).unwrap();
    let record = json!({"id": "a", "image": "a.png", "masks": [{"mask": runs(&corner)}]});
    let found = sharpen(here.path(), &record, &[]).records().remove(0);
    let entry = &found["masks"][0];
    assert!(entry["matte"].get("reach").is_none(), "{entry}");
    assert!(entry["matte"]["agreement"].as_f64().unwrap() < 0.1);
    let path = here.path().join("mattes/a.m0.png");
    assert_eq!(vision::mask::read(&path).unwrap(), corner);
}

#[test]
fn touching_masks_do_not_take_from_each_other() {
    let here = tempfile::tempdir().unwrap();
    drawn(here.path());
    let whole = truth();
    let half =
        |left: bool| Mask::from_fn(200, 140, |x, y| whole.get(x, y) && (x < 80) == left).unwrap();
    let masks = [half(true), half(false)];
    let record = json!({"id": "a", "image": "a.png",
        "masks": [{"mask": runs(&masks[0])}, {"mask": runs(&masks[1])}]});
    let ran = sharpen(here.path(), &record, &["--band", "0.1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let read = |number: usize| {
        vision::mask::read(&here.path().join(format!("mattes/a.m{number}.png"))).unwrap()
    };
    assert_eq!(read(0).intersection(&masks[1]).unwrap().area(), 0);
    assert_eq!(read(1).intersection(&masks[0]).unwrap().area(), 0);
}

/// With a cache.
const CACHED: [&str; 8] = [
    "--model",
    MODEL,
    "--device",
    "cpu",
    "--out-dir",
    "mattes",
    "--cache",
    "cache",
];

#[test]
fn what_was_remembered_is_written_again() {
    let here = tempfile::tempdir().unwrap();
    drawn(here.path());
    let record = json!({"id": "a", "image": "a.png", "masks": [{"mask": runs(&coarse())}]});
    let once = |band: &str| {
        let input = format!("{record}\n");
        let ran = run_in(
            here.path(),
            TOOL,
            &[&CACHED[..], &["--band", band]].concat(),
            &input,
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        (
            ran.stdout,
            fs::read(here.path().join("mattes/a.m0.png")).unwrap(),
        )
    };
    let (first, wide) = (once("0.05"), once("0.1"));
    assert_ne!(first, wide, "the band is not part of what is remembered");
    assert_eq!(once("0.05"), first);
}

#[test]
fn a_remembered_matte_is_for_masks_of_the_images_size_only() {
    let here = tempfile::tempdir().unwrap();
    drawn(here.path());
    let once = |mask: &Mask| {
        let record = json!({"id": "a", "image": "a.png", "masks": [{"mask": runs(mask)}]});
        run_in(here.path(), TOOL, &CACHED, &format!("{record}\n"))
    };
    let ran = once(&coarse());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    // The same pixels inside, so that the network would be shown the same part of the image.
    let wider = Mask::from_fn(220, 140, |x, y| coarse().get(x, y)).unwrap();
    let ran = once(&wider);
    assert_eq!(ran.code, Some(1));
    let said = "a.png: is 200x140, but its masks are 220x140";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn where_the_network_looks_is_the_box_where_there_is_one() {
    let here = tempfile::tempdir().unwrap();
    drawn(here.path());
    let bounds = coarse().bounding_box().unwrap();
    let empty = Mask::new(200, 140).unwrap();
    let with = |boxes: [Value; 2]| {
        let [own, of_nothing] = boxes;
        let mut masks =
            json!([{"mask": runs(&empty)}, {"mask": runs(&coarse())}, {"mask": runs(&empty)}]);
        masks[0]["box"] = of_nothing;
        masks[1]["box"] = own;
        for mask in masks.as_array_mut().unwrap() {
            let mask = mask.as_object_mut().unwrap();
            mask.retain(|_, value| !value.is_null());
        }
        let record = json!({"id": "a", "image": "a.png", "masks": masks});
        let ran = sharpen(here.path(), &record, &["--band", "0.1"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let mut found = ran.records().remove(0);
        found["masks"][0].as_object_mut().unwrap().remove("box");
        (
            found,
            fs::read(here.path().join("mattes/a.m1.png")).unwrap(),
        )
    };
    let usual = with([json!(null), json!(null)]);
    assert_eq!(with([json!(bounds), json!(null)]), usual);
    // Boxes that cannot be right, and a box of a mask without pixels.
    assert_eq!(with([json!([900, 0, 950, 9]), json!(null)]), usual);
    assert_eq!(with([json!("none"), json!([5, 5, 30, 40])]), usual);
    assert_ne!(with([json!([60, 60, 90, 90]), json!(null)]), usual);
}

#[test]
fn records_without_masks_pass_and_masks_must_fit_the_image() {
    let here = tempfile::tempdir().unwrap();
    drawn(here.path());
    for masks in [json!(null), json!([])] {
        let mut record = json!({"id": "a", "image": "a.png", "masks": masks});
        if masks.is_null() {
            record.as_object_mut().unwrap().remove("masks");
        }
        let ran = sharpen(here.path(), &record, &[]);
        assert_eq!(ran.records(), [record]);
    }
    let small = Mask::from_fn(20, 14, |x, _| x > 5).unwrap();
    let record = json!({"id": "a", "image": "a.png", "masks": [{"mask": runs(&small)}]});
    let ran = sharpen(here.path(), &record, &[]);
    assert_eq!(ran.code, Some(1));
    let said = "a.png: is 200x140, but its masks are 20x14";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}
