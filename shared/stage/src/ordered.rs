//! Parallel work whose results come in the order of the input.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
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
pub(crate) struct Waiting<R> {
    given: u64,
    taken: u64,
    /// Whether nothing more will be given.
    ended: bool,
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
    pool.in_place_scope(|scope| {
        let hear = |event, waiting: &mut Waiting<R>| match event {
            Event::End => waiting.ended = true,
            Event::Item(item) => {
                let (number, events, job) = (waiting.give(), events.clone(), &job);
                scope.spawn(move |_| {
                    let done = catch_unwind(AssertUnwindSafe(|| job(item)));
                    let event = done.map_or_else(Event::Panicked, |r| Event::Done(number, r));
                    // Nobody listens any more when the run has ended early.
                    drop(events.send(event));
                });
            }
            Event::Done(number, result) => waiting.fill(number, result),
            Event::Panicked(payload) => resume_unwind(payload),
        };
        loop {
            // Taking may be long, as where a network runs: what has been read goes to the threads
            // first, so that they work meanwhile.
            for event in heard.try_iter() {
                hear(event, &mut waiting);
            }
            if let Some(result) = waiting.take() {
                sink.take(result)?;
                // Room for one more; none is missing while a result was on its way.
                let _ = returned.try_recv();
            } else if waiting.ended && waiting.given == waiting.taken {
                return Ok(());
            } else {
                sink.idle()?;
                let event = heard.recv();
                let event = event.map_err(|_| anyhow!("the reading thread has ended"))?;
                hear(event, &mut waiting);
            }
        }
    })
}

impl<R> Default for Waiting<R> {
    fn default() -> Self {
        Self {
            given: 0,
            taken: 0,
            ended: false,
            results: VecDeque::new(),
        }
    }
}

impl<R> Waiting<R> {
    /// Makes a place for one more result, and returns its number.
    pub(crate) fn give(&mut self) -> u64 {
        self.results.push_back(None);
        self.given += 1;
        self.given - 1
    }

    /// How many were given a place and are not taken yet.
    pub(crate) fn len(&self) -> usize {
        self.results.len()
    }

    /// Puts a result into its place.
    pub(crate) fn fill(&mut self, number: u64, result: R) {
        if let Some(place) = self.results.get_mut((number - self.taken) as usize) {
            *place = Some(result);
        }
    }

    /// The next result in order, if it is there.
    pub(crate) fn take(&mut self) -> Option<R> {
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

/// A pool of `jobs` threads.
pub(crate) fn pool(jobs: usize) -> Result<ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|cause| anyhow!("cannot start {jobs} threads: {cause}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    /// Waits until `count` is at least `wanted`; false where it never is.
    fn reaches(count: &AtomicUsize, wanted: usize) -> bool {
        let began = Instant::now();
        while count.load(Ordering::Acquire) < wanted {
            if began.elapsed() > Duration::from_mins(1) {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// A sink that is slow: it looks whether the threads go on while it takes.
    struct Slow<'a> {
        asked: &'a AtomicUsize,
        begun: &'a AtomicUsize,
        taken: Vec<usize>,
    }

    impl Sink<usize> for Slow<'_> {
        fn take(&mut self, result: usize) -> Result<()> {
            self.taken.push(result);
            // After the first of five there is room for the sixth; it is read before the reader
            // asks for the seventh, and worked on while the third is taken.
            let goes_on = match result {
                1 => reaches(self.asked, 7),
                2 => reaches(self.begun, 6),
                _ => true,
            };
            anyhow::ensure!(goes_on, "nothing goes on while {result} is taken");
            Ok(())
        }

        fn idle(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_threads_work_on_while_results_are_taken_one_after_another() {
        let asked = Arc::new(AtomicUsize::new(0));
        let begun = AtomicUsize::new(0);
        let counted = Arc::clone(&asked);
        let items = (0..20).inspect(move |_| {
            counted.fetch_add(1, Ordering::AcqRel);
        });
        // The first is ready when the next three are, so that four are taken without waiting.
        let job = |item: usize| {
            begun.fetch_add(1, Ordering::AcqRel);
            assert!(item > 0 || reaches(&begun, 5));
            item
        };
        let mut sink = Slow {
            asked: &asked,
            begun: &begun,
            taken: Vec::new(),
        };
        ordered(&pool(2).unwrap(), 5, items, job, &mut sink).unwrap();
        assert_eq!(sink.taken, (0..20).collect::<Vec<_>>());
    }
}
