//! A base model and repeats: what stands in a data set for them, and a search with a program in the trainer's place.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use testkit::run_in;

use crate::support::{TOOL, files, lines, scenes, write};

const FLAGS: [&str; 6] = [
    "--type",
    "character",
    "--trigger",
    "lucap boy",
    "--resolution",
    "64",
];

/// Scenes of which every fourth was selected for a cell of its own.
fn selected() -> (tempfile::TempDir, Vec<Value>) {
    let (folder, mut records) = scenes(12);
    for (number, record) in records.iter_mut().enumerate() {
        let action = if number % 4 == 0 {
            "sitting"
        } else {
            "running"
        };
        record["balance"] = json!({"rank": number + 1, "cell": {"/pose/action": action}});
    }
    (folder, records)
}

#[test]
fn a_small_cell_is_shown_as_often_as_the_largest() {
    let (folder, records) = selected();
    let flags = [
        &FLAGS[..],
        &["--repeats", "cells", "--views", "kohya,onetrainer"],
    ]
    .concat();
    write(folder.path(), &flags, &records);
    let all = files(&folder.path().join("out/dataset"));
    let under = |part: &str| all.keys().filter(|path| path.starts_with(part)).count();
    // Nine of one cell and three of the other, each with its caption.
    assert_eq!(under("kohya/train/1_lucap_boy"), 18);
    assert_eq!(under("kohya/train/3_lucap_boy"), 6);
    assert_eq!(under("onetrainer/train/x3"), 6);
    let concepts: Value =
        serde_json::from_slice(&all[Path::new("onetrainer/concepts.json")]).unwrap();
    assert_eq!(
        [&concepts[0]["balancing"], &concepts[1]["balancing"]],
        [1.0, 3.0]
    );
}

#[test]
fn captions_and_images_are_the_same_with_a_base_model() {
    let (folder, records) = selected();
    let views = ["--views", "kohya,ai-toolkit,simpletuner"];
    let content = |more: &[&str]| {
        write(
            folder.path(),
            &[&FLAGS[..], &views, more].concat(),
            &records,
        );
        let all = files(&folder.path().join("out/dataset")).into_iter();
        let kept = |path: &Path| {
            path.extension()
                .is_some_and(|ending| ending == "png" || ending == "txt")
        };
        let own = all.filter(|(path, _)| kept(path) && !path.ends_with("prompts.txt"));
        own.collect::<Vec<_>>()
    };
    assert_eq!(content(&[]), content(&["--base", "illustrious"]));
}

#[test]
fn two_slashes_before_the_folder_are_no_machine_of_windows() {
    let (folder, records) = selected();
    let out = format!("/{}/out", folder.path().display());
    let mut flags = [&FLAGS[..], &["--views", "kohya", "--base", "sdxl"]].concat();
    flags.extend(["--out-dir", &out]);
    let ran = run_in(folder.path(), TOOL, &flags, &lines(&records));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let kohya = folder.path().join("out/dataset/kohya");
    assert!(kohya.join("train.sh").is_file() && !kohya.join("train.cmd").exists());
    let toml = fs::read_to_string(kohya.join("dataset.toml")).unwrap();
    assert!(!toml.contains("\"//"), "{toml}");
}

#[test]
fn the_card_says_what_to_type() {
    let (folder, records) = selected();
    let flags = [&FLAGS[..], &["--base", "flux1", "--views", "kohya,musubi"]].concat();
    let ran = write(folder.path(), &flags, &records);
    assert!(
        ran.stderr.contains("musubi: there is no train.sh for flux"),
        "{}",
        ran.stderr
    );
    let card = fs::read_to_string(folder.path().join("out/dataset/README.md")).unwrap();
    for part in [
        "## To train on flux",
        "Its trigger is `lucap boy`.",
        "| kohya | `TRAINER=… MODEL=… CLIP_L=… T5XXL=… AE=… sh kohya/train.sh` |",
        "| musubi | there is no train.sh for flux |",
        "That is 1500 steps for 12 images, rank 16, and a checkpoint with samples every 188 steps.",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
}

#[test]
fn the_card_names_the_trigger_of_every_caption() {
    let (folder, mut records) = selected();
    let flags = ["--type", "pose", "--resolution", "64", "--views", "kohya"];
    let flags = [&flags[..], &["--base", "sdxl"]].concat();
    let card = |records: &[Value]| {
        write(folder.path(), &flags, records);
        fs::read_to_string(folder.path().join("out/dataset/README.md")).unwrap()
    };
    for record in &mut records {
        record["caption"] = json!("full body");
    }
    let without = card(&records);
    assert!(without.contains("It has no trigger."), "{without}");
    for record in &mut records {
        let action = record["balance"]["cell"]["/pose/action"].clone();
        let trigger = format!("film_{}", action.as_str().unwrap());
        record["facts"] = json!({"trigger": trigger});
        record["caption"] = json!(format!("{trigger}, full body"));
    }
    let several = card(&records);
    for part in [
        "| triggers | `film_running`, `film_sitting` |",
        "Its triggers, one in each caption, are `film_running`, `film_sitting`.",
    ] {
        assert!(several.contains(part), "{part}: {several}");
    }
    records.retain(|record| record["facts"]["trigger"] == "film_running");
    let one = card(&records);
    assert!(one.contains("Its trigger is `film_running`."), "{one}");
}

#[test]
fn what_is_no_base_model_or_no_number_is_refused() {
    let (folder, records) = scenes(1);
    for (flag, value, said) in [
        ("--base", "sd9", "there is no base model `sd9`, only sd15"),
        (
            "--repeats",
            "0",
            "is neither `cells` nor a number from 1 to 10000",
        ),
        (
            "--repeats",
            "often",
            "is neither `cells` nor a number from 1 to 10000",
        ),
    ] {
        let flags = [&FLAGS[..], &["--out-dir", "out", flag, value]].concat();
        let ran = run_in(folder.path(), TOOL, &flags, &lines(&records));
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

/// A program in the place of the trainer's Python: its loss is least at a learning rate of 3e-4 and a rank of 32.
const TRAINER: &str = r#"#!/bin/sh
for word in "$@"; do
    case $word in
        --learning_rate=*) rate=${word#*=} ;;
        --network_dim=*) rank=${word#*=} ;;
        --output_dir=*) out=${word#*=} ;;
    esac
done
echo trained > "$out/lora.safetensors"
awk -v rate="$rate" -v rank="$rank" 'BEGIN { a = log(rate / 3e-4); b = log(rank / 32); printf "val_avg_loss=%.5f\n", a * a + b * b }'
"#;

/// Runs the search of the view for sd-scripts.
fn search(here: &Path, python: &str, flags: &[&str]) -> (String, bool) {
    let mut command = Command::new("sh");
    command
        .arg(here.join("out/dataset/kohya/search.sh"))
        .args(flags);
    for name in [
        "OUTPUT",
        "STEPS",
        "RANK",
        "LEARNING_RATE",
        "SEED",
        "DRY_RUN",
    ] {
        command.env_remove(name);
    }
    command
        .env("TRAINER", here)
        .env("MODEL", here.join("model"));
    command
        .env("PYTHON", here.join("trainer"))
        .env("SEARCH_PYTHON", python);
    let ran = command.current_dir("/").output().unwrap();
    let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
    (said, ran.status.success())
}

/// A data set with a search beside it, and a stand-in for the trainer.
fn searched(here: &Path, records: &[Value]) {
    write(here, &[&FLAGS[..], &["--base", "sdxl"]].concat(), records);
    fs::write(here.join("sdxl_train_network.py"), "").unwrap();
    fs::write(here.join("model"), "").unwrap();
    testkit::program(&here.join("trainer"), TRAINER);
}

#[test]
fn a_search_names_the_python_that_it_cannot_run() {
    let (folder, records) = selected();
    searched(folder.path(), &records);
    let (said, done) = search(folder.path(), "true-is-no-python", &["--dry-run"]);
    assert!(!done && said.contains("true-is-no-python"), "{said}");
}

#[test]
#[ignore = "needs Optuna, for the Python of SEARCH_PYTHON"]
fn a_search_finds_better_numbers_and_goes_on_where_it_ended() {
    let (folder, records) = selected();
    let here = folder.path();
    searched(here, &records);
    let python = std::env::var("SEARCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let (said, done) = search(here, &python, &["--trials", "6"]);
    assert!(done, "{said}");
    assert!(
        said.contains("trial 1: learning rate 0.0001, rank 16, 1500 steps"),
        "{said}"
    );
    let out = here.join("out/dataset/kohya/search");
    let best = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(out.join(name)).unwrap()).unwrap()
    };
    let first = best("best.json")["score"].as_f64().unwrap();
    assert!(first < 1.68, "that of the numbers of train.sh: {first}");
    let (said, done) = search(here, &python, &["--trials", "8"]);
    assert!(done && said.starts_with("trial 7:"), "{said}");
    assert!(out.join("trial-0008/lora.safetensors").exists());
    assert!(best("best.json")["score"].as_f64().unwrap() <= first);
    let score = "test -s \"$OUTPUT/lora.safetensors\" && echo no number";
    let other = here.join("other");
    let (said, done) = search(
        here,
        &python,
        &[
            "--trials",
            "1",
            "--score",
            score,
            "--out-dir",
            other.to_str().unwrap(),
        ],
    );
    assert!(
        !done && said.contains("--score: its last line is not a number: no number"),
        "{said}"
    );
}
