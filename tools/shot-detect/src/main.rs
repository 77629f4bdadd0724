//! `shot-detect`: find the shots in frames that are in order.
//!
//! Reads `image`, and `source.film` where it is there; frames of one film, or else of one folder, are taken
//! for a film, in the order of the manifest. Writes `source`: `film`, `frame` (its number in the order), `time`
//! (seconds, by `--fps`) and `shot`; what `source` says already of film, frame and time stays. Writes `transition`
//! where a frame is part of a dissolve, a fade or a flash, and `models.shot-detect` where a network was asked.

mod films;

use std::process::ExitCode;

use clap::Parser;
use footage::sampled::SPARSE;
use nets::shot::{Flags, Method};
use stage::{Flow, Result, ensure};

const EXAMPLES: &str = "\
Examples:
  frame-scan --natural frames/ | shot-detect --fps 2 > shots.jsonl
  shot-detect --fps 24 every_frame.jsonl | jq -r .source.shot | uniq -c

Below 8 frames a second a frame is compared with the one before wherever things may have moved; from 8 on the rules
of frame-extract find cuts, dissolves, fades and flashes, and a network is asked if one is named or installed.";

/// Find the shots in frames that are in order, and write time and shot of each
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Frames a second at which the frames were sampled
    #[arg(long, value_name = "N", default_value_t = 2.0, value_parser = rate)]
    fps: f64,

    #[command(flatten)]
    shots: Flags,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text
        .parse()
        .ok()
        .filter(|rate| (0.001..=1000.0).contains(rate));
    rate.ok_or_else(|| "not a number from 0.001 to 1000".to_owned())
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let sampled = args.fps < SPARSE;
    ensure!(
        !sampled || matches!(args.shots.method, Method::Auto | Method::Rules),
        "--method: the network knows films by every frame, and needs --fps {SPARSE} or more"
    );
    let detector = if sampled { None } else { args.shots.open()? };
    let asked = detector.is_some();
    flow.whole(
        |record| films::Frame::read(record, asked),
        |_, frames| films::shots(frames, args.fps, args.shots.method, detector),
    )
}
