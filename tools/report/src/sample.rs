//! A sample of records, the same whatever order they come in.

use std::collections::BTreeMap;

use previews::Over;
use stage::Record;

use crate::looks::Looks;
use crate::reasons::rejected;

/// What is shown of a record.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Its number in the manifests, for the order.
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) image: Option<String>,
    /// What is drawn over it.
    pub(crate) over: Vec<Over>,
    /// Another image, shown beside it.
    pub(crate) beside: Option<String>,
    /// Seconds of the film, and the shot.
    pub(crate) time: Option<f64>,
    pub(crate) shot: Option<u64>,
    /// Why it was dropped; of what was kept the caption, or what it is labelled.
    pub(crate) text: String,
}

/// Some of many records, drawn by the hashes of their ids.
#[derive(Debug)]
pub(crate) struct Sample {
    size: usize,
    looks: Looks,
    drawn: BTreeMap<([u8; 8], u64), Shown>,
}

/// Labels that are shown under what was kept, where there is no caption.
const LABELS: [&str; 7] = [
    "/light/time",
    "/light/weather",
    "/light/setting",
    "/pose/action",
    "/pose/angle",
    "/emotion/label",
    "/tags/location/0/0",
];
/// The longest text under an image, in characters.
const LONGEST: usize = 200;

impl Sample {
    pub(crate) fn new(size: usize, looks: &Looks) -> Self {
        Self {
            size,
            looks: looks.clone(),
            drawn: BTreeMap::new(),
        }
    }

    /// Takes one record, if its hash is small enough.
    pub(crate) fn add(&mut self, record: &Record, number: u64) {
        let id = record.get::<String>("id").unwrap_or_default();
        let mut hash = [0; 8];
        hash.copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..8]);
        let key = (hash, number);
        if self.drawn.len() >= self.size {
            match self.drawn.last_key_value() {
                Some((last, _)) if key < *last => drop(self.drawn.pop_last()),
                _ => return,
            }
        }
        self.drawn
            .insert(key, shown(record, &self.looks, id, number));
    }

    /// What was drawn, in the order of the manifests.
    pub(crate) fn shown(&self) -> Vec<&Shown> {
        let mut shown: Vec<&Shown> = self.drawn.values().collect();
        shown.sort_by_key(|shown| shown.number);
        shown
    }
}

fn shown(record: &Record, looks: &Looks, id: String, number: u64) -> Shown {
    let source = record.source().ok().flatten();
    let text = if record.has("rejected") {
        let rejected = rejected(record);
        rejected.error.or(rejected.reason).unwrap_or_default()
    } else {
        let caption = record.get::<String>("caption").unwrap_or_default();
        if caption.is_empty() {
            labels(record)
        } else {
            caption
        }
    };
    Shown {
        number,
        id,
        image: record.get("image").ok(),
        over: looks.over(record),
        beside: looks.beside(record),
        time: source.as_ref().map(|source| source.time),
        shot: source.map(|source| source.shot),
        text: text.chars().take(LONGEST).collect(),
    }
}

fn labels(record: &Record) -> String {
    let labels = LABELS
        .iter()
        .filter_map(|pointer| record.at::<String>(pointer).ok().flatten());
    labels
        .filter(|label| label != "unknown")
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_does_not_hang_on_the_order() {
        let records: Vec<Record> = (0..100)
            .map(|n| Record::new(&format!("frame_{n}"), "a.png").unwrap())
            .collect();
        let drawn = |order: &mut dyn Iterator<Item = usize>| {
            let mut sample = Sample::new(10, &Looks::default());
            order.for_each(|n| sample.add(&records[n], n as u64));
            sample
                .shown()
                .iter()
                .map(|shown| shown.id.clone())
                .collect::<Vec<_>>()
        };
        let forth = drawn(&mut (0..100));
        assert_eq!(forth.len(), 10);
        assert_eq!(forth, drawn(&mut (0..100).rev()));
    }
}
