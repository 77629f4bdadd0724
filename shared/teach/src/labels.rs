//! What a person said of images.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::key::word;
use crate::{Key, UNKNOWN};

/// The labels for one key, by the id of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    by_id: HashMap<String, String>,
}

/// What is wanted of a line of a patch, as `review` writes it.
#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    set: Map<String, Value>,
}

impl Labels {
    /// Reads the patch of a review; one that does not exist yet has no labels.
    ///
    /// The last line of an id counts, and says everything, as in `review` itself. For the key
    /// `/review/decision`, `keep` and `drop` are the labels.
    pub fn read(path: &Path, key: &Key) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, key).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    fn parse(text: &str, key: &Key) -> Result<Self> {
        let mut labels = Self::default();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let line: Line = match serde_json::from_str(line) {
                Ok(line) => line,
                // What a power cut left of a line that was being written.
                Err(_) if !line.ends_with('\n') => break,
                Err(error) => {
                    let place = format!("line {}: not a decision of a review", number + 1);
                    return Err(error).context(place);
                }
            };
            let said = if key.is_decision() {
                Some(line.decision).filter(|said| said == "keep" || said == "drop")
            } else {
                let said = line.set.get(key.pointer()).and_then(word);
                said.map(str::to_owned)
            };
            match said.filter(|label| is_label(label)) {
                Some(label) => labels.by_id.insert(line.id, label),
                None => labels.by_id.remove(&line.id),
            };
        }
        Ok(labels)
    }

    /// The label of a record.
    pub fn of(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(String::as_str)
    }
}

/// Whether a text says anything.
pub(crate) fn is_label(text: &str) -> bool {
    !text.is_empty() && text != UNKNOWN
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn labels(text: &str, key: &str) -> Labels {
        Labels::parse(text, &Key::new(key).unwrap()).unwrap()
    }

    const PATCH: &str = r#"{"id":"a","decision":"keep","set":{"/light/time":"noon"}}
{"id":"b","decision":"drop","set":{"/light/time":"night","/emotion/label":"sad"}}
{"id":"c","decision":"open","set":{"/light/time":"unknown"}}
{"id":"a","decision":"open","set":{"/light/time":"dusk"},"by":"ann","undo":true}
{"id":"b","decision":"drop"}
{"id":"d","deci"#;

    #[test]
    fn the_last_line_of_an_id_counts() {
        let found = labels(PATCH, "/light/time");
        assert_eq!(found.of("a"), Some("dusk"));
        assert_eq!(found.of("b"), None, "its last line sets nothing");
        assert_eq!(found.of("c"), None, "`unknown` is no label");
        assert_eq!(labels(PATCH, "/emotion/label"), Labels::default());
    }

    #[test]
    fn labels_of_lists_are_as_review_writes_them() {
        let patch = r#"{"id":"a","decision":"keep","set":{"/tags/place":[["quay",1]]}}
{"id":"b","decision":"keep","set":{"/tags/place":[]}}
"#;
        let found = labels(patch, "/tags/place");
        assert_eq!((found.of("a"), found.of("b")), (Some("quay"), None));
    }

    #[test]
    fn decisions_are_labels_of_their_own_key() {
        let found = labels(PATCH, "/review/decision");
        assert_eq!((found.of("a"), found.of("b")), (None, Some("drop")));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let key = Key::new("/light/time").unwrap();
        let error = Labels::parse("{\"id\":\"a\"}\n[1]\n", &key).unwrap_err();
        assert!(format!("{error:#}").starts_with("line 2: not a decision"));
    }

    #[test]
    fn a_patch_that_does_not_exist_has_no_labels() {
        let key = Key::new("/light/time").unwrap();
        let found = Labels::read(Path::new("/no/such/patch.jsonl"), &key).unwrap();
        assert_eq!(found, Labels::default());
    }
}
