//! `instance-read`: take images that show one character each for instances.
//!
//! Reads `image`. Writes `mask`, from the file of that name in a folder `masks` beside the image or its folder, or from
//! the image's transparency; `instance`, the box and area of that mask; and what a caption file says, as `captioner`
//! (a description to compose a caption from) or as the final `caption`. Images in folders `masks` are dropped.
//!
//! Of a record that was read before, only the mask is still looked for, in `masks`, which sam-mask writes; `boxes` and
//! `masks` are taken out then.

mod beside;
mod instance;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::{Parser, ValueEnum};
use stage::{Context, Flow, Result, log};

const EXAMPLES: &str = "\
Examples:
  frame-scan --folder-as character instances/ | instance-read --out-dir masks > instances.jsonl
  frame-scan luca/ | instance-read --captions keep --out-dir masks > luca.jsonl
  char-detect instances.jsonl | sam-mask --max-masks 1 --out-dir segments | instance-read --out-dir masks > masked.jsonl

A caption of luca/images/012.png is luca/captions/012.txt or luca/images/012.txt; its mask is luca/masks/012.png.";

/// Take images of characters for instances: their masks and captions from their folders
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folder for masks made of transparency; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// What to do with captions in .txt files
    #[arg(long, value_name = "HOW", value_enum, default_value = "describe")]
    captions: Captions,

    #[command(flatten)]
    keep: stage::Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Captions {
    /// Take them for descriptions, which captions are composed from
    Describe,
    /// Take them for the final captions, which no tool changes
    Keep,
    /// Leave them out
    Ignore,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    flow.files_by_id(&[""]);
    let named = || args.out_dir.display().to_string();
    std::fs::create_dir_all(&args.out_dir).with_context(named)?;
    let (all, bare) = (AtomicU64::new(0), AtomicU64::new(0));
    flow.each(|record| {
        let outcome = instance::read(&args, record)?;
        let passed = outcome.passed().next();
        all.fetch_add(u64::from(passed.is_some()), Ordering::Relaxed);
        let is_bare = passed.is_some_and(|record| !record.has("mask"));
        bare.fetch_add(u64::from(is_bare), Ordering::Relaxed);
        Ok(outcome)
    })?;
    let (all, bare) = (all.into_inner(), bare.into_inner());
    if bare > 0 {
        log::warn!(
            "{bare} of {all} instances have no mask: action, view and framing are less sure there"
        );
    }
    Ok(())
}
