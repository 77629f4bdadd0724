//! Write the training folders that the trainers load.
//!
//! Reads `id`, `image`, and, where they are there, `caption`, `crop`, `mask`,
//! `source` and the facts that names and captions are made of (`identity`,
//! `light`, `pose`, `emotion`, `tags`, …); adds `dataset`. Records that are marked
//! `rejected` are left out.
//!
//! In `--out-dir` it writes a folder `dataset-<hash of the content>`, points
//! the link `dataset` at it, and keeps the finished images in `store`, to
//! which the views link. Older data sets stay, until you remove them.

mod area;
mod build;
mod caption;
mod card;
mod exported;
mod facts;
mod flags;
mod hash;
mod mask;
mod newest;
mod outcomes;
mod plan;
mod prompts;
mod repeats;
mod set;
mod split;
mod store;
mod template;
mod views;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use loaders::view::View;
use stage::{Context, Flow, Record, Result};

use crate::build::Build;
use crate::flags::{Images, Words};
use crate::set::Set;
use crate::split::Share;
use crate::store::{Lock, Store};

const EXAMPLES: &str = "\
Examples:
  dataset-write --type style --trigger sintelstyle --out-dir out/style style.jsonl
  dataset-write --type character --trigger 'lucap boy' --subject luca \\
      --views kohya,onetrainer,ai-toolkit --validation 10% --base sdxl \\
      --out-dir out/luca luca.jsonl > written.jsonl

Facts: action, angle, character, condition, emotion, intensity, location,
setting, shot, style, subject, time, trigger, weather; any other word is a path
of keys, such as light.time. An unknown fact is `unknown` in names; in captions
{fact?} is left empty if it is unknown.";

/// Write the training folders that the trainers load
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    words: Words,

    #[command(flatten)]
    images: Images,

    /// Folder to write the data set into
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Trainers to write for
    #[arg(
        long,
        value_name = "LIST",
        value_parser = views::parser(),
        value_delimiter = ',',
        default_value = views::default()
    )]
    views: Vec<&'static dyn View>,

    /// Share of the images to hold back for validation, by whole shots
    #[arg(long, value_name = "PERCENT", default_value = "0%")]
    validation: Share,

    /// Manifest of other images of what the subject is one of, with captions that do not name it: those for
    /// regularization, where a trainer takes them
    #[arg(long, value_name = "FILE")]
    regularization: Option<PathBuf>,

    /// Path of --out-dir on the machine of the trainer, for its configuration [default: the
    /// absolute path here]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let out = args.out_dir;
    // With one slash before it, as two are a machine of Windows' network.
    let here = || std::path::absolute(&out).map(|path| path.components().collect());
    let root = args.root.map_or_else(here, Ok);
    let root = root.with_context(|| out.display().to_string())?;
    let asked = |view: &&dyn View| args.views.iter().any(|one| one.word() == view.word());
    let views: Vec<_> = loaders::trainers::views().filter(asked).collect();
    let purpose = flags::purpose(args.words, args.images, &views)?;
    let _lock = Lock::take(&out)?;
    let store = Store::open(out.join("store"))?;
    let prepare = |record: &Record| {
        let prepared = plan::prepare(record, &purpose, &store)?;
        Ok((prepared, Vec::new()))
    };
    flow.whole_on_shelf(prepare, |_, mut shelf, all| {
        let (mut examples, dropped) = plan::numbered(all);
        let mut manifest = None;
        if examples.is_empty() {
            newest::lead_nowhere(&out)?;
        } else {
            plan::divide(&mut examples, &shelf, args.validation, purpose.repeats)?;
            if let Some(file) = &args.regularization {
                let regular = plan::regular(file, &examples, &purpose, &store, &mut shelf)?;
                examples.extend(regular);
            }
            let build = Build {
                out: &out,
                root: &root,
                views: &views,
                store: &store,
            };
            let set = Set {
                purpose: &purpose,
                examples: &examples,
                shelf: &shelf,
            };
            manifest = Some(build.write(set)?);
        }
        outcomes::outcomes(shelf, dropped, manifest.as_deref())
    })
}
