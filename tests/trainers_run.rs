//! What `tests/trainers/run.py` says and how it exits, with a harness in the place of a trainer's.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::Path;
use std::process::Command;

use end_to_end::root;

/// The answer of the harness, and one that differs by more than rounding.
const ANSWER: &str = r#"{"commit": "abc", "rows": [[1, 2.0, "x"]]}"#;
const OTHER: &str = r#"{"commit": "abc", "rows": [[1, 3.5, "x"]]}"#;
/// What differs by less than a pixel is the same.
const NEAR: &str = r#"{"commit": "abc", "rows": [[1, 2.4, "x"]]}"#;

/// A folder with `run.py`, a harness with this code, and this answer stored.
fn folder(harness: &str, golden: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = root().join("tests/trainers/run.py");
    fs::copy(script, folder.path().join("run.py")).unwrap();
    fs::write(folder.path().join("sd_scripts.py"), harness).unwrap();
    fs::create_dir(folder.path().join("golden")).unwrap();
    fs::write(folder.path().join("golden/sd-scripts.json"), golden).unwrap();
    folder
}

/// What a run says, and its exit status.
fn run(folder: &Path, arguments: &[&str], ci: bool) -> (String, i32) {
    let mut command = Command::new("python3");
    command.arg(folder.join("run.py")).args(arguments);
    for variable in ["CI", "SD_SCRIPTS"] {
        command.env_remove(variable);
    }
    if ci {
        command.env("CI", "true");
    }
    let ran = command.output().unwrap();
    let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
    (said, ran.status.code().unwrap())
}

fn harness(answer: &str) -> String {
    format!("print('loading')\nprint('''{answer}''')\n")
}

#[test]
fn what_has_no_checkout_is_passed_over_and_that_is_said() {
    let folder = folder(&harness(ANSWER), ANSWER);
    let (said, status) = run(folder.path(), &[], true);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("sd-scripts: SKIPPED: give --sd-scripts PATH or SD_SCRIPTS"),
        "{said}"
    );
    assert!(said.contains("0 passed, 0 failed, 14 skipped"), "{said}");
}

#[test]
fn an_answer_is_compared_with_the_stored_one() {
    for (golden, expected, code) in [
        (ANSWER, "sd-scripts: the same", 0),
        (NEAR, "sd-scripts: the same", 0),
        (
            OTHER,
            "sd-scripts: 1 differences: .rows[0][1]: 3.5 and now 2.0",
            1,
        ),
    ] {
        let folder = folder(&harness(ANSWER), golden);
        let (said, status) = run(folder.path(), &["--sd-scripts", "."], false);
        assert_eq!(status, code, "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_harness_that_cannot_be_run_fails_where_ci_is_set() {
    let folder = folder("raise SystemExit('no torch')", ANSWER);
    let arguments = ["--only", "sd-scripts", "--sd-scripts", "."];
    for (ci, code, counted) in [
        (false, 0, "0 passed, 0 failed, 1 skipped"),
        (true, 1, "0 passed, 1 failed, 0 skipped"),
    ] {
        let (said, status) = run(folder.path(), &arguments, ci);
        assert_eq!(status, code, "{said}");
        assert!(
            said.contains("sd-scripts: cannot be run: no torch"),
            "{said}"
        );
        assert!(said.contains(counted), "{said}");
    }
}

#[test]
fn an_update_is_the_same_from_then_on() {
    let folder = folder(&harness(ANSWER), OTHER);
    let arguments = ["--only", "sd-scripts", "--sd-scripts", "."];
    let update = [&arguments[..], &["--update"]].concat();
    let (said, status) = run(folder.path(), &update, false);
    assert_eq!(
        (said.as_str(), status),
        (
            "sd-scripts: written, at abc\n0 passed, 0 failed, 0 skipped\n",
            0
        )
    );
    let (said, status) = run(folder.path(), &arguments, false);
    assert_eq!(
        (said.as_str(), status),
        ("sd-scripts: the same\n1 passed, 0 failed, 0 skipped\n", 0)
    );
}
