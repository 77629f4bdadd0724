//! Report how a trainer will read a data set, and what would go wrong.
//!
//! Reads folders, data set configurations and tar shards as the trainers'
//! loaders do; of a folder with configurations, or a whole data set of
//! dataset-write, all that lies in it. Writes a record an image, with
//! `image` and `lint`: `{trainer, status, caption, captions, caption_from,
//! tokens, bucket, cropped, kept, scale, repeats, mask, problems}`; and one, with
//! `path` and `lint`, for each problem of a folder or file. `cropped` is a
//! share of the area, `kept` corners in the image's own pixels.
//!
//! Exits with 1 if anything would train wrong, and with 0 if all is well or
//! there are warnings only.

mod caches;
mod check;
mod formats;
mod known;
mod limit;
mod lint;
mod masks;
mod names;
mod pixels;
mod scan;
mod settings;
mod shards;
mod summary;
mod trainers;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use loaders::set::Moved;
use stage::{Flow, Result, bail};

use crate::check::Judge;
use crate::known::Manifest;
use crate::pixels::Decoded;
use crate::settings::SettingFlags;
use crate::trainers::Choice;
use crate::words::Measure;

const EXAMPLES: &str = "\
Examples:
  lora-lint --table --trigger lucap out/character/dataset/kohya/dataset.toml > lint.jsonl
  lora-lint --trainer all --resolution 768 my-images/ | jq 'select(.lint.status == \"error\")'";

/// Report how a trainer will read a data set, and what would go wrong
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folders, configurations or shards to check
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Trainer to check for [default: the one that the path looks made for]
    #[arg(long, value_name = "NAME", value_parser = Choice::parser())]
    trainer: Option<Choice>,

    #[command(flatten)]
    flags: SettingFlags,

    /// Word that every caption must begin with
    #[arg(long, value_name = "WORD")]
    trigger: Option<String>,

    #[command(flatten)]
    limit: limit::Flags,

    /// Path, on the machine of the trainer, of the folder that PATH is in, as configurations there name it [default:
    /// they name it as it is here]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// Manifest with faces and joints, which must not be cropped
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Share of an image that may be cropped before it is reported
    #[arg(long, value_name = "SHARE", default_value_t = 0.15)]
    max_cropped: f64,

    /// Read only the headers of images: damage after the header is not found
    #[arg(long)]
    headers: bool,

    /// Also print a readable table on standard error
    #[arg(long)]
    table: bool,
}

fn main() -> ExitCode {
    stage::source(run)
}

/// The folder that a path is in.
fn folder_of(path: &Path) -> PathBuf {
    match (path.file_name(), path.parent()) {
        (Some(_), Some(parent)) => parent.to_path_buf(),
        // `.`, and what ends with `..`.
        _ => path.join(".."),
    }
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let known = args.manifest.as_deref().map(known::read).transpose()?;
    let mut settings = args.flags.settings(args.trigger.clone());
    let judge = Judge {
        measure: Measure {
            limit: args.limit.open(settings.base)?,
            trigger: args.trigger,
        },
        known: known.unwrap_or_else(Manifest::new),
        threshold: args.max_cropped,
        resolution: settings.resolution,
        headers: args.headers,
        decoded: Decoded::default(),
    };
    let mut seen = trainers::Seen::default();
    for path in &args.paths {
        settings.moved = args.root.clone().map(|there| Moved {
            there,
            here: folder_of(path),
        });
        for (path, trainer) in trainers::of(args.trainer, path) {
            seen.read(flow, &judge, trainer, &path, &settings)?;
        }
    }
    let summary = seen.end(flow)?;
    if args.table {
        summary.print()?;
    }
    match summary.errors() {
        0 => Ok(()),
        1 => bail!("1 error would spoil the training"),
        many => bail!("{many} errors would spoil the training"),
    }
}
