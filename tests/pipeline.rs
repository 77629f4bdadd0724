//! The Makefile, run as its user runs it.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use end_to_end::run::Run;
use end_to_end::{copy, records, root, tools};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

const STAGES: [&str; 8] = [
    "out/frames.jsonl",
    "out/unique.jsonl",
    "out/sharp.jsonl",
    "out/lit.jsonl",
    "out/style/selected.jsonl",
    "out/style/dataset.jsonl",
    "out/lighting/selected.jsonl",
    "out/lighting/dataset.jsonl",
];

#[test]
fn a_film_becomes_two_data_sets() {
    let Some(run) = Run::new(3) else { return };
    run.both("my out", &[]);
    let frames = records(&run.path("my out/frames.jsonl"));
    let shots: Vec<_> = frames
        .iter()
        .map(|r| r["source"]["shot"].as_u64().unwrap())
        .collect();
    assert_eq!(shots.last(), Some(&2), "three shots: {shots:?}");
    assert!(
        frames.iter().all(|r| r["height"] == 240),
        "the bars are gone"
    );
    for kind in ["style", "lighting"] {
        let written = records(&run.path(&format!("my out/{kind}/dataset.jsonl")));
        assert!(written.len() >= 3, "{kind}: an image of each shot");
        for record in written {
            let image = run
                .path("my out")
                .join(record["dataset"]["file"].as_str().unwrap());
            assert!(image.is_file(), "{}", image.display());
            let caption = fs::read_to_string(image.with_extension("txt")).unwrap();
            assert!(caption.starts_with("drawnfilm"), "{caption}");
            assert!(!caption.contains('\n'), "{caption}");
        }
    }
}

#[test]
fn a_second_make_does_nothing_and_a_changed_setting_only_what_it_must() {
    let Some(run) = Run::new(2) else { return };
    run.both("out", &[]);
    let before = STAGES.map(|stage| run.written(stage));
    run.both("out", &[]);
    assert_eq!(
        STAGES.map(|stage| run.written(stage)),
        before,
        "nothing was left to do"
    );
    run.both("out", &["LIGHTING_TARGET=3"]);
    let after = STAGES.map(|stage| run.written(stage));
    assert_eq!(after[..6], before[..6], "lighting alone is made anew");
    assert!(after[6] > before[6] && after[7] > before[7], "and it is");
    assert_eq!(records(&run.path(STAGES[7])).len(), 3);
}

#[test]
fn a_failed_stage_leaves_no_output() {
    let Some(run) = Run::new(1) else { return };
    let output = run.make("out", &["style", "BLUR_FLAGS=--no-such-flag"]);
    assert!(!output.status.success());
    assert!(run.path("out/unique.jsonl").exists());
    assert!(!run.path("out/sharp.jsonl").exists());
    let missing = run.make("out", &["style", "FILM=no such film.mp4"]);
    let said = String::from_utf8_lossy(&missing.stderr);
    assert!(
        said.contains("no such film.mp4: there is no such film"),
        "{said}"
    );
}

#[test]
fn a_plan_foretells_the_rest_where_its_part_leaves_a_data_set_empty() {
    let Some(run) = Run::new(2) else { return };
    let plan = ["plan", "PIPELINE=style lighting"];
    let none =
        "LIGHTING_BALANCE_FLAGS=--quota /light/setting=indoor:0 --quota /light/setting=outdoor:0";
    let output = run.make("out", &[&plan[..], &[none]].concat());
    let (told, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("left a data set without images"), "{said}");
    assert!(
        told.contains("style-linted") && !told.contains("lighting-linted"),
        "{told}"
    );
    let output = run.make("out", &[&plan[..], &["BLUR_FLAGS=--no-such-flag"]].concat());
    assert!(
        !output.status.success(),
        "a stage that fails is another matter"
    );
}

#[test]
fn two_at_a_time_give_what_one_at_a_time_gives() {
    let Some(run) = Run::new(2) else { return };
    run.both("out", &[]);
    let one = run.results("out");
    fs::rename(run.path("out"), run.path("serial")).unwrap();
    run.both("out", &["-j2"]);
    assert_eq!(one.len(), run.results("out").len());
    assert!(one == run.results("out"), "the same bytes");
}

#[test]
fn killed_and_made_again_gives_what_an_undisturbed_run_gives() {
    let Some(run) = Run::new(2) else { return };
    run.both("out", &[]);
    let undisturbed = run.results("out");
    for moment in [60, 150, 400] {
        fs::remove_dir_all(run.path("out")).unwrap();
        let out = format!("OUT={}", run.path("out").display());
        let mut make = run
            .command(&["style", "lighting", &out])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(moment));
        let killed = kill_process_group(Pid::from_child(&make), Signal::KILL);
        assert!(killed.is_ok() || make.try_wait().unwrap().is_some());
        make.wait().unwrap();
        run.both("out", &[]);
        let results = run.results("out");
        let other: Vec<_> = (results.iter().chain(&undisturbed))
            .filter(|(name, bytes)| {
                results.get(*name) != Some(bytes) || undisturbed.get(*name) != Some(bytes)
            })
            .map(|(name, _)| name)
            .collect();
        assert!(other.is_empty(), "killed after {moment} ms: {other:?}");
    }
}

/// Asserts that make does nothing with these flags but say so, where the models are in `models`.
fn refused(run: &Run, models: &Path, flags: &[&str], said: &[&str]) {
    let out = format!("OUT={}", run.path("out").display());
    let mut command = run.command(flags);
    let output = command.arg(out).env("FILM2LORA_MODELS", models).output();
    let output = output.unwrap();
    assert!(!output.status.success(), "{flags:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    for words in said {
        assert!(text.contains(words), "{flags:?}: {text}");
    }
    let frames = run.path("out/frames.jsonl");
    assert!(!frames.exists(), "{flags:?}: nothing ran");
}

#[test]
fn what_is_missing_or_wrong_is_said_before_anything_runs() {
    let Some(run) = Run::new(1) else { return };
    let empty = run.path("no models");
    fs::create_dir(&empty).unwrap();
    fs::copy(
        root().join("models/registry.toml"),
        empty.join("registry.toml"),
    )
    .unwrap();
    let refused = |flags: &[&str], said: &[&str]| refused(&run, &empty, flags, said);
    refused(
        &["pose", "NETWORKS=published"],
        &[
            "(segment",
            "(pose",
            "is not installed (detect, 101.4 MB): film2lora models --role detect (make models ROLE=detect)",
        ],
    );
    refused(
        &[
            "style",
            "NETWORKS=published",
            "EMBED_MODEL=nobodys",
            "DESCRIBE=no",
        ],
        &["embed=nobodys: not a model in the registry and not a file"],
    );
    refused(&["pose"], &["pose: needs networks"]);
    refused(
        &["style", "NETWORKS=large"],
        &["NETWORKS must be published, small or none, not large"],
    );
    refused(
        &["character", "NETWORKS=small", "CHARACTER=a/../b"],
        &["CHARACTER=a/../b: use only letters, digits"],
    );
    refused(
        &["character", "NETWORKS=small", "CAST=/no/such/folder"],
        &["CAST=/no/such/folder: there is no such folder"],
    );
}

/// The first seconds of the sample film in which all three characters are seen.
fn part_of_the_sample_film(run: &Run) -> PathBuf {
    let part = run.path("part.mp4");
    let status = Command::new(&run.ffmpeg)
        .args(["-v", "error", "-y", "-ss", "30", "-i"])
        .arg(root().join("examples/film/film.mp4"))
        .args([
            "-t", "12", "-c:v", "mpeg4", "-q:v", "2", "-pix_fmt", "yuv420p",
        ])
        .arg(&part)
        .status();
    assert!(status.unwrap().success());
    part
}

/// The data sets of the sample film, and what the names of their images begin with.
const SETS: [(&str, &str); 8] = [
    ("character/nilo", "char_nilo_"),
    ("character/pia", "char_pia_"),
    ("character/oreste", "char_oreste_"),
    ("background", "bg_scene"),
    ("pose", "pose_"),
    ("expression", "expr_"),
    ("style", "style_"),
    ("lighting", "light_"),
];

/// Makes `target` of `part` with the small networks.
fn make_small(run: &Run, part: &Path, target: &str) {
    let mut command = Command::new("make");
    command
        .current_dir(root())
        .args([target, "SETTINGS=examples/film/film.mk"])
        // Fillings of so short a part are mostly fog, and no matter here.
        .arg("INPAINT_FLAGS=--max-seam 4 --max-fog 1 --max-invented 1")
        .arg(format!("FILM={}", part.display()))
        .arg(format!("OUT={}", run.path("out").display()))
        .arg(format!("BIN={}", tools().display()))
        .env("FFMPEG", &run.ffmpeg)
        .env("XDG_CACHE_HOME", run.path("cache"))
        .env("FILM2LORA_MODELS", run.path("models"))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Looks at a data set: its images have the name of its type, and captions that begin with the trigger.
fn is_whole(run: &Run, set: &str, name: &str) {
    let written = records(&run.path(&format!("out/{set}/dataset.jsonl")));
    assert!(!written.is_empty(), "{set}");
    for record in &written {
        let file = record["dataset"]["file"].as_str().unwrap();
        let image = run.path("out").join(file);
        let file = image.file_name().unwrap().to_string_lossy().into_owned();
        assert!(file.starts_with(name), "{set}: {file}");
        let caption = fs::read_to_string(image.with_extension("txt")).unwrap();
        assert!(caption.starts_with("lantern"), "{set}: {caption}");
        assert!(
            !caption.starts_with("lantern_other") && !caption.starts_with("lantern_unknown"),
            "what is not known is no trigger: {set}: {caption}"
        );
    }
    let report = run.path(&format!("out/{set}/report.html"));
    assert!(report.is_file(), "{set}");
}

#[test]
fn a_film_becomes_six_data_sets_and_a_second_make_does_nothing() {
    let Some(run) = Run::new(1) else { return };
    if !end_to_end::runtime() {
        return;
    }
    let part = part_of_the_sample_film(&run);
    copy(&root().join("models/small"), &run.path("models/small"));
    let registry = run.path("models/registry.toml");
    fs::copy(root().join("models/registry.toml"), &registry).unwrap();
    make_small(&run, &part, "instances");
    assert!(run.path("out/instances/report.html").is_file());
    make_small(&run, &part, "all");
    for (set, name) in SETS {
        is_whole(&run, set, name);
    }
    let progress = fs::read(run.path("out/preparation_progress.json")).unwrap();
    let progress: Value = serde_json::from_slice(&progress).unwrap();
    let phases = progress["phases"].as_object().unwrap();
    for name in ["masked", "background-masked", "keypoints", "emotions"] {
        assert_eq!(phases[name]["status"], "done", "{name}");
    }
    let on_gpu = phases
        .iter()
        .filter(|(_, phase)| phase.get("gpu").is_some());
    assert_eq!(on_gpu.count(), 0, "networks on the CPU wait for no GPU");
    for record in records(&run.path("out/pose/unique.rejects.jsonl")) {
        assert_eq!(
            record["rejected"].get("error"),
            None,
            "an instance without a pose is dropped, and no failure"
        );
    }
    let before = run.results("out");
    let written = |name: &PathBuf| run.written(&format!("out/{}", name.display()));
    let times: Vec<_> = before.keys().map(written).collect();
    make_small(&run, &part, "all");
    assert!(before == run.results("out"), "the same bytes");
    let again: Vec<_> = before.keys().map(written).collect();
    assert_eq!(again, times, "nothing was left to do");
    // Another network of the same name: its own stage runs again, and none before it.
    let text = fs::read_to_string(&registry).unwrap();
    let reference = "reference = \"models/small/emotion.py\"";
    assert!(text.contains(reference));
    let changed = text.replace(reference, "reference = \"another\"");
    fs::write(&registry, changed).unwrap();
    let before = ["faces.jsonl", "emotions.jsonl"].map(|name| run.written(&format!("out/{name}")));
    make_small(&run, &part, "all");
    let after = ["faces.jsonl", "emotions.jsonl"].map(|name| run.written(&format!("out/{name}")));
    assert_eq!(before[0], after[0]);
    assert!(before[1] < after[1]);
}

#[test]
fn the_shell_lines_of_the_readme_run() {
    if !testkit::jq() {
        return;
    }
    let Some(run) = Run::new(1) else { return };
    let made = run.make("out", &["frames"]);
    assert!(made.status.success());
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut blocks = readme.split("```sh\n").skip(1);
    let block = blocks.find(|block| block.starts_with("cd out\n")).unwrap();
    let path = format!("{}:{}", tools().display(), std::env::var("PATH").unwrap());
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", block.split("```").next().unwrap()])
        .current_dir(run.folder.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    let hashed = records(&run.path("out/unique.jsonl"));
    assert!(
        !hashed.is_empty(),
        "duplicates are found in what was hashed in pieces"
    );
    assert!(
        hashed
            .iter()
            .all(|record| record["dedup"]["hash"].is_string())
    );
}
