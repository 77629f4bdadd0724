//! The small networks of `models/small`, each run by its tool over one still that none of them
//! learned from: `still.jpg`, of a held-out number, with its truth and its figure's mask.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::path::{Path, PathBuf};

use end_to_end::{root, tools};
use serde_json::{Value, json};
use testkit::run_in;

fn small(name: &str) -> PathBuf {
    root().join("models/small").join(name)
}

/// A record of the still, with `more` keys.
fn still(more: &Value) -> Value {
    let mut record =
        json!({"id": "still", "image": small("still.jpg"), "width": 384, "height": 288});
    let members = record.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    record
}

/// What is true of the still, and of the one figure in it.
fn truth() -> (Value, Value) {
    let text = std::fs::read_to_string(small("still.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    let figure = truth["characters"][0].clone();
    (truth, figure)
}

/// The record that `tool` with its small network makes of `record`.
fn said(here: &Path, tool: &str, role: &str, more: &[&str], record: &Value) -> Value {
    let (name, models) = (format!("small-{role}"), root().join("models"));
    let mut arguments = vec!["--no-cache", "--device", "cpu", "--model", &name];
    arguments.extend(["--models", models.to_str().unwrap()]);
    arguments.extend(more);
    let path = tools().join(tool);
    let ran = run_in(
        here,
        path.to_str().unwrap(),
        &arguments,
        &record.to_string(),
    );
    assert_eq!(ran.code, Some(0), "{tool}: {}", ran.stderr);
    let records = ran.records();
    assert_eq!(records.len(), 1, "{tool}: {}", ran.stdout);
    records[0].clone()
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap();
    list.iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Intersection over union of two boxes.
fn overlap(one: &Value, other: &Value) -> f64 {
    let (a, b) = (numbers(one), numbers(other));
    let area = |b: &[f64]| (b[2] - b[0]).max(0.0) * (b[3] - b[1]).max(0.0);
    let inner = [
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ];
    let shared = area(&inner);
    shared / (area(&a) + area(&b) - shared)
}

#[test]
fn the_figure_is_found_and_its_mask_fits() {
    let here = tempfile::tempdir().unwrap();
    let (_, figure) = truth();
    let found = said(
        here.path(),
        "char-detect",
        "detect",
        &[],
        &still(&json!({})),
    );
    let boxes = found["boxes"].as_array().unwrap();
    assert_eq!(boxes.len(), 1, "{found}");
    assert!(overlap(&boxes[0]["box"], &figure["box"]) > 0.7, "{found}");
    let cut = said(
        here.path(),
        "sam-mask",
        "segment",
        &["--out-dir", "masks", "--png"],
        &found,
    );
    let mask = image::open(here.path().join(cut["mask"].as_str().unwrap()));
    let mask = mask.unwrap().to_luma8();
    let wanted = image::open(small("still.mask.png")).unwrap().to_luma8();
    let pairs = || mask.pixels().zip(wanted.pixels());
    let both = pairs().filter(|(a, b)| a.0[0] > 127 && b.0[0] > 127);
    let either = pairs().filter(|(a, b)| a.0[0] > 127 || b.0[0] > 127);
    let share = both.count() as f64 / either.count() as f64;
    assert!(share > 0.6, "{share}");
}

#[test]
fn a_beast_is_an_animal_and_a_boy_is_a_person() {
    let here = tempfile::tempdir().unwrap();
    for (name, label, classes) in [
        ("bruma", "animal", "all"),
        ("bruma", "animal", "creatures"),
        ("nilo", "person", "creatures"),
    ] {
        let image = format!("examples/creature/cast/{name}/{name}_01.jpg");
        let found = said(
            here.path(),
            "char-detect",
            "creature-detect",
            &["--classes", classes],
            &json!({"id": name, "image": root().join(image)}),
        );
        let boxes = found["boxes"].as_array().unwrap();
        let right = boxes.iter().all(|one| one["label"] == label);
        assert!(right && !boxes.is_empty(), "{found}");
    }
}

#[test]
fn joints_lie_within_a_tenth_of_the_figure() {
    let here = tempfile::tempdir().unwrap();
    let (_, figure) = truth();
    let boxes = json!({"boxes": [{"box": figure["box"], "score": 1.0, "label": "person"}]});
    let posed = said(here.path(), "rtmpose", "pose", &[], &still(&boxes));
    let found = posed["boxes"][0]["pose"]["keypoints"].as_array().unwrap();
    let (size, wanted) = (
        numbers(&figure["box"]),
        figure["keypoints"].as_array().unwrap(),
    );
    let longest = (size[2] - size[0]).max(size[3] - size[1]);
    let near = found.iter().zip(wanted).filter(|(found, wanted)| {
        let (a, b) = (numbers(found), numbers(wanted));
        (a[0] - b[0]).hypot(a[1] - b[1]) < longest / 10.0
    });
    assert!(near.count() >= 12, "{posed}");
}

#[test]
fn the_face_is_found_and_its_emotion_told() {
    let here = tempfile::tempdir().unwrap();
    let (_, figure) = truth();
    let arguments = ["--out-dir", "faces", "--min-side", "20", "--no-pose"];
    let face = said(
        here.path(),
        "face-crop",
        "face",
        &arguments,
        &still(&json!({})),
    );
    assert!(
        overlap(&face["face"]["box"], &figure["face"]["box"]) > 0.5,
        "{face}"
    );
    let felt = said(here.path(), "emotion-classify", "emotion", &[], &face);
    // A faint one, and 35 pixels wide: the margin may be too small for a word.
    let scores = felt["emotion"]["scores"].as_object().unwrap();
    let best = scores.iter().max_by(|one, other| {
        one.1
            .as_f64()
            .unwrap()
            .total_cmp(&other.1.as_f64().unwrap())
    });
    let best = best.map(|(label, _)| label.as_str());
    assert_eq!(best, figure["emotion"].as_str(), "{felt}");
}

#[test]
fn a_caption_is_a_sentence_of_its_vocabulary() {
    let here = tempfile::tempdir().unwrap();
    let arguments = ["--task", "detailed"];
    let told = said(
        here.path(),
        "vlm-caption",
        "caption",
        &arguments,
        &still(&json!({})),
    );
    let caption = told["caption"].as_str().unwrap();
    let who = ["boy", "girl", "man", "no one"];
    let who = who.iter().any(|word| caption.to_lowercase().contains(word));
    assert!(who && caption.ends_with('.'), "{caption}");
    assert_eq!(told["captioner"]["finish"], "eos", "{told}");
}

#[test]
fn a_scene_under_the_sky_is_told_from_a_room_by_words() {
    let here = tempfile::tempdir().unwrap();
    let embedded = said(here.path(), "clip-embed", "embed", &[], &still(&json!({})));
    let labels = root().join("examples/film/labels/light.toml");
    let arguments = ["--labels", labels.to_str().unwrap()];
    let tagged = said(here.path(), "clip-tag", "embed", &arguments, &embedded);
    assert_eq!(tagged["tags"]["setting"][0][0], "outdoor", "{tagged}");
}

#[test]
fn the_hole_is_filled_from_around_it() {
    let here = tempfile::tempdir().unwrap();
    let mask = json!({"mask": small("still.mask.png")});
    let arguments = ["--out-dir", "plates", "--keep"];
    let filled = said(
        here.path(),
        "lama-inpaint",
        "inpaint",
        &arguments,
        &still(&mask),
    );
    let (before, after) = (
        image::open(small("still.jpg")).unwrap().to_rgb8(),
        image::open(here.path().join(filled["image"].as_str().unwrap()))
            .unwrap()
            .to_rgb8(),
    );
    let hole = image::open(small("still.mask.png")).unwrap().to_luma8();
    let (mut away, mut count) = (0.0, 0.0);
    for ((old, new), inside) in before.pixels().zip(after.pixels()).zip(hole.pixels()) {
        if inside.0[0] > 127 {
            let step = |channel: usize| f64::from(old.0[channel].abs_diff(new.0[channel]));
            (away, count) = (away + step(0) + step(1) + step(2), count + 3.0);
        }
    }
    assert!(away / count > 20.0, "the figure is gone: {}", away / count);
}

/// Runs a tool on six stills of different sizes with batches of four, of which `share` may be used; says
/// its exit status, its records and how many went through its network at once each time.
fn batches(tool: &str, model: &str, share: Option<&str>) -> (Option<i32>, String, Vec<usize>) {
    let here = tempfile::tempdir().unwrap();
    let image = image::open(small("still.jpg")).unwrap().to_rgb8();
    let mut records = String::new();
    for number in 0..6 {
        let path = format!("{number}.png");
        let part = image::imageops::crop_imm(&image, number * 8, 0, 300, 280);
        part.to_image().save(here.path().join(&path)).unwrap();
        let record = json!({"id": path, "image": path, "instance": {"box": [90, 10, 200, 270]}});
        records.extend([record.to_string(), "\n".to_owned()]);
    }
    std::fs::write(here.path().join("in.jsonl"), records).unwrap();
    let mut command = std::process::Command::new(tools().join(tool));
    command
        .current_dir(here.path())
        .args(["--no-cache", "--device", "cpu", "--batch", "4", "-vv"])
        .args(["--model", model, "--models"])
        .arg(root().join("models"))
        .arg("in.jsonl")
        .env_remove("FILM2LORA_BATCH_SHARE");
    if let Some(share) = share {
        command.env("FILM2LORA_BATCH_SHARE", share);
    }
    let ran = command.output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    let sizes = said.lines().filter_map(|line| {
        let (_, rest) = line.split_once("a batch of ")?;
        rest.strip_suffix(" for the network")?.parse().ok()
    });
    let sizes = sizes.collect();
    let made = String::from_utf8(ran.stdout).unwrap();
    let text = if ran.status.success() { made } else { said };
    (ran.status.code(), text, sizes)
}

#[test]
fn where_memory_is_short_every_tool_makes_smaller_batches_of_the_same_answers() {
    let tagger = root().join("shared/nets/tests/onnx/tiny-tagger");
    // On the CPU embeddings and tags are made one by one, so that none depends on its neighbours.
    for (tool, model, all, half) in [
        ("char-detect", "small-detect", vec![4, 2], vec![2, 2, 2]),
        ("rtmpose", "small-pose", vec![4, 2], vec![2, 2, 2]),
        ("vlm-caption", "small-caption", vec![4, 2], vec![2, 2, 2]),
        ("clip-embed", "small-embed", vec![1; 6], vec![1; 6]),
        ("wd-tag", tagger.to_str().unwrap(), vec![1; 6], vec![1; 6]),
    ] {
        let whole = batches(tool, model, None);
        assert_eq!((whole.0, &whole.2), (Some(0), &all), "{tool}: {}", whole.1);
        let less = batches(tool, model, Some("0.5"));
        assert_eq!((less.0, &less.2), (Some(0), &half), "{tool}: {}", less.1);
        assert_eq!(less.1, whole.1, "{tool}");
        let (code, said, _) = batches(tool, model, Some("2"));
        let wrong = "FILM2LORA_BATCH_SHARE=2: not a share above 0 and up to 1";
        assert!(code == Some(1) && said.contains(wrong), "{tool}: {said}");
    }
}
