//! The smaller parts of a policy.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A value that says how much, and what becomes of the words by it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Degree {
    pub(crate) from: String,
    pub(crate) values: BTreeMap<String, String>,
    /// Values that there are no degrees of.
    #[serde(default)]
    pub(crate) except: Vec<String>,
}

/// A value at which something is not said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unless {
    pub(crate) at: String,
    pub(crate) is: Vec<String>,
    /// Why, if there is more to say than that.
    pub(crate) why: Option<String>,
}

/// What is not said, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveOut {
    pub(crate) from: Vec<String>,
    pub(crate) why: String,
}

/// How the words of an image board are used, which stand in the tag line only.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Board {
    pub(crate) from: Vec<String>,
    /// Families of words; a tag that names one of them is left unsaid.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    pub(crate) importance: u32,
    /// So many are said, the most probable ones.
    pub(crate) most: usize,
}

/// How free text is used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    pub(crate) from: Vec<String>,
    /// Families of words; what names one of them is cut out.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    pub(crate) importance: u32,
    /// Whether its parts also stand in the tag line.
    #[serde(default)]
    pub(crate) tags: bool,
}

/// What the audit looks for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Look {
    /// Families of words that no caption may name.
    #[serde(default)]
    pub(crate) forbidden: Vec<String>,
    /// Further words and phrases that no caption may have.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// Families of words that are warned of.
    #[serde(default)]
    pub(crate) warn: Vec<String>,
}
