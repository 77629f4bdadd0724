//! What an audit looks for, and what it looks at.

use super::Level;
use crate::families::Family;
use crate::text::Phrases;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Words that may stand in every caption: the class word, the words that
    /// the sentence is built with.
    pub expected: Vec<String>,
    /// What no caption may say.
    pub forbidden: Vec<Forbidden>,
    /// The most tokens a caption may have.
    pub budget: Option<usize>,
}

/// A subject that no caption may name.
#[derive(Debug, Clone)]
pub struct Forbidden {
    name: String,
    level: Level,
    phrases: Phrases,
}

impl Forbidden {
    /// A family of words; naming it is an error.
    pub fn family(family: &Family) -> Self {
        Self::new(family.name, family.phrases())
    }

    /// Words and phrases of one's own; naming them is an error.
    pub fn new<'a>(name: &str, phrases: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            name: name.to_owned(),
            level: Level::Error,
            phrases: Phrases::new(phrases),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Naming it is a warning only.
    #[must_use]
    pub fn warn(mut self) -> Self {
        self.level = Level::Warning;
        self
    }

    /// The first of the words or phrases that stands in `words`.
    pub fn find(&self, words: &[String]) -> Option<String> {
        self.phrases.find(words)
    }
}

/// One caption and what it belongs to. Fill in what is known, and leave the
/// rest to `..Item::default()`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Item<'a> {
    /// The record's id or the file's name, for examples.
    pub id: &'a str,
    /// The caption as it stands in the file.
    pub caption: &'a str,
    /// What it must begin with; `None` if it needs no trigger.
    pub trigger: Option<&'a str>,
    /// The groups that the image belongs to, as `("shot", "17")`.
    pub groups: &'a [(&'a str, String)],
    /// Phrases that this caption may say although they are forbidden, as the
    /// name of the light in a set that teaches light.
    pub allowed: &'a [String],
    /// What was said of the image against what was measured, in words.
    pub contradictions: &'a [String],
    /// Its tokens, where they are known.
    pub tokens: Option<usize>,
}
