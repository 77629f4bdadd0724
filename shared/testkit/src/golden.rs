//! Stored manifests, and what a tool makes of them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{lines, run_in};

/// How far numbers may lie apart to count as equal.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance {
    /// As a share of the larger of the two.
    pub relative: f64,
    /// In the unit of the number itself.
    pub absolute: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            relative: 1e-3,
            absolute: 1e-4,
        }
    }
}

/// Runs `tool` on every case under `folder` and compares what comes out.
///
/// A case is a folder of `args` (one argument a line), `in.jsonl`,
/// `out.jsonl`, and the images that these name; the tool runs inside it.
/// `UPDATE=1` in the environment rewrites `out.jsonl`.
///
/// # Panics
///
/// When a case does not come out as stored.
pub fn golden(tool: &str, folder: &str, tolerance: Tolerance) {
    let cases = fs::read_dir(folder).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let mut cases: Vec<_> = cases.map(|case| case.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases under {folder}");
    for case in &cases {
        check(tool, case, tolerance);
    }
}

fn check(tool: &str, case: &Path, tolerance: Tolerance) {
    let name = case.display();
    let arguments = fs::read_to_string(case.join("args")).unwrap_or_default();
    let arguments: Vec<_> = arguments.lines().collect();
    let input = fs::read_to_string(case.join("in.jsonl")).unwrap_or_default();
    let ran = run_in(case, tool, &arguments, &input);
    assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
    let stored = case.join("out.jsonl");
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(stored, ran.stdout).unwrap();
    }
    let expected = lines(&fs::read_to_string(stored).unwrap());
    let found = ran.records();
    assert_eq!(found.len(), expected.len(), "{name}: number of records");
    for (number, (found, expected)) in (1..).zip(found.iter().zip(&expected)) {
        assert!(
            close(found, expected, tolerance),
            "{name}:{number}\n   found {found}\nexpected {expected}"
        );
    }
}

/// Whether two values are the same but for small differences of numbers.
pub fn close(a: &Value, b: &Value, tolerance: Tolerance) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            let bound = tolerance.relative * a.abs().max(b.abs()) + tolerance.absolute;
            (a - b).abs() <= bound
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b, tolerance))
        }
        (Value::Object(a), Value::Object(b)) => {
            let values = a.values().zip(b.values());
            a.keys().eq(b.keys()) && { values }.all(|(a, b)| close(a, b, tolerance))
        }
        _ => a == b,
    }
}
