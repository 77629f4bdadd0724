//! Write the training folders that the trainers load.
//!
//! Reads `id`, `image`, and, where they are there, `caption`, `crop`,
//! `source` and the facts that names and captions are made of (`light`,
//! `pose`, `emotion`, `tags`, …); adds `dataset`. Records that are marked
//! `rejected` are left out.
//!
//! In `--out-dir` it writes a folder `dataset-<hash of the content>`, points
//! the link `dataset` at it, and keeps the finished images in `store`, to
//! which the views link.

mod build;
mod caption;
mod card;
mod facts;
mod kind;
mod picture;
mod plan;
mod store;
mod template;
mod views;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use manifest::Rejected;
use stage::{Context, Flow, Outcome, Record, Result};

use crate::kind::Kind;
use crate::plan::{Purpose, Ready};
use crate::store::{Lock, Store};
use crate::template::{NameTemplate, Template};
use crate::views::View;

const EXAMPLES: &str = "\
Examples:
  dataset-write --type style --trigger sintelstyle --out-dir out/style style.jsonl
  dataset-write --type character --trigger 'lucap boy' --subject luca \\
      --validation 10% --out-dir out/luca luca.jsonl > written.jsonl";

/// Write the training folders that the trainers load
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// What the data set is to teach
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    kind: Kind,

    /// Folder to write the data set into
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Word that stands for what is taught, first in every caption
    #[arg(long, value_name = "WORD")]
    trigger: Option<String>,

    /// What the whole set is of, as file names say it: the character, the
    /// style [default: the trigger]
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,

    /// File names, with facts in braces; `{id}` is the image's number
    /// [default: by type]
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<NameTemplate>,

    /// Captions of records that have none, with facts in braces; a part
    /// between commas is left out if a fact in it is unknown [default: by type]
    #[arg(long, value_name = "TEMPLATE")]
    caption: Option<Template>,

    /// Trainers to write for
    #[arg(
        long,
        value_name = "LIST",
        value_enum,
        value_delimiter = ',',
        default_value = "kohya"
    )]
    views: Vec<View>,

    /// Side of the square whose area is the budget of an image
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..=8192))]
    resolution: u32,

    /// How often an epoch shows each image
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeats: u32,

    /// Path of --out-dir where the trainer runs, for its configuration
    /// [default: the absolute path here]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let out = args.out_dir.clone();
    let root = args
        .root
        .clone()
        .map_or_else(|| std::path::absolute(&out), Ok);
    let root = root.with_context(|| out.display().to_string())?;
    let mut views = args.views.clone();
    views.sort();
    views.dedup();
    let purpose = purpose(args)?;
    let _lock = Lock::take(&out)?;
    let store = Store::open(out.join("store"))?;
    let prepare = |record: Record| match record.find("rejected")? {
        Some(rejected) => Ok(Err((record, reason(&rejected)))),
        None => plan::ready(record, &purpose, &store).map(Ok),
    };
    flow.whole(prepare, |_, all| {
        let (ready, dropped) = split(all);
        let mut outcomes: Vec<_> = dropped;
        if !ready.is_empty() {
            let examples = plan::numbered(ready);
            let records = build::build(&out, &root, &purpose, &views, &examples, &store)?;
            outcomes.push(records.into());
        }
        Ok(outcomes)
    })
}

/// Either an image for the set, or a record that is left out, and why.
type Prepared = Result<Ready, (Record, String)>;

fn split(all: Vec<Prepared>) -> (Vec<Ready>, Vec<Outcome>) {
    let mut dropped = Vec::new();
    let mut ready = Vec::new();
    for prepared in all {
        match prepared {
            Ok(one) => ready.push(one),
            Err((record, reason)) => dropped.push(Outcome::drop(record, reason)),
        }
    }
    (ready, dropped)
}

fn reason(rejected: &Rejected) -> String {
    let why = rejected.reason.as_deref().or(rejected.error.as_deref());
    format!(
        "rejected by {}: {}",
        rejected.by,
        why.unwrap_or("no reason given")
    )
}

fn purpose(args: Args) -> Result<Purpose> {
    let (name, caption) = (args.kind.name_template(), args.kind.caption_template());
    let trigger = args.trigger.map(|trigger| template::squeezed(&trigger));
    Ok(Purpose {
        kind: args.kind,
        trigger: trigger.filter(|trigger| !trigger.is_empty()),
        subject: args.subject,
        names: args.template.map_or_else(|| name.parse(), Ok)?,
        captions: args.caption.map_or_else(|| caption.parse(), Ok)?,
        resolution: args.resolution,
        repeats: args.repeats,
    })
}
