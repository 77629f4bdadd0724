//! What every tool must do, whatever it is for.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::drawing;
use crate::run::{Ran, lines, ran, run, run_in};

mod words;

use words::{manual, words};

/// What kind of tool it is, and how to call it.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// Path of the program.
    pub tool: &'a str,
    /// Flags that it needs to run at all; they are given at every call.
    pub flags: &'a [&'a str],
    /// Whether it opens the files that `image` names.
    pub opens_images: bool,
    /// Whether the first record can come out before the last has gone in.
    pub streams: bool,
}

/// Checks that `shape.tool`, one that reads manifests, behaves as a Unix
/// filter should, on drawn images.
///
/// # Panics
///
/// When it does not.
pub fn manners(shape: Shape<'_>) {
    keyed_manners(shape, &[]);
}

/// As [`manners`], of a tool that wants more `keys` in its records than those
/// that drawn images come with.
///
/// # Panics
///
/// When it does not behave.
pub fn keyed_manners(shape: Shape<'_>, keys: &[(&str, Value)]) {
    words(&shape);
    manual(&shape);
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = String::new();
    for mut record in lines(&drawing::folder(folder.path(), 12)) {
        for (key, value) in keys {
            record[*key] = value.clone();
        }
        manifest.extend([record.to_string(), "\n".to_owned()]);
    }
    let here = folder.path();
    empty_input(&shape, here);
    junk(&shape, here, &manifest);
    unknown_keys(&shape, here, &manifest);
    any_number_of_threads(&shape, here, &manifest);
    rejects_account_for_all(&shape, here, &manifest);
    broken_pipe(&shape, here, &manifest);
    full_disk(&shape, here, &manifest);
    no_room_for_files(&shape, here, &manifest);
    no_file_twice(&shape, here, &manifest);
    if shape.opens_images {
        bad_images(&shape, here, &manifest);
    }
    if shape.streams {
        first_before_last(&shape, here, &manifest);
    }
}

fn empty_input(shape: &Shape<'_>, here: &Path) {
    let ran = with(shape, here, &[], "");
    assert_eq!(
        ran.code,
        Some(0),
        "nothing in, nothing out, no error: {}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
    let said = format!("{}: no records came in\n", name(shape.tool));
    assert!(ran.stderr.contains(&said), "it says so: {}", ran.stderr);
    let ran = with(shape, here, &["no-such-manifest.jsonl"], "");
    assert_eq!(ran.code, Some(1), "a manifest that is not there");
    assert!(
        ran.stderr.contains("no-such-manifest.jsonl"),
        "{}",
        ran.stderr
    );
}

fn junk(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let input = format!("{manifest}not json\n");
    let ran = with(shape, here, &[], &input);
    assert_eq!(ran.code, Some(1), "junk is 1");
    let said = format!("{}: stdin: line 13: not a JSON object", name(shape.tool));
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    let ran = with(shape, here, &["--rejects", "rejects.jsonl"], &input);
    assert_eq!(
        ran.code,
        Some(0),
        "with --rejects the run goes on: {}",
        ran.stderr
    );
    let rejects = rejects(here);
    let junk: Vec<_> = rejects.iter().filter(|r| r["line"] == "not json").collect();
    assert_eq!(junk.len(), 1, "the malformed line is kept");
    let ran = with(shape, here, &["--rejects", "rejects.jsonl"], "junk\nmore\n");
    assert_eq!(ran.code, Some(1), "every record failed: {}", ran.stderr);
}

fn unknown_keys(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let mine = r#""mine":{"kept":[1.50,"ä", 12345678901234567890123]}"#;
    let input = manifest.replace(r#""mine":{"kept":[1.5,"ä"]}"#, mine);
    assert_ne!(input, manifest, "the drawn manifest has the key");
    let ran = with(shape, here, &[], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for line in ran.stdout.lines() {
        assert!(
            line.contains(mine),
            "unknown keys survive byte for byte: {line}"
        );
    }
}

fn any_number_of_threads(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let one = with(shape, here, &["-j", "1"], manifest);
    for jobs in ["2", "7"] {
        let many = with(shape, here, &["-j", jobs], manifest);
        assert_eq!(one.stdout, many.stdout, "-j {jobs} gives the same bytes");
    }
}

fn rejects_account_for_all(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let keyless = "{\"id\":\"no_image\"}\n";
    let input = format!("{manifest}{keyless}");
    let ran = with(shape, here, &["--rejects", "rejects.jsonl"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rejects = rejects(here);
    assert_eq!(
        ran.stdout.lines().count() + rejects.len(),
        input.lines().count(),
        "in = out + rejected"
    );
    for reject in &rejects {
        let mark = &reject["rejected"];
        assert_eq!(mark["by"], name(shape.tool), "{reject}");
        let why = mark["reason"].as_str().or(mark["error"].as_str());
        assert!(why.is_some_and(|why| !why.is_empty()), "a reason: {reject}");
    }
}

fn broken_pipe(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let rounds = if shape.opens_images { 3 } else { 300 };
    // Each round has ids of its own.
    let round = |number| manifest.replace("\"id\":\"", &format!("\"id\":\"round{number}_"));
    let long: String = (0..rounds).map(round).collect();
    fs::write(here.join("long.jsonl"), long).unwrap();
    let mut child = command(shape, here)
        .arg("long.jsonl")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = ran(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "the reader went away: {}", ran.stderr);
    assert!(!ran.stderr.contains("roken pipe"), "{}", ran.stderr);
}

fn full_disk(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let clean = with(shape, here, &[], manifest);
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return;
    };
    if clean.stdout.is_empty() {
        return;
    }
    fs::write(here.join("in.jsonl"), manifest).unwrap();
    let output = command(shape, here).arg("in.jsonl").stdout(full).output();
    let ran = ran(&output.unwrap());
    assert_eq!(ran.code, Some(1), "a full disk is an error");
    assert!(ran.stderr.contains("No space left"), "{}", ran.stderr);
}

/// No file may grow, as on a full disk: a tool that writes files fails, and blames no record; a tool that
/// remembers results works without.
fn no_room_for_files(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let clean = with(shape, here, &["--rejects", "clean.jsonl"], manifest);
    fs::write(here.join("in.jsonl"), manifest).unwrap();
    // An ignored SIGXFSZ makes writes fail with EFBIG.
    let limited = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let output = Command::new("bash")
        .current_dir(here)
        .args(["-c", limited, "bash", shape.tool])
        .args(shape.flags)
        .args(["--rejects", "rejects.jsonl", "in.jsonl"])
        .output();
    let ran = ran(&output.unwrap());
    let rejects = fs::read_to_string(here.join("rejects.jsonl")).unwrap();
    assert!(!rejects.contains("File too large"), "{rejects}");
    if ran.code == Some(0) {
        assert_eq!(ran.stdout, clean.stdout, "{}", ran.stderr);
    } else {
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("File too large"), "{}", ran.stderr);
    }
}

fn bad_images(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let whole = fs::read(here.join("scene_00.png")).unwrap();
    fs::write(here.join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    for bad in ["cut.png", "gone.png"] {
        let first = manifest.lines().next().unwrap();
        let record = first
            .replace("scene_00.png", bad)
            .replace("scene_00", "bad");
        let input = format!("{record}\n{}", &manifest[first.len() + 1..]);
        let ran = with(shape, here, &[], &input);
        assert_eq!(ran.code, Some(1), "{bad} is an error");
        assert!(ran.stderr.contains(bad), "and named: {}", ran.stderr);
        let told: Vec<&str> = ran.stderr.trim().split(": ").collect();
        let twice = told.windows(2).any(|parts| parts[0] == parts[1]);
        assert!(!twice, "the cause is told once: {}", ran.stderr);
        let ran = with(shape, here, &["--rejects", "rejects.jsonl"], &input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let failed: Vec<Value> = rejects(here)
            .into_iter()
            .filter(|r| r["rejected"]["error"].is_string())
            .collect();
        assert_eq!(failed.len(), 1, "{bad} alone fails");
        assert_eq!(failed[0]["id"], "bad");
    }
}

/// Gives the tool a few records and waits for one to come out while its
/// standard input is still open.
fn first_before_last(shape: &Shape<'_>, here: &Path, manifest: &str) {
    let mut child = command(shape, here)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, manifest.as_bytes()).unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    assert!(
        first.starts_with('{'),
        "a record while the input is open: {first}"
    );
    drop(stdin);
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn command(shape: &Shape<'_>, here: &Path) -> Command {
    let mut command = Command::new(shape.tool);
    command.current_dir(here).args(shape.flags);
    command
}

/// A tool that writes files gives two records of one id, or of ids that differ only in case, files
/// of their own, or refuses the second.
fn no_file_twice(shape: &Shape<'_>, here: &Path, manifest: &str) {
    if !run(shape.tool, &["--help"], "")
        .stdout
        .contains("--out-dir")
    {
        return;
    }
    let first = lines(manifest).remove(0);
    for twin in [str::to_owned, str::to_uppercase] {
        let mut second = first.clone();
        second["id"] = twin(first["id"].as_str().unwrap()).into();
        let input = format!("{first}\n{second}\n");
        let ran = with(shape, here, &["--rejects", "rejects.jsonl"], &input);
        let passed = ran.records();
        if let [one, other] = passed.as_slice() {
            let (one, other) = (files(here, one), files(here, other));
            let both: Vec<_> = one.iter().filter(|file| other.contains(file)).collect();
            assert!(both.is_empty() && !one.is_empty(), "{both:?} written twice");
        } else {
            let said = rejects(here).iter().any(|record| {
                let error = record["rejected"]["error"].as_str().unwrap_or_default();
                error.contains("an id of its own")
            });
            assert!(said, "an id twice is refused: {}", ran.stderr);
        }
    }
}

/// The files that a record names, its first image aside.
fn files(here: &Path, value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.contains('/') && here.join(text).is_file() => {
            vec![text.to_lowercase()]
        }
        Value::Array(values) => values.iter().flat_map(|value| files(here, value)).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(key, _)| *key != "image");
            members.flat_map(|(_, value)| files(here, value)).collect()
        }
        _ => Vec::new(),
    }
}

fn with(shape: &Shape<'_>, here: &Path, more: &[&str], input: &str) -> Ran {
    let arguments: Vec<_> = shape.flags.iter().chain(more).collect();
    run_in(here, shape.tool, &arguments, input)
}

fn rejects(here: &Path) -> Vec<Value> {
    lines(&fs::read_to_string(here.join("rejects.jsonl")).unwrap())
}

fn name(tool: &str) -> &str {
    Path::new(tool).file_name().unwrap().to_str().unwrap()
}

/// The part of [`manners`] that holds for tools that read no manifest: help,
/// version, usage, man page, completions.
pub fn help_and_manual(tool: &str) {
    let shape = Shape {
        tool,
        flags: &[],
        opens_images: false,
        streams: false,
    };
    words(&shape);
    manual(&shape);
}
