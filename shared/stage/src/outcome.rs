//! What a tool makes of one record.

use anyhow::Result;
use manifest::Record;

/// What a tool makes of one record: records that go on, and records that are
/// dropped with a reason.
///
/// A [`Record`] turns into an outcome that passes it on, so that an annotator
/// returns the record itself.
#[derive(Debug, Default)]
pub struct Outcome {
    pub(crate) judged: Vec<(Record, Option<String>)>,
}

impl Outcome {
    /// The record goes on.
    pub fn pass(record: Record) -> Self {
        Self::default().and_pass(record)
    }

    /// The record is dropped; `reason` says why, with the figure that decided.
    pub fn drop(record: Record, reason: impl Into<String>) -> Self {
        Self::default().and_drop(record, reason)
    }

    /// The record goes on if there is no reason against it.
    pub fn judge(record: Record, reason: Option<String>) -> Self {
        Self {
            judged: vec![(record, reason)],
        }
    }

    /// Adds a record that goes on.
    #[must_use]
    pub fn and_pass(mut self, record: Record) -> Self {
        self.judged.push((record, None));
        self
    }

    /// Adds a record that is dropped.
    #[must_use]
    pub fn and_drop(mut self, record: Record, reason: impl Into<String>) -> Self {
        self.judged.push((record, Some(reason.into())));
        self
    }

    /// The records that go on.
    pub fn passed(&self) -> impl Iterator<Item = &Record> {
        self.judged
            .iter()
            .filter(|(_, reason)| reason.is_none())
            .map(|(record, _)| record)
    }

    /// The records that are dropped, with their reasons.
    pub fn dropped(&self) -> impl Iterator<Item = (&Record, &str)> {
        self.judged
            .iter()
            .filter_map(|(record, reason)| Some((record, reason.as_deref()?)))
    }
}

impl From<Record> for Outcome {
    fn from(record: Record) -> Self {
        Self::pass(record)
    }
}

impl From<Vec<Record>> for Outcome {
    fn from(records: Vec<Record>) -> Self {
        Self {
            judged: records.into_iter().map(|record| (record, None)).collect(),
        }
    }
}

/// An outcome, or one whose making may fail.
pub trait IntoOutcome {
    /// The outcome; an error ends the run.
    fn into_outcome(self) -> Result<Outcome>;
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Result<Outcome> {
        Ok(self)
    }
}

impl IntoOutcome for Result<Outcome> {
    fn into_outcome(self) -> Result<Outcome> {
        self
    }
}
