//! Learns from labels of this film to judge the rest of it, and chooses what to label next.
//!
//! Reads `id`, `source` (film, shot), the keys of `--on`, `--prior`, `--together` and `--key`, and the
//! labels: of `--patch`, a file of review's decisions, or those that `--labels-at` leads to. Writes the model
//! (`--output`), one small JSON file that label-apply judges by; the records pass as they are. With `--ask`
//! only those pass whose labels would teach most, with the key `ask` (`rank`, `guess`, `probability`). All
//! records and their vectors are held in memory.

mod ask;
mod summary;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Context, Flow, Keep, Outcome, Record, Result, machine, tell};
use teach::{Film, Key, Labels, Model, Reading, Sight, learn};

const EXAMPLES: &str = "Examples:
  label-fit --key /emotion/label --patch faces.patch --prior /emotion/scores --ask 60 faces.jsonl \\
      | review --serve --patch faces.patch --label /emotion/label=happy,sad,angry > /dev/null
  label-fit --key /emotion/label --patch faces.patch --prior /emotion/scores --output emotion.json faces.jsonl > /dev/null
  label-apply --taught emotion.json faces.jsonl > judged.jsonl
  label-fit --key /light/weather --on /light/features,/embedding/vector --together /source/film,/source/shot \\
      --patch frames.patch --output weather.json frames.jsonl > /dev/null
  label-fit --key /review/decision --on /quality --patch frames.patch --output keep.json frames.jsonl > /dev/null
  frame-scan --folder-as place examples/ | clip-embed | label-fit --key /place --labels-at /place --output place.json > /dev/null

A label is what `set` of a decision has for --key; for the key /review/decision it is
keep or drop. Twenty labels are a beginning, a hundred are many. Every number that it
reports is of labels from shots that the classifier had not seen.";

/// Learn from labels of this film how to judge the rest of it
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Learn what this JSON pointer leads to: a word, or as in /tags/place a list of labels with scores
    #[arg(long, value_name = "POINTER")]
    key: Key,

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

    /// Set the threshold so that this share of the answers is right, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = stage::share::<f64>)]
    precision: f64,

    /// Write the model to this file
    #[arg(long, value_name = "FILE", required_unless_present = "ask")]
    output: Option<PathBuf>,

    /// Pass only this many records, those whose labels would teach most, in rows that look alike
    #[arg(long, value_name = "N")]
    ask: Option<NonZero<usize>>,

    #[command(flatten)]
    keep: Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    let labels = match &args.patch {
        Some(path) => Labels::read(path, &args.key)?,
        None => Labels::default(),
    };
    let reading = Reading {
        key: args.key.clone(),
        on: args.on.clone(),
        prior: args.prior.clone(),
        together: args.together.clone(),
    };
    flow.whole(
        |record| sight(&args, &reading, &labels, record),
        |flow, all| fit(&args, &reading, flow, all),
    )
}

fn sight(
    args: &Args,
    reading: &Reading,
    labels: &Labels,
    record: Record,
) -> Result<(Record, Sight)> {
    let mut sight = reading.sight(&record, labels)?;
    if let (None, Some(key)) = (&sight.label, &args.labels_at) {
        sight.label = key.read(&record)?.filter(|label| label != teach::UNKNOWN);
        // A label is no answer that a tool gave before.
        sight.before.take_if(|_| *key == reading.key);
    }
    Ok((record, sight))
}

fn fit(
    args: &Args,
    reading: &Reading,
    flow: &mut Flow,
    all: Vec<(Record, Sight)>,
) -> Result<Vec<Outcome>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let (records, sights): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let film = Film::measured(reading, sights)?;
    flow.on_all_cores(|| {
        let model = learn(reading, &film, args.precision)?;
        if let Some(path) = &args.output {
            write(path, &model)?;
        }
        for line in summary::lines(&model) {
            tell(&line);
        }
        match args.ask {
            Some(count) => ask::outcomes(&film, &model, count.get(), records),
            None => Ok(records.into_iter().map(Outcome::pass).collect()),
        }
    })
}

fn write(path: &std::path::Path, model: &Model) -> Result<()> {
    machine::file::write(path, &model.to_json()?).with_context(|| path.display().to_string())
}
