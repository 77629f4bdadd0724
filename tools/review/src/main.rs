//! Keep, drop, relabel and re-caption images in the browser, as a patch that can be applied again.
//!
//! Reads `id` and, to show them, `image` and whatever else is in the record. Writes `review`
//! (`decision`, `by`, `at`), and `caption` and whatever the patch sets.

mod answers;
mod apply;
mod decision;
mod gallery;
mod label;
mod merge;
mod patch;
mod require;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Result};

use label::Label;
use patch::Patch;

const EXAMPLES: &str = "Examples:
  review --patch decisions.jsonl --serve captioned.jsonl > reviewed.jsonl
  review --patch decisions.jsonl captioned.jsonl --rejects dropped.jsonl > reviewed.jsonl
  review --patch faces.jsonl --serve --label /emotion/label=happy,sad,angry faces.jsonl > /dev/null
  review --patch mine.jsonl --merge anns.jsonl captioned.jsonl > reviewed.jsonl

With --serve it prints the address of a page for this machine only, and ends
when you press `Done` there. Each decision is on the disk before the page shows
it, as a line of the patch:

  {\"id\":\"film_000812\",\"decision\":\"drop\",\"by\":\"ann\",\"at\":\"2026-03-01T10:20:30Z\"}

`decision` is keep, drop or open; `caption` is the new caption; `set` maps JSON
pointers to new values; `of` is what was shown: a decision counts no longer once its
id is of something else, and keep or drop once a plate was made anew. The last line of an id counts. Lines of the same `batch` are
one change of many images, and are taken back together. The patch stays valid after
the manifest is rebuilt: apply it again after every rebuild.";

/// Keep, drop, relabel and re-caption images in the browser, as a patch that can be applied again
///
/// Without --serve it is a filter: it applies the patch to the input records, drops those that were
/// dropped in review, and reports decisions about images that are not in the input.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Decisions, one a line; created if missing
    #[arg(long, value_name = "FILE")]
    patch: PathBuf,

    /// Open a page to make decisions, and apply the patch when you are done
    #[arg(long)]
    serve: bool,

    /// Apply the patch, as without --serve
    #[arg(long, conflicts_with = "serve")]
    apply: bool,

    /// Change nothing: exit with 1 unless the patch decides on all images of the
    /// manifest, or on this many of them; with --serve the page counts down to it
    #[arg(long, value_name = "all|N", conflicts_with = "apply")]
    require: Option<require::Required>,

    /// First add the decisions of another patch; where the two differ, the later decision counts (may be repeated)
    #[arg(long, value_name = "PATCH", conflicts_with = "require")]
    merge: Vec<PathBuf>,

    /// Serve on this port of this machine; 0 takes a free port
    #[arg(long, value_name = "PORT", default_value_t = 0, requires = "serve")]
    port: u16,

    /// Write this name into the decisions [default: the user's]
    #[arg(long, value_name = "NAME", requires = "serve")]
    reviewer: Option<String>,

    /// Let the number keys 1 to 9 set the value at a JSON pointer, such as `/light/time=day,night`, or, without
    /// values, any word, such as a place (may be repeated)
    #[arg(long, value_name = "POINTER[=VALUES]", requires = "serve")]
    label: Vec<Label>,

    /// Show the image at this JSON pointer beside each, such as `/plate/original`
    #[arg(long, value_name = "POINTER", requires = "serve", value_parser = label::pointer)]
    beside: Option<String>,

    /// Draw this over the images
    #[arg(long, value_name = "WHAT", value_enum, requires = "serve")]
    draw: Option<gallery::Drawing>,

    /// Say on the page what it means to drop an image
    #[arg(long, value_name = "TEXT", requires = "serve", default_value = "drop")]
    drop_means: String,

    #[command(flatten)]
    keep: stage::Keep,
}

impl Args {
    fn by(&self) -> String {
        let user = || std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
        self.reviewer.clone().unwrap_or_else(user)
    }
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    if !args.merge.is_empty() {
        let mut patch = Patch::open(&args.patch, &args.by())?;
        // All are read before the first is added, so that a wrong one among them changes nothing.
        let others = args.merge.iter().map(|other| merge::read(other));
        let others: Vec<_> = others.collect::<Result<_>>()?;
        for (name, theirs) in args.merge.iter().zip(&others) {
            merge::merge(&mut patch, name, theirs)?;
        }
    }
    if args.serve {
        return server::run(&args, flow);
    }
    match args.require {
        Some(required) => require::run(&args.patch, required, flow),
        None => apply::run(&args.patch, flow),
    }
}
