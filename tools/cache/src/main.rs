//! Shows what the result cache holds, and keeps it within a bound.
//!
//! Reads no manifest. Writes one JSON line: `folder`; `results`, how many;
//! `bytes`, how much they take, without what the database adds. It may run
//! while other tools use the cache.
//!
//! A database that is damaged is set aside as `results.sqlite3.damaged`, by this tool as by all others;
//! `--clear` removes it.

use std::path::Path;
use std::process::ExitCode;

use bytesize::ByteSize;
use clap::Parser;
use serde::Serialize;
use stage::{CacheFolder, Result, print};

const EXAMPLES: &str = "Examples:
  cache
  cache --max-size 10G --cache /scratch/film2lora";

/// Show what the result cache holds, and limit its size
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    folder: CacheFolder,

    /// Delete the least recently used results until the others take no more than this, such as 10GB
    /// or 500MiB
    #[arg(long, value_name = "BYTES")]
    max_size: Option<ByteSize>,

    /// Delete all results, and any damaged cache that was set aside
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
    if args.clear {
        cache.clear()?;
    } else if let Some(size) = args.max_size {
        cache.shrink(size.as_u64())?;
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
