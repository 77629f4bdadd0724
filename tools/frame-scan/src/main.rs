//! `frame-scan`: write one record for every image in folders, files or a list.
//!
//! Writes `id`, `image`, `width` and `height` (pixels, upright) and `format`. Only headers are
//! read, so a picture whose pixels are damaged is found by the tools after this one.

mod names;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use stage::{Context, Flow, Outcome, Record, Result};
use vision::decode::{self, Format};

use walk::{Found, Request};

const EXAMPLES: &str = "\
Examples:
  frame-scan frames/ | frame-dedup > unique.jsonl
  find /films -name '*.png' -size +100k -print0 | frame-scan -0 - > frames.jsonl";

/// Write one record for every image in folders, files or a list
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folders to search for images, with the folders in them, in the order of the paths; images;
    /// `-` for a list of images on standard input, one a line
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Paths on standard input end with a NUL byte, not with a newline
    #[arg(short = '0', long)]
    null: bool,
}

fn main() -> ExitCode {
    stage::source(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let skipped = Arc::new(AtomicU64::new(0));
    let request = Request {
        paths: args.paths,
        separator: if args.null { 0 } else { b'\n' },
        skipped: Arc::clone(&skipped),
    };
    flow.make(request.files(), |found| scan(&found), rejected)?;
    match skipped.load(Ordering::Relaxed) {
        0 => {}
        files => log::info!("{files} files passed over: not named as images"),
    }
    Ok(())
}

/// The record of one image.
fn scan(found: &Found) -> Result<Outcome> {
    let name = || found.path.display().to_string();
    if let Some(error) = &found.error {
        return Err(error.of(&name()));
    }
    let header = decode::header(&found.path).with_context(name)?;
    let path = found.path.to_str();
    let path = path.with_context(|| name() + ": its name is not UTF-8, as a manifest must be")?;
    let mut record = Record::new(&found.id, path)?;
    let size = header.dimensions();
    record.put("width", &size.width)?;
    record.put("height", &size.height)?;
    record.put("format", word(header.format))?;
    Ok(Outcome::pass(record))
}

/// What stands in the rejects for a file that is no image.
fn rejected(found: &Found) -> Result<Record> {
    Ok(Record::new(&found.id, &found.path.to_string_lossy())?)
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "jpeg",
        Format::Png => "png",
        Format::WebP => "webp",
        Format::Tiff => "tiff",
        Format::Bmp => "bmp",
    }
}
