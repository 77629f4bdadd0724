//! Detect the characters in every image.
//!
//! Reads `image`, and `character` where characters have words. Writes `boxes`, a list of
//! `{box: [x0, y0, x1, y1], score, label}` by descending score, empty where nothing was found: corners in pixels of the
//! upright image and within it, to 2 decimals; score 0 to 1, to 4; label a class of the detector, `person` if it has only
//! that, the phrase that was asked for, or the folder of the example. Where a second label would have counted as well,
//! `second` is its `{label, score}`. And `models`, which detectors it was.

mod boxed;
mod faces;
mod like;
mod networks;
mod search;
mod words;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use answers::Tool;
use clap::Parser;
use nets::detect::Detection;
use stage::{Flow, Inference, Outcome, Record, Result};

use boxed::said;
use networks::Networks;

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 2,
    asks: &[
        || nets::detect::ROLE.answers(),
        || nets::face::ROLE.answers(),
        || nets::grounding::ROLE.answers(),
        || nets::embed::ROLE.answers(),
    ],
};

const EXAMPLES: &str = "Examples:
  char-detect frames.jsonl > boxes.jsonl
  char-detect --tiles 2 --threshold 0.4 frames.jsonl | jq -c 'select(.boxes != [])'
  char-detect --face-detector default frames.jsonl > with_close_ups.jsonl
  char-detect --words 'person. a sea monster. a cat=0.4.' frames.jsonl > boxes.jsonl
  char-detect --model my_characters.onnx --classes all frames.jsonl > boxes.jsonl

A person detector finds what looks like a person, and few animals, robots and toys.
--words finds those by what they look like (`a furry blue creature`); names say nothing to it.
Also name what else is there (`person`), or persons are taken for what is named.
YOLOX, RTMDet, RT-DETR and D-FINE files of your own are read as they are published. With a detector
of COCO's classes, `--classes creatures` keeps animals, and the classes that dragons are taken for.";

/// Detect the characters in every image
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Keep boxes with a score above this, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.3, value_parser = stage::share::<f32>)]
    threshold: f32,

    /// Where two boxes of a class overlap by more than this share of their union, keep the better
    /// one, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.65, value_parser = stage::share::<f32>)]
    nms: f32,

    /// Keep these classes, or `all`, or `creatures`: the classes that a detector of COCO's classes
    /// takes animals and monsters for [default: person, or all of a detector without that class]
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',')]
    classes: Vec<String>,

    /// Also detect in overlapping tiles, this many along the shorter side of the image, to find
    /// small characters; takes several times as long
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=4))]
    tiles: u32,

    /// Drop boxes whose shorter side is below this, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    min_side: u32,

    /// Fail if no image has a box, so that characters which were not detected are not taken for
    /// plain backgrounds
    #[arg(long)]
    must_find: bool,

    #[command(flatten)]
    words: words::WordFlags,

    #[command(flatten)]
    like: like::LikeFlags,

    #[command(flatten)]
    close_ups: faces::Flags,

    /// Images per batch, if the network takes more than one
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,

    #[command(flatten)]
    model: onnx::ModelFlags,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let mut networks = Networks::open(&args)?;
    let search = networks.search()?;
    let (seen, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let cache = args.cache.open()?;
    let work = Inference {
        look: |record: &Record| search.look(record),
        prepare: |_: &Record, file| search.prepare(file),
        infer: |images| networks.find(images),
        finish: |record: Record, boxes: Vec<Detection>| {
            seen.fetch_add(1, Ordering::Relaxed);
            found.fetch_add(boxes.len(), Ordering::Relaxed);
            Ok(Outcome::pass(search.finish(record, &boxes)?))
        },
    };
    let batch = flow.batch(args.batch as usize)?;
    flow.infer(batch, cache.as_ref(), work)?;
    let (seen, found) = (seen.into_inner(), found.into_inner());
    said(seen, found, args.must_find)
}
