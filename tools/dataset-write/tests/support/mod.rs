//! Writing data sets of drawn scenes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::{Ran, run_in};

pub(crate) const TOOL: &str = env!("CARGO_BIN_EXE_dataset-write");

/// Runs the tool in `here`, with everything under `out`.
pub(crate) fn write(here: &Path, flags: &[&str], records: &[Value]) -> Ran {
    let input = lines(records);
    let all = [&["--out-dir", "out"], flags].concat();
    let ran = run_in(here, TOOL, &all, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

pub(crate) fn lines(records: &[Value]) -> String {
    let lines: Vec<_> = records.iter().map(Value::to_string).collect();
    lines.join("\n")
}

/// A folder with `count` drawn scenes, and their records.
pub(crate) fn scenes(count: u64) -> (tempfile::TempDir, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = testkit::folder(folder.path(), count);
    let records = manifest
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let records = records.collect();
    (folder, records)
}

/// Every file under `folder`, by relative path.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_path_buf();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

pub(crate) fn names(here: &Path) -> Vec<String> {
    let folder = fs::read_dir(here.join("out/dataset/kohya/train")).unwrap();
    let folder = folder.into_iter().next().unwrap().unwrap().path();
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The caption of the first image.
pub(crate) fn caption(here: &Path) -> String {
    let all = files(&here.join("out/dataset/kohya/train"));
    let caption = all
        .iter()
        .find(|(path, _)| path.extension().unwrap() == "txt");
    String::from_utf8(caption.unwrap().1.clone()).unwrap()
}
