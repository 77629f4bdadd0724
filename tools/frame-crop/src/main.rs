//! `frame-crop`: crop letterbox bars off frames.
//!
//! Reads `image`, and `source.film` where it is there: frames of one film, or else of one folder, and of one size
//! vote together. Where they agree on bars, writes the part inside as PNG to `--out-dir` and replaces `image`,
//! `width` and `height`; `letterbox` has the path of the whole frame and the part. Frames without bars are passed on as they are.

mod vote;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Context, Flow, Result};

const EXAMPLES: &str = "\
Examples:
  frame-scan --natural frames/ | frame-crop --out-dir cropped > frames.jsonl
  frame-crop --out-dir cropped scanned.jsonl | shot-detect > shots.jsonl

A frame that is bright enough votes with the depth of the black at each side. Bars are cropped where most frames agree
on their depth and hardly any shows something there: a dark scene or a title card is not cropped.";

/// Crop letterbox bars off frames, by a vote of all frames of a film
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folder for the cropped frames; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.files_by_id(&[""]);
    let named = || args.out_dir.display().to_string();
    std::fs::create_dir_all(&args.out_dir).with_context(named)?;
    flow.whole(vote::Frame::read, |flow, frames| {
        vote::crop_all(flow, frames, &args.out_dir)
    })
}
