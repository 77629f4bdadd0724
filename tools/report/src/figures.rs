//! Every number and label that records hold, counted.

use std::collections::BTreeMap;

use serde_json::Value;
use stage::Record;

use crate::histogram::{Counts, Histogram};

/// Keys that hold no figure of their own: names, paths, texts, what has a plot of its own.
const PASSED_OVER: [&str; 12] = [
    "id",
    "image",
    "mask",
    "parent",
    "source",
    "caption",
    "captioner",
    "embedding",
    "facts",
    "rejected",
    "review",
    "dataset",
];
/// Members of them that are names as well.
const NAMES: [&str; 6] = ["hash", "dhash", "group", "model", "file", "original"];
/// A value longer than this, in bytes, is a list of many, not a figure.
const LONGEST: usize = 1 << 14;
/// Objects within objects, at most.
const DEEPEST: usize = 3;
/// A label with more values than this is a name.
const MOST_LABELS: usize = 40;
/// The longest label, in characters.
const LONGEST_LABEL: usize = 60;
/// The most figures that are followed.
const MOST_FIGURES: usize = 200;

/// One figure over all records.
#[derive(Debug)]
pub(crate) enum Figure {
    Numbers(Histogram),
    Labels(BTreeMap<String, Counts>),
    /// Too many values to be a label, or values of several kinds.
    Names,
}

/// All figures, by JSON pointer, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    places: BTreeMap<String, usize>,
    figures: Vec<(String, Figure)>,
}

impl Figures {
    /// Takes the figures of a record that was kept (0) or dropped (1).
    pub(crate) fn add(&mut self, record: &Record, side: usize) {
        let keys: Vec<&str> = record
            .keys()
            .filter(|key| !PASSED_OVER.contains(key))
            .collect();
        for key in keys {
            let Some(raw) = record.raw(key).filter(|raw| raw.get().len() <= LONGEST) else {
                continue;
            };
            // A value that does not parse is someone else's, and no figure.
            if let Ok(value) = serde_json::from_str::<Value>(raw.get()) {
                self.take(&format!("/{key}"), &value, side, 0);
            }
        }
    }

    fn take(&mut self, pointer: &str, value: &Value, side: usize, depth: usize) {
        match value {
            Value::Object(members) if depth < DEEPEST => {
                for (key, value) in members
                    .iter()
                    .filter(|(key, _)| !NAMES.contains(&key.as_str()))
                {
                    self.take(&format!("{pointer}/{key}"), value, side, depth + 1);
                }
            }
            Value::Number(number) => {
                if let (Some(value), Some(Figure::Numbers(histogram))) = (
                    number.as_f64(),
                    self.at(pointer, || Figure::Numbers(Histogram::new())),
                ) {
                    histogram.add(value, side);
                }
            }
            Value::String(label) => self.label(pointer, label, side),
            Value::Bool(whether) => self.label(pointer, if *whether { "yes" } else { "no" }, side),
            _ => {}
        }
    }

    fn label(&mut self, pointer: &str, label: &str, side: usize) {
        let Some(figure) = self.at(pointer, || Figure::Labels(BTreeMap::new())) else {
            return;
        };
        if let Figure::Labels(labels) = figure {
            labels
                .entry(label.chars().take(LONGEST_LABEL).collect())
                .or_default()[side] += 1;
            if labels.len() > MOST_LABELS {
                *figure = Figure::Names;
            }
        }
    }

    fn at(&mut self, pointer: &str, new: impl FnOnce() -> Figure) -> Option<&mut Figure> {
        let place = match self.places.get(pointer) {
            Some(&place) => place,
            None if self.figures.len() >= MOST_FIGURES => return None,
            None => {
                self.figures.push((pointer.to_owned(), new()));
                self.places
                    .insert(pointer.to_owned(), self.figures.len() - 1);
                self.figures.len() - 1
            }
        };
        self.figures.get_mut(place).map(|(_, figure)| figure)
    }

    /// The figures, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Figure)> {
        self.figures
            .iter()
            .map(|(pointer, figure)| (pointer.as_str(), figure))
    }
}
