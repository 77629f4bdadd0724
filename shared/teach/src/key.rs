//! Where the answer to a question stands in a record.

use std::fmt;
use std::str::FromStr;

use anyhow::{Error, Result, bail};
use manifest::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The key of what a person decided, which no model may write.
pub(crate) const DECISION: &str = "/review/decision";

/// A JSON pointer of one or two steps to an answer: a word, as in `/light/time`, or a list of labels with
/// their scores, as in `/tags/place`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key {
    pointer: String,
    first: String,
    member: Option<String>,
}

impl Key {
    /// Reads a pointer.
    pub fn new(pointer: &str) -> Result<Self> {
        let steps: Vec<String> = pointer
            .split('/')
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        let (key, member) = match &steps[..] {
            [empty, key] if empty.is_empty() => (key, None),
            [empty, key, member] if empty.is_empty() => (key, Some(member.clone())),
            _ => {
                bail!("`{pointer}`: not a JSON pointer of one or two steps, such as `/light/time`")
            }
        };
        if key.is_empty() || key == "id" || key == "image" {
            bail!("`{pointer}`: not a key that can be judged");
        }
        Ok(Self {
            pointer: pointer.to_owned(),
            first: key.clone(),
            member,
        })
    }

    /// The pointer itself.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The question what to keep and what to drop, as review asks it.
    pub fn decision() -> Result<Self> {
        Self::new(DECISION)
    }

    /// Whether the question is what to keep and what to drop.
    pub fn is_decision(&self) -> bool {
        self.pointer == DECISION
    }

    /// Whether answers are lists of labels with their scores.
    fn is_list(&self) -> bool {
        self.first == "tags"
    }

    /// The answer that a record has: the word, or the first label of the list.
    pub fn read(&self, record: &Record) -> Result<Option<String>> {
        let found: Option<Value> = record.at(&self.pointer)?;
        Ok(found.as_ref().and_then(word).map(str::to_owned))
    }

    /// Whether an answer can be written to a record: what it is a member of may be something else than an object.
    pub fn check(&self, record: &Record) -> Result<()> {
        if self.member.is_some() {
            record.find::<serde_json::Map<String, Value>>(&self.first)?;
        }
        Ok(())
    }

    /// Writes an answer, with the scores of all classes, the best first, where the key takes them.
    pub fn write(&self, record: &mut Record, label: &str, scores: &[(String, f64)]) -> Result<()> {
        let value = if !self.is_list() {
            json!(label)
        } else if label == crate::UNKNOWN {
            let best = scores.first().map_or(0.0, |(_, score)| *score);
            json!([[label, best]])
        } else {
            json!(scores)
        };
        match &self.member {
            Some(member) => record.put_member(&self.first, member, &value)?,
            None => record.put(&self.first, &value)?,
        }
        Ok(())
    }
}

/// The answer in a value: the word, or the first label of a list of labels with their scores.
pub(crate) fn word(value: &Value) -> Option<&str> {
    match value {
        Value::String(word) => Some(word),
        Value::Array(list) => list.first()?.get(0)?.as_str(),
        _ => None,
    }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::new(text)
    }
}

impl TryFrom<String> for Key {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::new(&text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.pointer
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.pointer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn record(text: &str) -> Record {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn answers_are_read_and_written_where_they_stand() {
        let scores = [("night".to_owned(), 0.9), ("noon".to_owned(), 0.1)];
        let mut one =
            record(r#"{"id":"a","light":{"time":"noon","x":1},"tags":{"place":[["beach",0.5]]}}"#);
        let time = Key::new("/light/time").unwrap();
        assert_eq!(time.read(&one).unwrap().as_deref(), Some("noon"));
        time.write(&mut one, "night", &scores).unwrap();
        let place = Key::new("/tags/place").unwrap();
        assert_eq!(place.read(&one).unwrap().as_deref(), Some("beach"));
        place.write(&mut one, "night", &scores).unwrap();
        let expected = r#"{"id":"a","light":{"time":"night","x":1},"tags":{"place":[["night",0.9],["noon",0.1]]}}"#;
        assert_eq!(one.to_string(), expected);
        place.write(&mut one, "unknown", &scores).unwrap();
        Key::new("/new").unwrap().write(&mut one, "b", &[]).unwrap();
        assert!(
            one.to_string()
                .ends_with(r#""tags":{"place":[["unknown",0.9]]},"new":"b"}"#)
        );
    }

    #[test]
    fn an_answer_cannot_be_a_member_of_a_word() {
        let time = Key::new("/light/time").unwrap();
        for text in [r#"{"id":"a"}"#, r#"{"id":"a","light":{"scores":{"x":1}}}"#] {
            time.check(&record(text)).unwrap();
        }
        let word = record(r#"{"id":"a","light":"noon"}"#);
        assert!(time.check(&word).is_err());
        Key::new("/light").unwrap().check(&word).unwrap();
    }

    #[test]
    fn what_names_an_image_is_not_judged() {
        for wrong in ["", "light", "/", "/id", "/a/b/c", "/image"] {
            assert!(Key::new(wrong).is_err(), "{wrong}");
        }
        assert!(Key::new("/review/decision").unwrap().is_decision());
    }
}
