//! The record that flows through every pipe, and how it is read and written.
//!
//! A manifest is JSON Lines: UTF-8, one JSON object a line, one line an
//! image. A [`Record`] is an ordered map of key to *raw* JSON: a tool parses
//! the keys that it needs, and every other key passes through byte for byte
//! and in its place, so that a tool of yours may add keys that none of these
//! tools has heard of.
//!
//! README.md has the table of keys, made of `keys.rs`. The types of those that
//! more than one tool reads are in [`shapes`], and [`Record`] has a function for
//! each. What a person decides of records in `review` is a [`patch`].

#[cfg(test)]
mod keys;
#[cfg(test)]
mod table;

mod error;
mod id;
pub mod patch;
mod read;
mod record;
mod renamed;
pub mod shapes;
mod write;

pub use error::Error;
pub use geometry::{MaskShape, Rect, RunLengths, Skeleton, skeleton};
pub use id::{folded, safe_id};
pub use read::{Line, MAX_LINE, Reader};
pub use record::{DIGITS, Record};
pub use shapes::{Rejected, Source};
pub use write::rounded;

/// The result of reading, parsing or changing a record.
pub type Result<T, E = Error> = std::result::Result<T, E>;
