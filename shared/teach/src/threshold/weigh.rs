//! What a record says for a threshold.

use anyhow::{Result, bail, ensure};
use manifest::{Record, Rejected};
use serde_json::Value;

use crate::reading;

/// Where the number of a threshold stands, and which records it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// JSON pointer of the number.
    pub pointer: String,
    /// Of records that a tool dropped, only those whose reason begins with this were judged by the number.
    pub dropped_for: Option<String>,
}

/// What a record says for a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// The number; none if the record has none, or was dropped for something else.
    pub number: Option<f64>,
    /// Whether a tool kept the record.
    pub kept: bool,
    /// Whether a person would, where one has said.
    pub keep: Option<bool>,
    /// Its film and shot.
    pub shot: Option<String>,
}

impl Scale {
    /// Checks the pointer.
    pub fn new(pointer: &str, dropped_for: Option<String>) -> Result<Self> {
        ensure!(
            pointer.len() > 1 && pointer.starts_with('/'),
            "`{pointer}`: not a JSON pointer, such as `/quality/sharpness`"
        );
        Ok(Self {
            pointer: pointer.to_owned(),
            dropped_for,
        })
    }

    /// Reads a record; `label` is what a person said of it, `keep` or `drop`.
    pub fn weigh(&self, record: &Record, label: Option<&str>) -> Result<Weighed> {
        let keep = match label {
            None => None,
            Some("keep") => Some(true),
            Some("drop") => Some(false),
            Some(other) => bail!("the label `{other}`: neither `keep` nor `drop`"),
        };
        let rejected: Option<Rejected> = record.find("rejected")?;
        let by_this = |rejected: &Rejected| {
            let reason = rejected.reason.as_deref();
            reason
                .is_some_and(|reason| reason.starts_with(self.dropped_for.as_deref().unwrap_or("")))
        };
        let number = match record.at::<Value>(&self.pointer)? {
            Some(found) if rejected.as_ref().is_none_or(by_this) => found.as_f64(),
            _ => None,
        };
        Ok(Weighed {
            number,
            kept: rejected.is_none(),
            keep,
            shot: reading::shot(record)?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn weighed(text: &str, label: Option<&str>) -> Result<Weighed> {
        let record: Record = serde_json::from_str(text).unwrap();
        Scale::new("/q/x", Some("blurred".into()))?.weigh(&record, label)
    }

    #[test]
    fn only_what_was_judged_by_the_number_counts() {
        let kept = weighed(
            r#"{"id":"a","q":{"x":3},"source":{"film":"f","shot":2}}"#,
            Some("drop"),
        )
        .unwrap();
        assert_eq!(
            (kept.number, kept.kept, kept.keep),
            (Some(3.0), true, Some(false))
        );
        assert!(kept.shot.is_some());
        let rejected = |reason: &str| {
            let text = format!(
                r#"{{"id":"a","q":{{"x":3}},"rejected":{{"by":"t","reason":"{reason}"}}}}"#
            );
            weighed(&text, None).unwrap()
        };
        assert_eq!(rejected("blurred: 3, below 4").number, Some(3.0));
        assert_eq!(rejected("a title").number, None, "whatever its number is");
        assert!(!rejected("a title").kept);
        let failed = r#"{"id":"a","q":{"x":3},"rejected":{"by":"t","error":"blurred file"}}"#;
        assert_eq!(weighed(failed, None).unwrap().number, None);
        assert_eq!(
            weighed(r#"{"id":"a","q":{"x":"unknown"}}"#, None)
                .unwrap()
                .number,
            None
        );
    }

    #[test]
    fn labels_are_keep_and_drop() {
        let error = weighed(r#"{"id":"a"}"#, Some("noon")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the label `noon`: neither `keep` nor `drop`"
        );
        assert!(Scale::new("quality", None).is_err());
    }
}
