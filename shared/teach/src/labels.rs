//! What a person said of images.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use manifest::Record;
use manifest::patch::{Choice, Decision, Lines, listed};
use manifest::shapes::{Shown, Since};
use serde_json::Value;

use crate::key::word;
use crate::{DROP, Key, UNKNOWN};

/// The labels for one key, by the id of the record.
#[derive(Debug, Default)]
pub struct Labels {
    /// The patch, as messages call it.
    name: String,
    by_id: HashMap<String, Said>,
    /// The labelled records that were asked about, and whether their labels count.
    asked: Mutex<HashMap<String, bool>>,
}

/// What a person said, and of what.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    label: String,
    /// Whether it is said of the image, not of what the film shows there.
    of_image: bool,
    of: Option<Shown>,
}

impl Labels {
    /// Reads the patch of a review; one that does not exist yet has no labels.
    ///
    /// The last line of an id counts, and says everything, as in `review` itself. For the key
    /// `/review/decision`, `keep` and `drop` are the labels. With `drops`, what was dropped has the label [`DROP`] for
    /// any key.
    ///
    /// # Errors
    /// A line that is no decision; of those that count, one that sets `key` to what is no label; with `drops` also to
    /// `drop`, which would say that the image is dropped.
    pub fn read(path: &Path, key: &Key, drops: bool) -> Result<Self> {
        let name = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => Self::parse(&name, &bytes, key, drops),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).context(name),
        }
    }

    fn parse(name: &str, bytes: &[u8], key: &Key, drops: bool) -> Result<Self> {
        let mut last = BTreeMap::new();
        for (number, line) in Lines::parse(name, bytes)?.decisions {
            last.insert(line.id.clone(), (number, line));
        }
        let mut by_id = HashMap::new();
        // What an earlier line said is forgotten, also if it was wrong: that is how a person corrects it.
        for (id, (number, line)) in last {
            let place = || format!("{name}: line {number}");
            if let Some(label) = label(&line, key, drops).with_context(place)? {
                let (of, of_image) = (line.of, key.is_decision());
                let said = Said {
                    label,
                    of_image,
                    of,
                };
                by_id.insert(id, said);
            }
        }
        Ok(Self {
            name: name.to_owned(),
            by_id,
            asked: Mutex::default(),
        })
    }

    /// What a person said of a record: a label, or [`UNKNOWN`]. What was said of something that had its id before, or of
    /// a plate that was made anew since, does not count.
    pub fn of(&self, record: &Record) -> Result<Option<&str>> {
        let id = record.id()?;
        let Some(said) = self.by_id.get(&id) else {
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
        self.asked().insert(id, counts);
        Ok(counts.then_some(&said.label))
    }

    /// What is to be said of labels that count for nothing, once all records were asked about.
    pub fn unheard(&self) -> Vec<String> {
        let asked = self.asked();
        let of = |counts: Option<&bool>| {
            let ids = self.by_id.keys().map(String::as_str);
            let mut ids: Vec<_> = ids.filter(|id| asked.get(*id) == counts).collect();
            ids.sort_unstable();
            ids
        };
        let say = |ids: Vec<&str>, what: &str| {
            let (name, count) = (&self.name, ids.len());
            (count > 0).then(|| {
                format!(
                    "{name}: has labels of {count} images {what}: {}",
                    listed(&ids)
                )
            })
        };
        let past = "that were made anew since, or are of something else now: label them again";
        let lines = [
            say(of(Some(&false)), past),
            say(of(None), "that are not in the input"),
        ];
        lines.into_iter().flatten().collect()
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<String, bool>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The label that a line gives its record.
fn label(line: &Decision, key: &Key, drops: bool) -> Result<Option<String>> {
    if key.is_decision() {
        let label = Some(line.choice).filter(|choice| *choice != Choice::Open);
        return Ok(label.map(|choice| choice.to_string()));
    }
    let pointer = key.pointer();
    let said = match line.set.get(pointer) {
        None | Some(Value::Null) => None,
        Some(Value::Array(list)) if list.is_empty() => None,
        Some(value) => match word(value) {
            // What was taken back.
            Some("") => None,
            Some(word) if !word.trim().is_empty() => Some(word),
            _ => bail!(
                "`set` of `{pointer}`: {value} is not a word: label {} again",
                line.id
            ),
        },
    };
    if drops && said == Some(DROP) {
        bail!(
            "`set` of `{pointer}`: with --drop-class `{DROP}` is the class of images that are dropped: label {} with another word",
            line.id
        );
    }
    if drops && line.choice == Choice::Drop {
        return Ok(Some(DROP.to_owned()));
    }
    Ok(said.map(str::to_owned))
}

/// Whether a text says anything.
pub(crate) fn is_label(text: &str) -> bool {
    !text.is_empty() && text != UNKNOWN
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn parsed(text: &str, key: &str, drops: bool) -> Result<Labels> {
        Labels::parse("p", text.as_bytes(), &Key::new(key).unwrap(), drops)
    }

    fn labels(text: &str, key: &str) -> Labels {
        parsed(text, key, false).unwrap()
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
        assert!(labels(PATCH, "/emotion/label").by_id.is_empty());
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
        let found = parsed(PATCH, "/light/time", true).unwrap();
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
        let wrong = |line: &str, drops: bool| {
            let text = format!("{{\"id\":\"a\",\"decision\":\"keep\"}}\n{line}\n");
            format!("{:#}", parsed(&text, "/light/time", drops).unwrap_err())
        };
        for line in [
            "[1]",
            r#"{"id":"b","decision":"maybe"}"#,
            r#"{"id":"b","decison":"drop"}"#,
        ] {
            let error = wrong(line, false);
            assert!(error.starts_with("p: line 2: not a decision"), "{error}");
        }
        for value in ["5", "[5]", "true", r#"{"noon":1}"#, r#"" ""#] {
            let line = format!(r#"{{"id":"b","decision":"keep","set":{{"/light/time":{value}}}}}"#);
            let error = wrong(&line, false);
            let expected = format!("p: line 2: `set` of `/light/time`: {value} is not a word");
            assert!(error.starts_with(&expected), "{error}");
        }
        let named = r#"{"id":"b","decision":"keep","set":{"/light/time":"drop","/n":5}}"#;
        assert!(wrong(named, true).contains("label b with another word"));
        let again = r#"{"id":"b","decision":"keep","set":{"/light/time":"noon"}}"#;
        let found = parsed(&format!("{named}\n{again}\n"), "/light/time", true).unwrap();
        assert_eq!(
            said(&found, "b"),
            Some("noon"),
            "the line before is forgotten"
        );
        let found = parsed(named, "/light/time", false).unwrap();
        assert_eq!(said(&found, "b"), Some("drop"), "a word as any other");
    }

    #[test]
    fn labels_that_count_for_nothing_are_told() {
        let line = |number: usize| {
            format!(
                "{{\"id\":\"b.i{number}\",\"decision\":\"open\",\"set\":{{\"/light/time\":\"noon\"}},\"of\":{{\"instance\":[0,0,10,10]}}}}\n"
            )
        };
        let found = labels(&(0..9).map(line).collect::<String>(), "/light/time");
        for (number, side) in [(0, 10), (1, 90), (2, 90)] {
            let record = format!(r#"{{"id":"b.i{number}","instance":{{"box":[0,0,10,{side}]}}}}"#);
            found.of(&serde_json::from_str(&record).unwrap()).unwrap();
        }
        assert_eq!(
            found.unheard(),
            [
                "p: has labels of 2 images that were made anew since, or are of something else now: label them again: b.i1, b.i2",
                "p: has labels of 6 images that are not in the input: b.i3, b.i4, b.i5, b.i6, b.i7 and 1 more",
            ]
        );
        let all_heard = labels(PATCH, "/emotion/label");
        assert_eq!(all_heard.unheard(), [""; 0]);
    }

    #[test]
    fn a_patch_that_does_not_exist_has_no_labels() {
        let key = Key::new("/light/time").unwrap();
        let found = Labels::read(Path::new("/no/such/patch.jsonl"), &key, false).unwrap();
        assert!(found.by_id.is_empty());
    }
}
