//! What the dashboard says of runs, and of files that are none.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{Ran, help_and_manual, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_dashboard");

#[test]
fn has_help_and_manual() {
    help_and_manual(TOOL);
}

fn printed(here: &Path) -> Ran {
    run_in(here, TOOL, &["--run-dir", ".", "--print"], "")
}

fn progress(here: &Path, phases: &Value) {
    fs::create_dir_all(here.join("logs")).unwrap();
    let text = json!({ "phases": phases }).to_string();
    fs::write(here.join("preparation_progress.json"), text).unwrap();
}

/// A run of two data sets, of which one has failed.
fn run(here: &Path) {
    progress(
        here,
        &json!({
            "frames": {"status": "done", "start": "2026-03-01T10:00:00Z", "seconds": 100.0, "in": 0, "out": 1200, "rejected": 3, "failed": 0, "peak_memory": 1_000_000, "log": "x"},
            "tagged": {"status": "done", "start": "2026-03-01T10:02:00Z", "seconds": 20.0, "gpu": "shared", "in": 1200, "out": 1200},
            "masked": {"status": "running", "start": "2026-03-01T10:03:00Z"},
            "filled": {"status": "waiting", "start": "2026-03-01T10:03:00Z", "waits_for": "the phase that has the GPU to end"},
            "style-captioned": {"status": "failed", "start": "2026-03-01T10:03:00Z", "seconds": 1.5, "exit_code": 1},
        }),
    );
    fs::write(
        here.join("logs/masked.log"),
        "sam-mask: loading\nsam-mask: 120 records, 3.4/s, 25 %, 2 minutes left\n",
    )
    .unwrap();
    fs::write(
        here.join("logs/style-captioned.log"),
        "caption-compose: a.png: no such trigger\n",
    )
    .unwrap();
    let chain = ["frames", "tagged", "style-captioned", "style-dataset"];
    let planned = json!({
        "chains": {"style": chain, "lighting": ["frames", "tagged", "lighting-dataset"]},
        "sets": [{"name": "style", "folder": "style", "wanted": 650, "fewest": 20},
                 {"name": "lighting", "folder": "lighting", "wanted": 4, "fewest": 2}],
    });
    fs::write(here.join(".run.json"), planned.to_string()).unwrap();
    let record = |frame: u64| {
        let source = json!({"film": "a", "frame": frame, "time": 1.0, "shot": 0});
        format!(
            "{}\n",
            json!({"id": format!("f{frame}"), "image": "x.png", "source": source})
        )
    };
    for (folder, frames) in [("style", 0..3), ("lighting", 2..5)] {
        fs::create_dir_all(here.join(folder)).unwrap();
        let text: String = frames.map(record).collect();
        fs::write(here.join(folder).join("dataset.jsonl"), text).unwrap();
        fs::write(here.join(folder).join("report.html"), "<p>report").unwrap();
    }
}

#[test]
fn a_run_is_shown_with_what_runs_waits_and_failed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    fs::create_dir(here.join("plan")).unwrap();
    fs::write(here.join("plan/plan.json"), r#"{"times": 10}"#).unwrap();
    let part = json!({"phases": {"masked": {"status": "done", "seconds": 12.0}}});
    fs::write(
        here.join("plan/preparation_progress.json"),
        part.to_string(),
    )
    .unwrap();
    let ran = printed(here);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for said in [
        "<b>1</b> running",
        "<b>2</b> done",
        "<b>2</b> to come",
        "120 records, 3.4 a second, 25 %, <b>2 minutes left</b>",
        " of about 2 min 00 s",
        "waits for the phase that has the GPU to end",
        "style-captioned: failed, exit status 1",
        "caption-compose: a.png: no such trigger",
        "<b>4</b> frames in 1 set",
        "<b>1</b> frame in 2 sets",
        r#"<meter max="650" low="20" value="3">"#,
        r#"<a href="./style/report.html">style</a>"#,
        "1 of 3 phases to come",
        "1,200 out",
        " free on the disk",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
    assert!(
        !ran.stdout.contains("sam-mask: loading"),
        "only errors show their log"
    );
}

#[test]
fn what_a_set_will_take_is_told_apart_by_processor_and_card() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    let phases = json!({
        "frames": {"status": "done", "seconds": 4.0},
        "tagged": {"status": "done", "seconds": 2.0, "gpu": "shared"},
        "lighting-dataset": {"status": "done", "seconds": 1.0},
    });
    progress(&here.join("plan"), &phases);
    fs::write(here.join("plan/plan.json"), r#"{"times": 10}"#).unwrap();
    let page = printed(here).stdout;
    let row = page.split("<td>lighting</td>").nth(1).unwrap();
    assert!(row.contains(">50 s, GPU 20 s<"), "{row}");
}

#[test]
fn a_phase_whose_lock_is_free_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    progress(here, &json!({"masked": {"status": "running"}}));
    fs::write(here.join("logs/masked.lock"), "").unwrap();
    assert!(printed(here).stdout.contains("masked: killed"));
    let lock = fs::File::open(here.join("logs/masked.lock")).unwrap();
    lock.lock().unwrap();
    assert!(printed(here).stdout.contains("<b>1</b> running"));
}

#[test]
fn a_gate_that_is_closed_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let planned = json!({"chains": {"style": ["style-selected", "style-dataset"]},
        "sets": [{"name": "style", "folder": "style", "wanted": 5, "gates": true}]});
    fs::write(here.join(".run.json"), planned.to_string()).unwrap();
    fs::create_dir(here.join("style")).unwrap();
    let waits = "waits for the review of its labels: make review PIPELINE=style";
    assert!(!printed(here).stdout.contains(waits));
    fs::write(here.join("style/selected.jsonl"), "").unwrap();
    assert!(printed(here).stdout.contains(waits));
    fs::write(here.join("style/labels.gate"), "").unwrap();
    assert!(!printed(here).stdout.contains(waits));
}

#[test]
fn names_are_text_and_no_paths() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("out");
    fs::create_dir(&here).unwrap();
    fs::write(folder.path().join("secret.log"), "my secret\n").unwrap();
    let evil = "<script>alert(1)</script>";
    progress(
        &here,
        &json!({
            evil: {"status": "failed", "waits_for": evil},
            "../../secret": {"status": "failed", "log": "../secret.log"},
            "\u{1b}[31mred": {"status": "waiting", "waits_for": evil},
            "odd": {"status": "done", "seconds": -1, "in": "many", "start": 7, "peak_memory": 1e300},
            "none": 5, "other": {"status": "perhaps"},
        }),
    );
    let planned = json!({
        "chains": {evil: [evil]},
        "sets": [{"name": evil, "folder": "../.."}, {"name": evil, "folder": evil, "wanted": 0}, {"folder": ""}],
    });
    fs::write(here.join(".run.json"), planned.to_string()).unwrap();
    let report = here.join("<b>\"x\"");
    fs::create_dir(&report).unwrap();
    fs::write(report.join("report.html"), "").unwrap();
    let ran = printed(&here);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stdout.contains("<script>"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("my secret"));
    assert!(!ran.stdout.contains('\u{1b}'));
    assert!(ran.stdout.contains("%3Cb%3E%22x%22/report.html"));
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here);
    for broken in [
        "",
        "{\"phases\": 3}",
        "\u{0}\u{1}",
        "[1]",
        "{\"phases\": {\"a\": ",
    ] {
        fs::write(here.join("preparation_progress.json"), broken).unwrap();
        let ran = printed(here);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(
            ran.stdout.contains("preparation_progress.json: "),
            "{broken}"
        );
        assert!(ran.stdout.contains("./lighting/report.html"), "{broken}");
    }
    fs::write(here.join(".run.json"), "{").unwrap();
    assert!(printed(here).stdout.contains(".run.json: "));
    let none = run_in(here, TOOL, &["--run-dir", "gone"], "");
    assert_eq!(none.code, Some(1));
    assert!(
        none.stderr.contains("gone: is not a folder"),
        "{}",
        none.stderr
    );
}
