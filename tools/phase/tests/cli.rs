//! `phase` as its user meets it.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::{Ran, help_and_manual, run, run_in};

const PHASE: &str = env!("CARGO_BIN_EXE_phase");

fn phase(folder: &Path, name: &str, flags: &[&str], script: &str) -> Ran {
    let mut arguments = vec!["--run-dir", ".", "--name", name];
    arguments.extend(flags);
    arguments.extend(["--", "sh", "-c", script]);
    run_in(folder, PHASE, &arguments, "")
}

fn progress(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join("preparation_progress.json")).unwrap();
    let progress: Value = serde_json::from_str(&text).unwrap();
    progress["phases"][name].clone()
}

/// Starts a phase that runs until there is a file `go`, and waits until it says that it runs.
fn started(folder: &Path, name: &str) -> Child {
    // It ends with the folder, too: a test that fails leaves nothing running.
    let script =
        "echo begun >&2; until [ -e go ] || ! [ -e logs ]; do sleep 0.05; done; echo over > over";
    let child = Command::new(PHASE)
        .current_dir(folder)
        .args(["--run-dir", ".", "--name", name, "--", "sh", "-c"])
        .arg(script)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let log = folder.join("logs").join(format!("{name}.log"));
    eventually(|| fs::read_to_string(&log).is_ok_and(|log| log.contains("begun")));
    child
}

fn eventually(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn words() {
    help_and_manual(PHASE);
    let nothing = run(PHASE, &["--name", "x"], "");
    assert_eq!(nothing.code, Some(2), "a command is needed");
}

#[test]
fn a_phase_leaves_output_log_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let script = r#"
        echo '{"tool":"a","in":9,"out":6,"rejected":3,"failed":0}' >> "$FILM2LORA_COUNTS"
        echo '{"tool":"b","in":6,"out":5,"rejected":0,"failed":1}' >> "$FILM2LORA_COUNTS"
        echo careful >&2; echo data"#;
    let ran = phase(here, "first", &["--output", "data.txt"], script);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout, "", "the output is in its file");
    assert!(
        ran.stderr.starts_with("careful\nphase: first: done in "),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .ends_with(": 9 in, 5 out, 3 rejected, 1 failed\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(here.join("data.txt")).unwrap(), "data\n");
    assert_eq!(
        fs::read_to_string(here.join("logs/first.log")).unwrap(),
        "careful\n"
    );
    let first = progress(here, "first");
    assert_eq!(first["status"], "done");
    assert_eq!(first["exit_code"], 0);
    for (key, count) in [("in", 9), ("out", 5), ("rejected", 3), ("failed", 1)] {
        assert_eq!(first[key], count, "{key}");
    }
    assert!(first["start"].as_str().unwrap().ends_with('Z'), "{first}");
    assert!(first["peak_memory"].as_u64().unwrap() > 100_000, "{first}");
    let table = run_in(here, PHASE, &["--run-dir", ".", "--show"], "").stdout;
    assert!(
        table
            .lines()
            .any(|l| l.starts_with("first") && l.contains("done")),
        "{table}"
    );
}

/// Waits until a process waits for a lock that this test has.
fn waits_for_lock(process: &Child) {
    let listed = |id: u32, waits: bool| {
        let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
        let id = id.to_string();
        let mut locks = locks.lines().filter(|lock| lock.contains("->") == waits);
        locks.any(|lock| lock.split_whitespace().any(|word| word == id))
    };
    if listed(std::process::id(), false) {
        eventually(|| listed(process.id(), true));
    } else {
        // A system that does not list locks: long enough as a rule.
        sleep(Duration::from_millis(200));
    }
}

/// Starts a phase that writes `text` to `data`, and kills it when all is done but what it has to say in the progress file.
fn killed_at_its_end(here: &Path, text: &str) {
    drop(fs::remove_file(here.join("held")));
    let mut child = Command::new(PHASE)
        .current_dir(here)
        .args([
            "--run-dir",
            ".",
            "--name",
            "one",
            "--output",
            "data",
            "--",
            "sh",
            "-c",
        ])
        .arg(format!(
            "until [ -e held ]; do sleep 0.01; done; echo {text}"
        ))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually(|| here.join("data.part").exists() && progress(here, "one")["status"] == "running");
    let lock = fs::File::open(here.join("logs/progress.lock")).unwrap();
    lock.lock().unwrap();
    fs::write(here.join("held"), "").unwrap();
    eventually(|| fs::read_to_string(here.join("data.part")).is_ok_and(|part| part.contains(text)));
    waits_for_lock(&child);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_file_takes_its_place_when_the_progress_file_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    killed_at_its_end(here, "lost");
    assert!(!here.join("data").exists(), "make runs it again");
    let ran = phase(here, "one", &["--output", "data"], "echo first");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let first = progress(here, "one")["output"].clone();
    killed_at_its_end(here, "second");
    assert_eq!(fs::read_to_string(here.join("data")).unwrap(), "first\n");
    assert_eq!(progress(here, "one")["output"], first, "of an earlier run");
}

#[test]
fn the_file_that_a_finished_one_replaces_is_known_too() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let output = ["--output", "data"];
    assert_eq!(phase(here, "one", &output, "echo first").code, Some(0));
    let first = progress(here, "one")["output"].clone();
    assert!(first.is_object());
    fs::hard_link(here.join("data"), here.join("data.first")).unwrap();
    assert_eq!(phase(here, "one", &output, "echo longer").code, Some(0));
    let longer = progress(here, "one");
    assert_eq!(longer["replaces"], first);
    assert_eq!(longer["output"]["bytes"], 7);
    // As a kill leaves it after the progress file was written, and before `data` was replaced.
    fs::rename(here.join("data.first"), here.join("data")).unwrap();
    assert_eq!(phase(here, "one", &output, "exit 3").code, Some(3));
    assert_eq!(progress(here, "one")["output"], first);
    // What was changed since is no phase's.
    fs::write(here.join("data"), "of a person").unwrap();
    assert_eq!(phase(here, "one", &output, "exit 3").code, Some(3));
    assert_eq!(progress(here, "one")["output"], Value::Null);
}

#[test]
fn a_file_that_cannot_take_its_place_fails_its_phase() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("data")).unwrap();
    let ran = phase(here, "one", &["--output", "data"], "echo lost");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("data: "), "{}", ran.stderr);
    let one = progress(here, "one");
    assert_eq!(one["status"], "failed");
    assert_eq!(one["output"], Value::Null);
    let log = fs::read_to_string(here.join("logs/one.log")).unwrap();
    assert!(log.starts_with("phase: data: "), "{log}");
}

#[test]
fn a_file_that_its_command_has_deleted_fails_its_phase() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let output = ["--output", "data"];
    assert_eq!(phase(here, "one", &output, "echo first").code, Some(0));
    let first = progress(here, "one")["output"].clone();
    let ran = phase(here, "one", &output, "echo lost; rm data.part");
    assert_eq!(ran.code, Some(1));
    let one = progress(here, "one");
    assert_eq!(one["status"], "failed");
    assert_eq!(one["output"], first, "it is still there");
    let log = fs::read_to_string(here.join("logs/one.log")).unwrap();
    assert!(log.starts_with("phase: data.part: "), "{log}");
}

#[test]
fn names_of_its_own_locks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["progress", "make"] {
        let ran = phase(folder.path(), name, &[], "true");
        assert_eq!(ran.code, Some(1), "{name}");
        assert!(ran.stderr.contains("choose another"), "{}", ran.stderr);
    }
}

#[test]
fn a_failed_command_leaves_no_output_and_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("data.txt"), "old").unwrap();
    let ran = phase(here, "bad", &["--output", "data.txt"], "echo half; exit 7");
    assert_eq!(ran.code, Some(7));
    assert_eq!(fs::read_to_string(here.join("data.txt")).unwrap(), "old");
    assert_eq!(progress(here, "bad")["status"], "failed");
    let none = run_in(
        here,
        PHASE,
        &["--run-dir", ".", "--name", "none", "--", "no-such-command"],
        "",
    );
    assert_eq!(none.code, Some(1));
    assert!(none.stderr.contains("no-such-command"), "{}", none.stderr);
    assert_eq!(progress(here, "none")["status"], "failed");
}

#[test]
fn phases_side_by_side_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..12).map(|n| format!("p{n}")).collect();
    std::thread::scope(|threads| {
        for name in &names {
            threads.spawn(|| phase(folder.path(), name, &[], "true"));
        }
    });
    for name in &names {
        assert_eq!(progress(folder.path(), name)["status"], "done", "{name}");
    }
}

#[test]
fn a_killed_phase_is_told_from_one_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut child = started(here, "long");
    assert_eq!(progress(here, "long")["status"], "running");
    child.kill().unwrap();
    child.wait().unwrap();
    phase(here, "other", &[], "true");
    assert_eq!(
        progress(here, "long")["status"],
        "running",
        "its command still runs"
    );
    let mut again = Command::new(PHASE)
        .current_dir(here)
        .args(["--run-dir", ".", "--name", "long"])
        .args(["--", "test", "-e", "over"])
        .stderr(fs::File::create(here.join("again")).unwrap())
        .spawn()
        .unwrap();
    let said = || fs::read_to_string(here.join("again")).unwrap();
    eventually(|| said().contains("waiting for another run"));
    fs::write(here.join("go"), "").unwrap();
    assert!(
        again.wait().unwrap().success(),
        "the rerun began when the orphan was over: {}",
        said()
    );
    for file in ["go", "over"] {
        fs::remove_file(here.join(file)).unwrap();
    }
    let mut child = started(here, "lost");
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(here.join("go"), "").unwrap();
    eventually(|| here.join("over").exists());
    eventually(|| {
        phase(here, "other", &[], "true");
        progress(here, "lost")["status"] == "killed"
    });
}

#[test]
fn a_signal_ends_the_command_too() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut child = started(here, "long");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    eventually(|| child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    let long = progress(here, "long");
    assert_eq!(
        (&long["status"], &long["signal"]),
        (&"killed".into(), &15.into())
    );
    assert!(!here.join("over").exists());
}

#[test]
fn what_must_hold_first_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let before = phase(here, "full", &["--output", "before"], "echo before");
    assert_eq!(before.code, Some(0), "{}", before.stderr);
    let written = progress(here, "full")["output"].clone();
    let full = phase(here, "full", &["--needs-disk", "900PB"], "touch ran");
    assert_eq!(full.code, Some(1));
    assert!(
        full.stderr.contains("free, but 900.0 PB needed"),
        "{}",
        full.stderr
    );
    assert!(!here.join("ran").exists());
    assert_eq!(progress(here, "full")["status"], "failed");
    assert!(written.is_object());
    assert_eq!(
        progress(here, "full")["output"],
        written,
        "it is still there"
    );
    let log = fs::read_to_string(here.join("logs/full.log")).unwrap();
    assert!(log.contains("free, but 900.0 PB needed"), "{log}");
    let bad = phase(here, "../bad", &[], "true");
    assert_eq!(bad.code, Some(1));
    assert!(bad.stderr.contains("--name `../bad`"), "{}", bad.stderr);
    // The lock of the GPU is not the user's own, which a phase beside the tests may have.
    let mut nice = Command::new(PHASE);
    nice.current_dir(here)
        .env_remove("XDG_RUNTIME_DIR")
        .env("TMPDIR", here);
    nice.args(["--run-dir", ".", "--name", "nice", "--nice", "7", "--gpu"]);
    let nice = nice.args(["--", "nice"]).output().unwrap().stdout;
    let nice = String::from_utf8(nice).unwrap();
    let ours = Command::new("nice").output().unwrap().stdout;
    let ours: i32 = String::from_utf8(ours).unwrap().trim().parse().unwrap();
    assert_eq!(nice, format!("{}\n", (ours + 7).min(19)));
    assert_eq!(progress(here, "nice")["gpu"], "alone");
}

#[test]
fn a_progress_file_that_is_broken_is_set_aside_and_begun_anew() {
    for broken in ["", "{", "[]", "null", r#"{"phases": 3}"#, "\0\0\0\0"] {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        fs::write(here.join("preparation_progress.json"), broken).unwrap();
        let shown = run_in(here, PHASE, &["--run-dir", ".", "--show"], "");
        assert_eq!(shown.code, Some(0), "{broken:?}: {}", shown.stderr);
        let ran = phase(here, "one", &[], "true");
        assert_eq!(ran.code, Some(0), "{broken:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("set aside as"), "{}", ran.stderr);
        let aside = fs::read_to_string(here.join("preparation_progress.json.broken"));
        assert_eq!(aside.unwrap(), broken);
        let ran = phase(here, "two", &[], "true");
        assert!(!ran.stderr.contains("set aside"), "{}", ran.stderr);
        let shown = run_in(here, PHASE, &["--run-dir", ".", "--show"], "");
        assert_eq!(
            shown.stdout.matches(" done ").count(),
            2,
            "{}",
            shown.stdout
        );
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("preparation_progress.json")).unwrap();
    assert_eq!(phase(folder.path(), "one", &[], "true").code, Some(0));
}

/// Runs a phase that wants the GPU, with its own folders for what lasts as long as the session and for
/// temporary files.
fn on_gpu(here: &Path, session: Option<&Path>, temporary: &Path) -> Ran {
    let mut command = Command::new(PHASE);
    command
        .current_dir(here)
        .env_remove("XDG_RUNTIME_DIR")
        .env("TMPDIR", temporary)
        .args(["--run-dir", ".", "--name", "net", "--gpu", "--", "true"]);
    if let Some(session) = session {
        command.env("XDG_RUNTIME_DIR", session);
    }
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_lock_of_the_gpu_is_this_users_own_whatever_others_put_in_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let temporary = here.join("shared");
    fs::create_dir(&temporary).unwrap();
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o1777)).unwrap();
    // What another user may have left there, in the name that used to be shared.
    let target = here.join("target");
    symlink(&target, temporary.join("film2lora-gpu.lock")).unwrap();
    let ran = on_gpu(here, None, &temporary);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains("without the lock"), "{}", ran.stderr);
    assert!(!target.exists(), "no link is followed");
    let user = rustix::process::geteuid().as_raw();
    let own = temporary.join(format!("film2lora-{user}"));
    let mode = fs::metadata(&own).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{mode:o}");
    assert!(own.join("film2lora-gpu.lock").is_file());
    // A link in that place, and a folder that all may write to, are not taken; the phase goes on.
    fs::remove_dir_all(&own).unwrap();
    symlink(here, &own).unwrap();
    let ran = on_gpu(here, None, &temporary);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("without the lock"), "{}", ran.stderr);
    assert!(!here.join("film2lora-gpu.lock").exists());
    fs::remove_file(&own).unwrap();
    let ran = on_gpu(here, Some(&temporary), &temporary);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        own.join("film2lora-gpu.lock").is_file(),
        "not in a shared folder"
    );
}

#[test]
fn a_log_that_cannot_be_written_does_not_stop_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("logs")).unwrap();
    symlink("/dev/full", here.join("logs/long.log")).unwrap();
    let many = "for i in $(seq 20000); do echo a line to log >&2; done; echo whole";
    let ran = phase(here, "long", &["--output", "whole.txt"], many);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("the log ends here"));
    assert_eq!(
        fs::read_to_string(here.join("whole.txt")).unwrap(),
        "whole\n"
    );
}

#[test]
fn a_part_foretells_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("logs")).unwrap();
    let progress = r#"{"phases": {
        "masks": {"status": "done", "command": "x", "start": "2026-01-01T00:00:00Z", "seconds": 36.0,
            "peak_memory": 104857600, "in": 72, "out": 70, "rejected": 2, "failed": 0, "tools": [], "log": "l"},
        "broken": {"status": "failed", "command": "x", "start": "2026-01-01T00:00:00Z", "seconds": 9.0, "log": "l"}}}"#;
    fs::write(here.join("preparation_progress.json"), progress).unwrap();
    fs::write(here.join("image"), vec![0; 1_000_000]).unwrap();
    fs::hard_link(here.join("image"), here.join("again")).unwrap();
    let ran = run_in(here, PHASE, &["--run-dir", ".", "--predict", "100"], "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rows: Vec<Vec<&str>> = { ran.stdout.lines() }
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[1], ["masks", "7200", "2.0", "1.0h", "100"]);
    assert_eq!(
        rows.len(),
        4,
        "what failed foretells nothing: {}",
        ran.stdout
    );
    assert!(rows[2].ends_with(&["1.0h", "100"]), "{}", ran.stdout);
    // The image's million bytes and some of the progress file, a hundred times.
    assert!(rows[3].starts_with(&["disk", "95.4"]), "{}", ran.stdout);
    for (times, time) in [("10", "6min"), ("1", "36s"), ("0.001", "1s")] {
        let ran = run_in(here, PHASE, &["--run-dir", ".", "--predict", times], "");
        let masks = ran.stdout.lines().nth(1).unwrap();
        assert!(masks.contains(&format!(" {time} ")), "{masks}");
    }
    let none = tempfile::tempdir().unwrap();
    let ran = run_in(
        none.path(),
        PHASE,
        &["--run-dir", ".", "--predict", "2"],
        "",
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("no phases have run there yet"),
        "{}",
        ran.stderr
    );
}

#[test]
fn files_that_a_manifest_names_and_that_are_gone_or_empty_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir_all(here.join("masks")).unwrap();
    for name in ["0", "1", "2", "3"] {
        fs::write(here.join("masks").join(name), "x").unwrap();
    }
    let record = |n: u32| {
        format!(r#"{{"id":"{n}","image":"frames/{n}.png","masks":[{{"mask":"masks/{n}"}}]}}"#)
            + "\n"
    };
    fs::write(
        here.join("masked.jsonl"),
        (0..4).map(record).collect::<String>(),
    )
    .unwrap();
    let missing = || {
        let flags = ["--run-dir", ".", "--missing", "masked.jsonl=masks/"];
        let ran = run_in(here, PHASE, &flags, "");
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    assert_eq!(missing(), "", "the frames are another stage's");
    fs::remove_file(here.join("masks/2")).unwrap();
    fs::write(here.join("masks/3"), "").unwrap();
    assert_eq!(missing(), "masked.jsonl\t2\tmasks/2\n");
    let wrong = run_in(here, PHASE, &["--missing", "masked.jsonl"], "");
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

/// Starts a phase on the GPU with a driver of the tests' own, which says what the files of `here` say.
fn waiting(here: &Path, wait: &str) -> Child {
    let library = here.join("libnvidia-ml.so.1");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stub/nvml.c");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source);
    assert!(compiler.status().unwrap().success());
    let mut command = Command::new(PHASE);
    command
        .current_dir(here)
        .env("LD_LIBRARY_PATH", here)
        .env("STUB", here);
    command
        .env_remove("CUDA_VISIBLE_DEVICES")
        .env_remove("XDG_RUNTIME_DIR");
    command.env("TMPDIR", here);
    command.args([
        "--run-dir",
        ".",
        "--name",
        "net",
        "--gpu",
        "--gpu-wait",
        wait,
    ]);
    command.args(["--", "touch", "ran"]).spawn().unwrap()
}

/// Waits until the phase says what it waits for.
fn reason(here: &Path) -> String {
    let path = here.join("preparation_progress.json");
    let waits = || fs::read_to_string(&path).is_ok_and(|text| text.contains("waits_for"));
    eventually(waits);
    let phase = progress(here, "net");
    assert_eq!(phase["status"], "waiting");
    phase["waits_for"].as_str().unwrap().to_owned()
}

#[test]
fn a_phase_waits_for_a_card_that_others_hold_and_says_whom() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let write = |name: &str, text: &str| fs::write(here.join(name), text).unwrap();
    write("total", "12000000000");
    write("free", "11000000000");
    let foreign = Ends(Command::new("sleep").arg("60").spawn().unwrap());
    write("pids", &format!("{}\n", foreign.0.id()));
    let mut phase = waiting(here, "free");
    let said = format!("stub card, which process {} (sleep) holds", foreign.0.id());
    assert_eq!(reason(here), said);
    let shown = run_in(here, PHASE, &["--run-dir", ".", "--show"], "").stdout;
    assert!(
        shown.contains("waiting") && shown.contains(&said),
        "{shown}"
    );
    assert!(!here.join("ran").exists());
    write("pids", "");
    assert!(phase.wait().unwrap().success());
    assert!(here.join("ran").exists());
    assert_eq!(progress(here, "net")["status"], "done");
    assert_eq!(progress(here, "net")["waits_for"], Value::Null);
}

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_phase_waits_for_memory_and_for_a_command_and_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("total"), "12000000000").unwrap();
    fs::write(here.join("free"), "7000000000").unwrap();
    let mut phase = waiting(here, "memory=8GB");
    let said = "8.0 GB of memory on stub card, which has 7.0 GB of 12.0 GB free";
    assert_eq!(reason(here), said);
    fs::write(here.join("free"), "8000000000").unwrap();
    assert!(phase.wait().unwrap().success());
    fs::remove_file(here.join("ran")).unwrap();
    let mut phase = waiting(here, "test -e go");
    assert_eq!(reason(here), "`test -e go` to succeed");
    // One that a shell started in the background ignores SIGINT.
    kill_process(Pid::from_child(&phase), Signal::TERM).unwrap();
    assert!(!phase.wait().unwrap().success());
    // A shell that it was just starting for `test -e go` may have its lock for a moment more.
    let shown = || run_in(here, PHASE, &["--run-dir", ".", "--show"], "").stdout;
    eventually(|| shown().contains("killed"));
    assert!(!here.join("ran").exists());
}

#[test]
fn phases_that_share_the_gpu_run_side_by_side_and_one_that_has_it_alone_waits() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let start = |name: &str, gpu: &str, script: &str| {
        let mut command = Command::new(PHASE);
        command
            .current_dir(here)
            .env_remove("XDG_RUNTIME_DIR")
            .env("TMPDIR", here);
        command.args([
            "--run-dir",
            ".",
            "--name",
            name,
            gpu,
            "--",
            "sh",
            "-c",
            script,
        ]);
        command.stderr(Stdio::null()).spawn().unwrap()
    };
    let meets = |mine: &str, other: &str| {
        format!(
            "touch {mine}; until test -e {other}; do sleep 0.01; done; until test -e end; do sleep 0.01; done"
        )
    };
    let mut shared = [
        start("one", "--gpu=shared", &meets("a", "b")),
        start("two", "--gpu=shared", &meets("b", "a")),
    ];
    eventually(|| here.join("a").exists() && here.join("b").exists());
    let mut alone = start("three", "--gpu", "touch c");
    let status = || progress(here, "three")["waits_for"].clone();
    eventually(|| here.join("preparation_progress.json").exists() && status() != Value::Null);
    assert_eq!(status(), "the phase that has the GPU to end");
    assert!(!here.join("c").exists());
    fs::write(here.join("end"), "").unwrap();
    for phase in &mut shared {
        assert!(phase.wait().unwrap().success());
    }
    assert!(alone.wait().unwrap().success());
    assert!(here.join("c").exists());
}

#[test]
fn a_phase_waits_until_it_fits_into_memory_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // What both took the last time: 3 GB and 2 GB.
    let took = |bytes: u64| json!({"status": "done", "command": "", "start": "", "log": "", "peak_memory": bytes});
    let before = json!({"phases": {"first": took(3_000_000_000), "second": took(2_000_000_000)}});
    fs::write(here.join("preparation_progress.json"), before.to_string()).unwrap();
    let start = |name: &str, script: &str| {
        Command::new(PHASE)
            .args([
                "--run-dir",
                ".",
                "--name",
                name,
                "--memory",
                "4GB",
                "--",
                "sh",
                "-c",
                script,
            ])
            .current_dir(here)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut first = start("first", "touch begun; until [ -e go ]; do sleep 0.05; done");
    eventually(|| here.join("begun").exists());
    let mut second = start(
        "second",
        "echo $FILM2LORA_JOBS$FILM2LORA_BATCH_SHARE > second",
    );
    eventually(|| progress(here, "second")["status"] == "waiting");
    let why = progress(here, "second")["waits_for"].clone();
    assert_eq!(why, "2.0 GB of memory: first already uses 3.0 GB of 4.0 GB");
    fs::write(here.join("go"), "").unwrap();
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success());
    assert_eq!(
        fs::read_to_string(here.join("second")).unwrap(),
        "\n",
        "as many threads and as large batches as it likes"
    );
}

#[test]
fn a_phase_that_took_too_much_memory_gets_fewer_threads_and_smaller_batches() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let took = json!({"status": "done", "command": "", "start": "", "log": "", "peak_memory": 9_000_000_000_u64});
    fs::write(
        here.join("preparation_progress.json"),
        json!({"phases": {"big": took}}).to_string(),
    )
    .unwrap();
    let ran = phase(
        here,
        "big",
        &["--memory", "1GB"],
        "echo $FILM2LORA_JOBS $FILM2LORA_BATCH_SHARE",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let (jobs, share) = ran.stdout.trim().split_once(' ').unwrap();
    let (jobs, share): (usize, f64) = (jobs.parse().unwrap(), share.parse().unwrap());
    let cores = std::thread::available_parallelism().unwrap().get();
    // A ninth of the memory holds a ninth of the threads, or part of one.
    assert_eq!(jobs, (cores / 9).max(1));
    let right = if cores < 9 {
        1.0 / 9.0
    } else {
        jobs as f64 / cores as f64
    };
    assert!((share - right).abs() < 1e-9, "{share}");
    assert!(
        ran.stderr.contains(
            format!("big: took 9.0 GB the last time, and may take 1.0 GB: running with {jobs} of ")
                .as_str()
        ),
        "{}",
        ran.stderr
    );
    assert_eq!(progress(here, "big")["jobs"], jobs);
    assert_eq!(progress(here, "big")["batch"], share);
}

#[test]
fn what_a_phase_took_with_two_shares_tells_what_it_may_use() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // 900 MB stay and 1.6 GB grow: of 1 GB there is room for a sixteenth of that.
    let took = json!({
        "status": "done", "command": "", "start": "", "log": "", "jobs": 1, "batch": 0.0125,
        "peak_memory": 920_000_000_u64, "took_before": {"bytes": 2_500_000_000_u64, "batch": 1.0},
    });
    let before = json!({"phases": {"big": took}});
    fs::write(here.join("preparation_progress.json"), before.to_string()).unwrap();
    let run = |budget: &str| {
        let ran = phase(
            here,
            "big",
            &["--memory", budget],
            "echo $FILM2LORA_BATCH_SHARE",
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout.trim().to_owned()
    };
    let share: f64 = run("1GB").parse().unwrap();
    assert!((share - 0.0625).abs() < 1e-9, "{share}");
    assert_eq!(progress(here, "big")["took_before"]["bytes"], 920_000_000);
    // A shell takes next to nothing with that share, and so all of it fits the next time.
    assert_eq!(run("1GB"), "");
    assert_eq!(progress(here, "big")["took_before"]["batch"], 0.0625);
    let none = phase(here, "big", &["--memory", "0"], "true");
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("must be above 0"), "{}", none.stderr);
}

#[test]
fn processes_that_run_at_once_count_together_and_one_after_another_alone() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // Each holds 64 MiB, which nobody takes from it until the other end of its pipe has ended. That end takes one byte,
    // which comes when all is held, and stays a second longer than both need to get there.
    let holds = |own: &str, other: &str| {
        format!(
            "dd if=/dev/zero bs=64M count=1 2>/dev/null | {{ head -c1 >/dev/null; touch {own}; until [ -e {other} ]; do sleep 0.01; done; sleep 1; }}"
        )
    };
    let peak = |name: &str, script: &str| {
        let ran = phase(here, name, &[], script);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        progress(here, name)["peak_memory"].as_u64().unwrap() >> 20
    };
    let (first, second) = (holds("a", "b"), holds("b", "a"));
    let both = peak("both", &format!("{first} & {second}; wait"));
    assert!((128..160).contains(&both), "{both} MiB");
    let (first, second) = (holds("c", "c"), holds("d", "d"));
    let each = peak("each", &format!("{first}; {second}"));
    assert!((64..96).contains(&each), "{each} MiB");
}

#[test]
fn a_gpu_that_was_taken_while_the_phase_waited_for_memory_is_waited_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let took = json!({"status": "done", "command": "", "start": "", "log": "", "peak_memory": 4_000_000_000_u64});
    let before = json!({"phases": {"first": took, "second": took}});
    fs::write(here.join("preparation_progress.json"), before.to_string()).unwrap();
    let start = |name: &str, flags: &[&str], script: &str| {
        let mut command = Command::new(PHASE);
        command
            .current_dir(here)
            .env_remove("XDG_RUNTIME_DIR")
            .env("TMPDIR", here)
            .args(["--run-dir", ".", "--name", name, "--memory", "4GB"])
            .args(flags)
            .args(["--", "sh", "-c", script])
            .stderr(Stdio::null());
        Ends(command.spawn().unwrap())
    };
    let waits_for = |what: &str| {
        let reason = || progress(here, "second")["waits_for"].clone();
        eventually(|| reason().as_str().is_some_and(|why| why.starts_with(what)));
    };
    fs::write(here.join("open"), "").unwrap();
    let script = "touch begun; until [ -e go ]; do sleep 0.05; done";
    let mut first = start("first", &[], script);
    eventually(|| here.join("begun").exists());
    let flags = ["--gpu", "--gpu-wait", "test -e open"];
    let mut second = start("second", &flags, "touch second");
    waits_for("4.0 GB of memory");
    fs::remove_file(here.join("open")).unwrap();
    fs::write(here.join("go"), "").unwrap();
    assert!(first.0.wait().unwrap().success());
    waits_for("`test -e open` to succeed");
    assert!(!here.join("second").exists());
    fs::write(here.join("open"), "").unwrap();
    assert!(second.0.wait().unwrap().success());
    assert!(here.join("second").exists());
}

#[test]
fn the_time_of_processors_is_noted() {
    let here = tempfile::tempdir().unwrap();
    let busy = "i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done";
    let ran = phase(here.path(), "work", &[], &format!("({busy}) | ({busy})"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let spent = progress(here.path(), "work")["cpu_seconds"].as_f64();
    assert!(spent.is_some_and(|spent| spent > 0.0), "{spent:?}");
}
