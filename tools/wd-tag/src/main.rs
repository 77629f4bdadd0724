//! Tags every image with the words of an image board, by a WD14 v3 network.
//!
//! Reads `image`; what is transparent counts as white. Writes three groups of `tags`, each a list of
//! `[tag, probability]`, most probable first: `wd`, what is in the image; `rating`, the one that
//! holds of general, sensitive, questionable and explicit; and with `--characters` `wd_character`.
//! A group in which nothing is probable enough is `[]`. Writes `models.wd-tag`.
//!
//! The networks learnt from drawn images, and know the names of other people's characters.

mod choice;

use std::process::ExitCode;

use answers::{ImageFile, Tool};
use clap::Parser;
use nets::tagger::{self, Category, Tagger};
use onnx::ModelFlags;
use stage::{CacheFlags, Flow, Inference, Outcome, Record, Result};

use crate::choice::{chosen, least, of_category, rounded};

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[tagger::answers],
};

const EXAMPLES: &str = "Examples:
  wd-tag instances.jsonl > tagged.jsonl
  wd-tag --threshold 0.5 --escape frames.jsonl | jq -r '[.tags.wd[][0]] | join(\", \")'
  wd-tag --largest-gap --model wd-vit-tagger-v3 frames.jsonl > tagged.jsonl";

/// Tag every image with the vocabulary of an image board
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Write tags with at least this probability
    #[arg(long, value_name = "SCORE", default_value_t = tagger::GENERAL, value_parser = stage::share::<f64>)]
    threshold: f64,

    /// Choose the threshold of each image by the largest gap between its
    /// probabilities
    #[arg(long, conflicts_with = "threshold")]
    largest_gap: bool,

    /// Also write the names of characters that the tagger recognises
    #[arg(long)]
    characters: bool,

    /// Write names with at least this probability
    #[arg(long, value_name = "SCORE", default_value_t = tagger::CHARACTER, value_parser = stage::share::<f64>)]
    character_threshold: f64,

    /// Escape parentheses, for prompts in which they set a weight
    #[arg(long)]
    escape: bool,

    /// Images per batch on a GPU; on the CPU they are processed one by one, so that a result never
    /// depends on the other images
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    batch: u16,

    #[command(flatten)]
    model: ModelFlags,

    #[command(flatten)]
    cache: CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let model = args.model.open("tag")?;
    let batch = flow.batch(args.batch.into())?;
    let mut tagger = Tagger::open(&model, batch, &args.model.runtime)?;
    let (tags, side) = (tagger.tags().to_vec(), tagger.side());
    let answers = TOOL.answers().by(tagger.net().provenance());
    // Records wait for each other only where they run together.
    let together = tagger.batch();
    let work = Inference {
        look: |record: &Record| {
            let file = ImageFile::of(record)?;
            Ok((answers.key(file.bytes()), file))
        },
        prepare: |_: &Record, file: ImageFile| {
            let image = file.rgb()?;
            file.named(|_| tagger::prepare(&image, side))
        },
        infer: |images: Vec<Vec<f32>>| {
            Ok(tagger
                .tag(&images)?
                .into_iter()
                .map(rounded)
                .map(Ok)
                .collect())
        },
        finish: |mut record: Record, probabilities: Vec<f64>| {
            let of = |category| of_category(&tags, &probabilities, category);
            let general = of(Category::General);
            let bound = least(&general, args.largest_gap, args.threshold, 0.0);
            record.put_member("tags", "wd", &chosen(general, bound, args.escape))?;
            let mut rating = chosen(of(Category::Rating), 0.0, args.escape);
            rating.truncate(1);
            record.put_member("tags", "rating", &rating)?;
            if args.characters {
                let names = of(Category::Character);
                let floor = tagger::CHARACTER_BY_GAP;
                let bound = least(&names, args.largest_gap, args.character_threshold, floor);
                record.put_member("tags", "wd_character", &chosen(names, bound, args.escape))?;
            }
            answers.sign(&mut record)?;
            Ok(Outcome::pass(record))
        },
    };
    flow.infer(together, args.cache.open()?.as_ref(), work)
}
