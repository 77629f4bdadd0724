//! A budget of memory: what may run side by side, and with how many threads.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    bytes: u64,
    /// Threads for its tools, where fewer than there are cores.
    pub(crate) jobs: Option<usize>,
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
    let last = known.find_map(|(_, phase)| Some((phase.memory()?, phase.jobs())));
    let cores = available_parallelism().map_or(1, NonZero::get);
    let Some((bytes, jobs)) = last else {
        return Ok(Need {
            bytes: UNKNOWN.min(budget.as_u64()),
            jobs: None,
        });
    };
    let need = fewer(
        bytes,
        jobs.map_or(cores, |jobs| jobs as usize),
        cores,
        budget.as_u64(),
    );
    if let Some(jobs) = need.jobs {
        log::warn!(
            "{name}: took {} the last time, and may take {}: running with {jobs} of {cores} threads",
            ByteSize::b(bytes).display().si(),
            budget.display().si()
        );
    }
    Ok(need)
}

/// What remains of a need within a budget: images in work, and so memory, grow with threads.
fn fewer(bytes: u64, jobs: usize, cores: usize, budget: u64) -> Need {
    let each = bytes as f64 / jobs.max(1) as f64;
    let fitting = (budget as f64 / each.max(1.0)).floor() as usize;
    let jobs = fitting.clamp(1, cores);
    Need {
        bytes: (each * jobs as f64) as u64,
        jobs: (bytes > budget || jobs < cores && each * cores as f64 > budget as f64)
            .then_some(jobs),
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
    phase.expect(need.bytes, need.jobs);
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
    fn a_phase_that_does_not_fit_gets_fewer_threads() {
        // 40 GB with 16 threads are 2.5 GB each, of which 12 GB hold 4.
        let need = fewer(40 * GB, 16, 16, 12 * GB);
        assert_eq!(
            need,
            Need {
                bytes: 10 * GB,
                jobs: Some(4)
            }
        );
        // The next time it took 10 GB with those 4: that is no reason to use 16 again.
        assert_eq!(fewer(10 * GB, 4, 16, 12 * GB), need);
        assert_eq!(
            fewer(8 * GB, 16, 16, 12 * GB),
            Need {
                bytes: 8 * GB,
                jobs: None
            }
        );
        assert_eq!(
            fewer(90 * GB, 1, 16, 12 * GB).jobs,
            Some(1),
            "one thread at least"
        );
        assert_eq!(fewer(0, 16, 16, 12 * GB).jobs, None);
    }

    #[test]
    fn phases_run_side_by_side_while_they_fit() {
        let mut phase = Phase::begin("a", None, &[]);
        phase.expect(5 * GB, None);
        let others = [("a".to_owned(), phase)];
        let need = |bytes| Need { bytes, jobs: None };
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
