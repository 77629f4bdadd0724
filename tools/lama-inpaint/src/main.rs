//! Inpaint masked regions with LaMa or MI-GAN, and check the result.
//!
//! Reads `image` and its mask (`mask`, or what `--mask-key` names: a path, or COCO run lengths).
//! Writes the filled image and, beside it, the mask of what was filled to `--out-dir`; `image` is
//! its path; and `inpaint`: `original` the path before, `filled` that of the mask, `hole` the filled
//! share of the image, `seam` (1 is none), `texture` (the share of the hole that lacks the
//! finest detail), `fog` (the share of the image that was filled with less detail, fine and coarse,
//! than is round it), `remnant` (the largest share of something detected that lies in the hole, `unknown` where
//! `--detector` is not given), `tries`, `verdict`. A failed filling drops its record.
//!
//! Text that was inpainted, `--mask-key /text/mask`, is there no longer: `text` loses its `mask`, `clear`, and all
//! `lines` but those of the scene.
//!
//! A record without a mask, or with an empty one, passes as it is, with `hole` 0.

mod attempt;
mod fill;
mod finish;
mod fog;
mod hole;
mod input;
mod measure;
mod patch;
mod remnant;
mod verdict;

use std::process::ExitCode;

use answers::Tool;
use clap::Parser;
use nets::inpaint::Inpainter;
use stage::{Flow, Inference, Record, Result};

use attempt::{Plan, attempts};
use finish::Target;
use hole::Growth;
use remnant::{Look, Watch};
use verdict::Limits;

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 2,
    asks: &[
        || nets::inpaint::ROLE.answers(),
        || nets::detect::ROLE.answers(),
        || nets::sam::ROLE.answers(),
    ],
};

const EXAMPLES: &str = "Examples:
  lama-inpaint --out-dir plates masked.jsonl > plates.jsonl
  lama-inpaint --out-dir plates --detector yolox-m-humanart --rejects failed.jsonl masked.jsonl
  plate-merge --out-dir merged masked.jsonl | lama-inpaint --out-dir plates > plates.jsonl";

/// Inpaint masked regions with LaMa or MI-GAN, and check the result
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    target: Target,

    /// Key, or JSON pointer, of the mask
    #[arg(long, value_name = "KEY", default_value = "mask", value_parser = input::pointer)]
    mask_key: String,

    /// Grow the mask by this many pixels for every 1024 of the image's shorter side
    #[arg(long, value_name = "PIXELS", default_value_t = 8.0, value_parser = stage::growth)]
    dilate: f64,

    /// Grow it at the feet by this share of each region's height, to cover the shadow
    #[arg(long, value_name = "SHARE", default_value_t = 0.06, value_parser = stage::growth)]
    shadow: f64,

    /// Inpaint at most this many times, each time with a larger hole or more context
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=3))]
    tries: u32,

    #[command(flatten)]
    look: Look,

    #[command(flatten)]
    keep: stage::Keep,

    #[command(flatten)]
    cache: stage::CacheFlags,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    model: onnx::ModelFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    flow.files_by_id(&["", ".hole"]);
    let mut network = Inpainter::open(&args.model.open("inpaint")?, &args.model.runtime)?;
    let mut watch = Watch::open(&args.look, &args.model.runtime)?;
    let plan = Plan {
        growth: Growth {
            dilate: args.dilate,
            shadow: args.shadow,
        },
        limits: args.limits,
        tries: args.tries,
    };
    let mut answers = TOOL.answers().by(network.provenance());
    if let Some(watch) = &watch {
        answers = watch.part(answers);
    }
    let looked = watch.as_ref().map(|watch| &watch.settings);
    let answers = answers.with(&(&plan, looked))?;
    let cache = args.cache.open()?;
    let look = |record: &Record| input::look(record, &args.mask_key, &answers);
    let infer = |images: Vec<Option<_>>| {
        let answer = |given: Option<_>| match given {
            Some((image, mask)) => {
                attempts(&mut network, &mut watch, &plan, &image, &mask).map(Some)
            }
            None => Ok(None),
        };
        Ok(images.into_iter().map(answer).collect())
    };
    let finish = |record, answer| {
        let given = (record, args.mask_key.as_str());
        args.target.finish(given, answer, &plan.limits, &answers)
    };
    let work = Inference {
        look,
        prepare: input::decoded,
        infer,
        finish,
    };
    flow.infer(1, cache.as_ref(), work)
}
