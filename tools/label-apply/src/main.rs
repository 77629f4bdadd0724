//! Judges every record again, by what labels of this film have taught.
//!
//! Reads `id`, `source` and the keys that the model of `--taught` names. Writes the answer to the model's key,
//! `unknown` where no class reaches the threshold, and under the same pointer in `taught`: `label`,
//! `probability`, `scores` of all classes, `before` (the answer that it replaces) and `model`. A record that has a
//! label in `--patch` gets that, as a person is sure. A record with nothing to judge it by stays as it is, and so do
//! all without a label in `--patch`, where by the labels that
//! it was proven on the model is right no more often than the answers before. Of the key /review/decision, which is a person's, nothing is
//! written but `taught`: records that are judged to be dropped are dropped. So are those whose best class is `drop`, of a model
//! that was learned with `--drop-class`. What a person called `unknown` is so.

mod judged;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::log::{info, warn};
use stage::{Context, Flow, Keep, Record, Result};
use teach::{Key, Labels, Model};

use judged::Named;

const EXAMPLES: &str = "Examples:
  label-apply --taught emotion.json faces.jsonl > judged.jsonl
  label-apply --taught emotion.json faces.jsonl | jq -r 'select(.taught[\"/emotion/label\"].before != .emotion.label) | .id'
  label-apply --taught keep.json --rejects dropped.jsonl frames.jsonl > kept.jsonl
  label-apply --taught time.json lit.jsonl | label-apply --taught weather.json > judged.jsonl

The model is made by label-fit, of this film or of an earlier one of the same style.";

/// Judge every record again, by what labels of this film have taught
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Judge by this model
    #[arg(long, value_name = "FILE")]
    taught: PathBuf,

    /// Write the labels in this patch of review to their records, and let them count for all that share an answer with these
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,

    /// Write `unknown` if no class has at least this probability, 0 to 1 [default: as the model says]
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f64>)]
    threshold: Option<f64>,

    /// Change nothing if the model is of another key than this
    #[arg(long, value_name = "POINTER")]
    key: Option<Key>,

    #[command(flatten)]
    keep: Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    let name = || args.taught.display().to_string();
    let text = std::fs::read(&args.taught).with_context(name)?;
    let mut model = Model::parse(&text).with_context(name)?;
    if let Some(threshold) = args.threshold {
        model.threshold = threshold;
    }
    let named = Named::of(&args.taught, &text, model);
    let key = &named.model.reading.key;
    if args.key.as_ref().is_some_and(|wanted| wanted != key) {
        return flow.each(|record: Record| Ok(record));
    }
    if named.model.proof.labels == 0 {
        info!(
            "{}: learned from no labels: records without one stay as they are",
            name()
        );
    }
    let labels = match &args.patch {
        Some(path) => Labels::read(path, key, named.model.reading.drops)?,
        None => Labels::default(),
    };
    flow.whole(
        |record| {
            let sight = named.model.reading.sight(&record, &labels)?;
            named.model.check(&sight)?;
            named.check(&record)?;
            Ok((record, sight))
        },
        |flow, all| {
            labels.unheard().iter().for_each(|line| warn!("{line}"));
            let (records, sights): (Vec<_>, Vec<_>) = all.into_iter().unzip();
            let judged = flow.on_all_cores(|| named.judge(sights))?;
            let outcome = |(record, judgement)| named.outcome(record, judgement);
            Ok(records.into_iter().zip(judged).map(outcome))
        },
    )
}
