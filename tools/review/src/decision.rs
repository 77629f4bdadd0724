//! One decision: a line of the patch file.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::manifest::shapes::{Shown, Since};
use stage::{Outcome, Record, Result, bail, ensure};

/// Keys that say which image it is; a patch may not change them.
const FIXED: [&str; 2] = ["id", "image"];

/// Decimals that changed values keep.
const DIGITS: u32 = 9;

/// What is to become of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Choice {
    /// It stays.
    Keep,
    /// It goes.
    Drop,
    /// Nobody has said; it stays.
    #[default]
    Open,
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Open => "open",
        })
    }
}

/// All that was decided of one image. The last line of an id counts, and says everything: what
/// earlier ones said is forgotten.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    pub(crate) id: String,
    #[serde(rename = "decision")]
    pub(crate) choice: Choice,
    /// The caption from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) caption: Option<String>,
    /// JSON pointers and the values from now on; null takes a value away.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) set: Map<String, Value>,
    /// What was shown: an id may be of something else later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<Shown>,
    /// Whether the line takes the last one before it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) undo: bool,
    /// Lines that one change of many images has written have the same number; they are taken back together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) batch: Option<u64>,
    /// Who decided.
    #[serde(default)]
    pub(crate) by: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub(crate) at: String,
}

impl Decision {
    /// Whether it says nothing of the image.
    pub(crate) fn is_empty(&self) -> bool {
        self.choice == Choice::Open && self.caption.is_none() && self.set.is_empty()
    }

    /// Whether it says the same of the image as another.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.choice == other.choice && self.caption == other.caption && self.set == other.set
    }

    /// What of it counts for the record that has its id now: nothing if that is of something else, and of a plate that
    /// was made anew what was said of the place, not whether the plate stays.
    pub(crate) fn still(&self, record: &Record) -> Result<Option<Cow<'_, Self>>> {
        let since = match &self.of {
            Some(shown) => shown.since(record)?,
            None => Since::Same,
        };
        Ok(match since {
            Since::Same => Some(Cow::Borrowed(self)),
            Since::Other => None,
            Since::Remade => {
                let rest = Self {
                    choice: Choice::Open,
                    ..self.clone()
                };
                (!rest.is_empty()).then_some(Cow::Owned(rest))
            }
        })
    }

    /// Refuses what can never be applied.
    pub(crate) fn check(&self) -> Result<()> {
        for pointer in self.set.keys() {
            let steps = steps(pointer)?;
            ensure!(
                !FIXED.contains(&steps[0].as_str()),
                "`set` of `{pointer}`: this key identifies the image and cannot be changed"
            );
        }
        Ok(())
    }

    /// The record as decided, passed or dropped.
    pub(crate) fn apply(&self, mut record: Record) -> Result<Outcome> {
        if let Some(caption) = &self.caption {
            record.put("caption", caption)?;
        }
        for (pointer, value) in &self.set {
            set(&mut record, pointer, value)?;
        }
        let mut review = Map::new();
        review.insert("decision".to_owned(), self.choice.to_string().into());
        for (key, text) in [("by", &self.by), ("at", &self.at)] {
            if !text.is_empty() {
                review.insert(key.to_owned(), text.as_str().into());
            }
        }
        if let Some(caption) = &self.caption {
            // caption-compose takes it for the last word.
            review.insert("caption".to_owned(), caption.as_str().into());
        }
        record.put("review", &review)?;
        let by = if self.by.is_empty() {
            "somebody"
        } else {
            &self.by
        };
        let dropped = self.choice == Choice::Drop;
        Ok(Outcome::judge(
            record,
            dropped.then(|| format!("dropped in review by {by}")),
        ))
    }
}

/// The steps of a JSON pointer (RFC 6901), of which there is one at least.
fn steps(pointer: &str) -> Result<Vec<String>> {
    let Some(path) = pointer.strip_prefix('/').filter(|path| !path.is_empty()) else {
        bail!("`set` of `{pointer}`: not a JSON pointer, such as `/light/time`");
    };
    let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
    Ok(path.split('/').map(unescape).collect())
}

/// Sets, or with null takes away, what a pointer leads to; objects on the way are made.
fn set(record: &mut Record, pointer: &str, value: &Value) -> Result<()> {
    let steps = steps(pointer)?;
    let (key, inner) = (&steps[0], &steps[1..]);
    if inner.is_empty() {
        if value.is_null() {
            record.remove(key);
        } else {
            record.put_rounded(key, value, DIGITS)?;
        }
        return Ok(());
    }
    let mut whole = record
        .find::<Value>(key)?
        .unwrap_or_else(|| Value::Object(Map::new()));
    inside(&mut whole, inner, value).ok_or_else(|| {
        stage::anyhow!("`set` of `{pointer}`: leads into a value that has no members")
    })?;
    record.put_rounded(key, &whole, DIGITS)?;
    Ok(())
}

fn inside(whole: &mut Value, steps: &[String], value: &Value) -> Option<()> {
    let (step, rest) = steps.split_first()?;
    match whole {
        Value::Object(members) if rest.is_empty() && value.is_null() => {
            members.shift_remove(step);
            Some(())
        }
        Value::Object(members) => {
            let member = members
                .entry(step.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if rest.is_empty() {
                *member = value.clone();
                return Some(());
            }
            inside(member, rest, value)
        }
        Value::Array(elements) => {
            let element = elements.get_mut(step.parse::<usize>().ok()?)?;
            if rest.is_empty() {
                *element = Some(value.clone()).filter(|value| !value.is_null())?;
                return Some(());
            }
            inside(element, rest, value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(record: &str, pointer: &str, value: Value) -> String {
        let mut record = stage::manifest::Line {
            number: 1,
            bytes: record.as_bytes().to_vec(),
        }
        .parse()
        .unwrap();
        match set(&mut record, pointer, &value) {
            Ok(()) => record.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn values_are_set_where_pointers_lead() {
        let record = r#"{"id":"a","light":{"time":"noon","scores":[1,2]},"n":1.50}"#;
        for (pointer, value, expected) in [
            (
                "/light/time",
                json!("night"),
                r#"{"id":"a","light":{"time":"night","scores":[1,2]},"n":1.50}"#,
            ),
            (
                "/light/scores/1",
                json!(5),
                r#"{"id":"a","light":{"time":"noon","scores":[1,5]},"n":1.50}"#,
            ),
            (
                "/tag/a~1b",
                json!(true),
                r#"{"id":"a","light":{"time":"noon","scores":[1,2]},"n":1.50,"tag":{"a/b":true}}"#,
            ),
            (
                "/light/time",
                Value::Null,
                r#"{"id":"a","light":{"scores":[1,2]},"n":1.50}"#,
            ),
            (
                "/n",
                Value::Null,
                r#"{"id":"a","light":{"time":"noon","scores":[1,2]}}"#,
            ),
        ] {
            assert_eq!(changed(record, pointer, value), expected, "{pointer}");
        }
        assert!(changed(record, "/n/x", json!(1)).contains("no members"));
        assert!(changed(record, "/light/scores/9", json!(1)).contains("no members"));
        assert!(changed(record, "light", json!(1)).contains("not a JSON pointer"));
    }

    #[test]
    fn who_an_image_is_stays() {
        for pointer in ["/id", "/image", "", "/"] {
            let set = Map::from_iter([(pointer.to_owned(), json!("x"))]);
            let decision = Decision {
                set,
                ..Decision::default()
            };
            assert!(decision.check().is_err(), "{pointer}");
        }
    }
}
