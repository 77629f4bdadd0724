//! The flags that tools share.

use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::thread::available_parallelism;

use anyhow::{Context, Result, anyhow};
use clap::Args;

/// Heading of the shared flags in `--help`.
const SHARED: &str = "Shared flags";

/// Flags of every tool.
#[derive(Debug, Clone, Args)]
pub(crate) struct Voice {
    /// Print only errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = SHARED)]
    pub(crate) quiet: bool,

    /// Print more: a summary at the end; given twice, every step
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = SHARED)]
    pub(crate) verbose: u8,
}

/// The environment variable that says how many threads to use where `-j` does not: `phase` sets it where memory is
/// short.
pub const JOBS_VARIABLE: &str = "FILM2LORA_JOBS";

/// The environment variable that says how much of their batches the tools may use, above 0 and up to 1: `phase` sets it
/// where memory is short.
pub const BATCH_VARIABLE: &str = "FILM2LORA_BATCH_SHARE";

/// What remains of a batch of `size` where memory is short: one at least.
///
/// An error if the environment names a share that is none.
pub(crate) fn batch(size: usize) -> Result<usize> {
    let told = std::env::var_os(BATCH_VARIABLE).filter(|told| !told.is_empty());
    told.map_or(Ok(size), |told| part(size, &told.to_string_lossy()))
}

fn part(size: usize, told: &str) -> Result<usize> {
    let share = told.parse().ok();
    let share = share.filter(|share: &f64| *share > 0.0 && *share <= 1.0);
    let share =
        share.ok_or_else(|| anyhow!("{BATCH_VARIABLE}={told}: not a share above 0 and up to 1"))?;
    Ok(((size as f64 * share) as usize).max(1))
}

/// Flags of every tool that writes records.
#[derive(Debug, Clone, Args)]
pub(crate) struct Run {
    /// Write every record that does not reach standard output here, with the reason; failing
    /// records then no longer stop the run
    #[arg(long, value_name = "FILE", help_heading = SHARED)]
    pub(crate) rejects: Option<PathBuf>,

    /// Threads to use, up to 1024 [default: one per core]
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = machine::threads, help_heading = SHARED)]
    jobs: Option<NonZero<usize>>,

    #[command(flatten)]
    pub(crate) voice: Voice,
}

impl Run {
    /// The number of threads to work with.
    ///
    /// An error if the environment names a number that is none.
    pub(crate) fn jobs(&self) -> Result<usize> {
        let told = std::env::var_os(JOBS_VARIABLE).filter(|told| !told.is_empty());
        let jobs = match (self.jobs, told) {
            (None, Some(told)) => {
                let told = told.to_string_lossy();
                Some(machine::threads(&told).with_context(|| format!("{JOBS_VARIABLE}={told}"))?)
            }
            (jobs, _) => jobs,
        };
        let jobs = jobs.or_else(|| available_parallelism().ok());
        Ok(jobs.map_or(1, NonZero::get))
    }
}

/// Flags of every tool that reads manifests.
#[derive(Debug, Clone, Args)]
pub(crate) struct Manifests {
    /// Manifests to read, one after another; none or `-` is standard input
    #[arg(value_name = "MANIFEST", help_heading = SHARED)]
    pub(crate) manifests: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) run: Run,
}

/// The flag of filters: flatten it into a tool's own, and give it to
/// [`crate::Flow::mark`].
#[derive(Debug, Clone, Copy, Args)]
pub struct Keep {
    /// Drop nothing: mark records that would be dropped with the key `rejected`
    #[arg(long)]
    pub keep: bool,
}

/// Reads by how many pixels to grow a mask, from 0 to 1000: the `value_parser` of `--dilate`.
///
/// ```
/// assert_eq!(stage::growth("8"), Ok(8.0));
/// assert_eq!(stage::growth("-1"), Err("not a number from 0 to 1000".to_owned()));
/// ```
pub fn growth(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x| (0.0..=1000.0).contains(x));
    number.ok_or_else(|| "not a number from 0 to 1000".to_owned())
}

/// Reads a share or a score, a number from 0 to 1: the `value_parser` of such flags.
///
/// ```
/// assert_eq!(stage::share::<f64>("0.25"), Ok(0.25));
/// for wrong in ["1.5", "-0.1", "NaN", "half", ""] {
///     assert_eq!(stage::share::<f32>(wrong), Err("not a number from 0 to 1".to_owned()));
/// }
/// ```
pub fn share<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let share = text.parse().ok();
    let share = share.filter(|share| (N::from(0)..=N::from(1)).contains(share));
    share.ok_or_else(|| "not a number from 0 to 1".to_owned())
}

/// Reads a time in seconds, from 0 to 1000000, which is eleven days: the `value_parser` of such flags.
///
/// ```
/// assert_eq!(stage::seconds("0.5"), Ok(0.5));
/// for wrong in ["-1", "inf", "NaN", "5 s", ""] {
///     assert_eq!(stage::seconds(wrong), Err("not a number from 0 to 1000000".to_owned()));
/// }
/// ```
pub fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|x| (0.0..=1e6).contains(x));
    seconds.ok_or_else(|| "not a number from 0 to 1000000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_shrinks_to_its_share_and_never_to_nothing() {
        assert_eq!(
            [1.0, 0.5, 0.3, 0.01].map(|share| part(16, &share.to_string()).unwrap()),
            [16, 8, 4, 1]
        );
        for wrong in ["abc", "0", "-1", "1.5", "NaN"] {
            let error = part(16, wrong).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("FILM2LORA_BATCH_SHARE={wrong}: not a share above 0 and up to 1")
            );
        }
    }
}
