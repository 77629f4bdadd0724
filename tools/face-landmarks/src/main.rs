//! Find the landmarks of every face, and measure its eyes, mouth and eyebrows.
//!
//! Reads `image` and, as face-crop writes it, `face` (`box_in_crop`, `window`, `angle`; with `--five`,
//! `landmarks`); an image without `face` is taken for a face as a whole. Writes `features`, as
//! [`features::Features`] has it. With `--calibrate-within` it reads `features` and the name of the
//! character, and judges anew, as `usual.rs` says.

mod features;
mod judge;
mod measure;
mod usual;

use std::process::ExitCode;

use answers::{ImageFile, Tool};
use clap::Parser;
use nets::landmark::{Crop, Estimator};
use serde::Serialize;
use stage::{Flow, Inference, Record, Result};
use vision::Rect;

use features::Features;
use judge::Bounds;

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| nets::landmark::ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  face-landmarks --model anime-face.onnx faces.jsonl > measured.jsonl
  face-landmarks --model anime-face.onnx faces.jsonl | face-landmarks --calibrate-within /identity/name > judged.jsonl
  face-landmarks --five faces.jsonl | face-landmarks --calibrate-within /identity/name > smiles.jsonl

The key `features`; left and right are the image's:
  scheme    which points: `anime28`, hysts' anime-face-detector, or `five`
  points    column, row (pixels of the parent's image) and score of each
  score     the mean of their scores
  eyes      label, and `openness`: height over width
  mouth     label; `openness`: height over width; `curve`: how far its corners are
            above the upper lip, or below the lower one (less than 0), over its
            width; `width` over the distance of the eyes
  eyebrows  label; `height` above the corners of the eyes, in widths of an eye;
            `tilt`, degrees: above 0 the inner ends are up
  judged    `absolute`, or `character`: by the character's other faces
Labels are those of examples/labels/faces, and `open smile`, `open frown`; what
cannot be told is `unknown`. No landmark tells the gaze.

How to choose: drawn faces differ, so that the wide eyes of one character are usual
for another. From twelve faces of a character on, --calibrate-within compares each
with the median of them all, which alone can tell wide and half-closed eyes, and
raised eyebrows. With fewer, the ratios below hold. A blink is below 0.2 in
photographs (Soukupova and Cech 2016); large drawn eyes may need 0.4. The others
follow from how the faces of the sample film are built, and were not fitted.
--five can only tell a smile, by a mouth wider than usual. Networks:
models/landmarks.py exports hysts' to ONNX.";

/// Find the landmarks of every face, and measure its eyes, mouth and eyebrows
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    model: onnx::ModelFlags,

    /// Look at each face once, not also mirrored: twice as fast, and less exact
    #[arg(long)]
    no_mirror: bool,

    /// Run no network, but measure the five `landmarks` of `face`
    #[arg(long, conflicts_with = "no_mirror")]
    five: bool,

    /// Run no network, but judge `features` by those of all faces with the same value of this key, a
    /// JSON pointer to the name of the character; needs all records in memory
    #[arg(long, value_name = "POINTER", conflicts_with_all = ["five", "model"])]
    calibrate_within: Option<String>,

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
    let bounds = &args.bounds;
    if let Some(name) = &args.calibrate_within {
        return usual::all(flow, name, bounds);
    }
    if args.five {
        return flow.each(|mut record: Record| {
            let face = record.face()?.unwrap_or_default();
            let features = features::of_five(&face, bounds);
            record.put_rounded("features", &features, 4)?;
            Ok(record)
        });
    }
    let cache = args.cache.open()?;
    let model = args.model.open("landmark")?;
    let mut estimator = Estimator::open(&model, !args.no_mirror, &args.model.runtime)?;
    let plan = estimator.plan().clone();
    let answers = TOOL.answers().by(estimator.provenance());
    let answers = answers.with(&args.no_mirror)?;
    let work = Inference {
        look: |record: &Record| {
            let (file, place) = (ImageFile::of(record)?, Place::of(record)?);
            Ok((answers.key(file.bytes()).settings(&place)?, (file, place)))
        },
        prepare: |_: &Record, (file, place): (ImageFile, Place)| {
            let image = file.rgb()?;
            let whole = Rect::whole(image.width(), image.height()).map(f64::from);
            file.named(|_| plan.crop(&image, place.rect.unwrap_or(whole)))
        },
        infer: |faces: Vec<Crop>| {
            let points = |face: Crop| estimator.run(&face).map(Ok);
            faces.into_iter().map(points).collect()
        },
        finish: |mut record: Record, points: Vec<[f64; 3]>| {
            let face = record.face()?.unwrap_or_default();
            let features = Features::of(plan.scheme(), points, &face, bounds);
            record.put_rounded("features", &features, 4)?;
            answers.sign(&mut record)?;
            Ok(record.into())
        },
    };
    flow.infer(1, cache.as_ref(), work)
}

/// Where the face is in its crop, in pixels; the whole crop where that is not known.
#[derive(Debug, Serialize)]
struct Place {
    rect: Option<Rect<f64>>,
}

impl Place {
    fn of(record: &Record) -> Result<Self> {
        let face = record.face()?.unwrap_or_default();
        Ok(Self {
            rect: face.box_in_crop,
        })
    }
}
