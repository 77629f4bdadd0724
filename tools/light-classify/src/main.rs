//! Classify the time of day, the weather and the setting of every image.
//!
//! Reads `image`. Writes `light`: `time` (morning noon afternoon evening night), `weather` (sunny
//! cloudy rainy) and `setting` (indoor outdoor), each `unknown` where no class reaches
//! `--threshold`; `scores`, of every class, which add up to 1; and `features`, the figures that they
//! come from, with units in `features.rs`. With `--use-tags` also reads `tags`, and `light` where it is
//! there already; `tagged` then names the answers that the tags changed.
//!
//! The model is `model.json`, fitted by `fit.py`; README.md says on what, and how good it is.

mod features;
mod model;
mod tags;

use std::process::ExitCode;

use clap::Parser;
use serde::Serialize;
use stage::{Context, Flow, Record, Result};
use vision::decode;

use features::{Features, SIDE};
use model::{Answers, Model, Scores};

/// The fitted coefficients.
const MODEL: &str = include_str!("../model.json");

const EXAMPLES: &str = "Examples:
  light-classify frames.jsonl > lit.jsonl
  light-classify --threshold 0.8 frames.jsonl | jq -r .light.time | sort | uniq -c
  light-classify frames.jsonl | jq -c 'select(.light.time == \"night\")' > night.jsonl
  light-classify --use-tags tagged.jsonl > lit.jsonl

The model was fitted on images of one animated film and is careful: it writes
`unknown` instead of guessing. Run it on original frames, not on plates
whose sky was inpainted.";

/// Classify the time of day, the weather and the setting of every image
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Write `unknown` if no class has at least this score, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.75, value_parser = stage::share::<f64>)]
    threshold: f64,

    /// Also use the scores of clip-tag for the groups `time`, `weather` and `setting`: the mean of
    /// both scores decides; a record that has `light` already is not measured again
    #[arg(long)]
    use_tags: bool,

    /// With --use-tags, write `unknown` if no class has at least this mean score, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.5, value_parser = stage::share::<f64>)]
    tags_threshold: f64,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let model = Model::parse(MODEL)?;
    flow.each(|mut record: Record| {
        if !args.use_tags || !record.has("light") {
            record = classify(&model, args.threshold, record)?;
        }
        if args.use_tags {
            tags::join(&mut record, args.tags_threshold)?;
        }
        Ok(record)
    })
}

/// The key `light`.
#[derive(Debug, Serialize)]
struct Light {
    time: String,
    weather: String,
    setting: String,
    scores: ByQuestion,
    features: Features,
}

#[derive(Debug, Serialize)]
struct ByQuestion {
    time: Scores,
    weather: Scores,
    setting: Scores,
}

fn classify(model: &Model, threshold: f64, mut record: Record) -> Result<Record> {
    let path = record.image()?;
    let name = || path.display().to_string();
    let file = decode::read(&path).with_context(name)?;
    let size = decode::dimensions_from_bytes(&file).with_context(name)?;
    let (width, height) = if size.width > size.height {
        (SIDE, 1)
    } else {
        (1, SIDE)
    };
    let image = decode::rgb_at_least_from_bytes(&file, width, height).with_context(name)?;
    let features = Features::of(&image).with_context(name)?;
    let Answers {
        time,
        weather,
        setting,
    } = model.answer(&features, threshold)?;
    let light = Light {
        time: time.label,
        weather: weather.label,
        setting: setting.label,
        scores: ByQuestion {
            time: time.scores,
            weather: weather.scores,
            setting: setting.scores,
        },
        features,
    };
    record.put_rounded("light", &light, 3)?;
    Ok(record)
}
