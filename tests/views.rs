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
    written_with(here, &[]);
}

/// The same with further flags.
fn written_with(here: &Path, more: &[&str]) {
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
    let out = ["--resolution", "512", "--out-dir", "out", "--views", &views];
    let all = flags.into_iter().chain(out).chain(more.iter().copied());
    write(here, all, &lines);
}

/// Runs dataset-write on records.
fn write<'a>(here: &Path, flags: impl Iterator<Item = &'a str>, lines: &str) {
    let mut command = Command::new(tools().join("dataset-write"));
    let mut child = command
        .args(flags)
        .current_dir(here)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
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
fn what_was_written_for_another_machine_is_looked_for_here() {
    // Of each view the same is seen, masks and lists of images included, and nothing is missing.
    let plain = tempfile::tempdir().unwrap();
    written(plain.path());
    let expected = seen(&lint(plain.path(), &["out/dataset"]));
    let moved = tempfile::tempdir().unwrap();
    for root in ["C:/data/out", "//wsl.localhost/Ubuntu/out", "./data"] {
        written_with(moved.path(), &["--root", root]);
        let at = |root: &str| lint(moved.path(), &["out/dataset", "--root", root]);
        let errors = |records: &[Value]| {
            let codes = records.iter().flat_map(|record| {
                let problems = record["lint"]["problems"].as_array();
                problems
                    .into_iter()
                    .flatten()
                    .map(|one| one["code"].clone())
            });
            codes
                .filter(|code| {
                    *code == "folder-missing"
                        || *code == "metadata-missing"
                        || *code == "mask-folder"
                })
                .count()
        };
        let found = at(root);
        assert_eq!(seen(&found), expected, "{root}");
        assert_eq!(errors(&found), 0, "{root}");
        assert!(errors(&at("C:/elsewhere")) > 0, "{root}");
        let inside = lint(&moved.path().join("out/dataset"), &[".", "--root", root]);
        assert_eq!(errors(&inside), 0, "{root}");
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

/// How far a corner of what is kept may lie from the trainer's, in pixels of the image: corners are
/// read from the trainer's pixels, whose scaling filter blurs them.
const NEAR: f64 = 2.0;

/// Reads a file of `tests/trainers`.
fn stored(name: &str) -> Value {
    let path = end_to_end::root().join("tests/trainers").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Width and height of the images for regularization, as in `common.py`.
const REGULAR: [(u32, u32); 3] = [(640, 480), (500, 900), (800, 800)];

/// Writes the images for regularization and their manifest.
fn regular(here: &Path) {
    let mut lines = String::new();
    for (number, (width, height)) in REGULAR.into_iter().enumerate() {
        let scene = testkit::scene(width, height, number as u64 + 100);
        scene.save(here.join(format!("r{number}.png"))).unwrap();
        let tags = format!("a boy, at place {number}");
        let sentence = format!("A boy stands at place {number}.");
        let record = json!({
            "id": format!("regular_{number}"),
            "image": format!("r{number}.png"),
            "caption": tags,
            "facts": {"tags": tags, "sentence": sentence},
        });
        lines.extend([record.to_string(), "\n".to_owned()]);
    }
    fs::write(here.join("regular.jsonl"), lines).unwrap();
}

/// Writes the images of `set.json` as a view, with the flags of `common.py`, and images for regularization where the
/// view has been stored with them.
fn written_as_stored(here: &Path, view: &str, is_regularized: bool) {
    let mut lines = String::new();
    for (number, row) in stored("set.json").as_array().unwrap().iter().enumerate() {
        let [width, height]: [u32; 2] = serde_json::from_value(row["size"].clone()).unwrap();
        let scene = testkit::scene(width, height, number as u64 + 1);
        scene.save(here.join(format!("{number}.png"))).unwrap();
        let (tags, sentence) = (
            format!("trig boy, at number {number}"),
            format!("trig boy stands at number {number}."),
        );
        let mut record = json!({
            "id": format!("film_{number:06}"),
            "image": format!("{number}.png"),
            "caption": tags,
            "facts": {"tags": tags, "sentence": sentence},
            "source": {"film": "film.mp4", "frame": number, "time": 0.0, "shot": row["shot"]},
        });
        if let Ok([x0, y0, x1, y1]) = serde_json::from_value::<[u32; 4]>(row["mask"].clone()) {
            let inside = |x, y| (x0..x1).contains(&x) && (y0..y1).contains(&y);
            let level = |x, y| [if inside(x, y) { 255 } else { 0 }].into();
            let mask = image::GrayImage::from_fn(width, height, level);
            mask.save(here.join(format!("m{number}.png"))).unwrap();
            record["mask"] = json!(format!("m{number}.png"));
        }
        lines.extend([record.to_string(), "\n".to_owned()]);
    }
    let flags = "--type custom --template p_{id} --train-on subject --grow-subject 0 --resolution 512 \
        --repeats 3 --form several --validation 25% --out-dir out --views";
    let flags = flags.split_whitespace().chain([view]);
    let mut more = vec!["--trigger", "trig boy"];
    if is_regularized {
        regular(here);
        more.extend(["--regularization", "regular.jsonl"]);
    }
    write(here, flags.chain(more), &lines);
}

/// Checks that lora-lint sees what the trainer's own code made of the view, and nothing else.
fn seen_as_the_trainer_does(view: &str, configurations: &[&str]) {
    let golden = stored(&format!("golden/{view}-view.json"));
    let of = |side: &str| golden[side].as_array().cloned().unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    written_as_stored(folder.path(), view, !of("regularization").is_empty());
    let paths = configurations.iter();
    let paths: Vec<_> = paths
        .map(|name| format!("out/dataset/{view}/{name}"))
        .collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let mut records = lint(folder.path(), &paths);
    records.retain(|record| record["image"].is_string());
    let rows: Vec<_> = ["train", "regularization", "validation"]
        .into_iter()
        .flat_map(of)
        .collect();
    for row in &rows {
        let name = row["name"].as_str().unwrap();
        let of_it = |record: &&Value| record["image"].as_str().unwrap().ends_with(name);
        let found = &records.iter().find(of_it).unwrap()["lint"];
        // For sd-scripts, dataset-write itself has cut the images of a set with masks to their buckets.
        same(found, row, view == "kohya");
    }
    assert_eq!(records.len(), rows.len(), "{view}");
}

/// Checks what lora-lint says of an image against the trainer's row; of one that `was_cut` to its bucket before, all is kept.
fn same(found: &Value, row: &Value, was_cut: bool) {
    let name = row["name"].as_str().unwrap();
    assert_eq!(found["bucket"], row["bucket"], "{name}");
    assert_eq!(found["repeats"], row["shown"], "{name}");
    let captions = row["captions"].as_array().unwrap();
    let count = found["captions"].as_u64().unwrap_or(1);
    assert_eq!(count, captions.len() as u64, "{name}");
    assert!(captions.contains(&found["caption"]), "{name}: {found}");
    let corners = |value: &Value| serde_json::from_value::<[f64; 4]>(value.clone()).unwrap();
    let (mine, theirs) = (corners(&found["kept"]), corners(&row["kept"]));
    let near = |theirs: [f64; 4]| mine.iter().zip(theirs).all(|(a, b)| (a - b).abs() < NEAR);
    let [width, height] = serde_json::from_value(row["bucket"].clone()).unwrap();
    assert!(
        near(theirs) || was_cut && near([0.0, 0.0, width, height]),
        "{name}: {mine:?} {theirs:?}"
    );
    assert_eq!(
        found.get("mask").is_some(),
        row.get("mask").is_some(),
        "{name}"
    );
    if let Some([_, wrong]) = row.get("mask").map(|mask| [&mask[0], &mask[1]]) {
        assert!(
            wrong.as_f64().unwrap() < 0.5,
            "{name}: the mask lies on its image"
        );
    }
}

#[test]
fn diffusion_pipe_s_own_code_makes_the_same_of_both_its_configurations() {
    seen_as_the_trainer_does("diffusion-pipe", &["dataset.toml", "validation.toml"]);
}

#[test]
fn simpletuner_s_own_code_makes_the_same_of_images_masks_regularization_and_validation() {
    seen_as_the_trainer_does("simpletuner", &["multidatabackend.json"]);
}

#[test]
fn ai_toolkit_s_own_code_makes_the_same_of_images_masks_and_regularization() {
    seen_as_the_trainer_does("ai-toolkit", &["config.yaml"]);
}

#[test]
fn onetrainer_s_own_code_makes_the_same_of_images_masks_regularization_and_validation() {
    seen_as_the_trainer_does("onetrainer", &["concepts.json"]);
}

#[test]
fn sd_scripts_own_code_makes_the_same_of_images_masks_regularization_and_validation() {
    seen_as_the_trainer_does("kohya", &["masked.toml"]);
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
