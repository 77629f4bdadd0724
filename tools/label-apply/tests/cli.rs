//! What label-apply makes of manifests, by a stored model: to the right is noon, to the left night.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, in_file, keyed_manners, run_in, without_embeddings};

const TOOL: &str = env!("CARGO_BIN_EXE_label-apply");
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/time/model.json");

#[test]
fn has_manners() {
    let shape = Shape {
        tool: TOOL,
        flags: &["--taught", MODEL],
        opens_images: false,
        streams: false,
    };
    keyed_manners(
        shape,
        &[("embedding", json!({"model": "flat", "vector": [1.0, 0.3]}))],
    );
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

fn seen(id: &str, vector: [f64; 2], time: &str) -> Value {
    json!({"id": id, "image": "x.png", "embedding": {"model": "flat", "vector": vector}, "light": {"time": time}})
}

fn apply(here: &Path, records: &[Value], flags: &[&str]) -> Ran {
    let lines: Vec<_> = records.iter().map(ToString::to_string).collect();
    let text = lines.join("\n");
    run_in(here, TOOL, flags, &text)
}

/// The stored model with some members changed.
fn changed(here: &Path, changes: &[(&str, Value)]) -> String {
    let mut model: Value = serde_json::from_slice(&fs::read(MODEL).unwrap()).unwrap();
    for (pointer, value) in changes {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        model.pointer_mut(parent).unwrap()[member] = value.clone();
    }
    let path = here.join("changed.json");
    fs::write(&path, model.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn the_earlier_answer_is_kept_beside_the_new_one() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        seen("a", [-1.0, 0.3], "noon"),
        seen("b", [0.2, 0.3], "evening"),
    ];
    let ran = apply(
        here.path(),
        &records,
        &["--taught", MODEL, "--threshold", "0.9"],
    );
    let found = ran.records();
    assert_eq!(found[0]["light"]["time"], "night");
    let taught = &found[0]["taught"]["/light/time"];
    assert_eq!(
        (&taught["label"], &taught["before"]),
        (&json!("night"), &json!("noon"))
    );
    assert!(
        taught["model"].as_str().unwrap().starts_with("model.json "),
        "{taught}"
    );
    assert_eq!(found[1]["light"]["time"], "unknown", "between the heaps");
    // Judged again, what a model said is not taken for the earlier answer.
    let again = apply(
        here.path(),
        &found,
        &["--taught", MODEL, "--threshold", "0.9"],
    );
    assert_eq!(again.records(), found);
}

#[test]
fn a_record_with_nothing_to_judge_it_by_stays_as_it_is() {
    let here = tempfile::tempdir().unwrap();
    let records = [json!({"id": "a", "image": "x.png", "light": {"time": "noon"}})];
    let ran = apply(here.path(), &records, &["--taught", MODEL]);
    assert_eq!(ran.records(), records);
    assert!(
        ran.stderr
            .contains("1 of 1 records have none of /embedding/vector"),
        "{}",
        ran.stderr
    );
}

#[test]
fn records_with_one_answer_get_it_together_and_hear_their_labels() {
    let here = tempfile::tempdir().unwrap();
    let mut records = [
        seen("a", [-1.0, 0.3], "noon"),
        seen("b", [0.1, 0.3], "noon"),
        seen("c", [1.0, 0.3], "noon"),
    ];
    for (record, shot) in records.iter_mut().zip([1, 1, 2]) {
        record["source"] = json!({"film": "f", "shot": shot});
    }
    let model = changed(
        here.path(),
        &[("/together", json!(["/source/film", "/source/shot"]))],
    );
    let times = |flags: &[&str]| -> Vec<String> {
        let ran = apply(
            here.path(),
            &records,
            &[&["--taught", &model, "--threshold", "0.5"], flags].concat(),
        );
        let time = |record: &Value| record["light"]["time"].as_str().unwrap().to_owned();
        ran.records().iter().map(time).collect()
    };
    assert_eq!(times(&[]), ["night", "night", "noon"]);
    let patch = here.path().join("patch.jsonl");
    let said: String = ["a", "b"]
        .map(|id| {
            format!(
                "{}\n",
                json!({"id": id, "decision": "open", "set": {"/light/time": "noon"}})
            )
        })
        .concat();
    fs::write(&patch, said).unwrap();
    assert_eq!(
        times(&["--patch", &patch.display().to_string()])[..2],
        ["noon", "noon"]
    );
}

#[test]
fn what_a_person_said_of_a_record_stays_whatever_the_model_says() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        seen("a", [-1.0, 0.3], "noon"),
        json!({"id": "b", "image": "x.png"}),
        seen("c", [-1.0, 0.3], "noon"),
    ];
    let said = ["a", "b"].map(|id| {
        let set = json!({"/light/time": "dusk"});
        format!("{}\n", json!({"id": id, "decision": "keep", "set": set}))
    });
    let patch = here.path().join("patch.jsonl");
    fs::write(&patch, said.concat()).unwrap();
    let flags = ["--taught", MODEL, "--patch", "patch.jsonl"];
    let found = apply(here.path(), &records, &flags).records();
    let times: Vec<_> = found.iter().map(|one| &one["light"]["time"]).collect();
    assert_eq!(times, ["dusk", "dusk", "night"]);
    let taught = &found[0]["taught"]["/light/time"];
    assert_eq!(taught["probability"], 1.0);
    assert_eq!(taught["before"], "noon");
    assert!(
        taught["scores"]["night"].as_f64().unwrap() > 0.9,
        "what the model says is beside it: {taught}"
    );
    // Of two that are alike, one is kept by its label.
    let changes = [
        ("/key", json!("/review/decision")),
        ("/classes", json!(["drop", "keep"])),
    ];
    let model = changed(here.path(), &changes);
    let flags = ["--taught", &model, "--patch", "patch.jsonl"];
    let kept = apply(here.path(), &records, &flags).records();
    let ids: Vec<_> = kept.iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["a", "b"]);
}

#[test]
fn what_is_judged_to_be_dropped_is_dropped_and_no_decision_is_made_up() {
    let here = tempfile::tempdir().unwrap();
    let changes = [
        ("/key", json!("/review/decision")),
        ("/classes", json!(["drop", "keep"])),
    ];
    let model = changed(here.path(), &changes);
    let records = [
        seen("a", [-1.0, 0.3], "noon"),
        seen("b", [1.0, 0.3], "noon"),
    ];
    let ran = apply(
        here.path(),
        &records,
        &["--taught", &model, "--rejects", "gone.jsonl"],
    );
    let kept = ran.records();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0]["id"], kept[0].get("review")), (&json!("b"), None));
    let gone: Value =
        serde_json::from_slice(&fs::read(here.path().join("gone.jsonl")).unwrap()).unwrap();
    assert!(
        gone["rejected"]["reason"]
            .as_str()
            .unwrap()
            .starts_with("judged `drop` with "),
        "{gone}"
    );
}

#[test]
fn names_of_what_is_dropped_go_with_what_looks_like_it() {
    let here = tempfile::tempdir().unwrap();
    let classes = ("/classes", json!(["drop", "noon"]));
    let records = [
        seen("crate", [-1.0, 0.3], "noon"),
        seen("luca", [1.0, 0.3], "noon"),
        seen("ball", [1.0, 0.3], "noon"),
    ];
    let patch = "{\"id\":\"ball\",\"decision\":\"drop\",\"set\":{\"/light/time\":\"noon\"}}\n";
    fs::write(here.path().join("patch.jsonl"), patch).unwrap();
    let judged = |changes: &[(&str, Value)]| -> Vec<(String, String)> {
        let model = changed(here.path(), changes);
        let flags = ["--taught", &model, "--patch", "patch.jsonl"];
        let found = apply(here.path(), &records, &flags).records();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let words = { found.iter() }.map(|one| (text(&one["id"]), text(&one["light"]["time"])));
        words.collect()
    };
    let luca = ("luca".to_owned(), "noon".to_owned());
    assert_eq!(judged(&[classes.clone(), ("/drops", json!(true))]), [luca]);
    // One that was learned from no labels judges nothing but what a person has.
    let none = [
        classes.clone(),
        ("/drops", json!(true)),
        ("/proof/labels", json!(0)),
    ];
    let left = ["crate", "luca"].map(|id| (id.to_owned(), "noon".to_owned()));
    assert_eq!(judged(&none), left);
    // Without the class, a decision is no name, and `drop` is a word as any other.
    let words = [("crate", "drop"), ("luca", "noon"), ("ball", "noon")];
    let words = words.map(|(id, time)| (id.to_owned(), time.to_owned()));
    assert_eq!(judged(&[classes]), words);
}

#[test]
fn what_a_person_calls_unknown_is_unknown() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        seen("a", [-1.0, 0.3], "noon"),
        seen("b", [-1.0, 0.3], "noon"),
    ];
    let patch = "{\"id\":\"a\",\"decision\":\"open\",\"set\":{\"/light/time\":\"unknown\"}}\n";
    fs::write(here.path().join("patch.jsonl"), patch).unwrap();
    let flags = ["--taught", MODEL, "--patch", "patch.jsonl"];
    let found = apply(here.path(), &records, &flags).records();
    let times: Vec<_> = found.iter().map(|one| &one["light"]["time"]).collect();
    assert_eq!(times, ["unknown", "night"]);
}

#[test]
fn a_label_is_not_of_what_has_its_id_now() {
    let here = tempfile::tempdir().unwrap();
    let mut record = seen("a.i0", [-1.0, 0.3], "noon");
    let line = |of: Value| {
        let set = json!({"/light/time": "dusk"});
        format!(
            "{}\n",
            json!({"id": "a.i0", "decision": "open", "set": set, "of": of})
        )
    };
    let patch = line(json!({"instance": [0, 0, 40, 90]}));
    fs::write(here.path().join("patch.jsonl"), patch).unwrap();
    let flags = ["--taught", MODEL, "--patch", "patch.jsonl"];
    for (now, time) in [
        (json!([2, 0, 40, 90]), "dusk"),
        (json!([60, 0, 99, 90]), "night"),
    ] {
        record["instance"] = json!({"box": now});
        let ran = apply(here.path(), &[record.clone()], &flags);
        assert_eq!(ran.records()[0]["light"]["time"], time, "{now}");
        let said = "patch.jsonl: has labels of 1 images that were made anew since, or are of something else now: label them again: a.i0";
        assert_eq!(ran.stderr.contains(said), time == "night", "{}", ran.stderr);
    }
}

#[test]
fn a_model_that_is_no_better_changes_what_labels_are_of_alone() {
    let here = tempfile::tempdir().unwrap();
    let mut records = [
        seen("a", [-1.0, 0.3], "noon"),
        seen("b", [-1.0, 0.3], "noon"),
        seen("c", [-1.0, 0.3], "noon"),
    ];
    for (record, shot) in records.iter_mut().zip([1, 1, 2]) {
        record["source"] = json!({"film": "f", "shot": shot});
    }
    let shots = json!(["/source/film", "/source/shot"]);
    let proven = |before: f64| {
        let changes = [
            ("/together", shots.clone()),
            ("/proof/accuracy", json!(0.9)),
            ("/proof/accuracy_before", json!(before)),
        ];
        changed(here.path(), &changes)
    };
    fs::write(
        here.path().join("patch.jsonl"),
        "{\"id\":\"a\",\"set\":{\"/light/time\":\"night\"}}\n",
    )
    .unwrap();
    let judged = |before: f64, patch: &[&str]| {
        let model = proven(before);
        let flags = [&["--taught", model.as_str()], patch].concat();
        let ran = apply(here.path(), &records, &flags);
        let said = ran.stderr.contains("right no more often than");
        let time = |one: &Value| one["light"]["time"].as_str().unwrap().to_owned();
        let times: Vec<_> = ran.records().iter().map(time).collect();
        (times.join(" "), said)
    };
    let patch = ["--patch", "patch.jsonl"];
    assert_eq!(judged(0.9, &[]), ("noon noon noon".to_owned(), true));
    assert_eq!(judged(0.9, &patch), ("night night noon".to_owned(), true));
    assert_eq!(judged(0.8, &[]), ("night night night".to_owned(), false));
}

#[test]
fn a_model_of_another_key_changes_nothing() {
    let here = tempfile::tempdir().unwrap();
    let records = [seen("a", [-1.0, 0.3], "noon")];
    let ran = apply(
        here.path(),
        &records,
        &["--taught", MODEL, "--key", "/emotion/label"],
    );
    assert_eq!(ran.records(), records);
}

#[test]
fn a_model_that_does_not_fit_together_is_an_error() {
    let here = tempfile::tempdir().unwrap();
    let records = [seen("a", [-1.0, 0.3], "noon")];
    for (changes, said) in [
        (
            vec![("/classes", json!(["night"]))],
            "parts do not fit together",
        ),
        (vec![("/form", json!(99))], "form 99"),
        (
            vec![("/layout/0/deviation", json!([0.0]))],
            "parts do not fit together",
        ),
        (vec![("/key", json!("/id"))], "not a taught model"),
    ] {
        let ran = apply(
            here.path(),
            &records,
            &["--taught", &changed(here.path(), &changes)],
        );
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let mut longer = seen("a", [0.0, 0.0], "noon");
    longer["embedding"]["vector"] = json!([1, 2, 3]);
    let ran = apply(here.path(), &[longer.clone()], &["--taught", MODEL]);
    assert!(
        ran.stderr
            .contains("a: key `/embedding/vector`: 3 numbers instead of 2"),
        "{}",
        ran.stderr
    );
    // One record fails, and the others are judged.
    let other = seen("b", [-1.0, 0.3], "noon");
    let flags = ["--taught", MODEL, "--rejects", "r.jsonl"];
    let ran = apply(here.path(), &[longer, other], &flags);
    assert_eq!(
        (ran.code, ran.records().len()),
        (Some(0), 1),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.records()[0]["light"]["time"], "night");
}

#[test]
fn a_vector_in_a_file_is_judged_as_one_in_the_record() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        seen("a", [-1.0, 0.3], "noon"),
        seen("b", [0.2, 0.3], "evening"),
        seen("c", [1.0, 0.12345], "night"),
    ];
    let said = |records: &[Value]| {
        let ran = apply(here.path(), records, &["--taught", MODEL]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        without_embeddings(ran.records())
    };
    let mut moved = in_file(here.path(), &records);
    let expected = said(&records);
    assert_eq!(expected, said(&moved));
    moved[1] = records[1].clone();
    assert_eq!(expected, said(&moved), "some of both");
}
