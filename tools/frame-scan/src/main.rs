//! `frame-scan`: write one record for every image in folders, files or a list.
//!
//! Writes `id`, `image`, `width` and `height` (pixels, upright), `format`, and the key that
//! `--folder-as` names. Only headers are
//! read, so an image whose pixels are damaged is found by the tools after this one. Of an animation
//! the first image counts.

mod kinds;
mod list;
mod names;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use stage::{Context, Flow, Outcome, Record, Result, bail};
use vision::decode::{self, Format};

use kinds::Passed;
use walk::{Found, Request};

const EXAMPLES: &str = "\
Examples:
  frame-scan frames/ | frame-dedup > unique.jsonl
  find /films -name '*.png' -size +100k -print0 | frame-scan -0 - > frames.jsonl
  frame-scan --folder-as character cast/ | clip-embed > cast.jsonl";

/// Write one record for every image in folders, files or a list
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folders to search for images, with their subfolders, in the order of the paths; images; `-`
    /// for a list of images on standard input, one a line
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Order the images of a folder by the numbers in their names, as frames of a film: 10 after 9
    #[arg(long)]
    natural: bool,

    /// Paths on standard input end with a NUL byte instead of a newline
    #[arg(short = '0', long)]
    null: bool,

    /// Write the name of an image's folder, the first one below PATH, as this key; skip images that
    /// are in no such folder
    #[arg(long, value_name = "KEY")]
    folder_as: Option<String>,
}

fn main() -> ExitCode {
    stage::source(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let passed = Arc::new(Passed::default());
    let animated = AtomicU64::new(0);
    let request = Request {
        paths: args.paths,
        natural: args.natural,
        separator: if args.null { 0 } else { b'\n' },
        passed: Arc::clone(&passed),
    };
    let key = args.folder_as;
    let (only_in_folders, outside) = (key.is_some(), Arc::clone(&passed));
    let files = request.files().filter(move |found| {
        let wanted = !only_in_folders || found.folder.is_some();
        if !wanted {
            outside.count("");
        }
        wanted
    });
    let seen = |found: Found| scan(&found, key.as_deref(), &animated);
    flow.make(files, seen, rejected)?;
    passed.say(only_in_folders);
    match animated.into_inner() {
        0 => {}
        images => log::warn!("{images} animated images: only the first image of each is used"),
    }
    Ok(())
}

/// The record of one image.
fn scan(found: &Found, key: Option<&str>, animated: &AtomicU64) -> Result<Outcome> {
    let name = || found.path.display().to_string();
    if let Some(error) = &found.error {
        return Err(error.of(&name()));
    }
    if let Some(kind) = kinds::raw(&found.path) {
        bail!(
            "{}: {kind} image, which this tool cannot read: develop it to PNG first",
            name()
        );
    }
    let header = decode::header(&found.path).with_context(name)?;
    animated.fetch_add(u64::from(header.animated), Ordering::Relaxed);
    let path = found.path.to_str();
    let path =
        path.with_context(|| name() + ": its name is not UTF-8, but a manifest must be UTF-8")?;
    let mut record = Record::new(&found.id, path)?;
    let size = header.dimensions();
    record.put("width", &size.width)?;
    record.put("height", &size.height)?;
    record.put("format", word(header.format))?;
    if let (Some(key), Some(folder)) = (key, &found.folder) {
        record.put(key, folder)?;
    }
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
        Format::Gif => "gif",
        Format::Avif => "avif",
        Format::Jxl => "jxl",
    }
}
