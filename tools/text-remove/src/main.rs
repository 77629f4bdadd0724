//! Crop burnt-in text off frames, mask it, or drop the frames.
//!
//! Reads `image`, and what `text-detect --mark` has written into `text`: `mask`, burnt-in text and logos, and `clear`,
//! the largest part of the image without them. `--how crop` writes that part as PNG to `--out-dir` and replaces `image`,
//! `width` and `height`; `text` keeps the lines of the scene that are in it, and gets `original`, the image before.
//! `--how mask` writes `mask`, a PNG that is black where the text is: trainers with masked loss do not learn it.
//! Records without such text pass as they are.

mod crop;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use stage::manifest::MaskShape;
use stage::{Context, Flow, Outcome, Record, Result};
use vision::{mask, write};

const EXAMPLES: &str = "Examples:
  text-detect frames.jsonl | text-detect --mark | text-remove --out-dir plain > plain.jsonl
  text-remove --how mask --out-dir masks marked.jsonl > masked.jsonl
  lama-inpaint --mask-key /text/mask --out-dir plain marked.jsonl > plain.jsonl

Cropping keeps nothing but what was filmed, and is right wherever the frame need not be whole. Inpainting, which
lama-inpaint does, keeps the frame whole and makes up what is behind the letters.";

/// What becomes of a frame with burnt-in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// It is cropped to the largest part without the text
    Crop,
    /// It stays as it is, and gets a mask without the text
    Mask,
    /// It is dropped
    Drop,
}

/// Crop burnt-in text off frames, mask it, or drop the frames
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// What becomes of a frame with burnt-in text or a logo
    #[arg(long, value_enum, value_name = "WAY", default_value = "crop")]
    how: Way,

    /// Folder for cropped frames and masks; created if missing. `--how drop` needs none
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    /// Drop a frame of which less than this share would remain, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.6, value_parser = stage::share::<f64>)]
    min_left: f64,

    #[command(flatten)]
    keep: stage::Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    if args.how == Way::Drop {
        return flow.each(dropped);
    }
    let out_dir = { args.out_dir.as_deref() }
        .context("--out-dir is missing: name a folder, or give --how drop, which needs none")?;
    flow.files_by_id(&["", ".text"]);
    std::fs::create_dir_all(out_dir).with_context(|| out_dir.display().to_string())?;
    flow.each(|record| remove(&args, out_dir, record))
}

/// Drops a record with burnt-in text.
fn dropped(record: Record) -> Result<Outcome> {
    let is_marked = record.text()?.is_some_and(|text| text.mask.is_some());
    let reason = is_marked.then(|| "has text that is burnt in".to_owned());
    Ok(Outcome::judge(record, reason))
}

/// The record without its burnt-in text, if it has any.
fn remove(args: &Args, out_dir: &Path, record: Record) -> Result<Outcome> {
    let Some(mut text) = record.text()? else {
        return Ok(Outcome::pass(record));
    };
    match (text.mask.take(), args.how) {
        (None, _) => Ok(Outcome::pass(record)),
        (Some(shape), Way::Mask) => masked(record, &shape, out_dir, args.min_left),
        _ => crop::cropped(record, text, out_dir, args.min_left),
    }
}

/// The record with a mask of all but the text; dropped where that is less than the share `least`.
fn masked(mut record: Record, shape: &MaskShape, out_dir: &Path, least: f64) -> Result<Outcome> {
    let left = mask::open(shape).context("key `text`: mask")?.inverse();
    let remains = left.area() as f64 / left.as_slice().len() as f64;
    if remains < least {
        return Ok(Outcome::drop(record, crop::reason(remains, least)));
    }
    let path = out_dir.join(format!("{}.text.png", record.id()?));
    write::png_luma(&left.to_luma(), &path).with_context(|| path.display().to_string())?;
    record.put("mask", &path)?;
    Ok(Outcome::pass(record))
}
