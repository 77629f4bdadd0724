//! Facts that a prompt wants of an image, and whether the image shows them.

use serde_json::Value;
use stage::{Record, Result};

/// A fact that a prompt wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// JSON pointer to where records have it.
    pub(crate) at: String,
    /// The values of which any is right.
    pub(crate) wanted: Vec<String>,
}

impl Fact {
    /// A fact with these values; `None` if there are none.
    pub(crate) fn new(at: &str, wanted: Vec<String>) -> Option<Self> {
        let at = at.to_owned();
        (!wanted.is_empty()).then_some(Self { at, wanted })
    }

    /// What a record says of it; `None` if that is not known.
    pub(crate) fn measured(&self, record: &Record) -> Result<Option<String>> {
        let value = record.at::<Value>(&self.at)?;
        Ok(value.as_ref().and_then(word))
    }
}

/// What an image shows of a wanted fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What is wanted.
    Affirmed,
    /// Something else.
    Denied(String),
    /// No tool could tell.
    Unmeasured,
}

impl Verdict {
    /// The verdict on a fact by all that was measured of it in the parts of an image.
    pub(crate) fn of(fact: &Fact, measured: &[String]) -> Self {
        match measured.first() {
            None => Self::Unmeasured,
            Some(_) if measured.iter().any(|one| fact.wanted.contains(one)) => Self::Affirmed,
            Some(first) => Self::Denied(first.clone()),
        }
    }
}

/// The word of a value, unless that is `unknown`; of a list, as of labels with scores, the first.
pub(crate) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            Some(text.trim().to_owned()).filter(|text| !text.is_empty() && text != "unknown")
        }
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(values) => values.first().and_then(word),
        Value::Number(_) | Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_tool_could_tell_counts_neither_way() {
        let fact = Fact::new("/emotion/label", vec!["happy".to_owned()]).unwrap();
        assert_eq!(Verdict::of(&fact, &[]), Verdict::Unmeasured);
        let both = ["sad".to_owned(), "happy".to_owned()];
        assert_eq!(Verdict::of(&fact, &both), Verdict::Affirmed);
        assert_eq!(
            Verdict::of(&fact, &both[..1]),
            Verdict::Denied("sad".to_owned())
        );
    }
}
