//! What is taken out of a record for a question.

use std::collections::BTreeMap;

use anyhow::{Context, Error, Result, bail};
use manifest::Record;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::DECISION;
use crate::labels::is_label;
use crate::vectors::{Layout, Seen};
use crate::{Key, Labels, UNKNOWN};

/// Where the shot of a record stands. Labels of one shot are never on both sides of a proof: its frames are
/// nearly the same image.
const SHOT: [&str; 2] = ["/source/film", "/source/shot"];

/// Where a question finds what it needs: JSON pointers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Where the answer stands.
    pub key: Key,
    /// The vectors and numbers to learn from.
    pub on: Vec<String>,
    /// What an earlier tool said: scores by class, labels with their scores, or a word. The first of these that a
    /// record has counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prior: Vec<String>,
    /// Records with the same values here have one answer: those of a shot have one weather.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<String>,
    /// Whether what a person dropped is a class of its own, [`DROP`](crate::DROP).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drops: bool,
}

/// What a record has for a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// The record's id.
    pub id: String,
    /// What a person said of it.
    pub label: Option<String>,
    /// Whether a person said that it is unknown.
    pub unknown: bool,
    /// The answer that a tool gave it; none once a person decided on it, whose answer it may be.
    pub before: Option<String>,
    pub(crate) seen: Seen,
    pub(crate) prior: BTreeMap<String, f64>,
    pub(crate) together: Option<String>,
    pub(crate) shot: Option<String>,
}

impl Reading {
    /// Reads a record, and its label in `labels`.
    pub fn sight(&self, record: &Record, labels: &Labels) -> Result<Sight> {
        let said = labels.of(record)?;
        let mut scores = BTreeMap::new();
        for pointer in &self.prior {
            if scores.is_empty() {
                scores = prior(record, pointer)?;
            }
        }
        let before = match record.at::<Value>(DECISION)? {
            Some(_) => None,
            None => self.key.read(record)?,
        };
        Ok(Sight {
            label: said.filter(|said| is_label(said)).map(str::to_owned),
            unknown: said == Some(UNKNOWN),
            before: before.filter(|word| is_label(word)),
            seen: Seen::read(record, &self.on)?,
            prior: scores,
            together: joined(record, self.together.iter().map(String::as_str))?,
            shot: shot(record)?,
            id: record.id()?,
        })
    }
}

impl Reading {
    /// The records whose vectors and numbers are not as those of most are, so that there is no learning from them
    /// together; each by its place, with why.
    pub fn misfits<'a>(
        &self,
        sights: impl Iterator<Item = &'a Sight> + Clone,
    ) -> BTreeMap<usize, Error> {
        Layout::misfits(&self.on, sights.map(|sight| &sight.seen))
    }
}

/// The film and the shot of a record as one text; none if it does not say both.
pub(crate) fn shot(record: &Record) -> Result<Option<String>> {
    joined(record, SHOT.into_iter())
}

/// The values at some pointers as one text; none if any is missing, or there are no pointers.
fn joined<'a>(record: &Record, pointers: impl Iterator<Item = &'a str>) -> Result<Option<String>> {
    let mut text = String::new();
    for pointer in pointers {
        match record.at::<Value>(pointer)? {
            Some(value) => text.extend([value.to_string().as_str(), "\n"]),
            None => return Ok(None),
        }
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// What an earlier tool said, by class.
fn prior(record: &Record, pointer: &str) -> Result<BTreeMap<String, f64>> {
    let wrong =
        || format!("key `{pointer}`: neither scores by class, nor labels with scores, nor a word");
    let scores: BTreeMap<String, f64> = match record.at::<Value>(pointer)? {
        None => BTreeMap::new(),
        Some(Value::String(word)) => BTreeMap::from([(word, 1.0)]),
        Some(found @ Value::Object(_)) => serde_json::from_value(found).with_context(wrong)?,
        Some(found @ Value::Array(_)) => {
            let pairs: Vec<(String, f64)> = serde_json::from_value(found).with_context(wrong)?;
            pairs.into_iter().collect()
        }
        Some(_) => bail!(wrong()),
    };
    let sound = |(class, score): &(String, f64)| is_label(class) && *score >= 0.0;
    Ok(scores.into_iter().filter(sound).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn record(text: &str) -> Record {
        serde_json::from_str(text).unwrap()
    }

    fn reading(prior: &str) -> Reading {
        Reading {
            drops: false,
            key: Key::new("/light/time").unwrap(),
            on: vec!["/v".into()],
            prior: prior.split(',').map(str::to_owned).collect(),
            together: vec!["/source/shot".into()],
        }
    }

    #[test]
    fn the_earlier_answer_is_scores_or_labels_or_a_word() {
        let record = record(
            r#"{"id":"a","light":{"time":"noon","scores":{"noon":0.7,"night":0.3}},
                "tags":{"time":[["night",0.9]],"none":[["unknown",0.2]]},"source":{"film":"f","shot":3}}"#,
        );
        let prior = |pointer| {
            reading(pointer)
                .sight(&record, &Labels::default())
                .unwrap()
                .prior
        };
        assert_eq!(prior("/light/scores").len(), 2);
        assert_eq!(prior("/tags/time"), BTreeMap::from([("night".into(), 0.9)]));
        assert_eq!(prior("/light/time"), BTreeMap::from([("noon".into(), 1.0)]));
        assert_eq!(prior("/tags/none").len() + prior("/nothing").len(), 0);
        assert_eq!(
            prior("/nothing,/tags/time,/light/scores").len(),
            1,
            "the first there is"
        );
        let error = reading("/source/shot")
            .sight(&record, &Labels::default())
            .unwrap_err();
        assert!(
            error.to_string().contains("neither scores by class"),
            "{error}"
        );
    }

    #[test]
    fn what_a_person_said_is_no_earlier_answer() {
        let before = |text| {
            let sight = reading("/none").sight(&record(text), &Labels::default());
            sight.unwrap().before
        };
        let told = r#"{"id":"a","light":{"time":"noon"}}"#;
        assert_eq!(before(told).as_deref(), Some("noon"));
        let decided = r#"{"id":"a","light":{"time":"noon"},"review":{"decision":"keep"}}"#;
        assert_eq!(before(decided), None);
    }

    #[test]
    fn a_record_without_a_shot_is_judged_alone() {
        let reading = reading("/none");
        let with = record(r#"{"id":"a","source":{"film":"f","shot":3}}"#);
        let without = record(r#"{"id":"b","source":{"shot":3}}"#);
        let with = reading.sight(&with, &Labels::default()).unwrap();
        let without = reading.sight(&without, &Labels::default()).unwrap();
        assert_eq!(with.shot.as_deref(), Some("\"f\"\n3\n"));
        assert_eq!((without.shot, without.together), (None, with.together));
    }
}
