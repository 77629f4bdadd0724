//! What caption-audit finds in sets of captions.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;
use testkit::{Ran, Shape, Tolerance, golden, keyed_manners, run, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_caption-audit");

#[test]
fn has_manners() {
    let shape = Shape {
        tool: TOOL,
        flags: &["--type", "character", "--trigger", "lucap"],
        opens_images: false,
        streams: true,
    };
    keyed_manners(shape, &[("caption", json!("lucap, running"))]);
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

const CHARACTER: [&str; 6] = [
    "--type",
    "character",
    "--trigger",
    "lucap",
    "--class",
    "boy",
];

/// Forty records of eight shots, as a good set has them, with captions.
fn captioned(change: impl Fn(usize, String) -> String) -> String {
    let views = [
        "front view",
        "side view",
        "back view",
        "three-quarter view",
        "close-up",
    ];
    let actions = [
        "running", "sitting", "waving", "jumping", "eating", "asleep", "swimming",
    ];
    let record = |n: usize| {
        let caption = format!(
            "lucap boy, {}, {}, {}",
            views[n % 5],
            actions[n % 7],
            ["piazza", "harbour", "attic"][n % 3]
        );
        let source = json!({"film": "film.mp4", "frame": n, "time": n as f64, "shot": n / 5});
        let id = format!("frame_{n:03}");
        format!(
            "{}\n",
            json!({"id": id, "image": "a.png", "source": source, "caption": change(n, caption)})
        )
    };
    (0..40).map(record).collect()
}

fn audited(here: &Path, manifest: &str) -> (Ran, Value) {
    let flags = ["--check", "--summary", "audit.json"];
    let ran = run_in(here, TOOL, &[&CHARACTER[..], &flags].concat(), manifest);
    assert_eq!(ran.stdout, manifest, "the audit changes nothing");
    let summary = fs::read_to_string(here.join("audit.json")).unwrap();
    (ran, serde_json::from_str(&summary).unwrap())
}

#[test]
fn a_right_set_is_audited_in_silence() {
    let folder = tempdir().unwrap();
    let (ran, summary) = audited(folder.path(), &captioned(|_, caption| caption));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(summary["findings"], json!([]));
    assert_eq!(
        (&summary["type"], &summary["captions"]),
        (&json!("character"), &json!(40))
    );
}

#[test]
fn every_wrong_set_is_found() {
    type Change = fn(usize, String) -> String;
    let cases: [(&str, Option<i32>, Change); 5] = [
        ("forbidden", Some(1), |n, c| {
            if n == 3 { c + ", curly brown hair" } else { c }
        }),
        ("trigger-missing", Some(1), |n, c| {
            if n == 3 { c.replace("lucap ", "") } else { c }
        }),
        ("glued", Some(1), |_, c| {
            c + ", warm golden light fills the frame"
        }),
        (
            "empty",
            Some(1),
            |n, c| if n == 3 { String::new() } else { c },
        ),
        ("betrays", Some(0), |n, c| {
            if n / 5 == 2 { c + ", red umbrella" } else { c }
        }),
    ];
    for (kind, code, change) in cases {
        let folder = tempdir().unwrap();
        let (ran, summary) = audited(folder.path(), &captioned(change));
        assert_eq!(ran.code, code, "{kind}: {}", ran.stderr);
        let kinds: Vec<_> = { summary["findings"].as_array().unwrap().iter() }
            .map(|finding| finding["kind"].as_str().unwrap())
            .collect();
        assert!(kinds.contains(&kind), "{kind}: {summary:#}");
        assert!(ran.stderr.contains("caption-audit: "), "{}", ran.stderr);
    }
}

#[test]
fn sentences_are_audited_too_where_trainers_get_them() {
    let folder = tempdir().unwrap();
    let record = json!({"id": "a", "image": "a.png", "pose": {"action": "running"}, "caption": "lucap boy, running",
        "facts": {"sentence": "lucap boy, running. His hair is brown."}});
    let flags = [
        &CHARACTER[..],
        &["--summary", "audit.json", "--tsv", "fix.tsv"],
    ]
    .concat();
    let ran = run_in(folder.path(), TOOL, &flags, &format!("{record}\n"));
    let summary = fs::read_to_string(folder.path().join("audit.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["findings"], json!([]));
    assert_eq!(
        summary["sentences"]["findings"][0]["what"],
        "says `hair` (identity)"
    );
    assert!(
        ran.stderr.contains("1 of 1 sentences: says `hair`"),
        "{}",
        ran.stderr
    );
    let table = fs::read_to_string(folder.path().join("fix.tsv")).unwrap();
    assert!(
        table.lines().nth(1).unwrap().ends_with("\ta\tsentence"),
        "{table}"
    );
}

#[test]
fn the_table_says_what_to_do() {
    let folder = tempdir().unwrap();
    let input = captioned(|n, caption| {
        if n == 3 {
            caption + ", brown hair"
        } else {
            caption
        }
    });
    let flags = [&CHARACTER[..], &["--tsv", "fix.tsv"]].concat();
    run_in(folder.path(), TOOL, &flags, &input);
    let table = fs::read_to_string(folder.path().join("fix.tsv")).unwrap();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split('\t').collect();
    assert_eq!(row[..4], ["error", "forbidden", "1", "0.025"]);
    assert_eq!((row[4], row[6]), ("says `hair` (identity)", "frame_003"));
    assert!(row[5].starts_with("remove the words"), "{table}");
}

#[test]
fn what_a_trigger_stands_for_must_be_known() {
    let record = json!({"id": "a", "pose": {"action": "unknown"}, "caption": "noon"});
    let flags = ["--type", "pose", "--trigger", "{}_pse"];
    let ran = run(TOOL, &flags, &format!("{record}\n"));
    assert!(
        ran.stderr.contains("/pose/action is not known"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_a_model_said_against_the_measured_is_found() {
    let record = json!({"id": "a", "caption": "lucap boy, sitting", "pose": {"action": "sitting"},
        "captioner": {"raw": "A boy is running."}});
    let said = |how: &str| {
        let flags = [&CHARACTER[..], &["--contradictions", how]].concat();
        run(TOOL, &flags, &format!("{record}\n"))
    };
    let flagged = said("flag");
    assert!(
        flagged
            .stderr
            .contains("the model says `running` where /pose/action is sitting"),
        "{}",
        flagged.stderr
    );
    assert_eq!(flagged.records().len(), 1);
    assert_eq!(said("ignore").stderr, "");
    assert_eq!(said("drop").records().len(), 0);
}

#[test]
fn a_record_without_a_caption_fails() {
    let ran = run(TOOL, &["--type", "style"], "{\"id\":\"a\"}\n");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("caption"), "{}", ran.stderr);
}
