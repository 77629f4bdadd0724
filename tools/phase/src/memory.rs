//! A budget of memory: what may run side by side, with how many threads, and with how much of its batches.

use std::num::NonZero;
use std::path::Path;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use stage::{Result, log};

use crate::phase::Phase;
use crate::progress::Progress;

/// Bytes that a phase is assumed to need if it has never run: the largest networks of `make models` take as much.
const UNKNOWN: u64 = 3 << 30;

/// Time from one look at the other phases to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// The least share of its batches that a phase is left with: below that it would work on one image for ever.
const LEAST: f64 = 0.01;

/// How much larger a share must be than another for what memory takes at both to tell how it grows: closer ones
/// differ by chance.
const APART: f64 = 1.2;

/// How far beyond the shares that were measured the line through them is trusted, as a multiple of the largest.
const BEYOND: f64 = 2.0;

/// The part of the memory which does not shrink that the rest may take where even the first is too much.
const REST: f64 = 0.1;

/// What a phase needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Need {
    bytes: u64,
    /// What its tools may use, where that is less than usual.
    pub(crate) less: Option<Less>,
    /// What it took before, with another share of its batches.
    before: Option<Took>,
}

/// What the tools of a phase may use where memory is short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Less {
    /// Threads.
    pub(crate) jobs: usize,
    /// The share of their batches, above 0 and up to 1.
    pub(crate) batch: f64,
}

/// What a phase took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Took {
    /// Bytes that its processes held at once.
    pub(crate) bytes: u64,
    /// The share of its batches that it ran with, 1 for all.
    pub(crate) batch: f64,
}

impl Need {
    /// Notes it in what is written of the phase.
    pub(crate) fn note(self, phase: &mut Phase) {
        phase.expect(self.bytes, self.less, self.before);
    }
}

impl Took {
    /// Whether the share is another than `batch`, and not by little.
    fn is_apart(self, batch: f64) -> bool {
        self.batch.max(batch) >= APART * self.batch.min(batch)
    }
}

/// A budget, which is above 0.
pub(crate) fn budget(text: &str) -> Result<ByteSize, String> {
    match text.parse()? {
        ByteSize(0) => Err("must be above 0".to_owned()),
        budget => Ok(budget),
    }
}

/// What a phase needs within a budget, by what it took the last time, here or in `make plan`.
pub(crate) fn need(
    progress: &Progress,
    run_dir: &Path,
    name: &str,
    budget: ByteSize,
) -> Result<Need> {
    let plan = Progress::new(&run_dir.join("plan"));
    let here = progress.phases()?.into_iter().chain(plan.phases()?);
    let mut known = here.filter(|(other, _)| other == name);
    let last = known.find_map(|(_, phase)| {
        let batch = phase
            .less()
            .map_or(1.0, |less| less.batch.clamp(LEAST, 1.0));
        let bytes = phase.memory()?;
        Some((Took { bytes, batch }, phase))
    });
    let cores = available_parallelism().map_or(1, NonZero::get);
    let Some((last, phase)) = last else {
        return Ok(Need {
            bytes: UNKNOWN.min(budget.as_u64()),
            less: None,
            before: None,
        });
    };
    let before = phase.before();
    let mut need = fewer(last, before, cores, budget.as_u64());
    // What was only expected of a phase that did not come to its end tells nothing.
    let batch = need.less.map_or(1.0, |less| less.batch);
    let measured = phase.is_done().then_some(last).into_iter().chain(before);
    need.before = { measured }.find(|took| took.is_apart(batch));
    if let Some(Less { jobs, batch }) = need.less {
        let part = if last.batch < 1.0 {
            format!(" with {} of its batches", percent(last.batch))
        } else {
            String::new()
        };
        log::warn!(
            "{name}: took {}{part} the last time, and may take {}: running with {jobs} of {cores} threads and {} of its batches",
            ByteSize::b(last.bytes).display().si(),
            budget.display().si(),
            percent(batch)
        );
    }
    Ok(need)
}

/// A share for people; one that is not nothing is never 0 %.
fn percent(share: f64) -> String {
    format!("{:.0} %", (100.0 * share).max(1.0))
}

/// What a phase may use within a budget, by what it took the last time and, with another share, before.
///
/// A part of the memory is the same with any share, such as the weights of a network, and the rest grows with the
/// images in work, and so with threads and batches. Two measures with shares apart give both parts, by the line
/// through them. With one measure all of it is taken to grow. That overrates what a larger share takes, so that one
/// that was too small grows with every run, and underrates what a smaller one does, so that the next measure, which
/// is then the second, may be too much once more.
///
/// - What took no more than the budget the last time never gets less than it had.
/// - The line is trusted up to [`BEYOND`] times the largest share that was measured.
/// - Where what does not grow alone is above the budget, no share fits. Then the rest is a tenth of that: less would
///   cost time and spare nothing.
///
/// Threads go first, and batches with them; where a single thread does not fit, batches go on to shrink.
fn fewer(last: Took, before: Option<Took>, cores: usize, budget: u64) -> Need {
    let (bytes, budget) = (last.bytes as f64, budget as f64);
    let whole = bytes / last.batch;
    let before = before.filter(|before| before.is_apart(last.batch));
    let grows = before.map_or(whole, |before| {
        (bytes - before.bytes as f64) / (last.batch - before.batch)
    });
    let grows = grows.clamp(0.0, whole);
    let stays = bytes - grows * last.batch;
    let room = if stays < budget {
        budget - stays
    } else {
        REST * stays
    };
    let known = before.map_or(last.batch, |before| before.batch.max(last.batch));
    let mut share = room / grows.max(1.0);
    if before.is_some() {
        share = share.min(BEYOND * known);
    }
    if bytes <= budget {
        share = share.max(budget / whole.max(1.0));
    }
    let share = share.clamp(LEAST, 1.0);
    // As a share is a fraction of the cores, its product may miss their number by little.
    let fitting = (share * cores as f64 + 1e-9).floor() as usize;
    let jobs = fitting.clamp(1, cores);
    let batch = if fitting < 1 {
        share
    } else {
        jobs as f64 / cores as f64
    };
    Need {
        bytes: (stays + grows * batch) as u64,
        less: (batch < 1.0).then_some(Less { jobs, batch }),
        before: None,
    }
}

/// Waits until a phase fits beside those that run, and writes that it runs.
pub(crate) fn begin(
    progress: &Progress,
    name: &str,
    phase: &mut Phase,
    need: Need,
    budget: ByteSize,
) -> Result<()> {
    need.note(phase);
    let mut said = String::new();
    while let Some(reason) =
        progress.run_unless(name, phase, |others| lacking(others, need, budget))?
    {
        if reason != said {
            log::warn!("waiting for {reason}");
            said = reason;
        }
        sleep(PAUSE);
    }
    Ok(())
}

/// What a phase waits for where it does not fit beside others; alone it always may run.
fn lacking(others: &[(String, Phase)], need: Need, budget: ByteSize) -> Option<String> {
    let taken: u64 = others
        .iter()
        .map(|(_, phase)| phase.memory().unwrap_or(UNKNOWN))
        .sum();
    let fits = others.is_empty() || taken.saturating_add(need.bytes) <= budget.as_u64();
    let names = || {
        others
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    (!fits).then(|| {
        format!(
            "{} of memory: {} already {} {} of {}",
            ByteSize::b(need.bytes).display().si(),
            names(),
            if others.len() == 1 { "uses" } else { "use" },
            ByteSize::b(taken).display().si(),
            budget.display().si()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn took(bytes: u64, batch: f64) -> Took {
        Took { bytes, batch }
    }

    /// The share that remains.
    fn share(last: Took, before: Option<Took>, cores: usize, budget: u64) -> f64 {
        let less = fewer(last, before, cores, budget).less;
        less.map_or(1.0, |less| less.batch)
    }

    #[test]
    fn a_phase_that_does_not_fit_gets_fewer_threads_and_smaller_batches() {
        // 40 GB with 16 threads are 2.5 GB each, of which 12 GB hold 4.
        let quarter = Need {
            bytes: 10 * GB,
            less: Some(Less {
                jobs: 4,
                batch: 0.25,
            }),
            before: None,
        };
        assert_eq!(fewer(took(40 * GB, 1.0), None, 16, 12 * GB), quarter);
        // The next time it took 10 GB with those 4: that is no reason to use 16 again.
        assert_eq!(fewer(took(10 * GB, 0.25), None, 16, 12 * GB), quarter);
        let fits = fewer(took(8 * GB, 1.0), None, 16, 12 * GB);
        assert_eq!((fits.bytes, fits.less), (8 * GB, None));
        assert_eq!(fewer(took(0, 1.0), None, 16, 12 * GB).less, None);
        // Of two cores one holds 8 GB; 2 GB are an eighth of all.
        let eighth = fewer(took(16 * GB, 1.0), None, 2, 2 * GB);
        let less = Less {
            jobs: 1,
            batch: 0.125,
        };
        assert_eq!((eighth.bytes, eighth.less), (2 * GB, Some(less)));
    }

    const MB: u64 = 1_000_000;

    const fn megabytes(bytes: u64, batch: f64) -> Took {
        Took {
            bytes: bytes * MB,
            batch,
        }
    }

    /// What was taken the last time and before, the budget in MB, the share of two cores that remains, and why.
    const REMAINS: [(Took, Option<Took>, u64, f64, &str); 9] = [
        // 107 MB stay, and 400 MB grow: (200 - 107) / 400.
        (
            megabytes(307, 0.5),
            Some(megabytes(507, 1.0)),
            200,
            0.2325,
            "two measures tell both parts",
        ),
        (
            megabytes(147, 0.1),
            Some(megabytes(507, 1.0)),
            600,
            1.0,
            "what was too little grows at once",
        ),
        (
            megabytes(147, 0.1),
            Some(megabytes(187, 0.2)),
            500,
            0.4,
            "but not far beyond what was measured",
        ),
        (
            megabytes(107, 0.01),
            None,
            200,
            0.018_691_588,
            "by one measure, as if nothing stayed",
        ),
        (
            megabytes(108, 0.02),
            Some(megabytes(107, 0.01)),
            600,
            0.111_111_111,
            "one that surely fits is beyond it, too",
        ),
        (
            megabytes(190, 0.05),
            Some(megabytes(150, 0.5)),
            200,
            1.0,
            "what does not grow has all",
        ),
        (
            megabytes(199, 0.3),
            Some(megabytes(100, 0.29)),
            200,
            0.301_507_537,
            "shares that are close tell nothing",
        ),
        // 400 MB stay, and 800 MB grow: the rest is 40 MB.
        (
            megabytes(440, 0.05),
            Some(megabytes(1200, 1.0)),
            200,
            0.05,
            "where nothing fits, no more than a tenth is given away",
        ),
        (megabytes(200, 0.01), None, 1, 0.01, "there is an end to it"),
    ];

    #[test]
    fn the_share_that_remains_goes_by_what_does_not_grow() {
        for (last, before, budget, expected, why) in REMAINS {
            let share = share(last, before, 2, budget * MB);
            assert!((share - expected).abs() < 1e-8, "{why}: {share}");
        }
    }

    #[test]
    fn what_took_no_more_than_the_budget_never_gets_less() {
        for cores in [1, 2, 7, 49, 64] {
            for jobs in 1..=cores {
                let had = jobs as f64 / cores as f64;
                for before in [None, Some(took(9 * GB, 1.0)), Some(took(GB, 0.001))] {
                    let share = share(took(2 * GB, had), before, cores, 2 * GB);
                    assert!(share >= had, "{jobs} of {cores}, {before:?}: {share}");
                }
            }
        }
    }

    #[test]
    fn a_network_whose_weights_stay_is_not_starved_and_recovers() {
        // What a run with a share takes: weights of 107 MB, and 400 MB that grow.
        let run = |batch: f64| took((107e6 + 400e6 * batch) as u64, batch);
        let (mut last, mut before) = (run(1.0), None);
        let mut next = |budget: u64| {
            let batch = share(last, before, 2, budget * MB);
            before = [Some(last), before]
                .into_iter()
                .flatten()
                .find(|took| took.is_apart(batch));
            last = run(batch);
            last
        };
        let tight: Vec<_> = (0..8).map(|_| next(200)).collect();
        let settled = |took: &Took| took.bytes <= 201 * MB && took.batch > 0.23;
        assert!(tight[1..].iter().all(settled), "{tight:?}");
        let starved = next(100).batch;
        assert!(
            (starved - 0.02675).abs() < 1e-6,
            "a tenth of 107 MB: {starved}"
        );
        // Memory is ample again: at most twice as much at a time, as far as that is measured.
        let ample: Vec<_> = (0..3).map(|_| next(600).batch).collect();
        assert!((ample[0] - 0.465).abs() < 1e-6, "{ample:?}");
        assert!(ample[2] > 0.99, "{ample:?}");
    }

    #[test]
    fn phases_run_side_by_side_while_they_fit() {
        let mut phase = Phase::begin("a", None, &[]);
        phase.expect(5 * GB, None, None);
        let others = [("a".to_owned(), phase)];
        let need = |bytes| Need {
            bytes,
            less: None,
            before: None,
        };
        assert_eq!(lacking(&others, need(3 * GB), ByteSize::gb(8)), None);
        let said = lacking(&others, need(4 * GB), ByteSize::gb(8)).unwrap_or_default();
        assert_eq!(said, "4.0 GB of memory: a already uses 5.0 GB of 8.0 GB");
        let [a] = others;
        let b = ("b".to_owned(), Phase::begin("b", None, &[]));
        let said = lacking(&[a, b], need(4 * GB), ByteSize::gb(8)).unwrap_or_default();
        assert_eq!(said, "4.0 GB of memory: a, b already use 8.2 GB of 8.0 GB");
        assert_eq!(
            lacking(&[], need(90 * GB), ByteSize::gb(8)),
            None,
            "alone it may"
        );
    }
}
