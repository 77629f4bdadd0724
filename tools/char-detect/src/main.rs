//! Find the characters in every image and put boxes around them.
//!
//! Reads `image`. Writes `boxes`, a list of `{box: [x0, y0, x1, y1], score, label}` by descending
//! score, empty where nothing was found: corners in pixels of the upright image and within it, to
//! 2 decimals; score 0 to 1, to 4; label a class of the detector, `person` if it has only that. And
//! `models`, which detector it was.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use nets::detect::{Detection, Detector, Settings, prepare};
use serde::Serialize;
use stage::{Context, Flow, Inference, Key, Outcome, Record, Result, log};
use vision::decode;

const TOOL: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

const EXAMPLES: &str = "Examples:
  char-detect frames.jsonl > boxes.jsonl
  char-detect --tiles 2 --threshold 0.4 frames.jsonl | jq -c 'select(.boxes != [])'
  char-detect --model my_characters.onnx --classes all frames.jsonl > boxes.jsonl

A person detector finds what looks like a person: of animals, robots and toys
it finds few. Name a detector of your own for those with --model: YOLOX, RTMDet,
RT-DETR and D-FINE files are read as they are published.";

/// Find the characters in every image and put boxes around them
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Keep boxes with a score over this, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.3, value_parser = stage::share::<f32>)]
    threshold: f32,

    /// Of two boxes of a class that overlap by more than this share of their
    /// union, keep the better one, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.65, value_parser = stage::share::<f32>)]
    nms: f32,

    /// Keep these classes, or `all` [default: person, or all of a detector that
    /// does not know it]
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',')]
    classes: Vec<String>,

    /// Look at overlapping tiles as well, so many along the shorter side of the
    /// image, to find small figures; takes several times as long
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=4))]
    tiles: u32,

    /// Leave out boxes whose shorter side is below this, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    min_size: u32,

    /// Images that go into the network at once, if it takes more than one
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,

    #[command(flatten)]
    model: onnx::ModelFlags,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let mut detector = Detector::open(&args.model.open("detect")?, &args.model.runtime)?;
    let settings = Settings {
        threshold: args.threshold,
        nms: args.nms,
        classes: args.classes,
        tiles: args.tiles,
        min_size: args.min_size as f32,
    };
    let layout = detector.layout().clone();
    layout.wanted(&settings)?;
    let network = detector.provenance().clone();
    let (seen, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let cache = args.cache.open()?;
    let work = Inference {
        look: |record: &Record| {
            let path = record.image()?;
            let file = decode::read(&path).with_context(|| path.display().to_string())?;
            let key = Key::new(TOOL, VERSION).part(&file);
            let key = key.part(network.sha256.as_bytes());
            Ok((key.settings(&(&layout, &settings))?, file))
        },
        prepare: |record: &Record, file: Vec<u8>| {
            let path = record.image()?;
            let picture = decode::rgb_from_bytes(&file);
            let picture = picture.with_context(|| path.display().to_string())?;
            prepare(&layout, &picture, &settings)
        },
        infer: |pictures: Vec<_>| {
            let found = detector.detect_all(&pictures, &settings)?;
            Ok(found.into_iter().map(Ok).collect())
        },
        finish: |mut record: Record, boxes: Vec<Detection>| {
            seen.fetch_add(1, Ordering::Relaxed);
            found.fetch_add(boxes.len(), Ordering::Relaxed);
            let boxes: Vec<Boxed> = boxes.iter().map(Boxed::of).collect();
            record.put("boxes", &boxes)?;
            record.put_member("models", TOOL, &network)?;
            Ok(Outcome::pass(record))
        },
    };
    flow.infer(args.batch as usize, cache.as_ref(), work)?;
    let (seen, found) = (seen.into_inner(), found.into_inner());
    if seen > 0 && found == 0 {
        log::warn!(
            "not one box in {seen} images: try --tiles 2, a lower --threshold, or another --model"
        );
    }
    Ok(())
}

/// One of the key `boxes`.
#[derive(Debug, Serialize)]
struct Boxed {
    r#box: [f64; 4],
    score: f64,
    label: String,
}

impl Boxed {
    fn of(found: &Detection) -> Self {
        let rounded = |number: f32, scale: f64| (f64::from(number) * scale).round() / scale;
        Self {
            r#box: found.corners.map(|corner| rounded(corner, 100.0)),
            score: rounded(found.score, 1e4),
            label: found.label.clone(),
        }
    }
}
