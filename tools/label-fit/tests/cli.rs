//! What label-fit learns of two heaps of vectors.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, in_file, keyed_manners, run_in, without_embeddings};

const TOOL: &str = env!("CARGO_BIN_EXE_label-fit");

#[test]
fn has_manners() {
    let shape = Shape {
        tool: TOOL,
        flags: &[
            "--key",
            "/light/time",
            "--labels-at",
            "/mine",
            "--on",
            "/numbers",
            "--ask",
            "7",
        ],
        opens_images: false,
        streams: false,
    };
    keyed_manners(shape, &[("numbers", json!([1, 2]))]);
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Two heaps, right and left, of twenty shots with three records each; day and night in turn.
fn heaps() -> Vec<Value> {
    let record = |number: u32| {
        let shot = number / 3;
        let side = if shot.is_multiple_of(2) { 1.0 } else { -1.0 };
        let (x, y) = (
            f64::from(number * 7 % 5) / 10.0,
            f64::from(number * 3 % 7) / 10.0,
        );
        json!({
            "id": format!("f{number:02}"), "image": "x.png",
            "source": {"film": "f.mp4", "shot": shot, "frame": number},
            "embedding": {"model": "flat", "vector": [side + x, y]},
        })
    };
    (0..60).map(record).collect()
}

fn time_of(record: &Value) -> &'static str {
    if record["source"]["shot"].as_u64().unwrap().is_multiple_of(2) {
        "noon"
    } else {
        "night"
    }
}

fn lines(records: &[Value]) -> String {
    let lines: Vec<_> = records.iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

/// Writes the labels of these records, right ones.
fn label(here: &Path, records: &[Value], numbers: impl Iterator<Item = usize>) {
    let decision = |record: &Value| json!({"id": record["id"], "decision": "open", "set": {"/light/time": time_of(record)}});
    let decisions: Vec<_> = numbers.map(|number| decision(&records[number])).collect();
    fs::write(here.join("patch.jsonl"), lines(&decisions)).unwrap();
}

fn fit(here: &Path, records: &[Value], more: &[&str]) -> Ran {
    let usual = ["--key", "/light/time", "--patch", "patch.jsonl"];
    run_in(here, TOOL, &[&usual, more].concat(), &lines(records))
}

fn model(here: &Path) -> Value {
    serde_json::from_slice(&fs::read(here.join("model.json")).unwrap()).unwrap()
}

#[test]
fn two_heaps_are_told_apart_in_shots_that_no_label_is_of() {
    let here = tempfile::tempdir().unwrap();
    let records = heaps();
    label(here.path(), &records, (0..60).step_by(5));
    let ran = fit(here.path(), &records, &["--output", "model.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.records(), records, "all records pass as they are");
    let model = model(here.path());
    assert_eq!(model["classes"], json!(["night", "noon"]));
    let proof = &model["proof"];
    assert_eq!(
        (&proof["labels"], &proof["shots"]),
        (&json!(12), &json!(12))
    );
    assert_eq!(
        (&proof["accuracy"], &proof["answered"]),
        (&json!(1.0), &json!(1.0))
    );
    assert_eq!(proof["confusion"], json!([[6, 0], [0, 6]]));
    assert_eq!(proof["curve"][0]["labels"], json!(10));
    assert!(
        ran.stderr
            .contains("12 labels of 12 shots: 1.00 of them right"),
        "{}",
        ran.stderr
    );
}

#[test]
fn labels_of_one_shot_prove_nothing() {
    let here = tempfile::tempdir().unwrap();
    let records = heaps();
    label(here.path(), &records, 0..3);
    let ran = fit(here.path(), &records, &["--output", "model.json"]);
    assert!(
        ran.stderr.contains("nothing is proven yet"),
        "{}",
        ran.stderr
    );
    assert_eq!(model(here.path())["proof"].get("accuracy"), None);
}

#[test]
fn vectors_that_say_nothing_are_found_out() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    for (number, record) in records.iter_mut().enumerate() {
        let (x, y) = ((number * 37 % 61) as f64, (number * 53 % 59) as f64);
        record["embedding"]["vector"] = json!([x, y]);
    }
    label(here.path(), &records, (0..60).step_by(2));
    fit(here.path(), &records, &["--output", "model.json"]);
    let accuracy = model(here.path())["proof"]["accuracy"].as_f64().unwrap();
    assert!(
        accuracy < 0.8,
        "{accuracy}: what is learnt by heart is not proven"
    );
}

#[test]
fn the_images_that_are_asked_for_are_of_other_shots_and_both_heaps() {
    let here = tempfile::tempdir().unwrap();
    let records = heaps();
    label(here.path(), &records, [0, 3].into_iter());
    let ran = fit(
        here.path(),
        &records,
        &["--ask", "6", "--rejects", "rest.jsonl"],
    );
    let asked = ran.records();
    let mut shots: Vec<_> = asked
        .iter()
        .map(|one| one["source"]["shot"].as_u64().unwrap())
        .collect();
    shots.sort_unstable();
    shots.dedup();
    assert_eq!(shots.len(), 6, "each of another shot");
    assert!(
        !shots.contains(&0) && !shots.contains(&1),
        "shots with a label wait: {shots:?}"
    );
    let mut ranks: Vec<_> = asked
        .iter()
        .map(|one| one["ask"]["rank"].as_u64().unwrap())
        .collect();
    ranks.sort_unstable();
    assert_eq!(ranks, [1, 2, 3, 4, 5, 6]);
    let guesses: Vec<_> = asked
        .iter()
        .map(|one| one["ask"]["guess"].as_str().unwrap())
        .collect();
    assert!(guesses.is_sorted(), "in rows: {guesses:?}");
    assert_ne!(guesses.first(), guesses.last(), "of both heaps");
    assert_eq!(
        fs::read_to_string(here.path().join("rest.jsonl"))
            .unwrap()
            .lines()
            .count(),
        54
    );
}

#[test]
fn without_labels_the_earlier_tool_is_asked_about() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    for record in &mut records {
        let sure = if record["source"]["shot"] == 7 {
            0.5
        } else {
            0.99
        };
        record["light"] = json!({"scores": {"noon": sure, "night": 1.0 - sure}});
    }
    let ran = fit(
        here.path(),
        &records,
        &["--prior", "/light/scores", "--ask", "1"],
    );
    assert_eq!(
        ran.records()[0]["source"]["shot"],
        7,
        "it is unsure of one shot alone"
    );
}

/// Heaps of two groups that look alike and have no names yet.
fn groups() -> Vec<Value> {
    let mut records = heaps();
    for record in &mut records {
        let group = usize::from(time_of(record) == "night");
        record["light"] = json!({"time": format!("cluster_{group}")});
    }
    records
}

/// What the records that are asked for are taken for, each once.
fn guesses(ran: &Ran) -> Vec<String> {
    let guess = |one: &Value| one["ask"]["guess"].as_str().unwrap_or("none").to_owned();
    let mut words: Vec<_> = ran.records().iter().map(guess).collect();
    words.sort();
    words.dedup();
    words
}

#[test]
fn groups_are_asked_for_until_there_are_names() {
    let here = tempfile::tempdir().unwrap();
    let records = groups();
    let ask = ["--prior", "/light/time", "--ask", "12"];
    let first = fit(here.path(), &records, &ask);
    assert_eq!(guesses(&first), ["cluster_0", "cluster_1"]);
    label(here.path(), &records, (0..60).step_by(5));
    let second = fit(here.path(), &records, &ask);
    assert_eq!(guesses(&second), ["night", "noon"]);
}

#[test]
fn what_is_dropped_is_a_class_beside_names_and_alone_says_nothing() {
    let here = tempfile::tempdir().unwrap();
    let records = groups();
    let decide = |named: bool| {
        let line = |at: usize| {
            let id = &records[at]["id"];
            if named && time_of(&records[at]) == "noon" {
                json!({"id": id, "decision": "open", "set": {"/light/time": "luca"}})
            } else {
                json!({"id": id, "decision": "drop"})
            }
        };
        let decisions: Vec<_> = (0..60).step_by(5).map(line).collect();
        fs::write(here.path().join("patch.jsonl"), lines(&decisions)).unwrap();
    };
    let more = [
        "--prior",
        "/light/time",
        "--drop-class",
        "--output",
        "model.json",
    ];
    decide(true);
    fit(here.path(), &records, &more);
    let found = model(here.path());
    assert_eq!(found["classes"], json!(["drop", "luca"]));
    assert_eq!(
        (&found["drops"], &found["proof"]["accuracy"]),
        (&json!(true), &json!(1.0))
    );
    // With a drop or two the names are as without.
    let text = fs::read_to_string(here.path().join("patch.jsonl")).unwrap();
    let drops = text.lines().filter(|line| line.contains("drop")).skip(2);
    let fewer: Vec<_> = drops.collect();
    let few: Vec<_> = text.lines().filter(|line| !fewer.contains(line)).collect();
    fs::write(here.path().join("patch.jsonl"), few.join("\n") + "\n").unwrap();
    fit(here.path(), &records, &more);
    assert_eq!(model(here.path())["classes"], json!(["luca"]));
    decide(false);
    let said = fit(here.path(), &records, &more).stderr;
    assert_eq!(model(here.path())["classes"], json!(["drop"]));
    assert!(said.contains("all are `drop`"), "{said}");
}

#[test]
fn what_nobody_knows_is_not_asked_again() {
    let here = tempfile::tempdir().unwrap();
    let records = heaps();
    let unknown = |record: &Value| json!({"id": record["id"], "decision": "open", "set": {"/light/time": "unknown"}});
    let decisions: Vec<_> = records[..57].iter().map(unknown).collect();
    fs::write(here.path().join("patch.jsonl"), lines(&decisions)).unwrap();
    let asked = fit(here.path(), &records, &["--ask", "12"]).records();
    let mut ids: Vec<_> = asked
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["f57", "f58", "f59"]);
}

#[test]
fn labels_may_be_a_key_of_the_records() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    for record in &mut records {
        record["place"] = json!(time_of(record));
    }
    let flags = [
        "--key",
        "/tags/place",
        "--labels-at",
        "/place",
        "--output",
        "model.json",
    ];
    let ran = run_in(here.path(), TOOL, &flags, &lines(&records));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(model(here.path())["proof"]["labels"], 60);
}

#[test]
fn answers_before_are_those_of_tools_and_none_is_not_right() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    for (number, record) in records.iter_mut().enumerate() {
        let time = if number % 2 == 0 {
            time_of(record)
        } else {
            "unknown"
        };
        record["light"] = json!({"time": time});
    }
    label(here.path(), &records, 0..60);
    let output = ["--output", "model.json"];
    fit(here.path(), &records, &output);
    assert_eq!(model(here.path())["proof"]["accuracy_before"], json!(0.5));
    let own = [
        "--key",
        "/light/time",
        "--labels-at",
        "/light/time",
        "--output",
        "model.json",
    ];
    run_in(here.path(), TOOL, &own, &lines(&records));
    let proof = &model(here.path())["proof"];
    assert_eq!(proof["labels"], json!(30));
    assert_eq!(proof.get("accuracy_before"), None, "these are the labels");
}

#[test]
fn what_is_no_better_than_before_is_said() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    for record in &mut records {
        record["light"] = json!({"time": time_of(record)});
    }
    label(here.path(), &records, (0..60).step_by(5));
    let ran = fit(here.path(), &records, &["--output", "model.json"]);
    let said = "no more often than before: label-apply leaves";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn what_to_keep_is_answered_for_every_image() {
    let here = tempfile::tempdir().unwrap();
    let records = heaps();
    // Of one heap all is dropped, but a person is wrong now and then.
    let decide = |drop: &dyn Fn(usize) -> bool| {
        let decision = |at: usize| if drop(at) { "drop" } else { "keep" };
        let line = |at: usize| json!({"id": records[at]["id"], "decision": decision(at)});
        let decisions: Vec<_> = (0..60).step_by(2).map(line).collect();
        fs::write(here.path().join("patch.jsonl"), lines(&decisions)).unwrap();
    };
    let fit = |more: &[&str]| {
        let usual = ["--key", "/review/decision", "--patch", "patch.jsonl"];
        let flags = [&usual[..], &["--output", "model.json"], more].concat();
        run_in(here.path(), TOOL, &flags, &lines(&records))
    };
    decide(&|at| (at / 3).is_multiple_of(2) != at.is_multiple_of(10));
    fit(&[]);
    let every = model(here.path());
    assert_eq!(every["threshold"], 0.5);
    assert_eq!(every["proof"]["answered"], 1.0);
    assert!(every["proof"]["precision"].as_f64().unwrap() < 0.9);
    fit(&["--precision", "0.95"]);
    assert!(model(here.path())["threshold"].as_f64().unwrap() > 0.5);
    decide(&|_| true);
    let said = fit(&[]).stderr;
    let expected = "30 labels of 20 shots: all are `drop`: label some that are not";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_patch_that_is_none_is_named_with_its_line() {
    let here = tempfile::tempdir().unwrap();
    let patch = "{\"id\":\"f00\",\"decision\":\"keep\"}\nnoon\n";
    fs::write(here.path().join("patch.jsonl"), patch).unwrap();
    let ran = fit(here.path(), &heaps(), &["--ask", "3"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("patch.jsonl: line 2: not a decision"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_vector_that_is_not_as_most_are_fails_its_record() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    label(here.path(), &records, (0..60).step_by(5));
    records[0]["embedding"]["vector"] = json!([1, 2, 3]);
    records[9]["embedding"]["model"] = json!("other");
    let alone = fit(here.path(), &records, &["--output", "model.json"]);
    assert_eq!(alone.code, Some(1));
    assert!(
        alone
            .stderr
            .contains("f00: key `/embedding/vector`: 3 numbers instead of 2"),
        "{}",
        alone.stderr
    );
    let flags = ["--output", "model.json", "--rejects", "rejects.jsonl"];
    let ran = fit(here.path(), &records, &flags);
    assert_eq!(
        (ran.code, ran.records().len()),
        (Some(0), 58),
        "{}",
        ran.stderr
    );
    assert_eq!(model(here.path())["proof"]["labels"], json!(11));
    let rejects = fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    let rejects: Vec<Value> = { rejects.lines() }
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<_> = rejects.iter().map(|record| &record["id"]).collect();
    assert_eq!(ids, ["f00", "f09"]);
    let error = rejects[1]["rejected"]["error"].as_str().unwrap();
    assert!(
        error.contains("a vector of other, and not of flat"),
        "{error}"
    );
}

#[test]
fn labels_that_count_for_nothing_are_told() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    for record in &mut records {
        record["instance"] = json!({"box": [50, 0, 60, 10]});
    }
    let line = |(number, record): (usize, &Value)| {
        let left = if number < 3 { 0 } else { 50 };
        json!({"id": record["id"], "decision": "open", "set": {"/light/time": "noon"}, "of": {"instance": [left, 0, left + 10, 10]}})
    };
    let mut decisions: Vec<_> = records.iter().take(5).enumerate().map(line).collect();
    decisions.push(json!({"id": "z", "decision": "open", "set": {"/light/time": "noon"}}));
    fs::write(here.path().join("patch.jsonl"), lines(&decisions)).unwrap();
    let ran = fit(here.path(), &records, &["--output", "model.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for said in [
        "patch.jsonl: has labels of 3 images that were made anew since, or are of something else now: label them again: f00, f01, f02",
        "patch.jsonl: has labels of 1 images that are not in the input: z",
    ] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    let wrong = "{\"id\":\"f00\",\"decision\":\"open\",\"set\":{\"/light/time\":5}}\n";
    fs::write(here.path().join("patch.jsonl"), wrong).unwrap();
    let ran = fit(here.path(), &records, &["--output", "model.json"]);
    assert_eq!(ran.code, Some(1));
    let said = "patch.jsonl: line 1: `set` of `/light/time`: 5 is not a word";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn what_is_missing_is_said_and_not_that_there_are_no_labels() {
    let here = tempfile::tempdir().unwrap();
    let records = heaps();
    label(here.path(), &records, (0..60).step_by(5));
    let flags = ["--output", "model.json", "--on", "/nothing,/nor/this"];
    let ran = fit(here.path(), &records, &flags);
    let said = "12 records with a label have none of --on /nothing,/nor/this";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    judge(here.path(), 1..=40);
    let wrong: Vec<_> = { OF.iter() }
        .map(|flag| {
            if *flag == "/quality/sharpness" {
                "/quality/nothing"
            } else {
                *flag
            }
        })
        .collect();
    let (kept, dropped) = frames();
    let ran = run_in(
        here.path(),
        TOOL,
        &[&wrong[..], &["--output", "t.json"]].concat(),
        &(kept + &dropped),
    );
    let said = "`/quality/nothing`: none of the 40 records with a label has this number";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn flags_that_a_threshold_does_not_read_are_refused() {
    let here = tempfile::tempdir().unwrap();
    for more in [
        &["--before", "nan"][..],
        &["--before", "1e999"],
        &["--before=-inf"],
        &["--drop-class"],
        &["--key", "/light/time"],
        &["--on", "/quality"],
        &["--prior", "/x"],
        &["--together", "/x"],
    ] {
        let ran = sift(here.path(), &[&["--output", "t.json"], more].concat());
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
    }
}

#[test]
fn with_a_class_of_what_is_dropped_nothing_else_is_called_so() {
    let here = tempfile::tempdir().unwrap();
    let mut records = heaps();
    let named = "{\"id\":\"f00\",\"decision\":\"open\",\"set\":{\"/light/time\":\"drop\"}}\n";
    fs::write(here.path().join("patch.jsonl"), named).unwrap();
    let flags = ["--output", "model.json", "--drop-class"];
    let ran = fit(here.path(), &records, &flags);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("patch.jsonl: line 1: `set` of `/light/time`: with --drop-class `drop`"),
        "{}",
        ran.stderr
    );
    fs::write(here.path().join("patch.jsonl"), "").unwrap();
    records[4]["mine"] = json!("drop");
    let ran = fit(
        here.path(),
        &records,
        &[&flags[..], &["--labels-at", "/mine"]].concat(),
    );
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("f04: key `/mine`: with --drop-class `drop`"),
        "{}",
        ran.stderr
    );
}

/// Forty frames of ten shots with a sharpness of 110, 120 … 500; those below 200 were dropped as blurred, and one for
/// something else.
fn frames() -> (String, String) {
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for number in 1..=40 {
        let sharpness = 100 + 10 * number;
        let mut record = json!({
            "id": format!("f{number:02}"), "image": "x.png", "quality": {"sharpness": sharpness},
            "source": {"film": "f.mp4", "shot": number % 10, "frame": number},
        });
        let reason = match number {
            33 => "a title: 12 letters in lines, 10 or more".to_owned(),
            10.. => {
                kept.push(record);
                continue;
            }
            _ => format!("blurred: sharpness {sharpness} px, below 200"),
        };
        record["rejected"] = json!({"by": "blur-filter", "reason": reason});
        dropped.push(record);
    }
    (lines(&kept), lines(&dropped))
}

/// Labels every frame with this number: a person keeps them from 260 on.
fn judge(here: &Path, numbers: impl Iterator<Item = u32>) {
    let line = |number: u32| {
        let decision = if number >= 16 { "keep" } else { "drop" };
        json!({"id": format!("f{number:02}"), "decision": decision})
    };
    fs::write(
        here.join("patch.jsonl"),
        lines(&numbers.map(line).collect::<Vec<_>>()),
    )
    .unwrap();
}

const OF: [&str; 6] = [
    "--threshold-of",
    "/quality/sharpness",
    "--dropped-for",
    "blurred",
    "--patch",
    "patch.jsonl",
];

fn sift(here: &Path, more: &[&str]) -> Ran {
    let (kept, dropped) = frames();
    run_in(here, TOOL, &[&OF, more].concat(), &(kept + &dropped))
}

#[test]
fn labels_set_a_threshold_of_what_a_tool_kept_and_dropped() {
    let here = tempfile::tempdir().unwrap();
    judge(here.path(), (1..=40).step_by(2));
    let ran = sift(here.path(), &["--output", "model.json"]);
    assert_eq!(
        (ran.code, ran.records().len()),
        (Some(0), 40),
        "{}",
        ran.stderr
    );
    let found = model(here.path());
    // The last drop is 250, and the first to keep 270.
    assert_eq!(
        (&found["threshold"], &found["side"]),
        (&json!(260.0), &json!("above"))
    );
    let proof = &found["proof"];
    // 330 of the labels is a title's, which its sharpness did not decide.
    assert_eq!(
        (&proof["labels"], &proof["keep"], &proof["drop"]),
        (&json!(19), &json!(11), &json!(8))
    );
    // Dropped before were 110 to 190: of 210, 230 and 250, and eleven more, eleven were rightly kept.
    let before = json!({"threshold": 195.0, "precision": 0.7857, "recall": 1.0});
    assert_eq!(
        (&proof["before"], &proof["better"]),
        (&before, &json!(true))
    );
    assert_eq!(found.get("wanted"), None);
    let said = "19 labels of 5 shots, 8 of them drop: keeping from 260 has precision ";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("before, precision 0.79 and recall 1.00"),
        "{}",
        ran.stderr
    );
}

#[test]
fn few_labels_set_no_threshold_and_say_so() {
    let here = tempfile::tempdir().unwrap();
    judge(here.path(), 14..=30);
    let ran = sift(here.path(), &["--output", "model.json"]);
    let said = "17 labels of 10 shots, 2 of them drop: no threshold: label 5 to keep and 5 to drop, of 2 shots each";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let found = model(here.path());
    assert_eq!(
        (found.get("threshold"), found["proof"].get("precision")),
        (None, None)
    );
    assert_eq!(found["proof"]["better"], json!(false));
}

#[test]
fn images_near_the_threshold_are_asked_for_from_both_sides() {
    let here = tempfile::tempdir().unwrap();
    let ran = sift(here.path(), &["--ask", "6"]);
    let records = ran.records();
    let asked: Vec<_> = records
        .iter()
        .map(|one| one["quality"]["sharpness"].as_u64().unwrap())
        .collect();
    // Two thirds of each side are the nearest to 195, the others from all over.
    assert_eq!(asked[1..5], [180, 190, 200, 210]);
    assert!(asked.is_sorted(), "{asked:?}");
    let guesses: Vec<_> = ran
        .records()
        .iter()
        .map(|one| one["ask"]["guess"].clone())
        .collect();
    assert_eq!(guesses, ["drop", "drop", "drop", "keep", "keep", "keep"]);
    assert!(
        ran.stderr.contains("there are no labels yet"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_wanted_precision_and_what_was_before_may_be_given() {
    let here = tempfile::tempdir().unwrap();
    judge(here.path(), 1..=40);
    // One label is wrong.
    let mut patch = fs::read_to_string(here.path().join("patch.jsonl")).unwrap();
    patch += "{\"id\":\"f20\",\"decision\":\"drop\"}\n";
    fs::write(here.path().join("patch.jsonl"), patch).unwrap();
    let more = ["--output", "model.json", "--before", "260"];
    sift(here.path(), &more);
    let found = model(here.path());
    assert_eq!(
        (&found["threshold"], &found["proof"]["better"]),
        (&json!(255.0), &json!(false))
    );
    assert_eq!(found["proof"]["before"]["threshold"], json!(260.0));
    // From 310 on all is right.
    sift(
        here.path(),
        &[&more[..], &["--precision", "1", "--keeping", "above"]].concat(),
    );
    let found = model(here.path());
    assert_eq!(
        (&found["threshold"], &found["wanted"]),
        (&json!(305.0), &json!(1.0))
    );
}

#[test]
fn a_threshold_forgets_labels_of_what_was_made_anew() {
    let here = tempfile::tempdir().unwrap();
    let plate = |number: u32, fog: f64| json!({"id": format!("p{number:02}"), "image": "x.png", "source": {"film": "f", "shot": number}, "inpaint": {"fog": fog}});
    let fog = |number: u32| f64::from(number) / 100.0;
    let shown = |number: u32| json!({"plate": {"inpaint/fog": fog(number)}});
    let line = |number: u32| {
        let decision = if number < 10 { "keep" } else { "drop" };
        json!({"id": format!("p{number:02}"), "decision": decision, "of": shown(number)})
    };
    let decisions: Vec<_> = (0..20).map(line).collect();
    fs::write(here.path().join("patch.jsonl"), lines(&decisions)).unwrap();
    let labels = |changed: u32| {
        let now = |number| {
            plate(
                number,
                fog(number) + if number < changed { 0.5 } else { 0.0 },
            )
        };
        let records: Vec<_> = (0..20).map(now).collect();
        let flags = [
            "--threshold-of",
            "/inpaint/fog",
            "--patch",
            "patch.jsonl",
            "--output",
            "t.json",
        ];
        let ran = run_in(here.path(), TOOL, &flags, &lines(&records));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let found: Value =
            serde_json::from_slice(&fs::read(here.path().join("t.json")).unwrap()).unwrap();
        found["proof"]["labels"].as_u64().unwrap()
    };
    assert_eq!((labels(0), labels(7)), (20, 13));
}

#[test]
fn a_label_that_is_neither_is_an_error() {
    let here = tempfile::tempdir().unwrap();
    let flags = [
        "--threshold-of",
        "/quality/sharpness",
        "--labels-at",
        "/mine",
        "--ask",
        "1",
    ];
    let ran = run_in(
        here.path(),
        TOOL,
        &flags,
        "{\"id\":\"a\",\"image\":\"a.png\",\"mine\":\"noon\"}\n",
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("the label `noon`: neither `keep` nor `drop`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn vectors_in_a_file_teach_what_those_in_the_records_teach() {
    let here = tempfile::tempdir().unwrap();
    let records = heaps();
    label(here.path(), &records, (0..60).step_by(5));
    let mut moved = in_file(here.path(), &records);
    let learned = |records: &[Value]| {
        let ran = fit(
            here.path(),
            records,
            &["--output", "model.json", "--ask", "7"],
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        (model(here.path()), without_embeddings(ran.records()))
    };
    let expected = learned(&records);
    assert_eq!(expected, learned(&moved));
    moved[..30].clone_from_slice(&records[..30]);
    assert_eq!(expected, learned(&moved), "some of both");
    moved[40]["embedding"]["vector"]["row"] = json!(60);
    let ran = fit(here.path(), &moved, &["--output", "model.json"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("f40: key `/embedding/vector`: vectors.npy: row 60: is not there: the file has 60 rows: run clip-embed again"),
        "{}",
        ran.stderr
    );
}
