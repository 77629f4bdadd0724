//! A budget of memory: what may run side by side, with how many threads, and with how much of its batches.

use std::num::NonZero;
use std::path::Path;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use bytesize::ByteSize;
use stage::{Result, log};

use crate::phase::Phase;
use crate::progress::Progress;

/// Bytes that a phase is assumed to need if it has never run: the largest networks of `make models` take as much.
const UNKNOWN: u64 = 3 << 30;

/// Time from one look at the other phases to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// What a phase needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Need {
    bytes: u64,
    /// What its tools may use, where that is less than usual.
    pub(crate) less: Option<Less>,
}

/// What the tools of a phase may use where memory is short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Less {
    /// Threads.
    pub(crate) jobs: usize,
    /// The share of their batches, above 0 and up to 1.
    pub(crate) batch: f64,
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
    let last = known.find_map(|(_, phase)| Some((phase.memory()?, phase.less())));
    let cores = available_parallelism().map_or(1, NonZero::get);
    let Some((bytes, less)) = last else {
        return Ok(Need {
            bytes: UNKNOWN.min(budget.as_u64()),
            less: None,
        });
    };
    let need = fewer(bytes, less, cores, budget.as_u64());
    if let Some(Less { jobs, batch }) = need.less {
        log::warn!(
            "{name}: took {} the last time, and may take {}: running with {jobs} of {cores} threads and {:.0} % of its batches",
            ByteSize::b(bytes).display().si(),
            budget.display().si(),
            (100.0 * batch).max(1.0)
        );
    }
    Ok(need)
}

/// What remains of a need within a budget: images in work, and so memory, grow with threads and batches. Where a single
/// thread does not fit, batches go on to shrink.
fn fewer(bytes: u64, before: Option<Less>, cores: usize, budget: u64) -> Need {
    let (bytes, budget) = (bytes as f64, budget as f64);
    let share = before.map_or(1.0, |before| before.batch);
    let whole = bytes / share;
    let fitting = (budget / (whole / cores as f64).max(1.0)).floor() as usize;
    let jobs = fitting.clamp(1, cores);
    let batch = if fitting < 1 {
        budget / whole
    } else {
        jobs as f64 / cores as f64
    };
    Need {
        bytes: (whole * batch) as u64,
        less: (bytes > budget || batch < 1.0).then_some(Less { jobs, batch }),
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
    phase.expect(need.bytes, need.less);
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

    #[test]
    fn a_phase_that_does_not_fit_gets_fewer_threads_and_smaller_batches() {
        // 40 GB with 16 threads are 2.5 GB each, of which 12 GB hold 4.
        let quarter = Less {
            jobs: 4,
            batch: 0.25,
        };
        let need = fewer(40 * GB, None, 16, 12 * GB);
        assert_eq!(
            need,
            Need {
                bytes: 10 * GB,
                less: Some(quarter)
            }
        );
        // The next time it took 10 GB with those 4: that is no reason to use 16 again.
        assert_eq!(fewer(10 * GB, Some(quarter), 16, 12 * GB), need);
        assert_eq!(
            fewer(8 * GB, None, 16, 12 * GB),
            Need {
                bytes: 8 * GB,
                less: None
            }
        );
        assert_eq!(fewer(0, None, 16, 12 * GB).less, None);
    }

    #[test]
    fn where_one_thread_does_not_fit_batches_shrink_on() {
        // Of two cores one holds 8 GB; 2 GB are an eighth of all.
        let eighth = Less {
            jobs: 1,
            batch: 0.125,
        };
        let need = fewer(16 * GB, None, 2, 2 * GB);
        assert_eq!((need.bytes, need.less), (2 * GB, Some(eighth)));
        // It took more than that, as its network does not shrink: batches are to be half as large again.
        let again = fewer(4 * GB, Some(eighth), 2, 2 * GB).less;
        assert_eq!(
            again,
            Some(Less {
                jobs: 1,
                batch: 0.0625
            })
        );
    }

    #[test]
    fn phases_run_side_by_side_while_they_fit() {
        let mut phase = Phase::begin("a", None, &[]);
        phase.expect(5 * GB, None);
        let others = [("a".to_owned(), phase)];
        let need = |bytes| Need { bytes, less: None };
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
