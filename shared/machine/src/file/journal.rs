//! In which order this thread has put things on the disk and renamed them, for tests: a power cut cannot be had there.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// What was done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Synced,
    Renamed,
    AllSynced,
}

thread_local! {
    static STEPS: RefCell<Vec<(Step, PathBuf)>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn note(step: Step, path: &Path) {
    STEPS.with_borrow_mut(|steps| steps.push((step, path.to_owned())));
}

pub(super) fn take() -> Vec<(Step, PathBuf)> {
    STEPS.take()
}
