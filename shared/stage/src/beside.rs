//! Parts of records that are written to a file beside the manifest.

use anyhow::Result;
use manifest::Record;

use crate::flow::Flow;

/// Moves a part of each record, such as its vector, to a file beside the manifest.
pub trait Beside {
    /// Moves that part of the next record, in the order of standard output, and leaves a reference in the record. The file
    /// must hold the part when this returns, as the next tool of a pipe reads it at once.
    ///
    /// An error ends the run.
    fn take(&mut self, record: &mut Record) -> Result<()>;

    /// Completes the file after the last record; `well` says whether all records have been written.
    fn complete(&mut self, well: bool) -> Result<()>;
}

impl Flow {
    /// Moves a part of each record to a file beside the manifest.
    pub fn beside(&mut self, file: impl Beside + Send + 'static) {
        self.output.lock().beside = Some(Box::new(file));
    }
}
