//! The loop, seen from outside: order, streaming, memory, failures, counts.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop where it fails"
)]

mod echo;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use echo::{ids, program, records, run, start, touch};
use tempfile::tempdir;

const SHAPES: [&str; 4] = ["each", "batches", "infer", "whole"];

/// The shapes in which no record waits for the next.
const STREAMS: [&[&str]; 2] = [&[], &["--shape", "infer", "--batch", "1"]];

/// Records of every kind, in an order that repeats only after long.
fn mixed(count: usize) -> String {
    let kind = |n: usize| match n % 11 {
        2 => r#","do":"drop""#,
        3 | 7 => r#","do":"fail""#,
        5 => r#","do":"twice""#,
        _ => "",
    };
    let line = |n| match n % 13 {
        12 => format!("junk {n}\n"),
        _ => format!("{{\"id\":\"r{n}\"{}}}\n", kind(n)),
    };
    (0..count).map(line).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let folder = tempdir().unwrap();
    let input = mixed(2000);
    for shape in SHAPES {
        let arguments = ["--shape", shape, "--rejects", "rejects.jsonl", "-j"];
        let outcome = |jobs: &str| {
            let ran = run(&folder, &[&arguments[..], &[jobs]].concat(), &input);
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            let rejects = fs::read_to_string(folder.path().join("rejects.jsonl")).unwrap();
            (ran.stdout, rejects)
        };
        let one = outcome("1");
        for jobs in ["2", "3", "16"] {
            assert!(one == outcome(jobs), "{shape} -j {jobs}");
        }
        let order: Vec<_> = ids_of(&one.0);
        assert!(order.is_sorted(), "{shape}: in input order");
    }
}

/// The numbers in the ids of the records in `text`.
fn ids_of(text: &str) -> Vec<usize> {
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|record| record["id"].as_str().unwrap()[1..].parse().unwrap())
        .collect()
}

#[test]
fn each_record_comes_out_before_the_next_goes_in() {
    let folder = tempdir().unwrap();
    for shape in STREAMS {
        let mut child = start(&folder, shape);
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        for number in 0..100 {
            let line = format!("{{\"id\":\"r{number}\"}}\n");
            stdin.write_all(line.as_bytes()).unwrap();
            let mut answer = String::new();
            stdout.read_line(&mut answer).unwrap();
            assert_eq!(answer, line);
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

/// Records that were dropped or failed have nothing there, and all others in their order.
#[test]
fn what_goes_beside_the_manifest_is_there_before_its_record_and_is_completed() {
    let folder = tempdir().unwrap();
    let input = mixed(500);
    for shape in SHAPES {
        let plain = ["--shape", shape, "--rejects", "rejects.jsonl"];
        let expected = run(&folder, &plain, &input);
        let rejects = fs::read(folder.path().join("rejects.jsonl")).unwrap();
        let ran = run(
            &folder,
            &[&plain[..], &["--beside", "ids"]].concat(),
            &input,
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let numbers: Vec<_> = ran.records().iter().map(|r| r["id"].clone()).collect();
        let counted: Vec<_> = (0..numbers.len()).map(|n| n.to_string()).collect();
        assert_eq!(numbers, counted, "{shape}");
        let beside = fs::read_to_string(folder.path().join("ids")).unwrap();
        let ids = expected.records();
        let ids = ids
            .iter()
            .map(|r| format!("{}\n", r["id"].as_str().unwrap()));
        assert_eq!(beside, ids.collect::<String>() + "well: true\n", "{shape}");
        assert!(rejects == fs::read(folder.path().join("rejects.jsonl")).unwrap());
    }
    let ran = run(
        &folder,
        &["--beside", "ids"],
        "{\"id\":\"a\"}\n{\"id\":\"b\",\"do\":\"fail\"}\n",
    );
    assert_eq!(ran.code, Some(1));
    let beside = fs::read_to_string(folder.path().join("ids")).unwrap();
    assert_eq!(beside, "a\nwell: false\n");
    for shape in STREAMS {
        let mut child = start(&folder, &[shape, &["--beside", "ids"]].concat());
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut expected = String::new();
        for number in 0..20 {
            writeln!(stdin, "{{\"id\":\"r{number}\"}}").unwrap();
            stdout.read_line(&mut String::new()).unwrap();
            expected.extend(["r", &number.to_string(), "\n"]);
            assert_eq!(
                fs::read_to_string(folder.path().join("ids")).unwrap(),
                expected
            );
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_record_that_waits_stops_the_reading_within_the_window() {
    for shape in STREAMS {
        stops_the_reading(shape);
    }
}

fn stops_the_reading(shape: &[&str]) {
    let folder = tempdir().unwrap();
    let mut child = start(&folder, &[shape, &["-j", "2"]].concat());
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let writer = thread::spawn(move || {
        stdin
            .write_all(b"{\"id\":\"first\",\"do\":\"wait\",\"for\":\"go\"}\n")
            .unwrap();
        let ballast = "x".repeat(100_000);
        for number in 0..400 {
            writeln!(stdin, "{{\"id\":\"r{number}\",\"ballast\":\"{ballast}\"}}").unwrap();
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut before = usize::MAX;
    while before != taken.load(Ordering::SeqCst) {
        before = taken.load(Ordering::SeqCst);
        sleep(Duration::from_millis(400));
    }
    assert!(
        before < 20,
        "{before} records are on their way behind one that waits"
    );
    touch(&folder, "go");
    let mut text = String::new();
    stdout.read_to_string(&mut text).unwrap();
    writer.join().unwrap();
    assert_eq!(text.lines().count(), 401);
    assert!(child.wait().unwrap().success());
}

#[test]
fn every_record_is_written_or_rejected_with_a_reason() {
    let folder = tempdir().unwrap();
    let input = mixed(1000);
    for shape in SHAPES {
        let arguments = ["--shape", shape, "--rejects", "rejects.jsonl"];
        let ran = run(&folder, &arguments, &input);
        let rejects = records(&folder, "rejects.jsonl");
        let twice = input.matches("twice").count();
        assert_eq!(
            ran.records().len() + rejects.len(),
            1000 + twice,
            "{shape}: in = out + rejected"
        );
        for reject in &rejects {
            let mark = &reject["rejected"];
            assert_eq!(mark["by"], "echo");
            assert!(mark["reason"] == "it asked for it" || mark["error"].is_string());
        }
        let junk = rejects.iter().filter(|r| r["line"].is_string()).count();
        assert_eq!(junk, input.matches("junk").count());
        // Whole drops last, as it judges when all are in.
        if shape == "each" {
            let order: Vec<_> = ids(&rejects)
                .iter()
                .filter_map(|id| id.strip_prefix('r')?.parse::<usize>().ok())
                .collect();
            assert!(order.is_sorted(), "rejects are in input order");
        }
    }
}

#[test]
fn a_failure_without_rejects_ends_the_run_behind_what_came_before() {
    let folder = tempdir().unwrap();
    let input = "{\"id\":\"a\"}\n{\"id\":\"b\",\"do\":\"fail\"}\n{\"id\":\"c\"}\n";
    for shape in ["each", "batches", "infer"] {
        let ran = run(&folder, &["--shape", shape], input);
        assert_eq!(ran.code, Some(1));
        assert_eq!(ran.stderr, "echo: stdin: line 2: b: it failed\n");
        assert_eq!(ids(&ran.records()), ["a"], "{shape}");
    }
}

#[test]
fn a_fault_of_the_machine_ends_the_run_and_rejects_nothing() {
    use rustix::io::Errno;
    let folder = tempdir().unwrap();
    let faults = [
        (Errno::NOSPC, "free some space, and run this again"),
        (Errno::DQUOT, "free some space, and run this again"),
        (Errno::ROFS, "mount it writable"),
        (Errno::IO, "check the system's log"),
        (Errno::MFILE, "ulimit -n"),
        (Errno::NFILE, "ulimit -n"),
        (Errno::NOMEM, "close other programs"),
    ];
    for (number, advice) in faults {
        let number = number.raw_os_error();
        let input = format!(
            "{{\"id\":\"a\"}}\n{{\"id\":\"b\",\"do\":\"system\",\"errno\":{number}}}\n{{\"id\":\"c\"}}\n"
        );
        for shape in SHAPES {
            let ran = run(&folder, &["--shape", shape, "--rejects", "r.jsonl"], &input);
            assert_eq!(ran.code, Some(1), "{shape}: {}", ran.stderr);
            assert!(
                ran.stderr
                    .starts_with("echo: stdin: line 2: b: image.png: "),
                "{}",
                ran.stderr
            );
            assert!(ran.stderr.contains(advice), "{}", ran.stderr);
            assert!(records(&folder, "r.jsonl").is_empty(), "{shape}");
        }
    }
    let gone = Errno::NOENT.raw_os_error();
    let input = format!("{{\"id\":\"a\"}}\n{{\"id\":\"b\",\"do\":\"system\",\"errno\":{gone}}}\n");
    let ran = run(&folder, &["--rejects", "r.jsonl"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ids(&records(&folder, "r.jsonl")), ["b"]);
}

#[test]
fn names_do_not_speak_to_the_terminal() {
    let folder = tempdir().unwrap();
    let input = "{\"id\":\"a\\u001b]0;x\\u0007\\u202e\",\"do\":\"fail\"}\n{\"id\":\"b\"}\n";
    let ran = run(&folder, &["--rejects", "r.jsonl"], input);
    let said = r"echo: stdin: line 1: a\u{1b}]0;x\u{7}\u{202e}: it failed";
    assert_eq!(ran.stderr, format!("{said}\n"));
    let ran = run(&folder, &["no\u{1b}[2J\nsuch"], "");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.starts_with(r"echo: no\u{1b}[2J\nsuch: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn messages_name_the_place_and_rejects_do_not() {
    let folder = tempdir().unwrap();
    fs::write(
        folder.path().join("in.jsonl"),
        "{\"id\":\"a\"}\n\n{\"id\":\"b\",\"do\":\"fail\"}\n{\"id\":3,\"id\":4}\n",
    )
    .unwrap();
    let ran = run(&folder, &["--rejects", "r.jsonl", "in.jsonl"], "");
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.stderr,
        "echo: in.jsonl: line 3: b: it failed\n\
         echo: in.jsonl: line 4: key `id` appears twice\n"
    );
    let rejects = records(&folder, "r.jsonl");
    assert_eq!(rejects[0]["rejected"]["error"], "it failed");
}

#[test]
fn all_failed_is_an_error_and_none_passed_is_not() {
    let folder = tempdir().unwrap();
    let failing = "{\"do\":\"fail\"}\n".repeat(5);
    for shape in SHAPES {
        let arguments = ["--shape", shape, "--rejects", "r.jsonl"];
        let ran = run(&folder, &arguments, &failing);
        assert_eq!(ran.code, Some(1), "{shape}");
        assert!(
            ran.stderr
                .ends_with("echo: all 5 records failed: see r.jsonl\n"),
            "{}",
            ran.stderr
        );
        let ran = run(&folder, &arguments, "{\"do\":\"drop\"}\n");
        assert_eq!(ran.code, Some(0), "{shape}");
        assert_eq!(ran.stderr, "echo: none of 1 records passed\n");
    }
}

#[test]
fn keep_marks_and_drops_nothing() {
    let folder = tempdir().unwrap();
    let input = "{\"id\":\"a\",\"do\":\"drop\"}\n{\"id\":\"b\"}\n";
    let ran = run(&folder, &["--keep"], input);
    assert_eq!(ids(&ran.records()), ["a", "b"]);
    assert_eq!(
        ran.records()[0]["rejected"],
        serde_json::json!({"by": "echo", "reason": "it asked for it"})
    );
}

#[test]
fn batches_are_full_but_the_last_and_never_empty() {
    let folder = tempdir().unwrap();
    let sizes = |input: &str| -> Vec<String> {
        let arguments = ["--shape", "batches", "--batch", "4", "-v"];
        let arguments = [&arguments[..], &["--rejects", "r.jsonl"]].concat();
        let ran = run(&folder, &arguments, input);
        ran.stderr
            .lines()
            .filter_map(|line| line.strip_prefix("echo: a batch of "))
            .map(str::to_owned)
            .collect()
    };
    let passing = "{\"id\":\"a\"}\n";
    let failing = "{\"id\":\"b\",\"do\":\"fail\"}\n";
    assert_eq!(sizes(&passing.repeat(10)), ["4", "4", "2"]);
    assert_eq!(sizes(&[failing, passing].concat().repeat(8)), ["4", "4"]);
    assert!(sizes(&failing.repeat(9)).is_empty());
}

#[test]
fn failures_do_not_pile_up_behind_a_batch_that_does_not_fill() {
    let folder = tempdir().unwrap();
    let arguments = [
        "--shape",
        "batches",
        "--batch",
        "64",
        "--rejects",
        "r.jsonl",
    ];
    let mut child = start(&folder, &arguments);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"id\":\"early\"}\n").unwrap();
    stdin
        .write_all("{\"do\":\"fail\"}\n".repeat(3000).as_bytes())
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let drain = thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    assert_eq!(first, "{\"id\":\"early\"}\n");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    drain.join().unwrap().unwrap();
}

#[test]
fn a_line_past_the_bound_fails_alone() {
    let folder = tempdir().unwrap();
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(64 << 20));
    let input = format!("{{\"id\":\"a\"}}\n{long}\n{{\"id\":\"b\"}}\n");
    let ran = run(&folder, &["--rejects", "r.jsonl"], &input);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ids(&ran.records()), ["a", "b"]);
    let said = "stdin: line 2: longer than 67108864 bytes";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(records(&folder, "r.jsonl").len(), 1);
    let ran = run(&folder, &[], &input);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_line_that_is_not_utf_8_fails_alone() {
    let folder = tempdir().unwrap();
    fs::write(
        folder.path().join("in.jsonl"),
        b"{\"id\":\"a\"}\n{\"id\":\"\xff\"}\n{\"id\":\"b\"}\n",
    )
    .unwrap();
    let ran = run(&folder, &["--rejects", "r.jsonl", "in.jsonl"], "");
    assert_eq!(ran.code, Some(0));
    assert_eq!(ids(&ran.records()), ["a", "b"]);
    assert_eq!(
        ran.stderr,
        "echo: in.jsonl: line 2: not UTF-8 at byte 7; manifests are UTF-8\n"
    );
}

#[test]
fn manifests_are_read_one_after_another() {
    let folder = tempdir().unwrap();
    // The first has no newline at its end, the second a byte order mark.
    fs::write(folder.path().join("1"), "{\"id\":\"a\"}").unwrap();
    fs::write(folder.path().join("2"), "\u{feff}{\"id\":\"c\"}\n").unwrap();
    let ran = run(&folder, &["1", "-", "2"], "{\"id\":\"b\"}\n");
    assert_eq!(ids(&ran.records()), ["a", "b", "c"]);
    let ran = run(&folder, &["1", "gone"], "");
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout, "", "a wrong name is found before work begins");
    let ran = run(&folder, &["."], "");
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr, "echo: .: is a directory\n");
}

#[test]
fn input_that_cannot_be_read_ends_the_run_even_with_rejects() {
    let folder = tempdir().unwrap();
    let output = Command::new(program())
        .current_dir(folder.path())
        .args(["--rejects", "r.jsonl"])
        .stdin(File::open(folder.path()).unwrap())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("stdin: line 1: Is a directory"), "{stderr}");
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_is_counted() {
    let folder = tempdir().unwrap();
    let input = "{\"id\":\"r\"}\n".repeat(20_000);
    fs::write(folder.path().join("in.jsonl"), input).unwrap();
    let mut child = Command::new(program())
        .current_dir(folder.path())
        .arg("in.jsonl")
        .env("FILM2LORA_COUNTS", "counts.jsonl")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(first, "{\"id\":\"r\"}\n");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
    assert_eq!(records(&folder, "counts.jsonl").len(), 1);
}

#[test]
fn a_pipe_that_breaks_inside_the_tool_is_an_error() {
    let folder = tempdir().unwrap();
    let ran = run(&folder, &[], "{\"id\":\"a\",\"do\":\"broken\"}\n");
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr, "echo: stdin: line 1: a: broken pipe\n");
}

#[test]
fn counts_are_appended_as_one_line_a_run() {
    let folder = tempdir().unwrap();
    for _ in 0..2 {
        let mut child = Command::new(program())
            .current_dir(folder.path())
            .args(["--rejects", "r.jsonl"])
            .env("FILM2LORA_COUNTS", "counts.jsonl")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = "{}\n{\"do\":\"twice\"}\n{\"do\":\"drop\"}\n{\"do\":\"fail\"}\njunk\n";
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
    let counts = records(&folder, "counts.jsonl");
    assert_eq!(counts.len(), 2);
    for count in counts {
        assert_eq!(count["tool"], "echo");
        let numbers = ["in", "out", "rejected", "failed"].map(|key| count[key].as_u64().unwrap());
        assert_eq!(numbers, [5, 3, 1, 2]);
        assert!(count["seconds"].is_number());
    }
}

#[test]
fn a_panic_ends_the_run_and_does_not_hang() {
    let folder = tempdir().unwrap();
    let input = "{\"id\":\"a\"}\n".repeat(50) + "{\"do\":\"panic\"}\n";
    for shape in SHAPES {
        let ran = run(&folder, &["--shape", shape], &input);
        assert_eq!(ran.code, Some(101), "{shape}");
    }
}

#[test]
fn work_that_is_remembered_is_not_done_again() {
    let folder = tempdir().unwrap();
    let input = "{\"id\":\"a\",\"do\":\"remember\"}\n";
    let first = run(&folder, &["--cache", "cache"], input);
    let second = run(&folder, &["--cache", "cache"], input);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(first.records()[0]["known"], "a");
}

#[test]
fn rejects_never_overwrite_what_is_to_be_read() {
    let folder = tempdir().unwrap();
    let manifest = folder.path().join("in.jsonl");
    fs::write(&manifest, "{\"id\":\"a\"}\n").unwrap();
    std::os::unix::fs::symlink("in.jsonl", folder.path().join("link.jsonl")).unwrap();
    for rejects in ["in.jsonl", "./in.jsonl", "link.jsonl"] {
        let ran = run(&folder, &["--rejects", rejects, "in.jsonl"], "");
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr.contains("would be overwritten"),
            "{}",
            ran.stderr
        );
        assert_eq!(fs::read_to_string(&manifest).unwrap(), "{\"id\":\"a\"}\n");
    }
}
