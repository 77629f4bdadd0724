//! The smaller parts of a policy.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A value that says how much, and what becomes of the words by it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Degree {
    /// JSON pointer of the value.
    pub from: String,
    /// What becomes of the words, `{}`, at each value.
    pub values: BTreeMap<String, String>,
    /// Values that there are no degrees of.
    #[serde(default)]
    pub except: Vec<String>,
}

/// A value at which something is not said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// JSON pointer of the value.
    pub at: String,
    /// The values at which it is not said.
    #[serde(default)]
    pub is: Vec<String>,
    /// Whether it is not said at any known value.
    #[serde(default)]
    pub any: bool,
    /// Why, if there is more to say than that.
    pub why: Option<String>,
}

/// What is not said, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveOut {
    /// JSON pointers.
    pub from: Vec<String>,
    /// Why, as `facts.left_out` says it.
    pub why: String,
}

/// How the words of an image board are used, which stand in the tag line only.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// JSON pointers of lists of tags.
    pub from: Vec<String>,
    /// Families of words; a tag that names one of them is left unsaid.
    #[serde(default)]
    pub without: Vec<String>,
    /// 1 is dropped last.
    pub importance: u32,
    /// This many are said, the most probable ones.
    pub most: usize,
}

/// How free text is used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// JSON pointers; the first that has a text is taken.
    pub from: Vec<String>,
    /// Families of words; what names one of them is cut out.
    #[serde(default)]
    pub without: Vec<String>,
    /// 1 is dropped last.
    pub importance: u32,
    /// Whether its parts also stand in the tag line.
    #[serde(default)]
    pub tags: bool,
}

/// What the audit looks for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Families of words that no caption may name.
    #[serde(default)]
    pub forbidden: Vec<String>,
    /// Further words and phrases that no caption may have.
    #[serde(default)]
    pub words: Vec<String>,
    /// Families of words that are warned of.
    #[serde(default)]
    pub warn: Vec<String>,
}
