//! What record-join makes of manifests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;

use testkit::{Shape, Tolerance, golden, manners, run_in, shelf};

const TOOL: &str = env!("CARGO_BIN_EXE_record-join");
const OTHER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/parent/faces.jsonl"
);

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--from", OTHER, "--keys", "face"],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

#[test]
fn what_is_taken_keeps_its_bytes() {
    let here = tempfile::tempdir().unwrap();
    let other = r#"{"id":"a","mine":[1.00,  1e3, "\u00e9"],"yours":0.1234567890123}"#;
    fs::write(here.path().join("other.jsonl"), other).unwrap();
    let flags = ["--from", "other.jsonl", "--keys", "mine,absent,yours"];
    let ran = run_in(
        here.path(),
        TOOL,
        &flags,
        "{\"id\":\"a\",\"image\":\"a.png\"}\n",
    );
    let expected = "{\"id\":\"a\",\"image\":\"a.png\",\"mine\":[1.00,  1e3, \"\\u00e9\"],\"yours\":0.1234567890123}\n";
    assert_eq!(ran.stdout, expected);
}

#[test]
fn with_must_a_record_to_which_none_belongs_is_dropped_with_the_reason() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("other.jsonl"), "{\"id\":\"a\",\"k\":1}\n").unwrap();
    let flags = [
        "--from",
        "other.jsonl",
        "--keys",
        "k",
        "--must",
        "--rejects",
        "r.jsonl",
    ];
    let input = "{\"id\":\"a\",\"image\":\"a.png\"}\n{\"id\":\"b\",\"image\":\"b.png\"}\n";
    let ran = run_in(here.path(), TOOL, &flags, input);
    assert_eq!(ran.stdout, "{\"id\":\"a\",\"image\":\"a.png\",\"k\":1}\n");
    let rejects = fs::read_to_string(here.path().join("r.jsonl")).unwrap();
    assert!(
        rejects.contains("no record of other.jsonl matches it"),
        "{rejects}"
    );
}

#[test]
fn a_broken_line_of_the_other_manifest_is_named() {
    let here = tempfile::tempdir().unwrap();
    fs::write(
        here.path().join("other.jsonl"),
        "{\"id\":\"a\"}\n{\"id\":\n",
    )
    .unwrap();
    let flags = ["--from", "other.jsonl", "--keys", "k"];
    let ran = run_in(here.path(), TOOL, &flags, "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("other.jsonl: line 2"), "{}", ran.stderr);
}

#[test]
fn what_is_taken_waits_on_the_disk_and_keeps_its_bytes_and_its_order() {
    let here = tempfile::tempdir().unwrap();
    let record = |number: usize| {
        let long = "x".repeat(number * 1000);
        format!("{{\"id\":\"{number}\",\"mine\":[1.00,  1e3],\"long\":\"{long}\"}}\n")
    };
    // The first of two of the same id counts; the order is that of the manifest on standard input.
    let others: String = (0..20).map(record).collect::<String>() + "{\"id\":\"3\",\"mine\":0}\n";
    fs::write(here.path().join("other.jsonl"), others).unwrap();
    let own = |number: usize| format!("{{\"id\":\"{number}\"}}\n");
    let input: String = [19, 3, 0, 3, 25].map(own).concat();
    let flags = ["--from", "other.jsonl", "--keys", "long,mine"];
    shelf(here.path(), TOOL, &flags, &input);
    let ran = run_in(here.path(), TOOL, &flags, &input);
    let expected = |number: usize| {
        let long = "x".repeat(number * 1000);
        format!("{{\"id\":\"{number}\",\"long\":\"{long}\",\"mine\":[1.00,  1e3]}}\n")
    };
    let expected = [19, 3, 0, 3].map(expected).concat() + &own(25);
    assert_eq!(ran.stdout, expected);
}
