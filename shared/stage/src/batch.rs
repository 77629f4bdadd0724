//! Records that go through a network together.

use anyhow::Error;
use manifest::Record;

use crate::input::Located;

/// A batch that is being filled, and the failures between its records.
pub(crate) struct Batch<T> {
    pub(crate) ready: Vec<(Record, T)>,
    /// Where each of them stood.
    pub(crate) located: Vec<Located>,
    /// Each with the number of ready records before it.
    pub(crate) failed: Vec<(usize, Located, Error)>,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self {
            ready: Vec::new(),
            located: Vec::new(),
            failed: Vec::new(),
        }
    }
}
