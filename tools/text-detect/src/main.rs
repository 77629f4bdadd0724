//! Detect text in every image, and mark what is laid over the film.
//!
//! Reads `image`. Writes `text`: `lines`, a list of `{box: [x0, y0, x1, y1], score}` from top to bottom, empty where
//! there is no text, corners in pixels of the upright image; and `models`, which detector it was. With `--mark`
//! reads `text`, `source.film`, `source.shot`, `width` and `height` of all records, and writes into `text` the `kind`
//! of each line (`burnt-in`, `logo` or `scene`), `mask`, all that is burnt in or a logo as run lengths, and `clear`, the
//! largest part of the image without them.

mod clear;
mod frames;
mod kinds;
mod places;

use std::process::ExitCode;

use answers::{ImageFile, Tool};
use clap::Parser;
use nets::text::{self, Detector, Found, Prepared};
use stage::manifest::shapes::{Text, TextLine};
use stage::{Flow, Inference, Record, Result, log};

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[text::answers],
};

const EXAMPLES: &str = "Examples:
  text-detect frames.jsonl | text-detect --mark > marked.jsonl
  text-detect frames.jsonl | jq -c 'select(.text.lines != []) | [.image, .text.lines[].box]'

With --mark, all frames of a film are compared; run it before near-duplicates are dropped:
  logo      at one place (IoU over 0.7) in over 60 % of the shots, and in 3 at least
  burnt-in  still in 3 frames of a shot or more (IoU over 0.7), and in the middle of the lowest
            three tenths, or on a line where 3 shots show 3 different texts; and whatever else
            stands on such a line
  scene     all else: signs, books, titles that are drawn for their shot
`text-remove` and `lama-inpaint --mask-key /text/mask` remove what is marked.";

/// Detect text in every image, and mark what is laid over the film
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Keep lines with at least this score, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.6, value_parser = stage::share::<f32>)]
    threshold: f32,

    /// Shrink images to this long side before text is looked for
    #[arg(long, value_name = "PIXELS", default_value_t = 960, value_parser = clap::value_parser!(u32).range(32..=4096))]
    long_side: u32,

    /// Run no network, but say of the lines in `text` which are burnt in, logos, or part of the scene; needs all
    /// records in memory
    #[arg(long)]
    mark: bool,

    /// Pass on all records as they are if no network is named or installed, instead of failing
    #[arg(long)]
    if_installed: bool,

    #[command(flatten)]
    model: onnx::ModelFlags,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    if args.mark {
        return flow.whole(frames::Frame::read, |_, all| frames::marked(all));
    }
    if args.if_installed && !args.model.is_there("text")? {
        log::warn!(
            "text is not looked for, as no network for it is installed: `film2lora models --role text` downloads one"
        );
        return flow.each(Ok::<Record, _>);
    }
    let mut detector = Detector::open(&args.model.open("text")?, &args.model.runtime)?;
    let answers = TOOL.answers().by(detector.provenance());
    let answers = answers.with(&(args.threshold, args.long_side))?;
    let cache = args.cache.open()?;
    let work = Inference {
        look: |record: &Record| {
            let file = ImageFile::of(record)?;
            Ok((answers.key(file.bytes()), file))
        },
        prepare: |_: &Record, file: ImageFile| {
            let image = file.rgb()?;
            file.named(|_| text::prepare(&image, args.long_side))
        },
        infer: |images: Vec<Prepared>| {
            let lines = |image| detector.run(image, args.threshold).map(Ok);
            images.into_iter().map(lines).collect()
        },
        finish: |mut record: Record, found: Vec<Found>| {
            let lines = found.iter().map(|found| TextLine {
                rect: found.rect.map(f64::from),
                score: f64::from(found.score),
                kind: None,
            });
            let text = Text {
                lines: lines.collect(),
                ..Text::default()
            };
            record.put_rounded("text", &text, 4)?;
            answers.sign(&mut record)?;
            Ok(record.into())
        },
    };
    flow.infer(1, cache.as_ref(), work)
}
