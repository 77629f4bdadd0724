//! The example tool `echo`, run as a process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use testkit::Ran;

/// Path of the example, which cargo builds beside the tests.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let build = test.parent().and_then(Path::parent).unwrap();
    build.join("examples").join("echo")
}

/// Runs it in `folder`.
pub fn run(folder: &TempDir, arguments: &[&str], input: &str) -> Ran {
    let program = program();
    testkit::run_in(folder.path(), program.to_str().unwrap(), arguments, input)
}

/// Starts it in `folder`, with pipes on all sides.
pub fn start(folder: &TempDir, arguments: &[&str]) -> Child {
    Command::new(program())
        .current_dir(folder.path())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The records of a file.
pub fn records(folder: &TempDir, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.path().join(file)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The ids of records.
pub fn ids(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["id"].as_str().unwrap_or("none"))
        .collect()
}

/// Makes an empty file, for which records may wait.
pub fn touch(folder: &TempDir, file: &str) {
    File::create(folder.path().join(file)).unwrap();
}
