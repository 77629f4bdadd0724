//! What lora-lint makes of everything that dataset-write writes.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use end_to_end::tools;
use serde_json::{Value, json};

/// The trainer that each view is for.
const VIEWS: [(&str, &str); 8] = [
    ("kohya", "sd-scripts"),
    ("onetrainer", "onetrainer"),
    ("ai-toolkit", "ai-toolkit"),
    ("diffusers", "diffusers"),
    ("musubi", "musubi-tuner"),
    ("diffusion-pipe", "diffusion-pipe"),
    ("simpletuner", "simpletuner"),
    ("webdataset", "webdataset"),
];

/// Writes every view of six images of three shots, four of them with masks, into `out`.
fn written(here: &Path) {
    let mut lines = String::new();
    for number in 0..6 {
        let scene = testkit::scene(600, 400, number + 1);
        scene.save(here.join(format!("{number}.png"))).unwrap();
        let mut record = json!({
            "id": format!("film_{number:06}"),
            "image": format!("{number}.png"),
            "caption": format!("lucap boy, running past the house at number {number}"),
            "source": {"film": "film.mp4", "frame": number, "time": 0.0, "shot": number / 2},
        });
        if number < 4 {
            let mask =
                image::GrayImage::from_fn(600, 400, |x, _| [if x > 300 { 255 } else { 0 }].into());
            mask.save(here.join(format!("m{number}.png"))).unwrap();
            record["mask"] = json!(format!("m{number}.png"));
        }
        lines.extend([record.to_string(), "\n".to_owned()]);
    }
    let views = VIEWS.map(|(view, _)| view).join(",");
    let flags = [
        "--type",
        "character",
        "--trigger",
        "lucap boy",
        "--validation",
        "34%",
    ];
    let mut command = Command::new(tools().join("dataset-write"));
    command
        .args(flags)
        .args(["--resolution", "512", "--out-dir", "out", "--views", &views]);
    let mut child = command
        .current_dir(here)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
}

fn lint(here: &Path, paths: &[&str]) -> Vec<Value> {
    let flags = [
        "--masked-loss",
        "--resolution",
        "512",
        "--trigger",
        "lucap boy",
    ];
    let ran = Command::new(tools().join("lora-lint"))
        .args(flags)
        .args(paths)
        .current_dir(here)
        .output()
        .unwrap();
    let records = String::from_utf8(ran.stdout).unwrap();
    let records = records
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    records.collect()
}

/// Of every view the trainers that its images were read as, and how many images had masks.
fn seen(records: &[Value]) -> BTreeMap<String, (Vec<String>, usize)> {
    let mut seen = BTreeMap::<String, (Vec<String>, usize)>::new();
    for record in records {
        let Some(image) = record["image"].as_str() else {
            continue;
        };
        let part = image
            .split("/dataset-")
            .nth(1)
            .or_else(|| image.split("/dataset/").nth(1));
        let mut parts = part.unwrap().split('/');
        let first = parts.next().unwrap();
        let view = VIEWS.iter().find(|(view, _)| *view == first);
        let view = view
            .map_or_else(|| parts.next().unwrap(), |(view, _)| view)
            .to_owned();
        let (trainers, masks) = seen.entry(view).or_default();
        let trainer = record["lint"]["trainer"].as_str().unwrap().to_owned();
        if !trainers.contains(&trainer) {
            trainers.push(trainer);
        }
        *masks += usize::from(record["lint"].get("mask").is_some());
    }
    seen
}

#[test]
fn every_view_is_read_as_its_own_trainer_with_its_masks() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let records = lint(folder.path(), &["out/dataset"]);
    let seen = seen(&records);
    for (view, trainer) in VIEWS {
        let (trainers, masks) = &seen[view];
        assert_eq!(trainers, &[trainer], "{view}");
        let has_masks = !["musubi", "diffusers", "webdataset"].contains(&view);
        assert_eq!(*masks > 0, has_masks, "{view}: {masks} masks");
    }
    let of = |code: &str| {
        let problems = records
            .iter()
            .filter_map(|record| record["lint"]["problems"].as_array());
        problems
            .flatten()
            .filter(|problem| problem["code"] == code)
            .count()
    };
    for code in [
        "config-syntax",
        "config-key",
        "mask-squeezed",
        "metadata-unlisted",
        "image-ignored",
        "folder-missing",
    ] {
        assert_eq!(of(code), 0, "{code}");
    }
}

#[test]
fn a_folder_of_images_is_read_as_the_configuration_beside_it_says() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    for (view, part) in [
        ("ai-toolkit", "train"),
        ("simpletuner", "train"),
        ("diffusion-pipe", "train"),
        ("musubi", "train"),
        ("onetrainer", "validation"),
    ] {
        let path = format!("out/dataset/{view}/{part}");
        let records = lint(folder.path(), &[&path]);
        let trainer = VIEWS.iter().find(|(name, _)| *name == view).unwrap().1;
        assert!(!records.is_empty(), "{path}");
        for record in records {
            assert_eq!(record["lint"]["trainer"], trainer, "{path}");
        }
    }
    assert!(fs::metadata(folder.path().join("out/dataset/diffusers/images")).is_ok());
}

#[test]
fn the_two_tools_name_no_trainer() {
    for tool in ["dataset-write", "lora-lint"] {
        let folder = end_to_end::root().join("tools").join(tool).join("src");
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            // What it does is said with examples there.
            if path.ends_with("main.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap().to_lowercase();
            for name in VIEWS.iter().flat_map(|(view, trainer)| [view, trainer]) {
                assert!(!text.contains(name), "{}: {name}", path.display());
            }
        }
    }
}
