//! `instance-read`: take images that show one character each for instances.
//!
//! Reads `image`. Writes `mask`, from the file of that name in a folder `masks` beside the image or its folder, or from
//! the image's transparency; `instance`, the box and area of that mask; and what a caption file says, as `captioner`
//! (a description to compose a caption from) or as the final `caption`. Images in folders `masks` are dropped.

mod beside;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::{Parser, ValueEnum};
use serde_json::json;
use stage::manifest::Rect;
use stage::{Context, Flow, Outcome, Record, Result, log};

use vision::{decode, mask, write};

const EXAMPLES: &str = "\
Examples:
  frame-scan --folder-as character instances/ | instance-read --out-dir masks > instances.jsonl
  frame-scan luca/ | instance-read --captions keep --out-dir masks > luca.jsonl

A caption of luca/images/012.png is luca/captions/012.txt or luca/images/012.txt; its mask is luca/masks/012.png.";

/// Take images of characters for instances: their masks and captions from their folders
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
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
enum Captions {
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
        let outcome = read(&args, record)?;
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

/// An image of a character, with its mask and what is said of it.
fn read(args: &Args, mut record: Record) -> Result<Outcome> {
    let path = record.image()?;
    if beside::is_mask(&path) {
        return Ok(Outcome::drop(record, "mask: of another image"));
    }
    let named = || path.display().to_string();
    let image = decode::rgba(&path).with_context(named)?;
    let size = image.dimensions();
    let mask = match beside::mask(&path) {
        Some(file) => Some((
            mask::read(&file)
                .with_context(|| file.display().to_string())?
                .for_image(size)?,
            file,
        )),
        None if image.pixels().any(|pixel| pixel.0[3] < u8::MAX) => {
            let file = args.out_dir.join(format!("{}.png", record.id()?));
            stage::spare(&path, &file)?;
            let mask = mask::Mask::from_alpha(&image)?;
            write::png_luma(&mask.to_luma(), &file).with_context(|| file.display().to_string())?;
            Some((mask, file))
        }
        None => None,
    };
    let rect = mask.as_ref().and_then(|(mask, _)| mask.bounding_box());
    let area = mask.as_ref().map(|(mask, _)| mask.area());
    if let Some((_, file)) = &mask {
        record.put("mask", file)?;
    }
    put_instance(
        &mut record,
        rect.unwrap_or(Rect::whole(size.0, size.1)),
        area,
    )?;
    put_caption(&mut record, args.captions, &path)?;
    Ok(Outcome::pass(record))
}

fn put_instance(record: &mut Record, rect: Rect, area: Option<u64>) -> Result<()> {
    let mut instance =
        json!({"box": rect, "cut": {"left": 0, "top": 0, "right": 0, "bottom": 0}, "hidden": 0});
    if let Some(area) = area {
        instance["area"] = area.into();
    }
    Ok(record.put("instance", &instance)?)
}

fn put_caption(record: &mut Record, how: Captions, image: &Path) -> Result<()> {
    let Some(text) = (how != Captions::Ignore)
        .then(|| beside::caption(image))
        .transpose()?
        .flatten()
    else {
        return Ok(());
    };
    if how == Captions::Describe {
        return Ok(record.put("captioner", &json!({"model": "you", "raw": text}))?);
    }
    record.put("caption", &text)?;
    Ok(record.put("review", &json!({"caption": text}))?)
}
