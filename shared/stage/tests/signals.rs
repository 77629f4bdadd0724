//! Signals to end: only whole lines stay behind.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test may stop where it fails, and need not use all of a shared file"
)]

mod echo;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::tempdir;

/// Sends `signal` to a run in its middle, and looks at what is left.
fn interrupt(signal: Signal, number: i32) {
    let folder = tempdir().unwrap();
    let output = folder.path().join("out.jsonl");
    let mut child = Command::new(echo::program())
        .current_dir(folder.path())
        .args(["--rejects", "r.jsonl"])
        .stdin(Stdio::piped())
        .stdout(File::create(&output).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let ballast = "x".repeat(500);
        for number in 0_u64.. {
            let kind = if number % 3 == 1 { "drop" } else { "pass" };
            let line = format!("{{\"id\":{number},\"do\":\"{kind}\",\"b\":\"{ballast}\"}}\n");
            if stdin.write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    });
    while fs::metadata(&output).unwrap().len() < 1 << 20 {
        sleep(Duration::from_millis(1));
    }
    let pid = Pid::from_child(&child);
    kill_process(pid, signal).unwrap();
    let status = child.wait().unwrap();
    writer.join().unwrap();
    assert_eq!(status.signal(), Some(number), "it dies of the signal");
    let passed = whole_lines(&folder, "out.jsonl");
    let dropped = whole_lines(&folder, "r.jsonl");
    assert!(passed.iter().all(|id| id % 3 != 1) && passed.is_sorted());
    assert!(dropped.iter().all(|id| id % 3 == 1) && dropped.is_sorted());
    let mut all = [passed, dropped].concat();
    all.sort_unstable();
    assert!(
        (0..).zip(&all).all(|(n, &id)| n == id),
        "nothing is missing"
    );
}

fn whole_lines(folder: &tempfile::TempDir, file: &str) -> Vec<u64> {
    let text = fs::read_to_string(folder.path().join(file)).unwrap();
    assert!(text.ends_with("}\n"), "{file} ends with a whole line");
    echo::records(folder, file)
        .iter()
        .map(|record| record["id"].as_u64().unwrap())
        .collect()
}

#[test]
fn an_interrupted_run_leaves_whole_lines() {
    interrupt(Signal::INT, 2);
}

#[test]
fn a_terminated_run_leaves_whole_lines() {
    interrupt(Signal::TERM, 15);
}

#[test]
fn a_run_that_waits_for_input_can_be_ended() {
    let folder = tempdir().unwrap();
    let mut child = echo::start(&folder, &[]);
    // Only once it has answered do we know that it listens to signals.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"id\":\"a\"}\n").unwrap();
    let mut answer = [0; 11];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut answer).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}
