//! `metadata.jsonl`, as three loaders read it: Hugging Face's `imagefolder`,
//! sd-scripts' fine-tuning data sets, musubi-tuner's JSON Lines.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde_json::{Map, Value};

/// Which loader reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `datasets`: `file_name`, and `text` for diffusers.
    ImageFolder,
    /// sd-scripts: `image_path`, `caption`, `tags`, `image_size`.
    SdScripts,
    /// musubi-tuner: `image_path`, `caption`.
    Musubi,
}

impl Reader {
    /// The key that names the picture.
    pub fn image_key(self) -> &'static str {
        match self {
            Self::ImageFolder => "file_name",
            Self::SdScripts | Self::Musubi => "image_path",
        }
    }

    /// The key that holds the caption.
    pub fn caption_key(self) -> &'static str {
        match self {
            Self::ImageFolder => "text",
            Self::SdScripts | Self::Musubi => "caption",
        }
    }
}

/// One row of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the line, from 1.
    pub line: usize,
    /// The picture, as the row names it.
    pub image: String,
    /// The captions of which one is trained on, with the tags behind it where
    /// the loader puts them there.
    pub captions: Vec<String>,
}

/// What is wrong with a row, at which the loader stops or goes astray.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Number of the line, from 1.
    pub line: usize,
    /// A word for the kind of flaw.
    pub code: &'static str,
    /// What is wrong.
    pub text: String,
}

/// Reads the rows, and finds what is wrong with them.
pub fn rows(reader: Reader, text: &str) -> (Vec<Row>, Vec<Flaw>) {
    let mut rows = Vec::new();
    let mut flaws = Vec::new();
    let mut kinds = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        let flaw = |code, text: String| Flaw {
            line: line_number,
            code,
            text,
        };
        if line.trim().is_empty() {
            if reader != Reader::ImageFolder {
                flaws.push(flaw(
                    "metadata-blank",
                    "a blank line, at which the loader stops".into(),
                ));
            }
            continue;
        }
        let row: Map<String, Value> = match serde_json::from_str(line) {
            Ok(row) => row,
            Err(cause) => {
                flaws.push(flaw(
                    "metadata-syntax",
                    format!("not a JSON object: {cause}"),
                ));
                continue;
            }
        };
        if reader == Reader::ImageFolder {
            flaws.extend(changed(&mut kinds, &row).map(|text| flaw("metadata-type", text)));
        }
        match row.get(reader.image_key()).and_then(Value::as_str) {
            Some(image) => rows.push(Row {
                line: line_number,
                image: image.to_owned(),
                captions: captions(reader, &row),
            }),
            None => flaws.push(flaw(
                "metadata-key",
                format!("no text `{}`", reader.image_key()),
            )),
        }
        flaws.extend(row_flaws(reader, &row).map(|(code, text)| flaw(code, text)));
    }
    (rows, flaws)
}

/// What is wrong with one row for itself.
fn row_flaws(
    reader: Reader,
    row: &Map<String, Value>,
) -> impl Iterator<Item = (&'static str, String)> {
    let mut flaws = Vec::new();
    let name = row.get(reader.image_key()).and_then(Value::as_str);
    if let (Reader::ImageFolder, Some(name)) = (reader, name)
        && leads_out(Path::new(name))
    {
        flaws.push((
            "metadata-outside",
            format!("`{name}` leads out of the folder, which is refused"),
        ));
    }
    if reader == Reader::SdScripts && row.get("tags").is_some_and(|tags| !tags.is_string()) {
        flaws.push((
            "metadata-tags",
            "`tags` is no text, at which sd-scripts stops".into(),
        ));
    }
    if captions(reader, row).is_empty() {
        flaws.push((
            "metadata-caption",
            format!("no text `{}`", reader.caption_key()),
        ));
    }
    flaws.into_iter()
}

fn captions(reader: Reader, row: &Map<String, Value>) -> Vec<String> {
    let tags = row.get("tags").and_then(Value::as_str);
    let tags = tags.filter(|tags| reader == Reader::SdScripts && !tags.is_empty());
    let with_tags = |caption: &str| {
        let parts = [Some(caption), tags].into_iter().flatten();
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        parts.join(",")
    };
    match row.get(reader.caption_key()) {
        Some(Value::String(caption)) => vec![with_tags(caption)],
        Some(Value::Array(all)) if reader == Reader::ImageFolder => {
            let texts = all.iter().filter_map(Value::as_str);
            texts.map(with_tags).collect()
        }
        _ => Vec::new(),
    }
}

/// What diffusion-pipe reads of a `captions.json`: of every image, by file name, the captions with
/// each of which it is shown once; and what is wrong with the file, at which the trainer stops.
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
pub fn leads_out(name: &Path) -> bool {
    let climbs = |part: Component<'_>| !matches!(part, Component::Normal(_) | Component::CurDir);
    name.components().any(climbs)
}

/// The column whose type is another than before, if there is one. Integers
/// among decimals and the other way round are fine.
fn changed(kinds: &mut BTreeMap<String, &'static str>, row: &Map<String, Value>) -> Option<String> {
    let kind = |value: &Value| match value {
        Value::Null => None,
        Value::Bool(_) => Some("a truth value"),
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
            found = Some(format!("`{key}` was {before} and is {kind} now"));
        }
    }
    found
}
