//! Merge the frames of a shot into a background plate without its characters.
//!
//! Reads `id`, `image`, `source.film`, `source.shot`, `transition`, and the characters' masks:
//! `mask`, or all of `masks`. Writes `image`, the plate; `mask`, an image that is white where no
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
  frames    frames that were merged, itself counted
  seen      share of what is hidden in the frame that others show, 0 to 1
  hole      share of the image that no frame shows, 0 to 1: the key `mask`
  residual  how far parts of the merged frames miss, thousandths of the long side
  motion    of the camera: fixed, shift or homography
  reason    why nothing was merged; `image` is then as it was

Give it the frames before near duplicates go: each shows another bit of ground.";

/// Merge the frames of a shot into a background plate without its characters
///
/// The frames of each shot are laid on one of them, and the plate is the
/// median of what they show beside the characters; where the camera moved, it
/// is that frame with its characters covered so. What no frame shows stays as
/// it was, and is white in `mask`, for lama-inpaint. A camera that moves past
/// things near and far is told by what does not fit, and its frames are left
/// alone.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Make a plate for each shot, or for each frame
    #[arg(long, value_enum, default_value_t = Per::Shot)]
    per: Per,

    /// Write plates here, and their holes into `holes` below it
    #[arg(long, value_name = "DIR", default_value = "plates")]
    out_dir: PathBuf,

    /// Grow masks all round, thousandths of the long side
    #[arg(long, value_name = "THOUSANDTHS", default_value_t = 8.0, value_parser = thousandths)]
    grow_masks: f64,

    /// Grow masks downwards besides, where their shadows begin, thousandths of
    /// the long side
    #[arg(long, value_name = "THOUSANDTHS", default_value_t = 40.0, value_parser = thousandths)]
    grow_down: f64,

    /// Refuse frames of which parts still miss by more than this after the
    /// whole was aligned, thousandths of the long side; twice as much before a
    /// camera that stands still
    #[arg(long, value_name = "THOUSANDTHS", default_value_t = 0.7, value_parser = thousandths)]
    max_residual: f64,

    /// Refuse frames that differ by more than this on average, levels of 255,
    /// after gain and offset were matched
    #[arg(long, value_name = "LEVELS", default_value_t = 8.0)]
    light: f64,

    /// Merge this many frames of a shot at most: spread evenly over it, or with
    /// `--per frame` one after another; each takes 5 bytes a pixel of memory
    #[arg(long, value_name = "COUNT", default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..))]
    frames: u16,

    /// Take frames without `mask` and `masks` for frames without characters,
    /// and not for an error
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
