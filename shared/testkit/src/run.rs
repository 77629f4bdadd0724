//! Running a tool as a shell would.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// What a tool did.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ran {
    /// The records on standard output.
    pub fn records(&self) -> Vec<serde_json::Value> {
        lines(&self.stdout)
    }
}

/// Runs `tool` with `arguments` and `input` on its standard input.
pub fn run<A: AsRef<OsStr>>(tool: &str, arguments: &[A], input: &str) -> Ran {
    run_in(Path::new("."), tool, arguments, input)
}

/// As [`run`], in another working directory.
pub fn run_in<A: AsRef<OsStr>>(folder: &Path, tool: &str, arguments: &[A], input: &str) -> Ran {
    let mut command = Command::new(tool);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    fed(&mut command, input)
}

/// Runs a command whose streams are pipes, with `input` on its standard input.
pub(crate) fn fed(command: &mut Command, input: &str) -> Ran {
    let mut started = command.spawn();
    // A program that a test has just written is busy while another test's new process, which has its file open by
    // inheritance, comes to start its own.
    while started
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::ExecutableFileBusy)
    {
        sleep(Duration::from_millis(5));
        started = command.spawn();
    }
    let mut child = started.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A tool that has already answered need not read on.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    ran(&output)
}

pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The records of a manifest's text.
pub(crate) fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect()
}
