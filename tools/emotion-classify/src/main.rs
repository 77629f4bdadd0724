//! Classify the expression of every face, and its intensity.
//!
//! Reads `image` and, as face-crop writes it, `face` (`box_in_crop`; `landmarks` and `window`); an
//! image without `face` is taken for a face as a whole. Writes `emotion`, as [`judge::Verdict`] has
//! it.

mod judge;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use nets::emotion::{Classifier, Plan, Sitter};
use nets::face::Landmarks;
use serde::Serialize;
use stage::{Context, Flow, Inference, Key, Record, Result};
use vision::decode;

use judge::Bounds;

const EXAMPLES: &str = "Examples:
  emotion-classify faces.jsonl > felt.jsonl
  emotion-classify --model emotion-ferplus-8 faces.jsonl | jq -r .emotion.label | sort | uniq -c
  emotion-classify faces.jsonl | jq -c 'select(.emotion.intensity == \"high\")' > strong.jsonl

The key `emotion`:
  label      happy sad surprised angry neutral fear disgust contempt, as far as
             the model knows them; `unknown` below --threshold or --margin
  intensity  low, medium, high: how far the label's score is ahead of the next;
             `unknown` where the label is
  scores     of every class that the model knows; they add up to 1
  margin     the best score less the second
  second     the label of the second

The published networks learned from photographs of people. Drawn faces come out
nearer to neutral and, for their large eyes, to surprise: look at some, and set
--margin by them.";

/// Classify the expression of every face, and its intensity
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    model: onnx::ModelFlags,

    #[command(flatten)]
    bounds: Bounds,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    args.bounds.check()?;
    let cache = args.cache.open()?;
    let mut classifier = Classifier::open(&args.model.open("emotion")?, &args.model.runtime)?;
    let plan = classifier.plan().clone();
    let network = classifier.provenance().clone();
    let columns = plan.columns();
    let work = Inference {
        look: |record: &Record| Portrait::look(record, &network.sha256),
        prepare: |_: &Record, portrait: Portrait| portrait.prepare(&plan),
        infer: |faces: Vec<Vec<f32>>| {
            let answers = faces.into_iter().map(|face| classifier.run(face));
            answers.map(|answer| Ok(Ok(answer?))).collect()
        },
        finish: |mut record: Record, answer: Vec<f32>| {
            let scores = columns.decode(&answer)?;
            record.put_rounded("emotion", &args.bounds.verdict(&scores), 4)?;
            record.put_member("models", "emotion-classify", &network)?;
            Ok(record.into())
        },
    };
    flow.infer(1, cache.as_ref(), work)
}

/// A picture that is not yet decoded, and where the face is in it.
struct Portrait {
    path: PathBuf,
    bytes: Vec<u8>,
    place: Place,
}

/// Where a face is, in pixels of its crop.
#[derive(Debug, Serialize)]
struct Place {
    area: Option<[f32; 4]>,
    landmarks: Option<Landmarks>,
}

impl Place {
    fn of(record: &Record) -> Result<Self> {
        let landmarks: Option<Landmarks> = record.at("/face/landmarks")?;
        let window: Option<[f32; 4]> = record.at("/face/window")?;
        let [left, top, ..] = window.unwrap_or_default();
        Ok(Self {
            area: record.at("/face/box_in_crop")?,
            landmarks: landmarks.map(|points| points.map(|[x, y]| [x - left, y - top])),
        })
    }
}

impl Portrait {
    fn look(record: &Record, network: &str) -> Result<(Key, Self)> {
        let path = record.image()?;
        let bytes = decode::read(&path).with_context(|| path.display().to_string())?;
        let place = Place::of(record)?;
        let key = Key::new("emotion-classify", env!("CARGO_PKG_VERSION"))
            .part(&bytes)
            .part(network.as_bytes())
            .settings(&place)?;
        Ok((key, Self { path, bytes, place }))
    }

    fn prepare(self, plan: &Plan) -> Result<Vec<f32>> {
        let name = || self.path.display().to_string();
        let picture = decode::rgb_from_bytes(&self.bytes).with_context(name)?;
        let whole = [0.0, 0.0, picture.width() as f32, picture.height() as f32];
        let sitter = Sitter {
            picture: &picture,
            area: self.place.area.unwrap_or(whole),
            landmarks: self.place.landmarks,
        };
        plan.prepare(&sitter).with_context(name)
    }
}
