//! What an owner has already: frames, and instances with captions.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use end_to_end::{copy, records, root};
use serde_json::Value;

const STYLE: [&str; 5] = [
    "style",
    "NETWORKS=none",
    "BLUR_FLAGS=--min-side 1 --sharpness 1 --contrast 1 --flat 1 --letters 0",
    "LIGHT_FLAGS=--threshold 0",
    "TRIGGER=drawn",
];

fn make(here: &Path, words: &[&str]) -> Output {
    end_to_end::make(here).args(words).output().unwrap()
}

fn made(here: &Path, words: &[&str]) -> String {
    let output = make(here, words);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// Three shots of four frames each with black bars, numbered without zeros before.
fn frames(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for number in 0..12_u32 {
        let mut wide = testkit::scene(400, 200, u64::from(number / 4) + 3);
        // Drawn scenes all have their sky above.
        if number / 4 == 1 {
            image::imageops::rotate180_in_place(&mut wide);
        }
        let mut frame = image::RgbImage::new(320, 240);
        let view = image::imageops::crop_imm(&wide, number % 4 * 12, 0, 320, 200).to_image();
        image::imageops::replace(&mut frame, &view, 0, 20);
        frame
            .save(folder.join(format!("frame {}.png", number + 1)))
            .unwrap();
    }
}

fn shots(manifest: &Path) -> Vec<u64> {
    let shot = |record: &Value| record["source"]["shot"].as_u64().unwrap();
    records(manifest).iter().map(shot).collect()
}

/// The shots of what [`frames`] draws.
const SHOTS: [u64; 12] = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];

#[test]
fn a_folder_of_frames_is_a_film_and_stays_as_it_is() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    frames(&here.join("my frames"));
    let before = fs::read(here.join("my frames/frame 10.png")).unwrap();
    made(here, &[&STYLE[..], &["FRAMES=my frames", "OUT=a"]].concat());
    assert_eq!(shots(&here.join("a/frames.jsonl")), SHOTS);
    let frames = records(&here.join("a/frames.jsonl"));
    assert_eq!(frames[9]["source"]["film"], "my frames");
    assert_eq!(frames[9]["source"]["time"], 4.5, "two a second");
    let barless = frames.iter().all(|frame| frame["height"] == 200);
    assert!(barless, "the bars are gone");
    let original = frames[9]["letterbox"]["original"].as_str().unwrap();
    assert!(original.ends_with("frame 10.png"), "{original}");
    assert!(!records(&here.join("a/style/dataset.jsonl")).is_empty());
    let after = fs::read(here.join("my frames/frame 10.png")).unwrap();
    assert!(before == after, "what its owner has is never changed");
    assert_eq!(fs::read_dir(here.join("my frames")).unwrap().count(), 12);
}

#[test]
fn a_list_and_a_manifest_of_frames_are_a_film_too() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    frames(&here.join("my frames"));
    let lines = |line: fn(u32) -> String| (1..=12).map(line).collect::<Vec<_>>().concat();
    let list = lines(|number| format!("my frames/frame {number}.png\r\n"));
    fs::write(here.join("frames.txt"), list).unwrap();
    let own = ["FRAMES=frames.txt", "OUT=b"];
    made(here, &[&STYLE[..], &own].concat());
    assert_eq!(shots(&here.join("b/frames.jsonl")), SHOTS);
    let manifest = lines(|number| {
        let image = format!("my frames/frame {number}.png");
        format!("{{\"id\":\"f{number}\",\"image\":\"{image}\",\"mine\":1e-7}}\n")
    });
    fs::write(here.join("frames.jsonl"), manifest).unwrap();
    let own = ["FRAMES=frames.jsonl", "FRAMES_FPS=0.5", "OUT=c"];
    made(here, &[&STYLE[..], &own].concat());
    assert_eq!(shots(&here.join("c/frames.jsonl")), SHOTS);
    let twelfth = &records(&here.join("c/frames.jsonl"))[11];
    let place = (&twelfth["id"], &twelfth["source"]["time"]);
    assert_eq!(place, (&"f12".into(), &22.0.into()));
    assert_eq!(twelfth["mine"], 1e-7);
}

#[test]
fn a_manifest_of_ones_own_in_out_is_kept() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    frames(&here.join("frames"));
    fs::create_dir(here.join("out")).unwrap();
    fs::write(
        here.join("out/frames.jsonl"),
        "{\"id\":\"mine\",\"image\":\"a.png\"}\n",
    )
    .unwrap();
    let words = [&STYLE[..], &["FRAMES=frames", "OUT=out"]].concat();
    let said = made(here, &words);
    assert!(said.contains("a copy is kept as"), "{said}");
    let kept: Vec<_> = fs::read_dir(here.join("out/.kept")).unwrap().collect();
    assert_eq!(kept.len(), 1);
    let text = fs::read_to_string(kept[0].as_ref().unwrap().path()).unwrap();
    assert!(text.contains("\"mine\""), "{text}");
    let said = made(here, &words);
    assert!(
        !said.contains("a copy is kept"),
        "its own manifests are none: {said}"
    );
    let unique = here.join("out/unique.jsonl");
    let edited = fs::read_to_string(&unique)
        .unwrap()
        .replacen("\"id\"", " \"id\"", 1);
    fs::write(&unique, &edited).unwrap();
    let said = made(here, &words);
    assert!(said.contains("unique.jsonl: not as a stage"), "{said}");
    let kept = fs::read_dir(here.join("out/.kept")).unwrap();
    let kept = kept.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    assert!(kept.into_iter().any(|text| text == edited));
}

#[test]
fn a_run_begins_with_one_thing_and_instances_make_what_shows_characters() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    frames(&here.join("frames"));
    for (words, said) in [
        (
            &["style", "OUT=o"][..],
            "FRAMES=folder, or INSTANCES=folder",
        ),
        (
            &["style", "FRAMES=frames", "INSTANCES=frames", "OUT=o"],
            "FRAMES and INSTANCES: one of them only",
        ),
        (
            &["style", "FRAMES=gone", "OUT=o"],
            "gone: there is no such folder or file of frames",
        ),
        (
            &["style", "INSTANCES=frames", "OUT=o"],
            "style: not from INSTANCES",
        ),
        (
            &["style", "FRAMES=frames", "FRAMES_FPS=two", "OUT=o"],
            "FRAMES_FPS=two: a number",
        ),
    ] {
        let output = make(here, words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && error.contains(said),
            "{words:?}: {error}"
        );
        assert!(!here.join("o").exists(), "nothing was begun");
    }
}

/// Makes the character of instances that keep their captions, whatever they look like.
const KEPT: [&str; 12] = [
    "character",
    "NETWORKS=small",
    "SETTINGS=",
    "INSTANCES=cast",
    "CHARACTER=nilo",
    "CAPTIONS=keep",
    "OUT=out",
    "FIGURE_BLUR_FLAGS=--sharpness 0 --min-side 1 --letters 0 --drawn-title 0 --flat 1 --contrast 0",
    "FIGURE_CLUSTER_FLAGS=--near-duplicates 1",
    "CHARACTER_BALANCE_FLAGS=",
    "DATASET_FLAGS=--resolution 256 --views kohya",
    "DEVICE=cpu",
];

#[test]
fn curated_instances_become_a_data_set_under_their_own_names_and_captions() {
    if !end_to_end::runtime() {
        return;
    }
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    copy(&root().join("examples/film/cast"), &here.join("cast"));
    let said = "nilo, a boy with a lantern, said by hand";
    for image in walk(&here.join("cast/nilo")) {
        fs::write(image.with_extension("txt"), said).unwrap();
    }
    made(here, &KEPT);
    let named = records(&here.join("out/named.jsonl"));
    let name = |record: &Value| record["identity"]["name"].as_str().unwrap().to_owned();
    let whom: BTreeSet<_> = named.iter().map(name).collect();
    assert!(whom.contains("nilo") && whom.len() > 1, "{whom:?}");
    let dataset = records(&here.join("out/character/nilo/dataset.jsonl"));
    assert!(!dataset.is_empty());
    let files = walk(&here.join("out/character/nilo/dataset/kohya/train"));
    let captions = files
        .iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "txt"));
    let captions: Vec<_> = captions
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    assert_eq!(captions.len(), dataset.len());
    assert!(
        captions.iter().all(|text| text.contains(said)),
        "{captions:?}"
    );
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_set_for_windows_passes_its_lint_here_and_starts_by_a_batch_file() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    frames(&here.join("frames"));
    let own = [
        "FRAMES=frames",
        "OUT=w",
        "PATHS=windows",
        "BASE=sdxl",
        "DATASET_FLAGS=--views kohya,onetrainer,ai-toolkit,diffusers,diffusion-pipe,simpletuner --validation 34%",
    ];
    end_to_end::succeeds(
        end_to_end::make(here)
            .args(STYLE)
            .args(own)
            .env("WSL_DISTRO_NAME", "Ubuntu"),
    );
    let lint = records(&here.join("w/style/lint.jsonl"));
    let trainers: BTreeSet<_> = lint
        .iter()
        .filter(|record| record["image"].is_string())
        .map(|record| record["lint"]["trainer"].as_str().unwrap())
        .collect();
    assert_eq!(trainers.len(), 6, "each finds its images: {trainers:?}");
    let dataset = here.join("w/style/dataset");
    let kohya = fs::read_to_string(dataset.join("kohya/dataset.toml")).unwrap();
    let root = "image_dir = \"//wsl.localhost/Ubuntu/";
    assert!(kohya.contains(root), "{kohya}");
    for name in ["train.cmd", "train.py", "train.json", "search.cmd"] {
        assert!(dataset.join("kohya").join(name).is_file(), "{name}");
    }
    assert!(!dataset.join("kohya/train.sh").exists());
}

/// Words that no films are made of, and what is said then.
const REFUSED: [([&str; 2], &str); 3] = [
    (
        ["FILM=films/one.mp4 films/other/one.mp4", "PATHS=absolute"],
        "has the name of films/one.mp4",
    ),
    (
        ["FILM=films/one.mp4 films/gone.mp4", "PATHS=absolute"],
        "films/gone.mp4: there is no such film",
    ),
    (
        ["FILM=films", "PATHS=windows"],
        "is not on a drive of Windows",
    ),
];

#[test]
fn several_films_are_one_source_and_trainers_find_them_where_they_run() {
    let Some(run) = end_to_end::run::Run::new(2) else {
        return;
    };
    let here = run.folder.path();
    fs::create_dir_all(here.join("films/other")).unwrap();
    for name in ["films/one.mp4", "films/two.mp4", "films/other/one.mp4"] {
        fs::copy(here.join("my film.mp4"), here.join(name)).unwrap();
    }
    made(
        here,
        &[&STYLE[..], &["FILM=films", "OUT=o", "PATHS=relative"]].concat(),
    );
    let frames = records(&here.join("o/frames.jsonl"));
    let of = |film: &str| {
        frames
            .iter()
            .filter(|one| one["source"]["film"] == film)
            .count()
    };
    assert_eq!(
        (of("one.mp4"), of("two.mp4")),
        (frames.len() / 2, frames.len() / 2)
    );
    let ids: BTreeSet<_> = frames
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), frames.len(), "ids never collide");
    let kohya = fs::read_to_string(here.join("o/style/dataset/kohya/dataset.toml")).unwrap();
    assert!(kohya.contains("image_dir = \"./style/dataset-"), "{kohya}");
    for (words, said) in REFUSED {
        let output = make(here, &[&STYLE[..], &["OUT=p"], &words].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && error.contains(said),
            "{words:?}: {error}"
        );
    }
}
