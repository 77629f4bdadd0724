//! Selects a subset that fills its cells evenly and is as diverse as possible.
//!
//! Reads the keys of `--by`, `--quota`, `--reserve` and `--at-most`, `source` (film, shot, time), a
//! vector (`--on`) and qualities (`--prefer`), as far as they are there; a
//! category that is not counts as `unknown`. Writes `balance`: `rank`, from 1,
//! in the order of choice, so that the first this many by rank are a good
//! smaller selection; `cell`, the values of the keys of `--by`. What is not
//! chosen is dropped with the limit that kept it out.

mod bound;
mod candidate;
mod cells;
mod choice;
mod defaults;
mod exchange;
mod limits;
#[cfg(test)]
mod properties;
mod quota;
mod reserve;
mod selection;
mod spread;
mod summary;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Keep, Result};
use types::Type;

use crate::bound::Bound;
use crate::candidate::Candidate;
use crate::quota::Quota;

const EXAMPLES: &str = "Examples:
  balance --target 500 --by /light/time --per-shot 3 lit.jsonl > selected.jsonl
  balance --target 400 --by /emotion/label,/emotion/intensity --quota /pose/angle=back:10% \\
      --summary gaps.json --rejects spare.jsonl faces.jsonl > selected.jsonl
  balance --target 300 --at-most /pose/occluded=0.2 posed.jsonl > selected.jsonl
  balance --type pose --target 60 posed.jsonl > selected.jsonl";

/// Select a subset that fills quotas and is as diverse as possible
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Select as for a LoRA of this type: a flag below that is not given takes the value of the
    /// type
    #[arg(long = "type", value_name = "TYPE", value_parser = types::parser(defaults::types(), |one| one.balance.to_owned()))]
    kind: Option<&'static Type>,

    /// Select this many records [default: all that the limits allow]
    #[arg(long, value_name = "N")]
    target: Option<NonZero<usize>>,

    /// Select the same number of records for each combination of the values of these keys
    #[arg(long, value_name = "POINTER,…", value_delimiter = ',')]
    by: Vec<String>,

    /// Leave empty the places that a small combination cannot fill, instead of sharing them among
    /// the others
    #[arg(long, requires = "target", requires = "by")]
    no_refill: bool,

    /// Select at most N records with this value of this key, or with `%` at most this share of the
    /// target; may be given again
    #[arg(long, value_name = "POINTER=VALUE:N[%]")]
    quota: Vec<Quota>,

    /// Select records with this value of this key only if fewer than N others are selected, to make
    /// up that number; may be given again
    #[arg(long, value_name = "POINTER=VALUE:N[%]")]
    reserve: Vec<Quota>,

    /// Select no record in which the number of this key is higher; may be given again, and of the same
    /// key the last one counts
    #[arg(long, value_name = "POINTER=NUMBER")]
    at_most: Vec<Bound>,

    /// Select at most this many records of a shot; records without a shot have no limit
    #[arg(long, value_name = "N")]
    per_shot: Option<NonZero<usize>>,

    /// Select at most this many records of a film; records without a film have no limit
    #[arg(long, value_name = "N")]
    per_film: Option<NonZero<usize>>,

    /// Spread the selection in the space of these vectors [default:
    /// /embedding/vector if all records have it, else the time in the film]
    #[arg(long, value_name = "POINTER")]
    on: Option<String>,

    /// Prefer records in which this number is high: the best counts as twice as far from the others
    /// as the worst; of several, the mean of the ranks decides [default: /quality/sharpness]
    #[arg(long, value_name = "POINTER,…", value_delimiter = ',')]
    prefer: Vec<String>,

    /// Write here how many records each cell wanted, had and got, as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    #[command(flatten)]
    keep: Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let args = args.completed()?;
    flow.mark(args.keep.keep);
    let keys = args.keys();
    flow.whole_on_shelf(
        |record| Candidate::read(&args, &keys, record),
        |flow, shelf, all| choice::choose(&args, &keys, flow, shelf, all),
    )
}

impl Args {
    /// Where the numbers are that are to be high.
    fn preferred(&self) -> Vec<&str> {
        if self.prefer.is_empty() {
            return vec!["/quality/sharpness"];
        }
        self.prefer.iter().map(String::as_str).collect()
    }

    /// The keys that have quotas.
    fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.quota.iter().map(|q| q.pointer.clone()).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    fn target(&self) -> Option<usize> {
        self.target.map(NonZero::get)
    }
}
