//! What of records goes into a file beside the manifest.

use anyhow::Result;
use manifest::Record;

use crate::flow::Flow;

/// What takes a part of each record into a file beside the manifest, such as its vector.
pub trait Beside {
    /// Takes it out of the next record, in the order in which they are written to standard output, and says there where it is.
    /// Whoever reads the record from a pipe looks for it at once: the file must have it when this returns.
    ///
    /// An error ends the run.
    fn take(&mut self, record: &mut Record) -> Result<()>;

    /// Completes the file, when no more records come; `well` says whether that is as all have been written.
    fn complete(&mut self, well: bool) -> Result<()>;
}

impl Flow {
    /// Has a part of each record put into a file beside the manifest.
    pub fn beside(&mut self, file: impl Beside + Send + 'static) {
        self.output.lock().beside = Some(Box::new(file));
    }
}
