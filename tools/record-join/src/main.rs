//! Copy keys from the records of another manifest.
//!
//! Reads `id`, and of the other manifest's records the keys of `--keys` and the `id` that they belong
//! to: their own, or what `--match` points to. Writes those keys, byte for byte as they stand there; a
//! record to which none belongs passes as it is, or is dropped with `--must`.

mod other;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Outcome, Record, Result, log};

use other::Other;

const EXAMPLES: &str = "Examples:
  record-join --from emotions.jsonl --match /parent --keys emotion,face posed.jsonl > joined.jsonl
  record-join --from embedded.jsonl --keys embedding --must kept.jsonl > ready.jsonl

If several records match one, its keys come from the first: face-crop and
mask-crop write the best first.";

/// Copy keys from the records of another manifest
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Take keys from this manifest
    #[arg(long, value_name = "MANIFEST")]
    from: PathBuf,

    /// Key of its records that names the matching record of this manifest, a JSON pointer
    #[arg(long = "match", value_name = "POINTER", default_value = "/id")]
    matched: String,

    /// Copy these keys, if they are present
    #[arg(long, value_name = "KEY,…", value_delimiter = ',', required = true)]
    keys: Vec<String>,

    /// Drop records without a match
    #[arg(long)]
    must: bool,

    #[command(flatten)]
    keep: stage::Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    let other = Other::read(&args.from, &args.matched, &args.keys)?;
    if other.is_empty() {
        log::warn!(
            "{}: has no records, so there are no keys to copy",
            args.from.display()
        );
    }
    flow.each(|record| join(&args, &other, record))
}

/// The record with the keys that belong to it.
fn join(args: &Args, other: &Other, mut record: Record) -> Result<Outcome> {
    let id = record.id()?;
    match other.of(&id)? {
        Some(found) => {
            for key in &args.keys {
                record.copy(&found, key);
            }
            Ok(Outcome::pass(record))
        }
        None if args.must => {
            let reason = format!("no record of {} matches it", args.from.display());
            Ok(Outcome::drop(record, reason))
        }
        None => Ok(Outcome::pass(record)),
    }
}
