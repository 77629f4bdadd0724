//! What instance-read makes of folders of instances.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma, Rgba, RgbaImage};
use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_instance-read");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--out-dir", "made"],
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Luca: `0.png` with a mask and a caption in folders of their own, `1.png` transparent with a caption beside it,
/// `2.png` with neither.
fn luca(here: &Path) -> Vec<Value> {
    for folder in ["luca/images", "luca/masks", "luca/captions"] {
        fs::create_dir_all(here.join(folder)).unwrap();
    }
    scene(40, 60, 1)
        .save(here.join("luca/images/0.png"))
        .unwrap();
    let inside = |x: u32, y: u32| (10..30).contains(&x) && (5..55).contains(&y);
    let mask = GrayImage::from_fn(40, 60, |x, y| Luma([if inside(x, y) { 255 } else { 0 }]));
    mask.save(here.join("luca/masks/0.png")).unwrap();
    fs::write(
        here.join("luca/captions/0.txt"),
        "\u{feff}a boy\n  who waves \n",
    )
    .unwrap();
    let shown = RgbaImage::from_fn(40, 60, |x, y| {
        Rgba([200, 90, 10, if inside(x, y) { 255 } else { 0 }])
    });
    shown.save(here.join("luca/images/1.png")).unwrap();
    fs::write(here.join("luca/images/1.txt"), "a boy, waving").unwrap();
    scene(40, 60, 2)
        .save(here.join("luca/images/2.png"))
        .unwrap();
    let record = |name: &str| json!({"id": name.replace('/', "_"), "image": format!("luca/{name}.png"), "character": "luca"});
    ["images/0", "images/1", "images/2", "masks/0"]
        .map(record)
        .to_vec()
}

fn read(here: &Path, flags: &[&str], records: &[Value]) -> (Vec<Value>, String) {
    let lines: Vec<_> = records.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let usual = ["--out-dir", "made", "--rejects", "rejects.jsonl"];
    let ran = run_in(here, TOOL, &[&usual, flags].concat(), &lines);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    (ran.records(), ran.stderr)
}

#[test]
fn masks_come_from_files_and_from_transparency() {
    let here = tempfile::tempdir().unwrap();
    let (found, said) = read(here.path(), &[], &luca(here.path()));
    assert_eq!(found.len(), 3, "a mask is no instance");
    let rejects = fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    assert!(rejects.contains("mask: of another image"), "{rejects}");
    assert_eq!(found[0]["mask"], "luca/masks/0.png");
    assert_eq!(found[1]["mask"], "made/images_1.png");
    for record in &found[..2] {
        assert_eq!(record["instance"]["box"], json!([10, 5, 30, 55]));
        assert_eq!(record["instance"]["area"], 1000);
    }
    let [file, made] = ["luca/masks/0.png", "made/images_1.png"]
        .map(|path| image::open(here.path().join(path)).unwrap().to_luma8());
    assert_eq!(file, made);
    assert_eq!(found[2].get("mask"), None);
    assert_eq!(found[2]["instance"]["box"], json!([0, 0, 40, 60]));
    assert!(said.contains("1 of 3 instances have no mask"), "{said}");
}

#[test]
fn a_mask_of_a_network_is_for_instances_without_one() {
    let here = tempfile::tempdir().unwrap();
    let (mut found, _) = read(here.path(), &[], &luca(here.path()));
    // 20 columns of 50 pixels, 10 apart, after 10 columns of 60 and 5 pixels.
    let mut counts = vec![605];
    counts.extend([50, 10].repeat(19));
    counts.extend([50, 605]);
    for record in &mut found {
        record["boxes"] = json!([{"box": [10, 5, 30, 55], "score": 0.9, "label": "person"}]);
        record["masks"] = json!([{"mask": {"size": [60, 40], "counts": counts}}]);
    }
    let (again, said) = read(here.path(), &[], &found);
    assert_eq!(again[0]["mask"], "luca/masks/0.png", "its own");
    assert_eq!(again[2]["mask"], "made/images_2.png");
    assert_eq!(again[2]["instance"], again[0]["instance"]);
    let [own, made] = ["luca/masks/0.png", "made/images_2.png"]
        .map(|path| image::open(here.path().join(path)).unwrap().to_luma8());
    assert_eq!(own, made);
    for record in &again {
        assert_eq!((record.get("boxes"), record.get("masks")), (None, None));
    }
    assert!(!said.contains("no mask"), "{said}");
}

#[test]
fn captions_are_descriptions_or_final_or_left_out() {
    let here = tempfile::tempdir().unwrap();
    let given = luca(here.path());
    let (found, _) = read(here.path(), &[], &given);
    assert_eq!(
        found[0]["captioner"],
        json!({"model": "you", "raw": "a boy who waves"})
    );
    assert_eq!(found[1]["captioner"]["raw"], "a boy, waving");
    assert_eq!(found[2].get("captioner"), None);
    let (found, _) = read(here.path(), &["--captions", "keep"], &given);
    assert_eq!(found[0]["caption"], "a boy who waves");
    assert_eq!(found[0]["review"], json!({"caption": "a boy who waves"}));
    assert_eq!(found[0].get("captioner"), None);
    let (found, _) = read(here.path(), &["--captions", "ignore"], &given);
    assert!(
        found
            .iter()
            .all(|record| record.get("caption").is_none() && record.get("captioner").is_none())
    );
}

#[test]
fn a_mask_of_another_size_is_named() {
    let here = tempfile::tempdir().unwrap();
    let given = luca(here.path());
    GrayImage::new(41, 60)
        .save(here.path().join("luca/masks/0.png"))
        .unwrap();
    let ran = run_in(
        here.path(),
        TOOL,
        &["--out-dir", "made"],
        &format!("{}\n", given[0]),
    );
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("41"), "{}", ran.stderr);
}
