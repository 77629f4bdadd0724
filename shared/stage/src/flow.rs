//! Records in, records out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Error, Result, bail};
use log::{info, warn};
use machine::Fault;
use manifest::{Record, Rejected};
use rayon::ThreadPool;

use crate::batch::Batch;
use crate::claims::Claims;
use crate::counts::Counts;
use crate::flags::{self, Run, Voice};
use crate::input::{Input, Located};
use crate::messages;
use crate::ordered::{ordered, pool};
use crate::outcome::{IntoOutcome, Outcome};
use crate::output::Output;
use crate::progress::{Progress, Total};
use crate::shelf::{Place, Shelf};
use crate::signals;
use crate::words::told;

mod taking;

pub(crate) use taking::{Done, Taking};
use taking::{Lines, Taker};

/// The longest malformed line that is repeated whole in the rejects, in bytes.
const REPEATED: usize = 1 << 16;

/// The records of one run: where they come from, where they go, and what
/// becomes of those that are dropped or fail.
///
/// A tool calls one of the methods that run the loop, once.
pub struct Flow {
    input: Option<Input>,
    pool: Arc<ThreadPool>,
    jobs: usize,
    rejects: Option<PathBuf>,
    mark: bool,
    claims: Option<Claims>,
    pub(crate) output: Output,
    progress: Progress,
    counts: Counts,
    voice: Voice,
    began: Instant,
}

impl Flow {
    pub(crate) fn open(run: &Run, input: Option<Input>) -> Result<Self> {
        let jobs = run.jobs()?;
        let output = Output::open(run.rejects.as_deref())?;
        signals::watch(output.clone())?;
        let total = input.as_ref().map_or(Total::Unknown, Input::total);
        Ok(Self {
            input,
            pool: Arc::new(pool(jobs)?),
            jobs,
            rejects: run.rejects.clone(),
            mark: false,
            claims: None,
            output,
            progress: Progress::new(&run.voice, total),
            counts: Counts::default(),
            voice: run.voice.clone(),
            began: Instant::now(),
        })
    }

    /// Whether dropped records are marked with `rejected` and written with
    /// the others, as the flag `--keep` of filters asks.
    pub fn mark(&mut self, mark: bool) {
        self.mark = mark;
    }

    /// Fails every record whose files would have the names of an earlier record's, for tools that
    /// name files by `id`. `suffixes` is what follows the id, up to the ending: `""` and `".hole"`
    /// for `a.png` and `a.hole.png`. Ids that differ only in case count as one, since some file
    /// systems take them for one.
    pub fn files_by_id(&mut self, suffixes: &'static [&'static str]) {
        self.claims = Some(Claims::new(suffixes));
    }

    /// The number of threads to work with.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// How many records may go through a network at once, of the `size` that was asked for: fewer where memory is short.
    /// It is one at least.
    ///
    /// An error if the environment names a share that is none.
    pub fn batch(&self, size: usize) -> Result<usize> {
        flags::batch(size)
    }

    /// Works with `threads` threads from here on, for tools that wait for others more than they
    /// work themselves.
    pub fn work_with(&mut self, threads: usize) -> Result<()> {
        self.jobs = threads.max(1);
        self.pool = Arc::new(pool(self.jobs)?);
        Ok(())
    }

    /// The threads of this run.
    pub(crate) fn pool(&self) -> &Arc<ThreadPool> {
        &self.pool
    }

    /// Runs `work` on the threads of this run, for tools that see everything
    /// at once and go through it with rayon.
    pub fn on_all_cores<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }

    /// Passes every record through `tool`, on all cores and in order.
    ///
    /// An error is that record's alone where there is a rejects file.
    pub fn each<O: Into<Outcome>>(
        &mut self,
        tool: impl Fn(Record) -> Result<O> + Sync,
    ) -> Result<()> {
        let job = |record| tool(record).map(Into::into);
        self.lines(
            4 * self.jobs,
            job,
            |flow: &mut Self, done: Done<Outcome>| match done.result {
                Ok(outcome) => flow.emit(outcome),
                Err(error) => flow.fail_line(&done.located, error),
            },
        )
    }

    /// Passes records through `infer` in batches of `size`, in order.
    ///
    /// `prepare` works on one record on any thread, beside `infer`, and may
    /// fail for it alone; an error of `infer` ends the run. Every batch but
    /// the last is full, so that the answers do not depend on timing, unless
    /// a great many records fail in the middle of one; none is empty. `infer`
    /// returns one outcome for each record, in order, or that record's error.
    pub fn batches<T: Send + 'static>(
        &mut self,
        size: usize,
        prepare: impl Fn(Record) -> Result<(Record, T)> + Sync,
        mut infer: impl FnMut(Vec<(Record, T)>) -> Result<Vec<Result<Outcome>>>,
    ) -> Result<()> {
        let size = size.max(1);
        let mut batch = Batch::default();
        let window = 2 * size + 2 * self.jobs;
        self.lines(
            window,
            prepare,
            |flow: &mut Self, done: Done<(Record, T)>| {
                batch.add(done.located, done.result);
                if batch.is_full(size) {
                    flow.write_all(batch.run(&mut infer)?)?;
                }
                Ok(())
            },
        )?;
        self.write_all(batch.run(&mut infer)?)
    }

    /// Prepares every record on all cores, then gives `tool` all of them, in
    /// order. `tool` returns the outcomes in the order to be written; where
    /// they are made one by one, as they are taken, they need no memory.
    pub fn whole<T: Send + 'static, O: IntoIterator<Item: IntoOutcome>>(
        &mut self,
        prepare: impl Fn(Record) -> Result<T> + Sync,
        tool: impl FnOnce(&mut Self, Vec<T>) -> Result<O>,
    ) -> Result<()> {
        let mut all = Vec::new();
        self.lines(4 * self.jobs, prepare, |flow: &mut Self, done: Done<T>| {
            match done.result {
                Ok(ready) => all.push(ready),
                Err(error) => flow.fail_line(&done.located, error)?,
            }
            Ok(())
        })?;
        let outcomes = tool(self, all)?;
        outcomes
            .into_iter()
            .try_for_each(|outcome| self.emit(outcome.into_outcome()?))
    }

    /// As [`whole`](Self::whole), with the records on a [`Shelf`] meanwhile: `prepare` takes from one what `tool` needs
    /// of it, and its vector (empty where it has none), which waits beside it; `tool` is given where each is.
    pub fn whole_on_shelf<T: Send + 'static, O: IntoIterator<Item: IntoOutcome>>(
        &mut self,
        prepare: impl Fn(&Record) -> Result<(T, Vec<f32>)> + Sync,
        tool: impl FnOnce(&mut Self, Shelf, Vec<(T, Place)>) -> Result<O>,
    ) -> Result<()> {
        let (mut waiting, mut all) = (Shelf::open()?, Vec::new());
        let job = |record: Record| prepare(&record);
        let put = |flow: &mut Self, done: Done<(T, Vec<f32>)>| {
            let (ready, vector) = match done.result {
                Ok(both) => both,
                Err(error) => return flow.fail_line(&done.located, error),
            };
            all.push((ready, waiting.put(&done.located.line.bytes, &vector)?));
            Ok(())
        };
        self.lines(4 * self.jobs, job, put)?;
        let outcomes = tool(self, waiting, all)?;
        outcomes
            .into_iter()
            .try_for_each(|outcome| self.emit(outcome.into_outcome()?))
    }

    /// Makes records of `items`, which are not records, on all cores and in
    /// order. `record` makes the record that is rejected when `tool` fails.
    pub fn make<T: Send + Clone + 'static>(
        &mut self,
        items: impl Iterator<Item = T> + Send + 'static,
        tool: impl Fn(T) -> Result<Outcome> + Sync,
        record: impl Fn(&T) -> Result<Record>,
    ) -> Result<()> {
        let job = |item: T| (item.clone(), tool(item));
        let take = |flow: &mut Self, (item, result): (T, Result<Outcome>)| {
            flow.counts.read += 1;
            flow.progress.step(0);
            match result {
                Ok(outcome) => flow.emit(outcome),
                Err(error) => flow.fail(record(&item)?, error),
            }
        };
        self.run(4 * self.jobs, items, job, take)
    }

    /// Writes what passed, and rejects what was dropped.
    pub fn emit(&mut self, outcome: Outcome) -> Result<()> {
        let mut writers = self.output.lock();
        for (mut record, reason) in outcome.judged {
            let Some(reason) = reason else {
                writers.write(&mut record)?;
                self.counts.written += 1;
                continue;
            };
            self.counts.dropped += 1;
            record.put("rejected", &rejected(Some(reason), None))?;
            if self.mark {
                writers.write(&mut record)?;
                self.counts.written += 1;
            } else {
                writers.reject(&record)?;
            }
        }
        Ok(())
    }

    /// Rejects a record on which the tool failed; the run ends where there is
    /// no rejects file, and where the failure is the machine's: a run that went
    /// on over a full disk would reject what is sound, and end well.
    pub fn fail(&mut self, record: Record, error: Error) -> Result<()> {
        let mark = rejected(None, Some(told(&error)));
        self.fail_marked(record, mark, error)
    }

    fn fail_marked(&mut self, mut record: Record, mark: Rejected, error: Error) -> Result<()> {
        self.counts.failed += 1;
        if self.rejects.is_none() || Fault::of(error.as_ref()).is_some() {
            return Err(error);
        }
        warn!("{}", told(&error));
        record.put("rejected", &mark)?;
        self.output.lock().reject(&record)
    }

    /// Counts a record that a tool made without having read one.
    pub fn count(&mut self) {
        self.counts.read += 1;
        self.progress.step(0);
    }

    /// Says how many items a tool of another source will make or count.
    pub fn expect(&mut self, items: u64) {
        self.progress.finish();
        self.progress = Progress::new(&self.voice, Total::Items(items));
    }

    /// Shows progress by one of the items expected, for work that goes before the first record and
    /// is not counted.
    pub fn advance(&mut self) {
        self.progress.step(0);
    }

    pub(crate) fn fail_line(&mut self, located: &Located, error: Error) -> Result<()> {
        let Ok(record) = located.line.parse() else {
            let text = String::from_utf8_lossy(&located.line.bytes);
            let mut record = Record::default();
            if text.len() <= REPEATED {
                record.put("line", &*text)?;
            }
            return self.fail(record, error);
        };
        // The record itself goes to the rejects; only the message needs its place.
        let mark = rejected(None, Some(told(&error)));
        let id = record.get::<String>("id").map(|id| format!(": {id}"));
        let place = located.place() + &id.unwrap_or_default();
        self.fail_marked(record, mark, error.context(place))
    }

    /// Writes what came of records, in their order.
    fn write_all(&mut self, results: Vec<(Located, Result<Outcome>)>) -> Result<()> {
        for (located, result) in results {
            match result {
                Ok(outcome) => self.emit(outcome)?,
                Err(error) => self.fail_line(&located, error)?,
            }
        }
        Ok(())
    }

    /// Reads, parses and works on every line.
    pub(crate) fn lines<T: Send + 'static>(
        &mut self,
        window: usize,
        job: impl Fn(Record) -> Result<T> + Sync,
        take: impl Taking<Done<T>>,
    ) -> Result<()> {
        let input = self.input.take();
        let lines = input.context("the manifests of this run have already been read")?;
        let mut claims = self.claims.take();
        // In the order of the lines, so that it does not depend on timing which of two fails.
        let lines = lines.lines().map(move |line| {
            line.map(|located| {
                let twin = claims.as_mut().and_then(|claims| claims.claim(&located));
                (located, twin)
            })
        });
        let job = |line: manifest::Result<(Located, Option<Error>)>| {
            line.map(|(located, twin)| Done {
                result: twin
                    .map_or(Ok(()), Err)
                    .and_then(|()| located.parse())
                    .and_then(&job),
                located,
            })
        };
        self.run(window, lines, job, Lines::of(take))
    }

    fn run<T: Send + 'static, R: Send + 'static>(
        &mut self,
        window: usize,
        items: impl Iterator<Item = T> + Send + 'static,
        job: impl Fn(T) -> R + Sync,
        take: impl Taking<R>,
    ) -> Result<()> {
        let pool = Arc::clone(&self.pool);
        let mut taker = Taker::of(self, take);
        ordered(&pool, window, items, job, &mut taker)
    }

    /// Ends the run: nothing is left in a buffer, and what is strange about
    /// the counts is said.
    pub(crate) fn close(self, well: bool) -> Result<()> {
        self.progress.finish();
        let ended = self.output.lock().end(well);
        let counts = self.counts;
        let taken = self.began.elapsed();
        counts.append(messages::tool(), taken)?;
        info!("{counts}, {:.1} s", taken.as_secs_f64());
        ended?;
        if !well {
            return Ok(());
        }
        settle()?;
        if counts.read == 0 {
            warn!("no records came in");
        } else if counts.failed == counts.read {
            let (failed, rejects) = (counts.failed, self.rejects.unwrap_or_default());
            bail!("all {failed} records failed: see {}", rejects.display());
        } else if counts.written == 0 {
            warn!("none of {} records passed", counts.read);
        }
        Ok(())
    }
}

/// Puts the files that this tool has written on the disk: whoever reads its manifest, or that it ended
/// well, takes them for finished.
pub(crate) fn settle() -> Result<()> {
    machine::file::settle().context("files cannot be written to the disk")
}

fn rejected(reason: Option<String>, error: Option<String>) -> Rejected {
    Rejected {
        by: messages::tool().to_owned(),
        reason,
        error,
    }
}
