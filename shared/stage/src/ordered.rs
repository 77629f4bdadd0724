//! Parallel work whose results come in the order of the input.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread;

use anyhow::{Result, anyhow};
use rayon::ThreadPool;

/// What the main thread hears of.
enum Event<T, R> {
    /// An item has been read.
    Item(T),
    /// All items have been read.
    End,
    /// The item of this number has been worked on.
    Done(u64, R),
    /// The work on an item panicked, or the reading.
    Panicked(Box<dyn Any + Send>),
}

/// How the results of a run are taken.
pub(crate) trait Sink<R> {
    /// Takes one result, in the order of the items.
    fn take(&mut self, result: R) -> Result<()>;

    /// Is called before the run waits, so that no result lies in a buffer.
    fn idle(&mut self) -> Result<()>;
}

/// Results that wait for earlier ones.
struct Waiting<R> {
    given: u64,
    taken: u64,
    results: VecDeque<Option<R>>,
}

/// Works on `items` with `job` on the threads of `pool`, and hands the
/// results to `sink` in the order of the items.
///
/// At most `window` items are on their way, so memory does not grow with
/// their number; and no item waits for a later one to be read. The thread
/// that reads is left behind when the run ends early: it may be waiting for
/// input that never comes.
pub(crate) fn ordered<T: Send + 'static, R: Send + 'static>(
    pool: &ThreadPool,
    window: usize,
    items: impl Iterator<Item = T> + Send + 'static,
    job: impl Fn(T) -> R + Sync,
    sink: &mut impl Sink<R>,
) -> Result<()> {
    let (events, heard) = channel();
    let (permits, returned) = sync_channel(window);
    read(items, events.clone(), permits);
    let mut waiting = Waiting::default();
    let mut ended = false;
    pool.in_place_scope(|scope| {
        while !(ended && waiting.given == waiting.taken) {
            match next(&heard, sink)? {
                Event::End => ended = true,
                Event::Item(item) => {
                    let (number, events, job) = (waiting.give(), events.clone(), &job);
                    scope.spawn(move |_| {
                        let done = catch_unwind(AssertUnwindSafe(|| job(item)));
                        let event = done.map_or_else(Event::Panicked, |r| Event::Done(number, r));
                        // Nobody listens any more when the run has ended early.
                        drop(events.send(event));
                    });
                }
                Event::Done(number, result) => {
                    waiting.fill(number, result);
                    while let Some(result) = waiting.take() {
                        sink.take(result)?;
                        // Room for one more; none is missing while a result was on its way.
                        let _ = returned.try_recv();
                    }
                }
                Event::Panicked(payload) => resume_unwind(payload),
            }
        }
        Ok(())
    })
}

impl<R> Default for Waiting<R> {
    fn default() -> Self {
        Self {
            given: 0,
            taken: 0,
            results: VecDeque::new(),
        }
    }
}

impl<R> Waiting<R> {
    /// Makes a place for one more result, and returns its number.
    fn give(&mut self) -> u64 {
        self.results.push_back(None);
        self.given += 1;
        self.given - 1
    }

    fn fill(&mut self, number: u64, result: R) {
        if let Some(place) = self.results.get_mut((number - self.taken) as usize) {
            *place = Some(result);
        }
    }

    /// The next result in order, if it is there.
    fn take(&mut self) -> Option<R> {
        let result = self.results.front_mut()?.take()?;
        self.results.pop_front();
        self.taken += 1;
        Some(result)
    }
}

/// Reads items on a thread of its own, as long as there are permits.
fn read<T: Send + 'static, R: Send + 'static>(
    items: impl Iterator<Item = T> + Send + 'static,
    events: Sender<Event<T, R>>,
    permits: SyncSender<()>,
) {
    thread::spawn(move || {
        let read = catch_unwind(AssertUnwindSafe(|| {
            for item in items {
                if permits.send(()).is_err() || events.send(Event::Item(item)).is_err() {
                    break;
                }
            }
        }));
        // The main thread may have gone already.
        drop(events.send(read.map_or_else(Event::Panicked, |()| Event::End)));
    });
}

fn next<T, R>(heard: &Receiver<Event<T, R>>, sink: &mut impl Sink<R>) -> Result<Event<T, R>> {
    match heard.try_recv() {
        Err(TryRecvError::Empty) => sink.idle()?,
        event => return event.map_err(|_| anyhow!("the reading thread is gone")),
    }
    heard
        .recv()
        .map_err(|_| anyhow!("the reading thread is gone"))
}

/// A pool of `jobs` threads.
pub(crate) fn pool(jobs: usize) -> Result<ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|cause| anyhow!("cannot start {jobs} threads: {cause}"))
}
