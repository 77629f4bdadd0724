//! What is said of an image, a folder or a configuration.

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It trains as meant.
    Ok,
    /// It trains, but perhaps not as well as it could, or not as it was meant.
    Warning,
    /// The trainer stops, leaves something out, or learns something wrong.
    Error,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A word for the kind of thing.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What it is, and what comes of it.
    pub text: String,
}

impl Finding {
    /// Something that would train wrong.
    pub fn error(code: &'static str, text: impl Into<String>) -> Self {
        Self {
            code,
            level: Level::Error,
            text: text.into(),
        }
    }

    /// Something that could be better.
    pub fn warning(code: &'static str, text: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(code, text)
        }
    }

    /// An error if `wrong`, else a warning.
    pub fn of(wrong: bool, code: &'static str, text: impl Into<String>) -> Self {
        if wrong {
            Self::error(code, text)
        } else {
            Self::warning(code, text)
        }
    }
}
