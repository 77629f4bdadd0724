//! Outcomes that are made on the threads of a run, beside its network.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Error, Result};
use manifest::Record;
use rayon::Scope;

use crate::flow::Flow;
use crate::input::Located;
use crate::ordered::Waiting;
use crate::outcome::Outcome;

/// What a thread sends back: which it was, where its record stood, and what came of it, or what it
/// panicked with.
type Made = (u64, Located, Result<Result<Outcome>, Box<dyn Any + Send>>);

/// Outcomes that are being made on the threads of a run, and are written in the order of their records.
pub(crate) struct Finishing<'scope, 'run, F> {
    scope: &'run Scope<'scope>,
    finish: &'scope F,
    made: Sender<Made>,
    heard: Receiver<Made>,
    waiting: Waiting<(Located, Result<Outcome>)>,
}

impl<'scope, 'run, F> Finishing<'scope, 'run, F> {
    /// Nothing yet; `finish` will run on the threads of `scope`.
    pub(crate) fn new(scope: &'run Scope<'scope>, finish: &'scope F) -> Self {
        let (made, heard) = channel();
        Self {
            scope,
            finish,
            made,
            heard,
            waiting: Waiting::default(),
        }
    }

    /// Begins the next outcome.
    pub(crate) fn begin<A: Send + 'scope>(&mut self, located: Located, record: Record, answer: A)
    where
        F: Fn(Record, A) -> Result<Outcome> + Sync,
    {
        let (number, made, finish) = (self.waiting.give(), self.made.clone(), self.finish);
        self.scope.spawn(move |_| {
            let outcome = catch_unwind(AssertUnwindSafe(|| finish(record, answer)));
            // Nobody listens any more when the run has ended early.
            drop(made.send((number, located, outcome)));
        });
    }

    /// Takes in a record that failed before, whose turn is next.
    pub(crate) fn fail(&mut self, located: Located, error: Error) {
        let number = self.waiting.give();
        self.waiting.fill(number, (located, Err(error)));
    }

    /// Writes what is finished, and waits until no more than `most` are left.
    pub(crate) fn write(&mut self, flow: &mut Flow, most: usize) -> Result<()> {
        loop {
            while let Some((located, outcome)) = self.waiting.take() {
                match outcome {
                    Ok(outcome) => flow.emit(outcome)?,
                    Err(error) => flow.fail_line(&located, error)?,
                }
            }
            let next = if self.waiting.len() > most {
                self.heard.recv().ok()
            } else {
                self.heard.try_recv().ok()
            };
            match next {
                Some((number, located, Ok(outcome))) => {
                    self.waiting.fill(number, (located, outcome));
                }
                Some((_, _, Err(payload))) => resume_unwind(payload),
                None => return Ok(()),
            }
        }
    }
}
