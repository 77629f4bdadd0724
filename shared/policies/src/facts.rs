//! What a record says at the places that a policy names.

use anyhow::Result;
use manifest::Record;
use serde_json::Value;

/// What stands for "no tool could find out".
pub const UNKNOWN: &str = "unknown";

/// What a record says at one place.
#[derive(Debug, PartialEq)]
pub enum Fact {
    /// Nothing.
    Missing,
    /// That it is not known.
    Unknown,
    /// These values, in order.
    Known(Vec<String>),
}

/// What `record` says at `pointer`.
///
/// A list of `[label, score]` gives the labels of at least `at_least`; at most
/// `most` values are taken of any list.
pub fn fact(record: &Record, pointer: &str, most: usize, at_least: f64) -> Result<Fact> {
    let Some(value) = record.at::<Value>(pointer)? else {
        return Ok(Fact::Missing);
    };
    let values = match value {
        Value::Array(elements) => elements,
        one => vec![one],
    };
    let words = values.iter().filter_map(|value| word(value, at_least));
    let known: Vec<String> = words.filter(|word| word != UNKNOWN).take(most).collect();
    Ok(if known.is_empty() {
        Fact::Unknown
    } else {
        Fact::Known(known)
    })
}

/// A value in words: a text, a number, yes or no, or a label with a score.
fn word(value: &Value, at_least: f64) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(whether) => whether.to_string(),
        Value::Array(pair) => {
            let score = pair.get(1).and_then(Value::as_f64);
            score.filter(|&score| score >= at_least)?;
            pair.first()?.as_str()?.to_owned()
        }
        _ => return None,
    };
    let text = captions::text::clean(&text);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(json: &str, pointer: &str) -> Fact {
        let bytes = json.as_bytes().to_vec();
        let record = manifest::Line { number: 1, bytes }.parse().unwrap();
        fact(&record, pointer, 2, 0.3).unwrap()
    }

    #[test]
    fn values_of_every_kind_become_words() {
        let known = |words: &[&str]| Fact::Known(words.iter().map(|&word| word.into()).collect());
        assert_eq!(at(r#"{"a":"piazza"}"#, "/a"), known(&["piazza"]));
        assert_eq!(at(r#"{"a":{"b":3}}"#, "/a/b"), known(&["3"]));
        assert_eq!(at(r#"{"a":["x","y","z"]}"#, "/a"), known(&["x", "y"]));
        let labels = r#"{"a":[["harbour",0.5],["boat",0.29]]}"#;
        assert_eq!(at(labels, "/a"), known(&["harbour"]));
    }

    #[test]
    fn unknown_is_not_missing() {
        assert_eq!(at(r#"{"a":"unknown"}"#, "/a"), Fact::Unknown);
        assert_eq!(at(r#"{"a":[["boat",0.1]]}"#, "/a"), Fact::Unknown);
        assert_eq!(at(r#"{"a":" "}"#, "/a"), Fact::Unknown);
        assert_eq!(at(r#"{"a":null}"#, "/a"), Fact::Missing);
        assert_eq!(at(r#"{"a":1}"#, "/b"), Fact::Missing);
    }
}
