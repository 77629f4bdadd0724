//! Learns from labels of this film to judge the rest of it, and chooses what to label next.
//!
//! Reads `id`, `source` (film, shot), the keys of `--on`, `--prior`, `--together` and `--key`, and the
//! labels: of `--patch`, a file of review's decisions, or those that `--labels-at` leads to. Writes the model
//! (`--output`), one small JSON file that label-apply judges by; the records pass as they are. With `--ask`
//! only those pass whose labels would teach most, with the key `ask` (`rank`, `guess`, `probability`). All
//! records and their vectors are held in memory.
//!
//! With `--threshold-of` it reads that number and `rejected` of records that a tool kept and dropped, and the file of
//! `--output` is a threshold.

mod ask;
mod classes;
mod summary;
mod threshold;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use stage::{Context, Flow, Keep, Result, machine};
use teach::{Key, Labels};

const EXAMPLES: &str = "Examples:
  label-fit --key /emotion/label --patch faces.patch --prior /emotion/scores --ask 60 faces.jsonl \\
      | review --serve --patch faces.patch --label /emotion/label=happy,sad,angry > /dev/null
  label-fit --key /emotion/label --patch faces.patch --prior /emotion/scores --output emotion.json faces.jsonl > /dev/null
  label-apply --taught emotion.json faces.jsonl > judged.jsonl
  label-fit --key /light/weather --on /light/features,/embedding/vector --together /source/film,/source/shot \\
      --patch frames.patch --output weather.json frames.jsonl > /dev/null
  label-fit --key /review/decision --on /quality --patch frames.patch --output keep.json frames.jsonl > /dev/null
  frame-scan --folder-as place examples/ | clip-embed | label-fit --key /place --labels-at /place --output place.json > /dev/null
  cat sharp.jsonl sharp.rejects.jsonl | label-fit --threshold-of /quality/sharpness --dropped-for blurred \
      --patch blur.patch --output blur.json > /dev/null

A label is what `set` of a decision has for --key; for the key /review/decision it is
keep or drop. Twenty labels are a beginning, a hundred are many. Every number that it
reports is of labels from shots that the classifier had not seen.";

/// Learn from labels of this film how to judge the rest of it
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Learn what this JSON pointer leads to: a word, or as in /tags/place a list of labels with scores
    #[arg(long, value_name = "POINTER", required_unless_present = "threshold_of")]
    key: Option<Key>,

    /// Take the labels from these decisions of review; a file that does not exist has none
    #[arg(long, value_name = "FILE", required_unless_present = "labels_at")]
    patch: Option<PathBuf>,

    /// Take the label of a record without a decision from this key of its own
    #[arg(long, value_name = "POINTER")]
    labels_at: Option<Key>,

    /// Learn from these vectors and numbers; an object stands for all numbers in it
    #[arg(
        long,
        value_name = "POINTER,…",
        value_delimiter = ',',
        default_value = "/embedding/vector"
    )]
    on: Vec<String>,

    /// What an earlier tool said, which counts as far as the labels confirm it: scores by class, labels with
    /// scores, or a word; of several the first that a record has
    #[arg(long, value_name = "POINTER,…", value_delimiter = ',')]
    prior: Vec<String>,

    /// Give records with the same values here one answer: the frames of a shot have one weather
    #[arg(long, value_name = "POINTER,…", value_delimiter = ',')]
    together: Vec<String>,

    /// Take what a person dropped for a class of its own, `drop`: label-apply drops what is judged so
    #[arg(long)]
    drop_class: bool,

    /// Set the threshold so that this share of the answers, or of what is kept, is right, 0 to 1 [default: 0.95; of
    /// /review/decision the likelier answer counts; with --threshold-of the best F1]
    #[arg(long, value_name = "SHARE", value_parser = stage::share::<f64>)]
    precision: Option<f64>,

    /// Write the model to this file
    #[arg(long, value_name = "FILE", required_unless_present = "ask")]
    output: Option<PathBuf>,

    /// Pass only this many records, those whose labels would teach most, in rows that look alike
    #[arg(long, value_name = "N")]
    ask: Option<NonZero<usize>>,

    #[command(flatten)]
    keep: Keep,

    #[command(flatten)]
    thresholds: threshold::ThresholdFlags,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    match (&args.thresholds.threshold_of, &args.key) {
        (Some(pointer), _) => threshold::run(&args, pointer, flow),
        (None, Some(key)) => classes::run(&args, key, flow),
        (None, None) => Ok(()),
    }
}

fn labels(args: &Args, key: &Key) -> Result<Labels> {
    match &args.patch {
        Some(path) => Labels::read(path, key, args.drop_class),
        None => Ok(Labels::default()),
    }
}

fn write(path: &Path, text: &[u8]) -> Result<()> {
    machine::file::write(path, text).with_context(|| path.display().to_string())
}
