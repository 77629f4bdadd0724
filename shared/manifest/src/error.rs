//! Everything that can be wrong with a manifest.

use std::io;

/// Everything that can be wrong with a manifest or a record of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line could not be read or is not a record.
    #[error("{name}: line {line}: {cause}")]
    Line {
        /// The manifest's name, `stdin` for standard input.
        name: String,
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        cause: Box<Error>,
    },
    /// The line is not UTF-8.
    #[error("not UTF-8 at byte {0}; manifests are UTF-8")]
    Utf8(usize),
    /// The line is longer than [`crate::MAX_LINE`].
    #[error("longer than {0} bytes, the limit for a record")]
    TooLong(usize),
    /// The line is not one JSON object.
    #[error("not a JSON object: {0}")]
    Syntax(serde_json::Error),
    /// The line of a patch is not a decision.
    #[error("not a decision of review: {0}: correct the line, or take it out")]
    Decision(serde_json::Error),
    /// The object has the same key twice.
    #[error("key `{0}` appears twice")]
    Duplicate(String),
    /// A key that the tool needs is not there.
    #[error("key `{0}` is missing")]
    Missing(String),
    /// A key holds another kind of value than the table of keys says.
    #[error("key `{key}`: {cause}")]
    Value {
        /// The key or JSON pointer.
        key: String,
        /// What the parser said.
        cause: serde_json::Error,
    },
    /// A value to be written holds NaN, infinity or null.
    #[error("key `{0}`: a manifest must not contain NaN, infinity or null")]
    NotFinite(String),
    /// An id that cannot be a file name.
    #[error(
        "id `{0}` is not safe as a file name: use 1 to 200 bytes, no `/`, no control characters, no leading dot"
    )]
    UnsafeId(String),
    /// A JSON pointer that does not start with `/`.
    #[error("`{0}` is not a JSON pointer: it starts with `/`, as in `/quality/sharpness`")]
    Pointer(String),
    /// A JSON pointer to a member that has another name now.
    #[error("`{old}` is now called `{new}`")]
    Renamed {
        /// The pointer.
        old: String,
        /// What it is now.
        new: String,
    },
    /// A record that an earlier version of a tool wrote.
    #[error("`{new}` is missing; its former name is `{old}`: run {tool} again")]
    Outdated {
        /// What is there.
        old: String,
        /// What is looked for.
        new: String,
        /// The tool that writes it.
        tool: String,
    },
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// Whether the input itself could not be read, so that there is no going
    /// on with the next line.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Line { cause, .. } => cause.is_input(),
            other => matches!(other, Self::Io(_)),
        }
    }
}
