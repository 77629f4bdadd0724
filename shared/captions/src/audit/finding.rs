//! One thing that is wrong with a set of captions.

use std::cmp::Ordering;

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The training would learn something wrong.
    Error,
    /// A person should look at it.
    Warning,
}

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The caption has no words.
    Empty,
    /// The caption goes round in circles, as `!!!!`.
    Degenerate,
    /// The trigger does not stand in the caption.
    TriggerMissing,
    /// The trigger stands in the caption, but not first.
    TriggerNotFirst,
    /// The caption names what a set of its kind must leave unsaid.
    Forbidden,
    /// One phrase stands in nearly every caption.
    Glued,
    /// The caption is longer than the trainer reads.
    OverBudget,
    /// The caption is not one clean line.
    Untidy,
    /// The caption uses a phrase that says nothing.
    Stock,
    /// One word stands in nearly every caption.
    Common,
    /// A word tells which shot or place an image is from.
    Betrays,
    /// Many images have the same caption.
    Duplicate,
    /// What a model said of the image is not what was measured.
    Contradicts,
}

impl Kind {
    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Empty | Self::Degenerate => "caption these images again, or drop them",
            Self::TriggerMissing => "give a --trigger for their value, or drop them",
            Self::TriggerNotFirst => "compose their captions again, with the trigger first",
            Self::Forbidden => "remove the words by hand, or leave the key out in the policy",
            Self::Glued => "ask the model for something else, or leave its description out",
            Self::OverBudget => "lower --budget to what the trainer reads",
            Self::Untidy => "write each caption as one clean line",
            Self::Stock => "tell the model not to mention the image",
            Self::Common => "add images without it, or leave it out of the captions",
            Self::Betrays => "use more shots of it, or fewer images of this one",
            Self::Duplicate => "keep fewer of these images, or measure more of them",
            Self::Contradicts => {
                "look at these images: either the model or the measurement is wrong"
            }
        }
    }

    fn level(self) -> Level {
        if self <= Self::Untidy {
            Level::Error
        } else {
            Level::Warning
        }
    }
}

/// One thing that is wrong with a set of captions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What kind of thing it is.
    pub kind: Kind,
    /// What is wrong with each of these captions, to follow the word "caption".
    pub what: String,
    /// How many captions it touches.
    pub captions: usize,
    /// The same as a share of all, 0 to 1, three decimals.
    pub share: f64,
    /// Some of them, by id.
    pub examples: Vec<String>,
}

impl Finding {
    pub(super) fn new(
        kind: Kind,
        what: String,
        captions: usize,
        of: usize,
        examples: Vec<String>,
    ) -> Self {
        let share = captions as f64 / of.max(1) as f64;
        Self {
            level: kind.level(),
            kind,
            what,
            captions,
            share: (share * 1e3).round() / 1e3,
            examples,
        }
    }

    /// Errors first, then by kind, then the most captions first; texts that come again equally
    /// often differ in nothing but their examples.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        (self.level, self.kind)
            .cmp(&(other.level, other.kind))
            .then(other.captions.cmp(&self.captions))
            .then_with(|| self.what.cmp(&other.what))
            .then_with(|| self.examples.cmp(&other.examples))
    }
}
