//! The patches of `review`: what a person decided of images, one decision a line.
//!
//! Lines are added at the end and never changed, and the last one of an id counts, and says everything.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::read::BYTE_ORDER_MARK;
use crate::shapes::{Shown, Since};
use crate::{Error, Record, Result};

/// Ids that a message names at most.
const NAMED: usize = 5;

/// Whether an image stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The image stays.
    Keep,
    /// The image is dropped.
    Drop,
    /// Not decided yet; the image stays.
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

/// All that was decided of one image: a line of a patch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The image.
    pub id: String,
    /// Whether the image stays. A line that only has labels may leave this out.
    #[serde(rename = "decision", default)]
    pub choice: Choice,
    /// The caption from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// JSON pointers and the values from now on; null takes a value away.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// What was shown: an id may be of something else later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Shown>,
    /// Whether the line takes the last one before it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
    /// Lines that one change of many images has written have the same number; they are taken back together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
    /// Who decided.
    #[serde(default)]
    pub by: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub at: String,
}

impl Decision {
    /// Whether it says nothing of the image.
    pub fn is_empty(&self) -> bool {
        self.choice == Choice::Open && self.caption.is_none() && self.set.is_empty()
    }

    /// Whether it says the same of the image as another.
    pub fn agrees(&self, other: &Self) -> bool {
        self.choice == other.choice && self.caption == other.caption && self.set == other.set
    }

    /// What of it counts for the record that has its id now: nothing if that is of something else, and of a plate that
    /// was made anew what was said of the place, not whether the plate stays.
    pub fn still(&self, record: &Record) -> Result<Option<Cow<'_, Self>>> {
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
}

/// What a patch holds.
#[derive(Debug, Default, PartialEq)]
pub struct Lines {
    /// The decisions in their order, each with the number of its line, from 1.
    pub decisions: Vec<(u64, Decision)>,
    /// What a power cut or a full disk has left of a last line.
    pub cut: Option<Cut>,
}

/// The beginning of a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Lines {
    /// Reads the bytes of a patch; `name` is what messages call it.
    ///
    /// Only what ends before its JSON does, behind a decision and at the end of the file, counts as cut: whatever else
    /// is no decision is a mistake of somebody, or another file.
    ///
    /// # Errors
    /// A line that is not a decision, named.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let mut found = Self::default();
        for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match decision(line) {
                Ok(decision) => found.decisions.push((number, decision)),
                Err(error)
                    if error.is_eof()
                        && line.trim_ascii_start().starts_with(b"{")
                        && !line.ends_with(b"\n")
                        && !found.decisions.is_empty() =>
                {
                    let bytes = line.to_owned();
                    found.cut = Some(Cut { number, bytes });
                }
                Err(error) => {
                    let cause = match std::str::from_utf8(line) {
                        Ok(_) => Error::Decision(error),
                        Err(wrong) => Error::Utf8(wrong.valid_up_to()),
                    };
                    return Err(Error::Line {
                        name: name.to_owned(),
                        line: number,
                        cause: Box::new(cause),
                    });
                }
            }
        }
        Ok(found)
    }
}

/// The first few ids for a message, and how many more there are.
///
/// ```
/// assert_eq!(manifest::patch::listed(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e and 1 more");
/// ```
pub fn listed(ids: &[&str]) -> String {
    let named = ids[..ids.len().min(NAMED)].join(", ");
    match ids.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Reads one line; serde would also take a list for an object, by the order of its members.
fn decision(line: &[u8]) -> serde_json::Result<Decision> {
    if line.trim_ascii_start().starts_with(b"[") {
        return Err(serde_json::Error::custom("a list, and not an object"));
    }
    serde_json::from_slice(line)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    const GOOD: &str = "{\"id\":\"a\",\"decision\":\"drop\"}\n";

    fn parsed(text: &str) -> Result<Lines> {
        Lines::parse("p", text.as_bytes())
    }

    #[test]
    fn only_the_end_of_a_patch_can_be_cut() {
        let line = r#"{"id":"b","decision":"keep","caption":"é","batch":12}"#;
        for end in 1..line.len() {
            let bytes = [GOOD.as_bytes(), &line.as_bytes()[..end]].concat();
            let found = Lines::parse("p", &bytes).unwrap();
            let cut = found.cut.unwrap();
            assert_eq!((found.decisions.len(), cut.number), (1, 2), "{end}");
            assert_eq!(cut.bytes, line.as_bytes()[..end]);
            // Without a decision before it, nothing says that it is a patch.
            assert!(Lines::parse("p", &line.as_bytes()[..end]).is_err(), "{end}");
        }
        assert_eq!(
            parsed(r#"{"id":"b"}"#).unwrap().decisions[0].1.choice,
            Choice::Open
        );
        let whole = parsed(&format!("{GOOD}\n{line}")).unwrap();
        assert_eq!((whole.decisions.len(), whole.cut), (2, None));
        assert_eq!(whole.decisions[1].0, 3);
        assert_eq!(parsed(&format!("{GOOD}  ")).unwrap().cut, None);
    }

    #[test]
    fn what_is_no_decision_is_an_error_also_at_the_end() {
        for wrong in [
            r#"{"id":"b","decison":"drop"}"#,
            r#"{"id":"b","decision":"maybe"}"#,
            r#"{"decision":"drop"}"#,
            r#"["b","drop"]"#,
            r#" ["b","dro"#,
            r#"{"type":"x","my":"settings"}"#,
            "junk",
            "nul",
            "\"abc",
        ] {
            for end in ["", "\n"] {
                let error = parsed(&format!("{GOOD}{wrong}{end}")).unwrap_err();
                let error = error.to_string();
                assert!(error.starts_with("p: line 2: not a decision"), "{error}");
                assert!(parsed(&format!("{wrong}{end}")).is_err(), "{wrong}");
            }
        }
        let wide: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let error = Lines::parse("p", &[b"\xff\xfe", &wide[..]].concat()).unwrap_err();
        assert!(error.to_string().contains("line 1: not UTF-8"), "{error}");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(
            parsed(&format!("\u{feff}{GOOD}")).unwrap(),
            parsed(GOOD).unwrap()
        );
        assert_eq!(parsed("\u{feff}").unwrap(), Lines::default());
    }
}
