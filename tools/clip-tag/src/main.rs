//! Labels every image without training: compares its vector with the vectors of texts.
//!
//! Reads `embedding`, written by clip-embed with the same model. Writes `tags`: for each group of the
//! label files a list of `[label, score]`, best first, scores 0 to 1, or `[["unknown", score]]` with
//! the best score where that does not reach the group's threshold. Groups that are there already
//! from other files stay. Writes `models.clip-tag`.
//!
//! Scores of CLIP are a softmax over the group's labels, of which one holds; those of `SigLIP` stand
//! for themselves, and several labels may hold. A group may say otherwise; of one with a `measure`
//! that label's score among its labels is written, and nothing else.

mod embedding;
mod labels;
mod score;
mod texts;

use std::path::PathBuf;
use std::process::ExitCode;

use answers::Tool;
use clap::Parser;
use nets::embed::text::TextEncoder;
use nets::embed::{Encoder, ROLE};
use onnx::ModelFlags;
use stage::{CacheFlags, Flow, Result};

use crate::embedding::vector;
use crate::score::{Answer, Question};

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  clip-embed scenes.jsonl | clip-tag --labels examples/labels > tagged.jsonl
  clip-tag --labels location.toml --threshold 0.6 embedded.jsonl | jq -r '.tags.location[0][0]' | sort | uniq -c
  clip-tag --model siglip2-base --labels style.toml embedded.jsonl > tagged.jsonl

A label file, TOML or JSON, has a table for each group:

  [location]
  templates = [\"a scene in {}\", \"a frame of an animated film set in {}\"]
  threshold = 0.4
  [location.labels]
  kitchen = \"a kitchen\"
  street = [\"a street\", \"an alley between houses\"]

Also: score (softmax or sigmoid), margin (over the second best, of a softmax), top (number of labels to write),
about (a note for the reader), threshold = { softmax = 0.4, sigmoid = 0.05 }, and measure (the label whose score
alone is written, whatever it is: of two opposed labels, a number to sort by).";

/// Tag every image zero-shot, by its embedding and a file of labels
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Read groups of labels from this TOML or JSON file, or from all such files in a folder
    #[arg(long, value_name = "FILE|DIR", required = true)]
    labels: Vec<PathBuf>,

    /// Write `unknown` below this score, 0 to 1 [default: the group's]
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f64>)]
    threshold: Option<f64>,

    /// Write `unknown` if a softmax leads over the second best by less than this [default: the
    /// group's]
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f64>)]
    margin: Option<f64>,

    /// Write this many labels of a group [default: the group's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    top: Option<u16>,

    /// Accept vectors of the model of this name as those of the text model's partner [default: the
    /// text model's own name]
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    partner: Option<String>,

    /// Read the model as one of this family: clip, siglip, siglip2 [default: by the registry or the
    /// tokenizer]
    #[arg(long, value_name = "FAMILY", value_parser = family, help_heading = "Network")]
    family: Option<&'static Encoder>,

    #[command(flatten)]
    model: ModelFlags,

    #[command(flatten)]
    cache: CacheFlags,
}

fn family(name: &str) -> Result<&'static Encoder, String> {
    ROLE.named(name).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let groups = labels::read(&args.labels)?;
    let model = args.model.open("embed")?;
    let mut encoder = TextEncoder::open(&model, args.family, &args.model.runtime)?;
    let answers = TOOL.answers().by(encoder.net().provenance());
    let cache = args.cache.open()?;
    let (mut questions, mut logits) = (Vec::new(), None);
    for group in groups {
        let vectors = texts::vectors(&group, &mut encoder, &answers, cache.as_ref())?;
        let logits = if let Some(logits) = logits {
            logits
        } else {
            let width = vectors.first().map_or(0, Vec::len);
            *logits.insert(score::logits(&model, encoder.texts(), width)?)
        };
        questions.push(Question::new(
            group,
            vectors,
            &args,
            logits,
            encoder.texts(),
        )?);
    }
    let partner = args.partner.as_deref().unwrap_or(model.name());
    flow.each(|mut record| {
        let sha256 = args.partner.is_none().then_some(model.sha256());
        let vector = vector(&record, partner, sha256)?;
        for question in &questions {
            let answer: Answer = question.answer(&vector)?;
            record.put_member("tags", question.name(), &answer)?;
        }
        answers.sign(&mut record)?;
        Ok(record)
    })
}
