//! Records that go through a network together.

use std::mem::take;

use anyhow::{Error, Result, ensure};
use manifest::Record;

use crate::input::Located;

/// Failures that wait for the batch around them to fill. A network of which
/// every record fails must not hold all of them in memory.
const FAILURES: usize = 1024;

/// A batch that is being filled, and the failures between its records.
pub(crate) struct Batch<T> {
    ready: Vec<(Record, T)>,
    /// Where each of them stood.
    located: Vec<Located>,
    /// Each with the number of ready records before it.
    failed: Vec<(usize, Located, Error)>,
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

impl<T> Batch<T> {
    /// Adds a record that is ready, or one that failed.
    pub(crate) fn add(&mut self, located: Located, result: Result<(Record, T)>) {
        match result {
            Ok(ready) => {
                self.ready.push(ready);
                self.located.push(located);
            }
            Err(error) => self.failed.push((self.ready.len(), located, error)),
        }
    }

    /// Whether it is to run, where `size` records go at once.
    pub(crate) fn is_full(&self, size: usize) -> bool {
        self.ready.len() == size || self.failed.len() == FAILURES
    }

    /// Empties it: gives `infer` what is ready, if anything is, and returns what came of all records,
    /// those that had failed before among them, in the order in which they were read.
    pub(crate) fn run<R>(
        &mut self,
        infer: impl FnOnce(Vec<(Record, T)>) -> Result<Vec<Result<R>>>,
    ) -> Result<Vec<(Located, Result<R>)>> {
        let Self {
            ready,
            located,
            failed,
        } = take(self);
        let given = ready.len();
        let results = if ready.is_empty() {
            Vec::new()
        } else {
            infer(ready)?
        };
        ensure!(
            results.len() == given,
            "{given} records went into a batch, but {} came out",
            results.len()
        );
        let mut all = Vec::with_capacity(given + failed.len());
        let mut failed = failed.into_iter().peekable();
        for (number, sound) in located.into_iter().zip(results).enumerate() {
            while let Some((_, located, error)) = failed.next_if(|(before, ..)| *before <= number) {
                all.push((located, Err(error)));
            }
            all.push(sound);
        }
        all.extend(failed.map(|(_, located, error)| (located, Err(error))));
        Ok(all)
    }
}
