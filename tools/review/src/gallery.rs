//! The images of a manifest, as the page asks for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use previews::{Over, Preview};
use serde_json::{Map, Value, json};
use stage::manifest::Line;
use stage::manifest::patch::Decision;
use stage::{Context, Record, Result};

use crate::label;

/// Long sides of a thumbnail and of the large image, pixels, and the quality of both as JPEG.
pub(crate) const THUMBNAIL: u32 = 256;
pub(crate) const LARGE: u32 = 1600;
const QUALITY: u8 = 88;

/// Lists longer than this are told by their length, but of labels with scores, as many are shown.
const LONGEST_LIST: usize = 12;
const LABELS: usize = 5;

/// What to draw over images
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// The boxes of characters that were detected
    Boxes,
}

/// How images are shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looks {
    /// JSON pointer of another image, which is shown beside each.
    pub(crate) beside: Option<String>,
    pub(crate) draw: Option<Drawing>,
}

/// One record, packed.
pub(crate) struct Item {
    pub(crate) id: String,
    image: Option<PathBuf>,
    caption: String,
    /// What it says where images may be grouped.
    pub(crate) words: HashMap<String, String>,
    line: Line,
}

impl Item {
    /// Takes what is wanted of a record: the words are those at `pointers`.
    pub(crate) fn new(record: &Record, pointers: &[String]) -> Result<Self> {
        let mut bytes = Vec::new();
        record.write_line(&mut bytes);
        bytes.shrink_to_fit();
        Ok(Self {
            id: record.id()?,
            image: record.find("image")?,
            caption: record.find("caption")?.unwrap_or_default(),
            words: label::words(record, pointers),
            line: Line { number: 0, bytes },
        })
    }

    /// The record itself.
    pub(crate) fn record(&self) -> Result<Record> {
        Ok(self.line.parse()?)
    }

    /// The record's keys but for long lists, which nobody reads.
    pub(crate) fn facts(&self) -> Value {
        let whole = serde_json::from_slice(&self.line.bytes).unwrap_or(Value::Null);
        shortened(whole)
    }

    /// What the list shows.
    pub(crate) fn row(&self, decided: Option<&Decision>) -> Value {
        let caption = decided.and_then(|decision| decision.caption.as_ref());
        let nothing = Map::new();
        let set = decided.map_or(&nothing, |decision| &decision.set);
        json!({
            "id": self.id,
            "decided": decided.is_some(),
            "decision": decided.map(|decision| decision.choice).unwrap_or_default(),
            "caption": caption.unwrap_or(&self.caption),
            "recaptioned": caption.is_some(),
            "set": set,
            "words": label::set_words(&self.words, set),
        })
    }

    /// The image as a JPEG whose long side is at most `side`; with its mask over it, where that is asked for, and else
    /// as `looks` says.
    pub(crate) fn preview(&self, side: u32, masked: bool, looks: &Looks) -> Result<Vec<u8>> {
        let path = self.image.as_ref().context("no image")?;
        let record = self.record()?;
        let mut over = Vec::new();
        if masked {
            over.push(record.mask()?.map_or(Over::Transparency, Over::Mask));
        }
        if looks.draw == Some(Drawing::Boxes) {
            let boxes = record.boxes()?.unwrap_or_default();
            over.extend(boxes.iter().map(|found| Over::Box(found.rect)));
        }
        let other: Option<PathBuf> = match &looks.beside {
            Some(pointer) => record.at(pointer)?,
            None => None,
        };
        let side = if other.is_some() { side / 2 } else { side };
        let shown = |path: &Path, over: &[Over]| {
            Preview::of(path, side, over).with_context(|| path.display().to_string())
        };
        let mut preview = shown(path, &over)?;
        if let Some(other) = other {
            preview = preview.beside(&shown(&other, &[])?);
        }
        preview
            .jpeg(QUALITY)
            .with_context(|| path.display().to_string())
    }
}

/// Lists of more than a dozen values, and long texts, by how long they are.
fn shortened(value: Value) -> Value {
    match value {
        Value::Array(elements) if elements.len() > LABELS && elements.iter().all(is_label) => {
            elements.into_iter().take(LABELS).collect()
        }
        Value::Array(elements) if elements.len() > LONGEST_LIST => {
            format!("{} values", elements.len()).into()
        }
        Value::Array(elements) => elements.into_iter().map(shortened).collect(),
        Value::Object(members) => {
            let short = |(key, value)| (key, shortened(value));
            members.into_iter().map(short).collect()
        }
        Value::String(text) if text.len() > 2000 => format!("{} bytes of text", text.len()).into(),
        other => other,
    }
}

/// Whether it is a label with its score, as clip-tag writes them.
fn is_label(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|pair| pair.len() == 2 && pair[0].is_string() && pair[1].is_number())
}
