//! Records through a network, whose answers are remembered.

use anyhow::{Context, Result, ensure};
use manifest::Record;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::{Cache, Key};
use crate::flow::Flow;
use crate::outcome::Outcome;

/// What a tool does between a record and a network's answer.
///
/// `look` and `prepare` run on any thread, beside `infer`; all but `infer`
/// may fail for their record alone.
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
        F: Fn(Record, A) -> Result<Outcome>,
    {
        let Inference {
            look,
            prepare,
            mut infer,
            finish,
        } = work;
        let prepare = |record: Record| {
            let (key, seen) = look(&record)?;
            let remembered = cache.map(|cache| cache.get(&key)).transpose()?.flatten();
            let ready = match remembered {
                Some(value) => {
                    let answer = serde_json::from_slice(&value);
                    Ready::Remembered(answer.context("a remembered answer")?)
                }
                None => Ready::ToDo(Box::new(key), prepare(&record, seen)?),
            };
            Ok((record, ready))
        };
        self.batches(size, prepare, |batch| {
            let answered = answer(cache, batch, &mut infer)?.into_iter();
            let finish = |(record, answer): (Record, Result<A>)| finish(record, answer?);
            Ok(answered.map(finish).collect())
        })
    }
}

/// Works out what is not remembered of a batch, and remembers it.
fn answer<T, A: Serialize>(
    cache: Option<&Cache>,
    batch: Vec<(Record, Ready<T, A>)>,
    infer: &mut impl FnMut(Vec<T>) -> Result<Vec<Result<A>>>,
) -> Result<Vec<(Record, Result<A>)>> {
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
                    cache.put(&key, &serde_json::to_vec(answer)?)?;
                }
                answer
            }
        };
        answered.push((record, answer));
    }
    Ok(answered)
}
