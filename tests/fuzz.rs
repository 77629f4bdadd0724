//! Records that something else has damaged: no tool panics on any of them, and each comes out or is rejected.
//!
//! Every tool's golden cases are the seeds. `RECORDS=5000 cargo test -p end-to-end --test fuzz` tries more than the
//! usual few of each case; the seed of chance is fixed, so that a failure comes again.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::{Path, PathBuf};

use end_to_end::{root, tools};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use serde_json::{Map, Value, json};
use testkit::run_in;

/// Damaged records a case, unless the environment's `RECORDS` says otherwise.
const RECORDS: usize = 40;

/// Tools that make one record of one, or drop it, so that what goes in can be counted on the other side.
const ONE_TO_ONE: [&str; 13] = [
    "blur-filter",
    "caption-audit",
    "caption-compose",
    "char-detect",
    "clip-embed",
    "clip-tag",
    "emotion-classify",
    "light-classify",
    "pose-classify",
    "record-join",
    "rtmpose",
    "vlm-caption",
    "wd-tag",
];

struct Chance(Xoshiro256PlusPlus);

impl Chance {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end.max(1) as u64) as usize
    }
}

/// A value that no tool expects.
fn odd(chance: &mut Chance) -> Value {
    let values = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(1e308),
        json!(-1e-308),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("../../escaped"),
        json!("\u{1b}[31mred\u{7}\n\u{202e}"),
        json!("\0"),
        json!("12"),
        json!("x".repeat(70_000)),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!([null, "a", {"b": [1]}]),
        json!(vec![0.5; 5000]),
        json!([0.0, 0.0, 0.0, 0.0]),
        json!([5, 5, 1, 1]),
        json!([-1e9, -1e9, 1e9, 1e9]),
    ];
    values[chance.below(values.len())].clone()
}

/// Changes one value somewhere in `value`.
fn damage(value: &mut Value, chance: &mut Chance) {
    let here = chance.below(4) == 0;
    match value {
        Value::Object(map) if !map.is_empty() && !here => damage_key(map, chance),
        Value::Array(list) if !list.is_empty() && !here => {
            let at = chance.below(list.len());
            match chance.below(6) {
                0 => drop(list.remove(at)),
                1 => list.push(list[at].clone()),
                _ => damage(&mut list[at], chance),
            }
        }
        other => *other = odd(chance),
    }
}

fn damage_key(map: &mut Map<String, Value>, chance: &mut Chance) {
    let keys: Vec<_> = map.keys().cloned().collect();
    let key = &keys[chance.below(keys.len())];
    match chance.below(8) {
        0 => drop(map.shift_remove(key)),
        1 => {
            let other = map[&keys[chance.below(keys.len())]].clone();
            map.insert(key.clone(), other);
        }
        _ => damage(&mut map[key], chance),
    }
}

/// A line of `record`, damaged in its values or in its text.
fn line(record: &Value, number: usize, chance: &mut Chance) -> Vec<u8> {
    let mut record = record.clone();
    record["id"] = json!(format!("r{number:05}"));
    if let Value::Object(map) = &mut record {
        for _ in 0..=chance.below(3) {
            if !map.is_empty() {
                damage_key(map, chance);
            }
        }
    }
    let mut text = record.to_string().into_bytes();
    let at = chance.below(text.len());
    match chance.below(12) {
        0 => text.truncate(at.max(1)),
        1 => text[at] ^= 1 << chance.below(8),
        2 => drop(text.splice(0..0, b"\xef\xbb\xbf".iter().copied())),
        3 => drop(text.splice(at..at, b"\0".iter().copied())),
        _ => {}
    }
    // What looks like two lines, or none, would be counted as such.
    text.retain(|byte| !matches!(byte, b'\n' | b'\r'));
    if text.iter().all(u8::is_ascii_whitespace) {
        text = b"{".to_vec();
    }
    text
}

/// The folders below `golden` that hold a case.
fn cases(golden: &Path, found: &mut Vec<PathBuf>) {
    if golden.join("in.jsonl").is_file() {
        found.push(golden.to_owned());
    }
    for entry in fs::read_dir(golden).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cases(&path, found);
        }
    }
}

/// A copy of the case's files, without what would be compared.
fn copy(case: &Path, here: &Path) {
    for entry in fs::read_dir(case).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, here.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// What ends a run by intent: no record of a set is wrong by itself where vectors are of several networks.
const OF_THE_WHOLE: &str = "compute the vectors of all records with one network";

/// The arguments of the case, to be run elsewhere.
fn arguments(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("args")).unwrap_or_default();
    let mut after_out = false;
    let own = text.lines().map(|argument| {
        let folder = std::mem::replace(&mut after_out, argument == "--out-dir");
        match (folder, argument.starts_with("..")) {
            (true, _) => "written".to_owned(),
            (_, true) => case.join(argument).display().to_string(),
            _ => argument.to_owned(),
        }
    });
    own.chain(["--rejects", "rejects.jsonl"].map(String::from))
        .collect()
}

fn damaged(seeds: &str, records: usize) -> Vec<u8> {
    let seeds: Vec<Value> = seeds
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut chance = Chance(Xoshiro256PlusPlus::seed_from_u64(seeds.len() as u64));
    let lines: Vec<_> = (0..records)
        .map(|n| line(&seeds[n % seeds.len()], n, &mut chance))
        .collect();
    lines.join(&b'\n')
}

/// Runs the tool on damaged records of the case and says whether all is well, in a line.
fn try_case(tool: &str, case: &Path, records: usize) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("a/b");
    fs::create_dir_all(&here).unwrap();
    copy(case, &here);
    let seeds = fs::read_to_string(case.join("in.jsonl")).unwrap();
    fs::write(here.join("in.jsonl"), damaged(&seeds, records)).unwrap();
    let mut arguments = arguments(case);
    if !arguments.iter().any(|argument| argument == "in.jsonl") {
        arguments.push("in.jsonl".into());
    }
    let program = tools().join(tool).display().to_string();
    let ran = run_in(&here, &program, &arguments, "");
    let name = format!("{tool} {}", case.file_name().unwrap().display());
    if ran.stderr.contains("panicked") || !matches!(ran.code, Some(0 | 1)) {
        return Err(format!("{name}: {:?}: {}", ran.code, ran.stderr));
    }
    let out = ran.records().len();
    let rejects = fs::read_to_string(here.join("rejects.jsonl")).unwrap_or_default();
    let rejected = rejects.lines().count();
    if ran.code == Some(0) && ONE_TO_ONE.contains(&tool) && out + rejected != records {
        return Err(format!(
            "{name}: {records} in, {out} out, {rejected} rejected"
        ));
    }
    if folder.path().join("escaped").exists() {
        return Err(format!("{name}: a file is written elsewhere"));
    }
    let whole = ran.stderr.contains(OF_THE_WHOLE);
    if ran.code == Some(1) && !whole && !ran.stderr.contains("records failed: see") {
        return Err(format!("{name}: the run ends: {}", ran.stderr));
    }
    Ok(format!(
        "{name}: {records} in, {out} out, {rejected} rejected"
    ))
}

#[test]
fn damaged_records_are_rejected_and_nothing_panics() {
    let records = std::env::var("RECORDS").map_or(RECORDS, |text| text.parse().unwrap());
    let mut tried = 0;
    let mut wrong = Vec::new();
    for tool in fs::read_dir(root().join("tools")).unwrap() {
        let tool = tool.unwrap();
        let mut found = Vec::new();
        cases(&tool.path().join("tests/golden"), &mut found);
        found.sort();
        for case in found {
            // The server of the one is started by the tool's own test; the other reads no manifest.
            if case.ends_with("vlm-caption/tests/golden/server")
                || case.ends_with("frame-scan/tests/golden/folder")
            {
                continue;
            }
            tried += 1;
            match try_case(&tool.file_name().into_string().unwrap(), &case, records) {
                Ok(said) => eprintln!("{said}"),
                Err(said) => wrong.push(said),
            }
        }
    }
    assert!(tried > 25, "{tried} golden cases were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
