//! A record that waits for the rest of its shot.

use stage::manifest::Line;
use stage::{Record, Result};

/// The film and the number of a shot.
pub(crate) type Shot = (String, u64);

/// A record, packed, and what decides what becomes of it.
pub(crate) struct Entry {
    pub(crate) id: String,
    /// None where the record does not say: it is then alone.
    pub(crate) shot: Option<Shot>,
    /// The transition that the frame is part of.
    pub(crate) transition: Option<String>,
    /// The tracks that may be in the frame without a mask.
    pub(crate) lost: Vec<usize>,
    line: Line,
}

impl Entry {
    /// Takes what is wanted of a record.
    pub(crate) fn new(record: &Record) -> Result<Self> {
        record.image()?;
        let source = record.source()?;
        let mut bytes = Vec::new();
        record.write_line(&mut bytes);
        bytes.shrink_to_fit();
        Ok(Self {
            id: record.id()?,
            shot: source.map(|source| (source.film, source.shot)),
            transition: record.find("transition")?,
            lost: record.find("lost")?.unwrap_or_default(),
            line: Line { number: 0, bytes },
        })
    }

    /// The record itself.
    pub(crate) fn record(&self) -> Result<Record> {
        Ok(self.line.parse()?)
    }

    /// Whether the frame shows its shot alone, and no character without a mask.
    pub(crate) fn is_sound(&self) -> bool {
        self.transition.is_none() && self.lost.is_empty()
    }

    /// Whether the other is the same record, key for key.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.line.bytes == other.line.bytes
    }
}
