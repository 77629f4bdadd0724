//! Merge the frames of a shot into a background plate without its characters.
//!
//! Reads `id`, `image`, `source.film`, `source.shot`, `transition`, `lost`, and the characters' masks:
//! `mask`, or all of `masks`; what is under `text.mask` of text-detect is hidden, too. Writes `image`, the
//! plate; `mask`, an image that is white where no
//! frame shows the ground; and `plate`, whose members are those of [`plate`].

mod align;
mod entry;
mod fit;
mod frame;
mod level;
mod merge;
mod miss;
mod order;
mod plate;
mod register;
mod shot;
mod spectrum;
mod tone;
mod warp;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Record, Result};

use align::Limits;
use entry::Entry;
use frame::Margins;
use plate::Folder;
use shot::{Per, Settings};

const EXAMPLES: &str = "Examples:
  plate-merge --out-dir plates masked.jsonl --rejects merged.jsonl > plates.jsonl
  plate-merge --per frame masked.jsonl | lama-inpaint > filled.jsonl
  plate-merge masked.jsonl | jq -r '[.id, .plate.seen, .plate.hole, .plate.motion] | @tsv'

Frames of a shot are those with the same `source.film` and `source.shot`. The
key `plate`:
  original  image that the plate was made from
  frames    number of frames that were merged, including this one
  seen      share of the hidden part of the frame that other frames show, 0 to 1
  hole      share of the image that no frame shows, 0 to 1: the key `mask`
  residual  how far parts of the merged frames are apart, thousandths of the long side
  motion    of the camera: fixed, shift or homography
  reason    why nothing was merged; `image` is then unchanged

Run it before near duplicates are dropped: each frame shows more of the background.";

/// Merge the frames of a shot into a background plate without its characters
///
/// The frames of each shot are aligned to one of them, and the plate is the median of what they
/// show beside the characters; if the camera moved, the plate is that frame with its characters
/// covered in this way. What no frame shows stays unchanged, and is white in `mask`, for
/// lama-inpaint. If the frames do not align because the camera moves past near and far things, they
/// are left as they are.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Make a plate for each shot, or for each frame
    #[arg(long, value_enum, default_value_t = Per::Shot)]
    per: Per,

    /// Write plates here, and their holes into `holes` below it
    #[arg(long, value_name = "DIR", default_value = "plates")]
    out_dir: PathBuf,

    /// Grow masks all round, in thousandths of the long side
    #[arg(long, value_name = "THOUSANDTHS", default_value_t = 8.0, value_parser = thousandths)]
    grow_masks: f64,

    /// Also grow masks downwards, where shadows begin, in thousandths of the long side
    #[arg(long, value_name = "THOUSANDTHS", default_value_t = 40.0, value_parser = thousandths)]
    grow_down: f64,

    /// Refuse frames if parts of them are still farther apart than this after alignment, in
    /// thousandths of the long side; twice as much if the camera stands still
    #[arg(long, value_name = "THOUSANDTHS", default_value_t = 0.7, value_parser = thousandths)]
    max_residual: f64,

    /// Refuse frames that differ by more than this on average, in levels of 255, after gain and
    /// offset are matched
    #[arg(long, value_name = "LEVELS", default_value_t = 8.0)]
    light: f64,

    /// Merge at most this many frames of a shot: spread evenly over it, or with `--per frame` one
    /// after another; each takes 5 bytes a pixel of memory
    #[arg(long, value_name = "COUNT", default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..))]
    frames: u16,

    /// Treat frames without `mask` and `masks` as frames without characters, instead of failing
    #[arg(long)]
    unmasked: bool,

    #[command(flatten)]
    keep: stage::Keep,
}

fn thousandths(text: &str) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (0.0..=500.0).contains(number));
    number.ok_or_else(|| "not a number from 0 to 500".to_owned())
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    flow.files_by_id(&[""]);
    let settings = Settings {
        per: args.per,
        frames: args.frames.into(),
        margins: Margins {
            grow: args.grow_masks,
            shadow: args.grow_down,
        },
        limits: Limits {
            miss: args.max_residual,
            light: args.light,
        },
        unmasked: args.unmasked,
        folder: Folder::make(&args.out_dir)?,
    };
    let prepare = |record: Record| Entry::new(&record);
    flow.whole(prepare, |flow, entries| {
        order::merge(flow, &entries, &settings)
    })
}
