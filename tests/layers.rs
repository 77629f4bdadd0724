//! Who may depend on whom, and what every tool's folder holds.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::process::Command;

use end_to_end::root;
use serde_json::Value;

/// Each shared crate, and those of ours that it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("geometry", &[]),
    ("machine", &[]),
    ("loopback", &[]),
    ("manifest", &["geometry"]),
    ("vectors", &["machine", "manifest"]),
    ("vision", &["geometry", "machine"]),
    ("footage", &["vision"]),
    ("previews", &["geometry", "vision"]),
    ("cast", &[]),
    ("captions", &["cast"]),
    ("loaders", &["captions", "geometry"]),
    ("types", &[]),
    (
        "policies",
        &["captions", "cast", "loaders", "manifest", "types"],
    ),
    ("stage", &["machine", "manifest"]),
    ("onnx", &["machine"]),
    ("nets", &["onnx", "vision"]),
    ("answers", &["onnx", "stage", "vision"]),
    ("teach", &["manifest", "vectors"]),
    ("testkit", &[]),
    ("end-to-end", &["testkit"]),
];

/// Foreign crates that only one of ours may name; tests may look behind it.
const OWNED: &[(&str, &str)] = &[
    ("indicatif", "stage"),
    ("jsonl", "manifest"),
    ("jxl-oxide", "vision"),
    ("moxcms", "vision"),
    ("ort", "onnx"),
    ("re_rav1d", "vision"),
    ("rusqlite", "stage"),
    ("turbojpeg", "vision"),
];

/// The most lines of a tool's `main.rs`, its tests not counted.
const MAIN_LINES: usize = 150;

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn tools() -> Vec<String> {
    let entries = fs::read_dir(root().join("tools")).unwrap();
    let mut tools: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    tools.sort();
    tools
}

#[test]
fn crates_only_look_down() {
    let packages = packages();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let ours: Vec<_> = packages.iter().map(name).collect();
    for package in &packages {
        let from = name(package);
        let shared = MAY_NAME.iter().find(|(shared, _)| *shared == from);
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = name(dependency);
            let is_for_tests = dependency["kind"] == "dev";
            let mut owned = OWNED.iter().filter(|_| !is_for_tests);
            if let Some((_, owner)) = owned.find(|(owned, _)| *owned == to) {
                assert_eq!(from, *owner, "only {owner} may name {to}");
            }
            if !ours.contains(&to) || is_for_tests {
                continue;
            }
            match shared {
                Some((_, allowed)) => {
                    assert!(allowed.contains(&to.as_str()), "{from} may not name {to}");
                }
                None => assert!(
                    MAY_NAME.iter().any(|(shared, _)| *shared == to),
                    "{from} is a tool and may not name the tool {to}"
                ),
            }
        }
    }
}

#[test]
fn a_tool_is_a_folder_of_the_same_few_things() {
    for tool in tools() {
        let folder = root().join("tools").join(&tool);
        let main = fs::read_to_string(folder.join("src/main.rs")).unwrap();
        let lines = main.split("#[cfg(test)]").next().unwrap().lines().count();
        assert!(lines <= MAIN_LINES, "{tool}: main.rs has {lines} lines");
        assert!(
            main.starts_with("//! "),
            "{tool}: main.rs says what it is for"
        );
        let tests = fs::read_to_string(folder.join("tests/cli.rs"));
        let tests = tests.unwrap_or_else(|e| panic!("{tool}/tests/cli.rs: {e}"));
        assert!(
            tests.contains("manners(") || tests.contains("help_and_manual("),
            "{tool}: its tests call the conformance test"
        );
        if tests.contains("manners(") {
            assert!(
                tests.contains("golden("),
                "{tool}: its tests have golden manifests"
            );
        }
    }
}

#[test]
fn no_file_of_ours_is_too_long_to_read() {
    let mut folders = vec![root().join("tools"), root().join("shared")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.components().any(|part| part.as_os_str() == "src")
            {
                let text = fs::read_to_string(&path).unwrap();
                let lines = text.split("#[cfg(test)]").next().unwrap().lines().count();
                assert!(lines <= 400, "{}: {lines} lines", path.display());
            }
        }
    }
}
