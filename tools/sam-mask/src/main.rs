//! Segment what is in each box, at each point, or everything, with Segment Anything.
//!
//! Reads `image`, `id` and `boxes`, or the key of `--points`. Writes
//!
//! * `masks`: one object a mask, in the order of the boxes: `mask`, a COCO run-length object
//!   `{size: [height, width], counts}` or, with `--png`, the path of a gray PNG; `box`, whole pixels
//!   `[x0, y0, x1, y1]`, ends exclusive; `area`, pixels; `score`, the predicted intersection over
//!   union with the truth, 0 to 1; `stability`, 0 to 1. Then the members of the box that it was made
//!   for (`label`, `identity` and all others), but for its `box` and `score`, which are in
//!   `detection`; or `label`, the words that name it; or `points`, that it was made for; or, with
//!   `--auto`, the `point` that it was found at and the `crop` it was found in;
//! * `mask`: path of their union, a PNG of the image's size, white inside. An image without masks
//!   has none, and an empty `masks`;
//! * `models`: which network answered.

mod answer;
mod concepts;
mod finish;
mod prompt;

use std::process::ExitCode;

use answers::Tool;
use clap::Parser;
use nets::sam::Segmenter;
use nets::words::phrases;
use stage::{Flow, Result};

use answer::Auto;
use finish::Choice;

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| nets::sam::ROLE.answers(), nets::sam3::answers],
};

const EXAMPLES: &str = "Examples:
  char-detect frames.jsonl | sam-mask --out-dir masks > masked.jsonl
  sam-mask --model models/sam2.1 --grow-boxes 0.05 --out-dir masks --png boxes.jsonl
  sam-mask --auto --crop-layers 1 --max-masks 50 --out-dir all frames.jsonl
  sam-mask --model sam3 --words 'a boy. a furry blue creature.' --out-dir masks frames.jsonl

A model is a folder of two graphs, one with `encoder` and one with `decoder` in
its name: SAM 2 of samexporter, SAM 2.1 of onnx-community, SAM 1, MobileSAM.
With --points /clicks each member of `clicks` gives one mask. It is a point [x, y],
or [x, y, 0] for a point outside the mask, or a list of those. With SAM 3
(--model sam3, under a licence of its own) --words names what is segmented.";

/// Segment what is in each box, at each point, or everything, with Segment Anything
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Use the points at this JSON pointer of the record instead of boxes
    #[arg(long, value_name = "POINTER", conflicts_with = "grow_boxes")]
    points: Option<String>,

    /// Segment everything that these phrases name, with SAM 3. Each ends with a full stop, and may have the
    /// score from which it counts: `a boy. a sea monster=0.4.`
    #[arg(long, value_name = "PHRASES", conflicts_with_all = ["points", "grow_boxes", "everything"])]
    words: Option<String>,

    /// Grow boxes by this share of their size on every side
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = stage::share::<f64>)]
    grow_boxes: f64,

    /// Logit above which a pixel belongs to a mask; below 0 masks are wider, for example -1 or -2
    /// for a background in which no finger may remain
    #[arg(long, value_name = "LOGIT", default_value_t = 0.0, value_parser = logit, allow_negative_numbers = true, conflicts_with = "everything")]
    cut: f32,

    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    auto: Auto,

    #[command(flatten)]
    model: onnx::ModelFlags,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

/// A logit. Those of SAM 2 end at 32 either way (`SAM2ImagePredictor.predict`).
fn logit(text: &str) -> std::result::Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value.abs() <= 32.0 => Ok(value),
        _ => Err("not a number from -32 to 32".to_owned()),
    }
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    args.choice.make_folder()?;
    flow.files_by_id(&[".m"]);
    let model = args.model.open("segment")?;
    let words = args.words.as_deref().map_or(Ok(Vec::new()), phrases)?;
    let cache = args.cache.open()?;
    let choice = &args.choice;
    let others = args.points.is_some() || args.auto.is_on() || args.cut.abs() > 0.0;
    if concepts::check(&model, &words, others)? {
        let asked = concepts::Asking {
            words,
            grow: args.grow_boxes,
        };
        return concepts::run(
            &model,
            &args.model.runtime,
            flow,
            cache.as_ref(),
            choice,
            asked,
        );
    }
    let mut segmenter = Segmenter::open(&model, &args.model.runtime)?;
    let everything = args.auto.settings(segmenter.layout(), choice.threshold);
    let answers = TOOL.answers().by(segmenter.provenance());
    let task = answer::Task {
        answers: answers.with(&(args.grow_boxes, args.cut, &everything))?,
        points: args.points,
        grow: args.grow_boxes,
        cut: args.cut,
        everything,
        layout: segmenter.layout(),
    };
    let work = stage::Inference {
        look: |record: &_| task.look(record),
        prepare: |_: &_, seen| task.prepare(seen),
        infer: |inputs: Vec<_>| {
            let answers = inputs.into_iter();
            Ok(answers
                .map(|input| task.infer(&mut segmenter, input))
                .collect())
        },
        finish: |mut record: stage::Record, answer| {
            let wanted = task.wanted(&record)?;
            choice.finish(&mut record, &wanted, answer)?;
            task.answers.sign(&mut record)?;
            Ok(record.into())
        },
    };
    // The encoder sees one image at a time.
    flow.infer(1, cache.as_ref(), work)
}
