//! Compare checkpoints of a LoRA by what images made with them show.
//!
//! Reads the records of generated images, as the tools that made the data set measure them: `id`, `image`, `parent`,
//! `checkpoint` (the folder of the image), and, where they are there, `identity`, `embedding`, `dedup`, `boxes`, `quality`
//! with `width` and `height`, and the keys of the facts that prompts want. Several manifests may hold parts of one image:
//! the image itself, its instances, its faces. Writes one line for each checkpoint, the best first, and the controls
//! last: `base`, which was made without the LoRA, and `real`, the images of the film that were held back from training.
//! A record that belongs to no prompt is dropped. All records are held in memory.

mod checkpoints;
mod composed;
mod copies;
mod drawn;
mod facts;
mod files;
mod generated;
mod kernels;
mod lines;
mod measures;
mod page;
mod prompts;
mod scales;
mod scored;
mod sets;
mod sharpness;
mod tally;
mod vectors;
mod weights;
mod worst;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Outcome, Result};
use types::Type;

use crate::generated::Part;
use crate::prompts::Prompts;
use crate::sets::{Named, Sets};
use crate::weights::Weights;

/// The checkpoint that stands for each LoRA alone, where several are compared.
const ALONE: &str = "alone";

const EXAMPLES: &str = "Examples:
  frame-scan --folder-as checkpoint images/ | blur-filter --keep | clip-embed --crops wide | light-classify \\
      | clip-tag --labels labels \\
      | lora-score --type style --prompts style/dataset/prompts.jsonl --training style/dataset.jsonl --page scores.html
  lora-score --type character --prompts both.jsonl --training luca=luca/dataset.jsonl --training pia=pia/dataset.jsonl \\
      --alone alone.jsonl scanned.jsonl instances.jsonl | jq -c '[.checkpoint, .score, .bounds, .characters]'

Images are IMAGES/CHECKPOINT/PROMPT.png or PROMPT_anything.png, as many for each prompt as you like; those in the
folder `base` were made without the LoRA. Measure them with the tools and flags that measured the data set.";

/// Compare checkpoints of a LoRA by what images made with them show
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Prompts that the images were made with, and the facts that each wants, as dataset-write writes them to
    /// prompts.jsonl; may be given again
    #[arg(long, value_name = "MANIFEST", required = true)]
    prompts: Vec<PathBuf>,

    /// Records of a data set that was trained on, as dataset-write writes them, with their embeddings; of several
    /// give each a name
    #[arg(long, value_name = "[NAME=]MANIFEST", required = true, value_parser = sets::named)]
    training: Vec<Named>,

    /// Use the records of this manifest as references of the character that their key `character`
    /// names
    #[arg(long, value_name = "MANIFEST")]
    references: Vec<PathBuf>,

    /// Records of images made with each LoRA alone, to compare those made with several at once; of several data sets,
    /// those of the checkpoint `alone` are, too
    #[arg(long, value_name = "MANIFEST")]
    alone: Vec<PathBuf>,

    /// LoRA type, which says what counts how much
    #[arg(long = "type", value_name = "TYPE", default_value = "custom", value_parser = types::parser(types::TYPES.iter(), |one| one.about.to_owned()))]
    kind: &'static Type,

    /// Let these measures count so much, instead of as the type says: identity, prompt, style, variety,
    /// copies, sharpness, empty
    #[arg(long, value_name = "MEASURE=WEIGHT,…")]
    weights: Option<Weights>,

    /// Take the images of this checkpoint for those made without the LoRA [default: base, if there are
    /// such images]
    #[arg(long, value_name = "CHECKPOINT")]
    control: Option<String>,

    /// Draw the prompts anew so often for bounds and probabilities; 0 gives none
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    resamples: u32,

    /// Begin random choices with this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Write what was measured of each image to this manifest
    #[arg(long, value_name = "FILE")]
    scored: Option<PathBuf>,

    /// Write a page that compares the checkpoints to this file
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,

    /// Show the images of so many prompts on the page
    #[arg(long, value_name = "N", default_value = "16")]
    rows: NonZero<u16>,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let prompts = Prompts::read(&args.prompts)?;
    let weights = args
        .weights
        .clone()
        .map_or_else(|| Weights::of(args.kind), Ok)?;
    let sets = flow.on_all_cores(|| Sets::read(&args.training, &args.references))?;
    let mut alone = generated::read(&args.alone, &prompts)?;
    flow.whole(
        |record| Part::read(record, &prompts),
        |flow, all| {
            let (mut seen, mut outcomes) = generated::sorted(all);
            if args.training.len() > 1 {
                alone.extend(seen.extract_if(.., |part| part.checkpoint() == ALONE));
            }
            if !seen.is_empty() {
                let found = flow.on_all_cores(|| {
                    let images = generated::images(seen, &prompts, &sets)?;
                    let alone = generated::images(alone, &prompts, &sets)?;
                    checkpoints::compare(images, &alone, &prompts, &sets, &weights, &args)
                })?;
                found.tell();
                files::write(&args, flow, &found, &prompts, &sets)?;
                outcomes.extend(found.records()?.into_iter().map(Outcome::pass));
            }
            Ok(outcomes)
        },
    )
}
