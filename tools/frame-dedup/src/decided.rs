//! What a person has decided of pairs of images.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use stage::{Context, Result};

/// One line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The ids of the two.
    pair: [String; 2],
    /// Whether both are wanted.
    different: bool,
}

/// What a person has decided; the last line of a pair counts.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// Of each image those that differ from it: neither is dropped for the other, however near they are.
    apart: HashMap<String, Vec<String>>,
    /// Of each image those that show the same.
    same: HashMap<String, Vec<String>>,
}

impl Decided {
    /// Reads the file of `--pairs`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(name)?;
        Self::parse(&text).with_context(name)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut last = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let place = || {
                format!(
                    "line {}: not a decision on a pair, such as {{\"pair\":[\"a\",\"b\"],\"different\":true}}",
                    number + 1
                )
            };
            let Line {
                mut pair,
                different,
            } = serde_json::from_str(line).with_context(place)?;
            pair.sort();
            last.insert(pair, different);
        }
        let mut decided = Self::default();
        for ([one, other], different) in last {
            let side = if different {
                &mut decided.apart
            } else {
                &mut decided.same
            };
            { side.entry(one.clone()).or_default() }.push(other.clone());
            side.entry(other).or_default().push(one);
        }
        Ok(decided)
    }

    /// The images that differ from this one.
    pub(crate) fn apart_from(&self, id: &str) -> &[String] {
        self.apart.get(id).map_or(&[], Vec::as_slice)
    }

    /// The images that show the same as this one.
    pub(crate) fn same_as(&self, id: &str) -> &[String] {
        self.same.get(id).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_pair_counts_in_either_order() {
        let text = r#"{"pair":["a","b"],"different":true}
{"pair":["c","d"],"different":false}

{"pair":["b","a"],"different":false}
"#;
        let decided = Decided::parse(text).unwrap();
        assert!(decided.apart_from("a").is_empty() && decided.apart_from("c").is_empty());
        assert_eq!(decided.same_as("a"), ["b"]);
        assert_eq!(decided.same_as("d"), ["c"]);
        assert!(decided.same_as("x").is_empty());
        let decided = Decided::parse(r#"{"pair":["a","b"],"different":true}"#).unwrap();
        assert_eq!(decided.apart_from("a"), ["b"]);
        assert_eq!(decided.apart_from("b"), ["a"]);
        let error = Decided::parse("{\"pair\":[\"a\"]}").unwrap_err();
        assert!(format!("{error:#}").starts_with("line 1: not a decision on a pair"));
    }
}
