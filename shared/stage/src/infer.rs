//! Records through a network, whose answers are remembered.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use manifest::Record;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::Batch;
use crate::cache::{Cache, Key};
use crate::finishing::Finishing;
use crate::flow::{Done, Flow, Taking};
use crate::outcome::Outcome;

/// What a tool does between a record and a network's answer.
///
/// All but `infer` run on any thread, beside it, and may fail for their record
/// alone: a network on one core never waits for a file to be read or written
/// as long as the other cores keep up.
pub struct Inference<L, P, I, F> {
    /// Reads what the answer depends on, usually the bytes of the image file,
    /// and names the answer by it.
    pub look: L,
    /// Makes the network's input. Not called where the answer is remembered.
    pub prepare: P,
    /// Runs a batch of inputs; gives an answer for each, in order.
    pub infer: I,
    /// Makes the outcome of a record and its answer.
    pub finish: F,
}

/// What is known of a record before its batch runs.
enum Ready<T, A> {
    Remembered(A),
    ToDo(Box<Key>, T),
}

impl Flow {
    /// Passes records through a network in batches of `size`, in order.
    ///
    /// An answer that `cache` remembers is not worked out again; a new one is
    /// remembered as soon as its batch is done, so that a killed run loses
    /// only what was in flight. An error of `infer` ends the run.
    pub fn infer<S, T, A, L, P, I, F>(
        &mut self,
        size: usize,
        cache: Option<&Cache>,
        work: Inference<L, P, I, F>,
    ) -> Result<()>
    where
        T: Send + 'static,
        A: Serialize + DeserializeOwned + Send + 'static,
        L: Fn(&Record) -> Result<(Key, S)> + Sync,
        P: Fn(&Record, S) -> Result<T> + Sync,
        I: FnMut(Vec<T>) -> Result<Vec<Result<A>>>,
        F: Fn(Record, A) -> Result<Outcome> + Sync,
    {
        let Inference {
            look,
            prepare,
            mut infer,
            finish,
        } = work;
        let prepare = |record: Record| {
            let (key, seen) = look(&record)?;
            let ready = match cache.and_then(|cache| cache.recall(&key)) {
                Some(answer) => Ready::Remembered(answer),
                None => Ready::ToDo(Box::new(key), prepare(&record, seen)?),
            };
            Ok((record, ready))
        };
        let size = size.max(1);
        let window = 2 * size + 2 * self.jobs();
        let pool = Arc::clone(self.pool());
        pool.in_place_scope(|scope| {
            let mut network = Network {
                size,
                batch: Batch::default(),
                infer: |batch| answer(cache, batch, &mut infer),
                finishing: Finishing::new(scope, &finish),
            };
            self.lines(window, prepare, &mut network)?;
            network.run(self)?;
            network.finishing.write(self, 0)
        })
    }
}

/// A network between the threads that prepare and those that finish.
struct Network<'scope, 'run, T, I, F> {
    size: usize,
    batch: Batch<T>,
    infer: I,
    finishing: Finishing<'scope, 'run, F>,
}

impl<'scope, T, A, I, F> Network<'scope, '_, T, I, F>
where
    A: Send + 'scope,
    I: FnMut(Vec<(Record, T)>) -> Result<Vec<Result<(Record, A)>>>,
    F: Fn(Record, A) -> Result<Outcome> + Sync,
{
    /// Runs what there is of a batch, and begins to finish it.
    fn run(&mut self, flow: &mut Flow) -> Result<()> {
        let answers = match self.batch.run(&mut self.infer) {
            Ok(answers) => answers,
            Err(error) => {
                // What came before goes out before the run ends.
                self.finishing.write(flow, 0)?;
                return Err(error);
            }
        };
        for (located, answer) in answers {
            match answer {
                Ok((record, answer)) => self.finishing.begin(located, record, answer),
                Err(error) => self.finishing.fail(located, error),
            }
        }
        // As many may be on their way as there are threads, and images no more in memory.
        self.finishing.write(flow, flow.jobs())
    }
}

impl<'scope, T, A, I, F> Taking<Done<(Record, T)>> for &mut Network<'scope, '_, T, I, F>
where
    A: Send + 'scope,
    I: FnMut(Vec<(Record, T)>) -> Result<Vec<Result<(Record, A)>>>,
    F: Fn(Record, A) -> Result<Outcome> + Sync,
{
    fn take(&mut self, flow: &mut Flow, done: Done<(Record, T)>) -> Result<()> {
        self.batch.add(done.located, done.result);
        if self.batch.is_full(self.size) {
            self.run(flow)?;
        }
        Ok(())
    }

    fn idle(&mut self, flow: &mut Flow) -> Result<()> {
        self.finishing.write(flow, 0)
    }
}

/// Works out what is not remembered of a batch, and remembers it.
fn answer<T, A: Serialize>(
    cache: Option<&Cache>,
    batch: Vec<(Record, Ready<T, A>)>,
    infer: &mut impl FnMut(Vec<T>) -> Result<Vec<Result<A>>>,
) -> Result<Vec<Result<(Record, A)>>> {
    let mut inputs = Vec::new();
    let mut waiting = Vec::with_capacity(batch.len());
    for (record, ready) in batch {
        waiting.push(match ready {
            Ready::Remembered(answer) => (record, Ok(answer)),
            Ready::ToDo(key, input) => {
                inputs.push(input);
                (record, Err(key))
            }
        });
    }
    let wanted = inputs.len();
    let answers = if inputs.is_empty() {
        Vec::new()
    } else {
        log::debug!("a batch of {wanted} for the network");
        infer(inputs)?
    };
    ensure!(
        answers.len() == wanted,
        "{wanted} inputs gave {} answers",
        answers.len()
    );
    let mut answers = answers.into_iter();
    let mut answered = Vec::with_capacity(waiting.len());
    for (record, known) in waiting {
        let answer = match known {
            Ok(answer) => Ok(answer),
            Err(key) => {
                let answer = answers.next().context("an answer is missing")?;
                if let (Some(cache), Ok(answer)) = (cache, &answer) {
                    cache.keep(&key, answer)?;
                }
                answer
            }
        };
        answered.push(answer.map(|answer| (record, answer)));
    }
    Ok(answered)
}
