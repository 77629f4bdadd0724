//! Lists of images with their captions: `metadata.jsonl`, as several loaders read it, and lists of
//! captions by file name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use crate::Finding;
use crate::set::{Opened, Settings};

/// How a loader reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The key that names the image.
    pub image: &'static str,
    /// The key that holds the caption.
    pub caption: &'static str,
    /// Whether it is a table of columns, as Arrow has it: every key has one type, a caption may be a
    /// list of several, names may not lead out of the folder, and blank lines do no harm.
    pub columns: bool,
    /// Whether the text `tags` is put behind every caption.
    pub tags: bool,
}

/// One row of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the line, from 1.
    pub line: usize,
    /// The image, as the row names it.
    pub image: String,
    /// The captions of which one is trained on, with the tags behind it where
    /// the loader puts them there.
    pub captions: Vec<String>,
}

/// The images that a list names, with their captions; a relative name is looked for in `folder`. All paths are as the
/// machine of the trainer has them, and those in the answer as they are here.
pub(crate) fn listed(
    format: Format,
    file: &Path,
    folder: &Path,
    settings: &Settings,
    opened: &mut Opened,
) -> Vec<(PathBuf, Vec<String>)> {
    let file = &settings.here(file.to_path_buf());
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(cause) => {
            opened.say(file, Finding::error("metadata-file", cause.to_string()));
            return Vec::new();
        }
    };
    let (rows, findings) = rows(format, &text);
    for finding in findings {
        opened.say(file, finding);
    }
    let mut found = Vec::new();
    for row in rows {
        let image = settings.here(folder.join(&row.image));
        if image.is_file() {
            found.push((image, row.captions));
        } else {
            let text = format!("line {}: {} does not exist", row.line, image.display());
            opened.say(file, Finding::error("metadata-missing", text));
        }
    }
    found
}

/// Reads the rows, and finds what is wrong with them, at which the loader stops or goes astray.
pub fn rows(format: Format, text: &str) -> (Vec<Row>, Vec<Finding>) {
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    let mut kinds = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        let mut wrong = |code, text: &str| {
            findings.push(Finding::error(code, format!("line {line_number}: {text}")));
        };
        if line.trim().is_empty() {
            if !format.columns {
                wrong("metadata-blank", "a blank line: the loader stops");
            }
            continue;
        }
        let row: Map<String, Value> = match serde_json::from_str(line) {
            Ok(row) => row,
            Err(cause) => {
                wrong("metadata-syntax", &format!("not a JSON object: {cause}"));
                continue;
            }
        };
        if let Some(text) = changed(&mut kinds, &row).filter(|_| format.columns) {
            wrong("metadata-type", &text);
        }
        let captions = captions(format, &row);
        match row.get(format.image).and_then(Value::as_str) {
            Some(image) => {
                if format.columns && leads_out(Path::new(image)) {
                    let text = format!("`{image}` leads out of the folder: the loader refuses it");
                    wrong("metadata-outside", &text);
                }
                rows.push(Row {
                    line: line_number,
                    image: image.to_owned(),
                    captions: captions.clone(),
                });
            }
            None => wrong("metadata-key", &no_text(format.image)),
        }
        if format.tags && row.get("tags").is_some_and(|tags| !tags.is_string()) {
            wrong("metadata-tags", "`tags` is not a string: the loader stops");
        }
        if captions.is_empty() {
            wrong("metadata-caption", &no_text(format.caption));
        }
    }
    (rows, findings)
}

fn no_text(key: &str) -> String {
    format!("`{key}` is missing or not text")
}

fn captions(format: Format, row: &Map<String, Value>) -> Vec<String> {
    let tags = row.get("tags").and_then(Value::as_str);
    let tags = tags.filter(|tags| format.tags && !tags.is_empty());
    let with_tags = |caption: &str| {
        let parts = [Some(caption), tags].into_iter().flatten();
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        parts.join(",")
    };
    match row.get(format.caption) {
        Some(Value::String(caption)) => vec![with_tags(caption)],
        Some(Value::Array(all)) if format.columns => {
            let texts = all.iter().filter_map(Value::as_str);
            texts.map(with_tags).collect()
        }
        _ => Vec::new(),
    }
}

/// What a list of captions says: of every image, by file name, the captions with each of which it is
/// shown once; and what is wrong with the file, at which the trainer stops.
pub fn lists(text: &str) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let all: Map<String, Value> = match serde_json::from_str(text) {
        Ok(all) => all,
        Err(cause) => return (BTreeMap::new(), vec![format!("not a JSON object: {cause}")]),
    };
    let mut lists = BTreeMap::new();
    let mut flaws = Vec::new();
    for (name, value) in all {
        match serde_json::from_value(value) {
            Ok(captions) => {
                lists.insert(name, captions);
            }
            Err(_) => flaws.push(format!("`{name}` has no list of captions")),
        }
    }
    (lists, flaws)
}

/// Whether a name is absolute or climbs out of its folder.
fn leads_out(name: &Path) -> bool {
    let climbs = |part: Component<'_>| !matches!(part, Component::Normal(_) | Component::CurDir);
    name.components().any(climbs)
}

/// The column whose type is another than before, if there is one. Integers
/// among decimals and the other way round are fine.
fn changed(kinds: &mut BTreeMap<String, &'static str>, row: &Map<String, Value>) -> Option<String> {
    let kind = |value: &Value| match value {
        Value::Null => None,
        Value::Bool(_) => Some("true or false"),
        Value::Number(_) => Some("a number"),
        Value::String(_) => Some("text"),
        Value::Array(_) => Some("a list"),
        Value::Object(_) => Some("an object"),
    };
    let mut found = None;
    for (key, value) in row {
        let Some(kind) = kind(value) else { continue };
        let before = *kinds.entry(key.clone()).or_insert(kind);
        if before != kind {
            found = Some(format!("`{key}` was {before} before and is {kind} here"));
        }
    }
    found
}
