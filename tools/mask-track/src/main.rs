//! Follow the characters of each shot from frame to frame, with their masks.
//!
//! Reads `id`, `image`, `source` (film, shot, frame, time), and `masks`, or `boxes` where there are none;
//! frames with neither are those at which no detector has looked. Writes
//!
//! * `masks`: each with what it had, and `track`, the number of its track in the shot, from 0. A mask that the
//!   track alone says is there has `followed`: true. `ghost` says why a track may be a false detection: it was
//!   detected in one frame alone, faintly. `doubts` names what is strange about a mask: `area`, twice or half of
//!   the one before; `jump`, a quarter of the image from it; `quality`, predicted below 0.5; `twin`, another track
//!   has the same mask;
//! * `lost`: of a frame at which no detector has looked, the tracks that are in the nearest ones at which one has, and
//!   were not found in this one; plate-merge leaves such frames out;
//! * `mask`: path of their union, a PNG of the image's size, white inside; an image without masks has none;
//! * `models`: which network answered.

mod answer;
mod entry;
mod finish;
mod ghost;
mod link;
mod looks;
mod method;
mod order;
mod overlap;
mod recall;
mod shot;

use std::path::PathBuf;
use std::process::ExitCode;

use answers::Tool;
use clap::Parser;
use stage::{Context, Flow, Record, Result};

use method::{Method, Network, Tracks};

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 2,
    asks: &[nets::track::answers, || nets::sam::ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  sam-mask --out-dir masks boxes.jsonl | mask-track --out-dir tracked > tracked.jsonl
  mask-track --method memory --model sam2.1-tiny-video --out-dir tracked --rejects lost.jsonl masked.jsonl
  mask-track --method overlap --segmenter none --out-dir tracked masked.jsonl | mask-crop --out-dir crops

Frames of a shot are those with the same `source.film` and `source.shot`. Shots do not depend on each
other: split a manifest between shots, and run as many as there are GPUs, with CUDA_VISIBLE_DEVICES. What was found of
a shot is remembered, so that a run that was stopped goes on with the next shot.

`--between` follows characters through more frames than were searched: those of another manifest, as
frame-extract writes it with a higher --fps, are written with the others.

A network with a memory is a folder of five graphs and constants.json, as square-zero-labs/sam2.1-tiny-video-onnx.";

/// Follow the characters of each shot from frame to frame, with their masks
///
/// Detections of a shot that show one character get one track number. Where one is missing, the track fills it in,
/// and a mask that flickers is made again. With `--method overlap` detections are linked by where they are, how they
/// move and what colours they have, and the segmenter is asked again; with `memory` a network follows each
/// character forward and backward from where the detector is surest of it.
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Folder for the masks; created if missing
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Follow characters by this method
    #[arg(long, value_enum, default_value = "auto")]
    method: Method,

    /// Follow across gaps of at most this many seconds; 0 follows nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = stage::seconds)]
    max_gap: f64,

    /// Look for a character this many seconds beyond where it was detected first and last; of
    /// `overlap`
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5, value_parser = stage::seconds)]
    beyond: f64,

    /// Score of a detection from which it needs no second one, and may set a track right, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.6, value_parser = stage::share::<f64>)]
    sure: f64,

    /// Also follow characters through the frames of this manifest that are not among those read, in
    /// the shots that are
    #[arg(long, value_name = "MANIFEST")]
    between: Option<PathBuf>,

    /// Grow boxes by this share of their size on every side
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = stage::share::<f64>)]
    grow_boxes: f64,

    /// Logit above which a pixel belongs to a mask; below 0 masks are wider, for example -1 or -2
    /// for a background in which no finger may remain
    #[arg(long, value_name = "LOGIT", default_value_t = 0.0, value_parser = logit, allow_negative_numbers = true)]
    cut: f32,

    #[command(flatten)]
    network: Network,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

/// A logit. Those of SAM 2 end at 32 either way (`SAM2ImagePredictor.predict`).
fn logit(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value.abs() <= 32.0 => Ok(value),
        _ => Err("not a number from -32 to 32".to_owned()),
    }
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let named = || args.out_dir.display().to_string();
    std::fs::create_dir_all(&args.out_dir).with_context(named)?;
    flow.files_by_id(&[".mask"]);
    let follower = args.network.open(args.method)?;
    let cache = args.cache.open()?;
    let mut tracks = Tracks::new(&args, follower)?;
    let prepare = |record: Record| entry::Entry::new(&record);
    flow.whole(prepare, |flow, mut entries| {
        if let Some(between) = &args.between {
            let more = entry::between(between, &entries)?;
            for _ in &more {
                flow.count();
            }
            entries.extend(more);
        }
        order::track(flow, &entries, cache.as_ref(), &mut tracks)
    })
}
