//! Classify the expression of every face, and its intensity.
//!
//! Reads `image` and, as face-crop writes it, `face` (`box_in_crop`; `landmarks` and `window`); an
//! image without `face` is taken for a face as a whole. Writes `emotion`, as [`judge::Verdict`] has
//! it. With `--rank-within` it reads `emotion` and the name of the character, and sets the intensity
//! anew, as `rank.rs` says.

mod judge;
mod rank;

use std::process::ExitCode;

use answers::{ImageFile, Tool};
use clap::Parser;
use nets::emotion::{Classifier, Emotion, FaceImage};
use nets::face::Landmarks;
use serde::Serialize;
use stage::{Flow, Inference, Record, Result};
use vision::{Rect, RgbImage};

use judge::Bounds;

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| nets::emotion::ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  emotion-classify faces.jsonl > emotions.jsonl
  emotion-classify --model emotion-ferplus-8 faces.jsonl | jq -r .emotion.label | sort | uniq -c
  emotion-classify faces.jsonl | emotion-classify --rank-within /identity/name > ranked.jsonl
  emotion-classify faces.jsonl | jq -c 'select(.emotion.intensity == \"high\")' > strong.jsonl

The key `emotion`:
  label      happy sad surprised angry neutral fear disgust contempt, as far as
             the model knows them; `unknown` below --threshold or --margin
  intensity  low, medium, high: by how much the label's score leads over the next;
             `unknown` where the label is; with --rank-within by `rank`
  rank       with --rank-within: the share of the character's faces with a weaker
             expression
  scores     of every class that the model knows; they add up to 1
  margin     the best score less the second
  second     the label of the second

The published networks learned from photographs of people. They score drawn faces
nearer to neutral and, because of the large eyes, to surprise: look at some, and
set --margin accordingly.";

/// Classify the expression of every face, and its intensity
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    model: onnx::ModelFlags,

    #[command(flatten)]
    bounds: Bounds,

    /// Run no network, but set the intensity of `emotion` by rank among the faces with the same value
    /// of this key, a JSON pointer to the name of the character: a third each is low, medium and
    /// high, by the score less that of `neutral`; needs all records in memory
    #[arg(long, value_name = "POINTER")]
    rank_within: Option<String>,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    args.bounds.check()?;
    if let Some(name) = &args.rank_within {
        return rank::all(flow, name);
    }
    let cache = args.cache.open()?;
    let mut classifier = Classifier::open(&args.model.open("emotion")?, &args.model.runtime)?;
    let plan = classifier.plan().clone();
    let columns = plan.columns();
    let answers = TOOL.answers().by(classifier.provenance());
    let answers = answers.with(&format!("{columns:?}"))?;
    let work = Inference {
        look: |record: &Record| {
            let (file, place) = (ImageFile::of(record)?, Place::of(record)?);
            Ok((answers.key(file.bytes()).settings(&place)?, (file, place)))
        },
        prepare: |_: &Record, (file, place): (ImageFile, Place)| {
            let image = file.rgb()?;
            file.named(|_| plan.prepare(&place.face(&image)))
        },
        infer: |faces: Vec<Vec<f32>>| {
            let scores = |face| Ok(columns.decode(&classifier.run(face)?));
            faces.into_iter().map(scores).collect()
        },
        finish: |mut record: Record, scores: Vec<(Emotion, f32)>| {
            record.put_rounded("emotion", &args.bounds.verdict(&scores), 4)?;
            answers.sign(&mut record)?;
            Ok(record.into())
        },
    };
    flow.infer(1, cache.as_ref(), work)
}

/// Where a face is, in pixels of its crop.
#[derive(Debug, Serialize)]
struct Place {
    #[serde(rename = "area")]
    rect: Option<Rect<f32>>,
    landmarks: Option<Landmarks>,
}

impl Place {
    fn of(record: &Record) -> Result<Self> {
        let face = record.face()?.unwrap_or_default();
        let corner = |window: Rect| [window.left, window.top];
        let [left, top] = face.window.map_or([0, 0], corner).map(|edge| edge as f32);
        let place = |[x, y]: [f64; 2]| [x as f32 - left, y as f32 - top];
        Ok(Self {
            rect: face.box_in_crop.map(|rect| rect.map(|edge| edge as f32)),
            landmarks: face.landmarks.map(|points| points.map(place)),
        })
    }

    /// The face in `image`: all of it where no place is known.
    fn face<'a>(&self, image: &'a RgbImage) -> FaceImage<'a> {
        let whole = Rect::whole(image.width() as f32, image.height() as f32);
        FaceImage {
            image,
            rect: self.rect.unwrap_or(whole),
            landmarks: self.landmarks,
        }
    }
}
