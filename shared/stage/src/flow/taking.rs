//! What becomes of results, one after the other.

use anyhow::Result;
use manifest::Record;

use super::Flow;
use crate::input::Located;
use crate::ordered::Sink;

/// What came of one line.
pub(crate) struct Done<T> {
    pub(crate) located: Located,
    pub(crate) result: Result<T>,
}

/// What becomes of results, in the order of what they were made from.
pub(crate) trait Taking<R> {
    /// Takes the next.
    fn take(&mut self, flow: &mut Flow, result: R) -> Result<()>;

    /// Is called before the run waits for more: nothing is to be held back.
    fn idle(&mut self, _: &mut Flow) -> Result<()> {
        Ok(())
    }
}

impl<R, F: FnMut(&mut Flow, R) -> Result<()>> Taking<R> for F {
    fn take(&mut self, flow: &mut Flow, result: R) -> Result<()> {
        self(flow, result)
    }
}

/// Takes what came of lines.
pub(super) struct Lines<K>(K);

impl<K> Lines<K> {
    pub(super) fn of(take: K) -> Self {
        Self(take)
    }
}

impl<T, K: Taking<Done<T>>> Taking<manifest::Result<Done<T>>> for Lines<K> {
    fn take(&mut self, flow: &mut Flow, done: manifest::Result<Done<T>>) -> Result<()> {
        flow.counts.read += 1;
        match done {
            Ok(done) => {
                flow.progress.step(done.located.line.bytes.len() as u64 + 1);
                self.0.take(flow, done)
            }
            Err(error) if error.is_input() => Err(error.into()),
            Err(error) => flow.fail(Record::default(), error.into()),
        }
    }

    fn idle(&mut self, flow: &mut Flow) -> Result<()> {
        self.0.idle(flow)
    }
}

/// Hands results to the flow.
pub(super) struct Taker<'a, K> {
    flow: &'a mut Flow,
    take: K,
}

impl<'a, K> Taker<'a, K> {
    pub(super) fn of(flow: &'a mut Flow, take: K) -> Self {
        Self { flow, take }
    }
}

impl<R, K: Taking<R>> Sink<R> for Taker<'_, K> {
    fn take(&mut self, result: R) -> Result<()> {
        self.take.take(self.flow, result)
    }

    fn idle(&mut self) -> Result<()> {
        self.take.idle(self.flow)?;
        self.flow.output.lock().flush()
    }
}
