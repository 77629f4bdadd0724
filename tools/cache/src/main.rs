//! Shows what the result cache holds, and keeps it within a bound.
//!
//! Reads no manifest. Writes one JSON line: `folder`; `results`, how many;
//! `bytes`, how much they take, without what the database adds. It may run
//! while other tools use the cache.

use std::path::Path;
use std::process::ExitCode;

use bytesize::ByteSize;
use clap::Parser;
use serde::Serialize;
use stage::{CacheFolder, Result, print};

const EXAMPLES: &str = "Examples:
  cache
  cache --max-size 10G --cache /scratch/film2lora";

/// Show what the result cache holds, and keep it within a bound
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    folder: CacheFolder,

    /// Forget the results that were not used for longest, until the others
    /// take no more than this, as 10GB or 500MiB
    #[arg(long, value_name = "BYTES")]
    max_size: Option<ByteSize>,

    /// Forget all results
    #[arg(long, conflicts_with = "max_size")]
    clear: bool,
}

/// What is written of a cache.
#[derive(Debug, Serialize)]
struct Report<'a> {
    folder: &'a Path,
    results: u64,
    bytes: u64,
}

fn main() -> ExitCode {
    stage::command(run)
}

fn run(args: Args) -> Result<ExitCode> {
    let cache = args.folder.open()?;
    let bound = args.max_size.map(|size| size.as_u64());
    let bound = if args.clear { Some(0) } else { bound };
    if let Some(bytes) = bound {
        cache.shrink(bytes)?;
    }
    let usage = cache.usage()?;
    let report = Report {
        folder: cache.folder(),
        results: usage.results,
        bytes: usage.bytes,
    };
    print(&(serde_json::to_string(&report)? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}
