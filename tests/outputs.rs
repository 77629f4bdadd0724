//! What a tool writes is never what it reads, whatever the flags are called.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use end_to_end::tools;

const RECORDS: &str = "{\"id\":\"a\",\"image\":\"a.png\",\"caption\":\"a boy\"}\n{\"id\":\"b\",\"image\":\"b.png\",\"caption\":\"a girl\"}\n";

fn run(here: &Path, tool: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(tools().join(tool));
    command
        .current_dir(here)
        .args(arguments)
        .stdin(Stdio::null());
    command.output().unwrap()
}

/// A tool, words that name a file twice, and the file that would be lost.
const CASES: [(&str, &[&str], &str); 11] = [
    (
        "balance",
        &["--target", "5", "--summary", "in.jsonl", "in.jsonl"],
        "in.jsonl",
    ),
    (
        "caption-audit",
        &["--type", "style", "--tsv", "in.jsonl", "in.jsonl"],
        "in.jsonl",
    ),
    (
        "caption-audit",
        &[
            "--type",
            "style",
            "--summary",
            "x",
            "--tsv",
            "x",
            "in.jsonl",
        ],
        "in.jsonl",
    ),
    (
        "lora-score",
        &[
            "--prompts",
            "other.jsonl",
            "--training",
            "in.jsonl",
            "--page",
            "other.jsonl",
            "in.jsonl",
        ],
        "other.jsonl",
    ),
    (
        "lora-score",
        &[
            "--prompts",
            "other.jsonl",
            "--training",
            "other.jsonl",
            "--scored",
            "in.jsonl",
            "in.jsonl",
        ],
        "in.jsonl",
    ),
    (
        "record-join",
        &[
            "--from",
            "other.jsonl",
            "--keys",
            "caption",
            "--rejects",
            "other.jsonl",
            "in.jsonl",
        ],
        "other.jsonl",
    ),
    (
        "review",
        &[
            "--patch",
            "other.jsonl",
            "--rejects",
            "other.jsonl",
            "in.jsonl",
        ],
        "other.jsonl",
    ),
    (
        "frame-extract",
        &["other.jsonl", "--out-dir", "x", "--rejects", "other.jsonl"],
        "other.jsonl",
    ),
    (
        "frame-extract",
        &["other.jsonl", "--out-dir", "x", "--shots", "link.jsonl"],
        "other.jsonl",
    ),
    (
        "frame-scan",
        &["--rejects", "other.jsonl", "other.jsonl"],
        "other.jsonl",
    ),
    (
        "lora-lint",
        &["--manifest", "other.jsonl", "--rejects", "other.jsonl", "."],
        "other.jsonl",
    ),
];

#[test]
fn a_file_that_is_read_is_not_written() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    for (tool, arguments, victim) in CASES {
        for name in ["in.jsonl", "other.jsonl"] {
            fs::write(here.join(name), RECORDS).unwrap();
        }
        let link = here.join("link.jsonl");
        let _ = fs::remove_file(&link);
        fs::hard_link(here.join("other.jsonl"), &link).unwrap();
        let output = run(here, tool, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{tool} {arguments:?}: {said}"
        );
        assert!(
            said.contains("would be overwritten"),
            "{tool} {arguments:?}: {said}"
        );
        assert_eq!(
            fs::read_to_string(here.join(victim)).unwrap(),
            RECORDS,
            "{tool} {arguments:?}"
        );
    }
}

#[test]
fn standard_output_is_no_file_to_write_to_besides() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    fs::write(here.join("in.jsonl"), RECORDS).unwrap();
    for rejects in ["out.jsonl", "/dev/stdout"] {
        let out = File::create(here.join("out.jsonl")).unwrap();
        let mut command = Command::new(tools().join("balance"));
        command
            .current_dir(here)
            .args(["--target", "1", "--rejects", rejects, "in.jsonl"]);
        let output = command.stdout(out).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{rejects}: {said}");
        assert!(
            said.contains("is the file of standard output too"),
            "{rejects}: {said}"
        );
    }
    let output = run(
        here,
        "balance",
        &["--target", "1", "--rejects", "/dev/stdout", "in.jsonl"],
    );
    assert!(output.status.success(), "a pipe takes both");
    let output = run(
        here,
        "balance",
        &[
            "--target",
            "1",
            "--rejects",
            "/dev/null",
            "--summary",
            "/dev/null",
            "in.jsonl",
        ],
    );
    assert!(output.status.success(), "so does a device");
}
