//! The pipelines in `examples/pipelines`, run as their README says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at once")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use end_to_end::{ffmpeg, records, root, tools};

/// Runs a script with these arguments in `here`; `None`, and said, where there is no jq.
fn script(here: &Path, name: &str, arguments: &[&str]) -> Option<String> {
    if !testkit::jq() {
        return None;
    }
    let path = format!("{}:{}", tools().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(root().join("examples/pipelines").join(name));
    command.args(arguments).current_dir(here).env("PATH", path);
    if let Some(ffmpeg) = ffmpeg() {
        command.env("FFMPEG", ffmpeg);
    }
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{name}: {said}");
    Some(String::from_utf8(ran.stdout).unwrap())
}

/// Draws `count` scenes and as many soft copies of the first two into a folder.
fn frames(here: &Path, name: &str, seeds: std::ops::Range<u64>) -> PathBuf {
    let folder = here.join(name);
    fs::create_dir(&folder).unwrap();
    for seed in seeds {
        let scene = testkit::scene(480, 300, seed * 7 + 3);
        scene.save(folder.join(format!("{seed:02}.png"))).unwrap();
        if seed < 2 {
            let soft = testkit::blurred(&scene, 1);
            soft.save(folder.join(format!("{seed:02}_soft.png")))
                .unwrap();
        }
    }
    folder
}

#[test]
fn the_number_of_processes_changes_nothing_and_more_images_are_added_once() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    frames(here, "frames", 0..9);
    for processes in ["1", "4"] {
        let out = format!("out{processes}");
        if script(here, "shards.sh", &["frames", &out, processes]).is_none() {
            return;
        }
        assert_eq!(
            records(&here.join(&out).join("duplicates.jsonl")).len(),
            2,
            "the soft copies"
        );
    }
    for file in ["sharp.jsonl", "duplicates.jsonl", "blurred.jsonl"] {
        let read = |out: &str| fs::read(here.join(out).join(file)).unwrap();
        assert!(read("out1") == read("out4"), "{file} has the same bytes");
    }
    let old = records(&here.join("out1/sharp.jsonl")).len();
    assert!(old >= 5, "{old}");
    frames(here, "more", 7..12);
    let said = script(here, "add.sh", &["out1/sharp.jsonl", "more", "added"]).unwrap();
    let new = records(&here.join("added/new.jsonl"));
    let known = records(&here.join("added/known.jsonl"));
    assert_eq!((new.len(), known.len()), (3, 2), "{known:?}");
    assert_eq!(said, "3 new, 2 known\n");
    assert_eq!(records(&here.join("added/all.jsonl")).len(), old + 3);
}

#[test]
fn every_image_is_in_one_group_of_colours() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    frames(here, "frames", 0..9);
    if script(here, "colours.sh", &["frames", "out", "3"]).is_none() {
        return;
    }
    assert_eq!(records(&here.join("out/grouped.jsonl")).len(), 11);
    let groups: Vec<_> = (0..3)
        .map(|group| records(&here.join(format!("out/group_{group}.jsonl"))))
        .collect();
    assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 11);
    for (number, group) in groups.iter().enumerate() {
        assert!(
            group
                .iter()
                .all(|record| record["cluster"]["id"] == number
                    && record["mine"]["range"].is_number())
        );
        assert!(
            here.join(format!("out/group_{number}/report.html"))
                .is_file()
        );
    }
}

#[test]
fn the_sample_film_gives_one_frame_a_shot_and_a_set_of_its_nights() {
    let film = root().join("examples/film/film.mp4");
    if ffmpeg().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let film = film.to_str().unwrap();
    if script(here, "shots.sh", &[film, "shots", "1"]).is_none() {
        return;
    }
    let best = records(&here.join("shots/best.jsonl"));
    let mut shots: Vec<_> = best
        .iter()
        .map(|record| record["source"]["shot"].as_u64().unwrap())
        .collect();
    assert!(shots.len() >= 15, "{shots:?}");
    shots.dedup();
    assert_eq!(shots.len(), best.len(), "one of each");
    assert!(here.join("shots/page/report.html").is_file());
    script(here, "nights.sh", &[film, "nights", "nightfilm", "5"]).unwrap();
    let written = records(&here.join("nights/written.jsonl"));
    let days = records(&here.join("nights/days.jsonl"));
    assert!((1..=5).contains(&written.len()), "{}", written.len());
    assert!(
        written
            .iter()
            .all(|record| record["light"]["time"] == "night")
    );
    assert!(days.iter().all(|record| record["light"]["time"] != "night") && !days.is_empty());
}

#[test]
fn every_script_stands_in_the_readme_and_is_short() {
    let folder = root().join("examples/pipelines");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name).extension().is_some_and(|end| end == "sh") {
            count += 1;
            assert!(readme.contains(&format!("[{name}]({name})")), "{name}");
            let text = fs::read_to_string(folder.join(&name)).unwrap();
            assert!(text.lines().count() <= 25, "{name} is a few lines");
        }
    }
    assert_eq!(count, 5);
}
