//! What a person said of images.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use manifest::Record;
use manifest::shapes::{Shown, Since};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::key::word;
use crate::{DROP, Key, UNKNOWN};

/// The labels for one key, by the id of the record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    by_id: HashMap<String, Said>,
}

/// What a person said, and of what.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    label: String,
    /// Whether it is said of the image, not of what the film shows there.
    of_image: bool,
    of: Option<Shown>,
}

/// What is wanted of a line of a patch, as `review` writes it.
#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    set: Map<String, Value>,
    #[serde(default)]
    of: Option<Shown>,
}

impl Labels {
    /// Reads the patch of a review; one that does not exist yet has no labels.
    ///
    /// The last line of an id counts, and says everything, as in `review` itself. For the key
    /// `/review/decision`, `keep` and `drop` are the labels. With `drops`, what was dropped has the label [`DROP`] for
    /// any key.
    pub fn read(path: &Path, key: &Key, drops: bool) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, key, drops).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    fn parse(text: &str, key: &Key, drops: bool) -> Result<Self> {
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
                Some(line.decision).filter(|said| said == "keep" || said == DROP)
            } else if drops && line.decision == DROP {
                Some(line.decision)
            } else {
                let said = line.set.get(key.pointer()).and_then(word);
                said.map(str::to_owned)
            };
            match said.filter(|label| !label.is_empty()) {
                Some(label) => {
                    let (of, of_image) = (line.of, key.is_decision());
                    let said = Said {
                        label,
                        of_image,
                        of,
                    };
                    labels.by_id.insert(line.id, said)
                }
                None => labels.by_id.remove(&line.id),
            };
        }
        Ok(labels)
    }

    /// What a person said of a record: a label, or [`UNKNOWN`]. What was said of something that had its id before, or of
    /// a plate that was made anew since, does not count.
    pub fn of(&self, record: &Record) -> Result<Option<&str>> {
        let Some(said) = self.by_id.get(&record.id()?) else {
            return Ok(None);
        };
        let since = match &said.of {
            Some(shown) => shown.since(record)?,
            None => Since::Same,
        };
        let counts = match since {
            Since::Same => true,
            Since::Remade => !said.of_image,
            Since::Other => false,
        };
        Ok(counts.then_some(&said.label))
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
        Labels::parse(text, &Key::new(key).unwrap(), false).unwrap()
    }

    fn said<'a>(labels: &'a Labels, id: &str) -> Option<&'a str> {
        let record = serde_json::from_str(&format!(r#"{{"id":"{id}"}}"#)).unwrap();
        labels.of(&record).unwrap()
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
        assert_eq!(said(&found, "a"), Some("dusk"));
        assert_eq!(said(&found, "b"), None, "its last line sets nothing");
        assert_eq!(said(&found, "c"), Some(UNKNOWN), "nor is it open");
        assert_eq!(labels(PATCH, "/emotion/label"), Labels::default());
    }

    #[test]
    fn labels_of_lists_are_as_review_writes_them() {
        let patch = r#"{"id":"a","decision":"keep","set":{"/tags/place":[["quay",1]]}}
{"id":"b","decision":"keep","set":{"/tags/place":[]}}
"#;
        let found = labels(patch, "/tags/place");
        assert_eq!((said(&found, "a"), said(&found, "b")), (Some("quay"), None));
    }

    #[test]
    fn decisions_are_labels_of_their_own_key() {
        let found = labels(PATCH, "/review/decision");
        assert_eq!((said(&found, "a"), said(&found, "b")), (None, Some("drop")));
    }

    #[test]
    fn what_was_dropped_is_a_label_where_that_is_asked_for() {
        let key = Key::new("/light/time").unwrap();
        let found = Labels::parse(PATCH, &key, true).unwrap();
        assert_eq!(
            (said(&found, "a"), said(&found, "b")),
            (Some("dusk"), Some(DROP))
        );
    }

    #[test]
    fn a_label_is_of_what_was_shown() {
        let patch = r#"{"id":"a","decision":"drop","set":{"/light/time":"noon"},"of":{"plate":{"inpaint/fog":0.25}}}
{"id":"b.i0","decision":"drop","set":{"/light/time":"noon"},"of":{"instance":[0,0,10,10]}}
"#;
        let (time, decision) = (
            labels(patch, "/light/time"),
            labels(patch, "/review/decision"),
        );
        for (now, expected) in [
            (
                r#"{"id":"a","inpaint":{"fog":0.25}}"#,
                (Some("noon"), Some("drop")),
            ),
            (r#"{"id":"a","inpaint":{"fog":0.5}}"#, (Some("noon"), None)),
            (
                r#"{"id":"b.i0","instance":{"box":[0,0,10,9]}}"#,
                (Some("noon"), Some("drop")),
            ),
            (
                r#"{"id":"b.i0","instance":{"box":[20,0,30,10]}}"#,
                (None, None),
            ),
        ] {
            let record = serde_json::from_str(now).unwrap();
            let found = (time.of(&record).unwrap(), decision.of(&record).unwrap());
            assert_eq!(found, expected, "{now}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let key = Key::new("/light/time").unwrap();
        let error = Labels::parse("{\"id\":\"a\"}\n[1]\n", &key, false).unwrap_err();
        assert!(format!("{error:#}").starts_with("line 2: not a decision"));
    }

    #[test]
    fn a_patch_that_does_not_exist_has_no_labels() {
        let key = Key::new("/light/time").unwrap();
        let found = Labels::read(Path::new("/no/such/patch.jsonl"), &key, false).unwrap();
        assert_eq!(found, Labels::default());
    }
}
