//! What a film's owner teaches it: from labels to the data sets.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use end_to_end::run::Run;
use end_to_end::{records, tools};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};

fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// Makes the lighting data set, and says of each frame the time of day that it is selected by.
fn lighting(run: &Run, more: &[&str]) -> BTreeMap<String, String> {
    said(&run.make(
        "out",
        &[&["lighting", "LIGHTING_BALANCE_FLAGS="], more].concat(),
    ));
    let word = |record: &Value, pointer| {
        record
            .pointer(pointer)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    let reviewed = records(&run.path("out/lighting/reviewed.jsonl"));
    let words = reviewed
        .iter()
        .map(|one| (word(one, "/id"), word(one, "/light/time")));
    words.collect()
}

/// Labels the first frame of each shot: the first three shots are `dusk`, the others `dawn`.
fn label(run: &Run) {
    let mut first = BTreeMap::new();
    for record in records(&run.path("out/lit.jsonl")) {
        let shot = record["source"]["shot"].as_u64().unwrap();
        first.entry(shot).or_insert(record["id"].clone());
    }
    assert!(first.len() >= 6, "the drawn film has six shots: {first:?}");
    let line = |(at, id): (usize, &Value)| {
        let time = if at < 3 { "dusk" } else { "dawn" };
        format!(
            "{}\n",
            json!({"id": id, "decision": "open", "set": {"/light/time": time}})
        )
    };
    let lines: String = first.values().enumerate().map(line).collect();
    fs::create_dir_all(run.path("out/review/taught")).unwrap();
    fs::write(run.path("out/review/lighting.jsonl"), lines).unwrap();
}

#[test]
fn a_film_that_was_taught_goes_by_its_labels() {
    let Some(run) = Run::new(6) else { return };
    let untaught = lighting(&run, &[]);
    label(&run);
    // Labels alone change the images that they are of.
    let labelled = lighting(&run, &[]);
    let changed = labelled.iter().filter(|(id, word)| untaught[*id] != **word);
    assert_eq!(changed.count(), 6);
    // As `make teach` does.
    fs::write(run.path("out/review/taught/lighting"), "").unwrap();
    let taught = lighting(&run, &[]);
    let words = |of: &str| taught.values().filter(|word| *word == of).count();
    assert!(
        words("dusk") > 3 && words("dawn") > 3,
        "all frames of these shots: {taught:?}"
    );
    let model = fs::read(run.path("out/lighting/taught-light-time.json")).unwrap();
    let model: Value = serde_json::from_slice(&model).unwrap();
    assert_eq!(model["proof"]["labels"], 6);
    for record in records(&run.path("out/lighting/reviewed.jsonl")) {
        let answer = &record["taught"]["/light/time"];
        let before = untaught[record["id"].as_str().unwrap()].as_str();
        assert_eq!(
            answer["before"],
            json!(before),
            "the earlier answer stays beside it"
        );
        assert_eq!(
            record["taught"].get("/light/weather"),
            None,
            "of which nothing was said"
        );
    }
    // Nothing new: the model is not made again. TAUGHT=no goes by the labels alone.
    let written = run.written("out/lighting/taught.jsonl");
    assert_eq!(lighting(&run, &[]), taught);
    assert_eq!(run.written("out/lighting/taught.jsonl"), written);
    assert_eq!(lighting(&run, &["TAUGHT=no"]), labelled);
}

#[test]
fn the_sequel_begins_with_what_the_film_taught() {
    let Some(run) = Run::new(6) else { return };
    lighting(&run, &[]);
    label(&run);
    fs::write(run.path("out/review/taught/lighting"), "").unwrap();
    lighting(&run, &[]);
    let model = run.path("taught.json");
    fs::copy(run.path("out/lighting/taught-light-time.json"), &model).unwrap();
    fs::remove_dir_all(run.path("out/review")).unwrap();
    let from = format!("TEACH_FROM={}", model.display());
    let sequel = lighting(&run, &[&from]);
    let words = |of: &str| sequel.values().filter(|word| *word == of).count();
    assert!(words("dusk") + words("dawn") > 3, "{sequel:?}");
}

/// Makes the style data set by these decisions; the images that it is selected from.
fn decided_style(run: &Run, decisions: &[(&Value, &str)]) -> Vec<Value> {
    let line = |(id, decision)| format!("{}\n", json!({"id": id, "decision": decision}));
    let lines: String = decisions.iter().copied().map(line).collect();
    fs::create_dir_all(run.path("out/review/taught")).unwrap();
    fs::write(run.path("out/review/style.jsonl"), lines).unwrap();
    fs::write(run.path("out/review/taught/style"), "").unwrap();
    said(&run.make("out", &["style"]));
    let reviewed = records(&run.path("out/style/reviewed.jsonl"));
    reviewed.iter().map(|one| one["id"].clone()).collect()
}

#[test]
fn what_to_keep_is_taught_by_what_blur_filter_measures() {
    let Some(run) = Run::new(6) else { return };
    said(&run.make("out", &["style"]));
    let all = records(&run.path("out/style/reviewed.jsonl"));
    let ids: Vec<_> = all.iter().map(|one| &one["id"]).collect();
    // Of drops alone nothing is learnt but what they are of.
    let left = decided_style(&run, &[(ids[0], "drop"), (ids[1], "drop")]);
    assert_eq!(left.iter().collect::<Vec<_>>(), ids[2..]);
    let bright = |one: &Value| one["quality"]["brightness"].as_f64().unwrap();
    let mut sorted: Vec<f64> = all.iter().map(bright).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let dark = all.iter().filter(|one| bright(one) < middle).count();
    let decide = |(at, one): (usize, &Value)| {
        let dark = bright(one) < middle;
        // Every other one; of those, one that is dark is kept.
        at.is_multiple_of(2)
            .then_some(if dark { "drop" } else { "keep" })
    };
    let mut decisions: Vec<_> = all
        .iter()
        .enumerate()
        .filter_map(|(at, one)| decide((at, one)).map(|word| (&one["id"], word)))
        .collect();
    let odd = decisions.iter_mut().find(|one| one.1 == "drop").unwrap();
    odd.1 = "keep";
    let odd = odd.0;
    let left = decided_style(&run, &decisions);
    for (id, word) in &decisions {
        assert_eq!(left.contains(id), *word == "keep", "{id}");
    }
    assert!(left.contains(odd), "whatever it looks like");
    let gone = all.len() - left.len();
    assert!(gone > dark / 2, "{gone} of {dark} dark ones went");
}

#[test]
fn what_cannot_be_taught_is_said() {
    let Some(run) = Run::new(2) else { return };
    for (words, expected) in [
        (["teach", "PIPELINE=frames"], "what can be taught is"),
        (["teach", "PIPELINE=lighting"], "make it first"),
        (
            ["teach", "TEACH_ASK=none"],
            "TEACH_ASK=none: must be a whole number",
        ),
        (["lighting", "TAUGHT=perhaps"], "TAUGHT must be yes or no"),
    ] {
        let output = run.make("out", &words);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}

/// Whom a record of [`heaps`] shows.
fn name_of(record: &Value) -> &'static str {
    let number: usize = record["id"].as_str().unwrap()[1..].parse().unwrap();
    ["luca", "giulia", "alberto"][number % 3]
}

/// 240 records whose vectors lie in three heaps that touch, four to a shot.
fn heaps() -> String {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut next = || f64::from(chance.next_u32()) / f64::from(u32::MAX) - 0.5;
    let mut lines = Vec::new();
    for number in 0..240 {
        let mut vector: Vec<f64> = (0..8).map(|_| next()).collect();
        vector[number % 3] += 1.2;
        let record = json!({"id": format!("f{number}"), "image": "x.png", "source": {"film": "f", "shot": number / 4},
               "embedding": {"vector": vector}});
        lines.push(record.to_string());
    }
    lines.join("\n")
}

/// The records that a tool writes for `in.jsonl`.
fn records_of(here: &Path, tool: &str, flags: &[&str]) -> Vec<Value> {
    let mut command = Command::new(tools().join(tool));
    let output = command.current_dir(here).args(flags).arg("in.jsonl");
    let output = output.output().unwrap();
    said(&output);
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(serde_json::from_str);
    lines.map(Result::unwrap).collect()
}

#[test]
fn labels_asked_for_in_rounds_tell_three_heaps_apart() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("in.jsonl"), heaps()).unwrap();
    let fit = ["--key", "/character", "--patch", "patch.jsonl"];
    let mut patch = Vec::new();
    for _ in 0..2 {
        for asked in records_of(here, "label-fit", &[&fit[..], &["--ask", "15"]].concat()) {
            let set = json!({"/character": name_of(&asked)});
            patch.push(json!({"id": asked["id"], "decision": "open", "set": set}).to_string());
        }
        fs::write(here.join("patch.jsonl"), patch.join("\n") + "\n").unwrap();
    }
    assert_eq!(patch.len(), 30, "nothing is asked twice");
    let output = ["--output", "model.json"];
    records_of(here, "label-fit", &[&fit[..], &output].concat());
    let judged = records_of(here, "label-apply", &["--taught", "model.json"]);
    let answered = judged.iter().filter(|one| one["character"] != "unknown");
    let answered: Vec<_> = answered.collect();
    let right = answered
        .iter()
        .filter(|one| one["character"] == name_of(one));
    let (right, answered) = (right.count() as f64, answered.len() as f64);
    assert!(answered > 0.8 * 240.0, "{answered} of 240 are answered");
    assert!(
        right > 0.93 * answered,
        "{right} of {answered} answers are right"
    );
}

/// What blur-filter is told of the drawn film, but for its sharpness.
const BLUR: &str = "BLUR_FLAGS=--min-side 1 --contrast 1 --flat 1 --letters 0";

/// Makes the frames, and says how sharp each is that blur-filter keeps.
fn sharp(run: &Run, out: &str, more: &[&str]) -> BTreeMap<String, f64> {
    said(&run.make(out, &[&["frames"], more].concat()));
    let sharpness = |record: Value| {
        let id = record["id"].as_str().unwrap().to_owned();
        (id, record["quality"]["sharpness"].as_f64().unwrap())
    };
    let kept = records(&run.path(&format!("{out}/sharp.jsonl")));
    kept.into_iter().map(sharpness).collect()
}

/// Labels all frames: a person keeps the sharper half. Says from which sharpness on.
fn keep_the_sharper(run: &Run, frames: &BTreeMap<String, f64>) -> f64 {
    let mut sorted: Vec<f64> = frames.values().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let line = |(id, sharpness): (&String, &f64)| {
        let decision = if *sharpness >= middle { "keep" } else { "drop" };
        format!("{}\n", json!({"id": id, "decision": decision}))
    };
    fs::create_dir_all(run.path("out/review")).unwrap();
    let patch: String = frames.iter().map(line).collect();
    fs::write(run.path("out/review/blur.jsonl"), patch).unwrap();
    middle
}

#[test]
fn a_threshold_that_labels_set_is_that_of_its_tool() {
    let Some(run) = Run::new(8) else { return };
    let all = sharp(&run, "out", &[BLUR]);
    let middle = keep_the_sharper(&run, &all);
    // Everything has a label: no page is opened.
    let told = said(&run.make("out", &["teach", "PIPELINE=blur", BLUR]));
    assert!(told.contains("blur: --sharpness="), "{told}");
    let unique = run.written("out/unique.jsonl");
    let taught = sharp(&run, "out", &[BLUR]);
    assert!(!taught.is_empty() && taught.len() < all.len());
    assert!(taught.values().all(|sharpness| *sharpness >= middle));
    assert_eq!(
        run.written("out/unique.jsonl"),
        unique,
        "no stage before it runs again"
    );
    let report =
        |out: &str| fs::read_to_string(run.path(&format!("{out}/frames/report.html"))).unwrap();
    let line = format!("on {} labels of this film; ", all.len());
    assert!(
        report("out").contains(&line),
        "the report says what it is worth"
    );
    let written = run.written("out/sharp.jsonl");
    sharp(&run, "out", &[BLUR]);
    assert_eq!(run.written("out/sharp.jsonl"), written, "nothing new");
    // A flag of one's own counts before it, and TAUGHT=no leaves it out.
    assert_eq!(sharp(&run, "out", &[]).len(), all.len());
    assert!(!report("out").contains(&line));
    assert_eq!(sharp(&run, "out", &[BLUR, "TAUGHT=no"]), all);
    // The sequel begins with it.
    let from = format!("TEACH_FROM={}", run.path("out/thresholds").display());
    assert_eq!(sharp(&run, "sequel", &[BLUR, &from]), taught);
    assert!(report("sequel").contains("labels of another film"));
}

#[test]
fn two_frames_that_a_person_calls_different_both_stay() {
    let Some(run) = Run::new(2) else { return };
    let near = "DEDUP_FLAGS=--max-distance 32";
    sharp(&run, "out", &[near]);
    let dropped = records(&run.path("out/unique.rejects.jsonl"));
    let pair = [&dropped[0]["id"], &dropped[0]["dedup"]["nearest"]];
    let line = format!("{}\n", json!({"pair": pair, "different": true}));
    fs::create_dir_all(run.path("out/review")).unwrap();
    fs::write(run.path("out/review/dedup.pairs.jsonl"), line).unwrap();
    let ids = |run: &Run| {
        let unique = records(&run.path("out/unique.jsonl"));
        unique
            .into_iter()
            .map(|record| record["id"].clone())
            .collect::<Vec<_>>()
    };
    let without = ids(&run);
    sharp(&run, "out", &[near]);
    let with = ids(&run);
    assert!(
        !without.contains(pair[0]) && pair.iter().all(|id| with.contains(id)),
        "{with:?}"
    );
    sharp(&run, "out", &[near, "TAUGHT=no"]);
    assert_eq!(ids(&run), without);
}
