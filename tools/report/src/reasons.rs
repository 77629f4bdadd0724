//! Reasons for dropping, put together where they differ only in their figures.

use std::collections::HashMap;

use stage::Record;
use stage::manifest::Rejected;

use crate::looks::Looks;
use crate::sample::Sample;

/// What stands for a figure in a reason.
const FIGURE: &str = "…";
/// The most reasons that are told apart.
const MOST: usize = 100;
/// The longest reason, in characters.
const LONGEST: usize = 160;

/// One reason, and what was dropped for it.
#[derive(Debug)]
pub(crate) struct Reason {
    /// The tool.
    pub(crate) by: String,
    /// The reason without its figures.
    pub(crate) why: String,
    /// Whether the tool failed.
    pub(crate) failed: bool,
    pub(crate) count: u64,
    pub(crate) sample: Sample,
}

/// All reasons, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    places: HashMap<(String, String, bool), usize>,
    pub(crate) all: Vec<Reason>,
}

impl Reasons {
    /// The reason of a record that was dropped.
    pub(crate) fn of(&mut self, record: &Record, images: usize, looks: &Looks) -> &mut Reason {
        let rejected = rejected(record);
        let failed = rejected.error.is_some();
        let text = rejected.error.or(rejected.reason).unwrap_or_default();
        // Names that a reason may hold, beside its figures.
        let names = ["/dedup/group", "/image", "/id"];
        let names = names
            .iter()
            .filter_map(|name| record.at(name).ok().flatten());
        let names: Vec<String> = names.collect();
        let mut key = (rejected.by, pattern(&text, &names), failed);
        if self.all.len() >= MOST && !self.places.contains_key(&key) {
            "other reasons".clone_into(&mut key.1);
        }
        let next = self.all.len();
        let place = *self.places.entry(key.clone()).or_insert(next);
        if place == next {
            let (by, why, failed) = key;
            let sample = Sample::new(images, looks);
            self.all.push(Reason {
                by,
                why,
                failed,
                count: 0,
                sample,
            });
        }
        &mut self.all[place]
    }
}

/// What a record says of its rejection.
pub(crate) fn rejected(record: &Record) -> Rejected {
    record.get("rejected").unwrap_or(Rejected {
        by: "unknown".to_owned(),
        reason: Some("no reason given".to_owned()),
        error: None,
    })
}

/// A reason without its figures and names, so that like is put with like.
fn pattern(text: &str, names: &[String]) -> String {
    let mut text = text.to_owned();
    for name in names.iter().filter(|name| !name.is_empty()) {
        text = text.replace(name.as_str(), FIGURE);
    }
    let words = text.split_whitespace().map(|word| {
        let inner = word.trim_matches(|c: char| matches!(c, ':' | ',' | ';' | '(' | ')' | '.'));
        let path = inner.contains('/') && inner.contains('.');
        if inner.contains(|c: char| c.is_ascii_digit()) || path {
            word.replace(inner, FIGURE)
        } else {
            word.to_owned()
        }
    });
    words
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_reasons_are_one() {
        let names = ["opening".to_owned(), "gone.png".to_owned()];
        for (reason, like) in [
            (
                "near duplicate of film_000123: pHash 3 bits apart, dHash 5",
                "near duplicate of …: pHash … bits apart, dHash …",
            ),
            (
                "near duplicate of opening: cosine 0.991",
                "near duplicate of …: cosine …",
            ),
            ("frames/x.png: unexpected end", "…: unexpected end"),
            ("gone.png: unexpected end", "…: unexpected end"),
            (
                "the quota of /light/time=unknown is full: 0",
                "the quota of /light/time=unknown is full: …",
            ),
            ("sharpness 0.12 is under 0.3", "sharpness … is under …"),
        ] {
            assert_eq!(pattern(reason, &names), like);
        }
    }
}
