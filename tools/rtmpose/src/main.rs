//! Find the key points of figures.
//!
//! Reads `image`, and where the figure is in it: of a record with `parent`, which shows one figure,
//! `mask` (or the image's alpha); of others every one of `boxes`. What has none of these is one
//! figure that fills the image.
//!
//! Writes `pose`, of the record's only figure: `keypoints`, an array of `[x, y, score]`, 17 in
//! COCO's order or 26 in Halpe's, pixels of the record's image with 2 decimals; and `score`, the
//! mean of theirs. With `--animal-model`, figures that are animals (by kind.txt in the character's folder,
//! or else by the label of the detector: `kinds.rs`) go to that network, and their 17 points are AP-10K's, which
//! the pose says: `skeleton` is then `ap10k17`. Of several `boxes` each gets its own `pose` as a member, and the record none.
//! The score of a point is the mean of the two highest of its `SimCC` rows, as in rtmlib: no
//! probability, and it may exceed 1.

mod figures;
mod kinds;

use std::process::ExitCode;

use answers::{ImageFile, Tool};
use cast::Kind;
use clap::Parser;
use nets::pose::{Crop, Pose};
use onnx::ModelFlags;
use stage::{CacheFlags, Flow, Inference, Outcome, Record, Result, log};
use vision::Skeleton;

use figures::{Figures, Place};
use kinds::{Networks, Signed};

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| nets::pose::ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  rtmpose instances.jsonl > posed.jsonl
  char-detect frames.jsonl | rtmpose --model rtmpose-m-halpe26 > posed.jsonl
  rtmpose --animal-model default --cast cast named.jsonl > posed.jsonl

Scores of drawn characters are lower than those of real people: a point of 0.3 is often
right. If no point was found, the score is 0 and the position means nothing.";

/// Estimate the key points of persons (COCO, Halpe) and animals (AP-10K)
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    model: ModelFlags,

    /// Where the characters are
    #[arg(long = "box", value_enum, value_name = "WHERE", default_value = "auto")]
    place: Place,

    /// Colour under the transparent pixels of an instance crop, RRGGBB; the default is the mean
    /// that the network subtracts, so that these pixels become zero
    #[arg(long, value_name = "COLOUR", default_value = "7c7468", value_parser = colour)]
    matte: [u8; 3],

    /// Swap red and blue in the network's input, as rtmlib does by mistake, to compare with it
    #[arg(long)]
    rtmlib_compat: bool,

    /// Characters per batch
    #[arg(long, value_name = "N", default_value_t = 32)]
    batch: usize,

    #[command(flatten)]
    animals: kinds::Flags,

    #[command(flatten)]
    cache: CacheFlags,
}

fn colour(text: &str) -> Result<[u8; 3], String> {
    let number = u32::from_str_radix(text, 16)
        .ok()
        .filter(|_| text.len() == 6);
    let number = number.ok_or("not six hexadecimal digits, RRGGBB")?;
    Ok([(number >> 16) as u8, (number >> 8) as u8, number as u8])
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let (mut networks, views) = Networks::open(&args.model, args.rtmlib_compat, &args.animals)?;
    if let Some(left) = networks.person().left_out() {
        let name = &networks.person().net().provenance().model;
        log::info!("{name}: its other {left} key points, of hands and face, are left out");
    }
    let cache = args.cache.open()?;
    let answers = networks.sign(TOOL.answers(), args.matte, &views)?;
    // Records wait for each other only where they run together.
    let size = networks.at_once(flow.batch(args.batch)?);
    let work = Inference {
        look: |record: &Record| {
            let file = ImageFile::of(record)?;
            let figures = Figures::of(record, args.place)?;
            let kinds = views.kinds(record, args.place.among_boxes(record))?;
            let animals = kinds.contains(&Kind::Animal);
            let answers = answers.of(animals);
            let mut key = answers.key(file.bytes()).settings(&figures.key())?;
            if animals {
                key = key.settings(&format!("{kinds:?}"))?;
            }
            Ok((key, (file, figures, kinds)))
        },
        prepare: |_: &Record, (file, figures, kinds): (ImageFile, Figures, Vec<Kind>)| {
            let (image, boxes) = file.named(|bytes| figures.look(bytes, args.matte))?;
            let kinds = kinds.into_iter().chain(std::iter::repeat(Kind::Person));
            let crop = |(rect, kind)| Ok((kind, views.of(kind).crop(&image, rect)?));
            let crops = boxes.into_iter().zip(kinds).map(crop);
            crops.collect::<Result<Vec<(Kind, Crop)>>>()
        },
        infer: |records: Vec<Vec<(Kind, Crop)>>| networks.estimate(records),
        finish: |record, poses| write(record, poses, args.place, &answers),
    };
    flow.infer(size, cache.as_ref(), work)
}

/// Writes the poses where their figures stand in the record.
fn write(mut record: Record, poses: Vec<Pose>, place: Place, answers: &Signed) -> Result<Outcome> {
    if place.among_boxes(&record) {
        figures::put_in_boxes(&mut record, &poses)?;
    }
    match &poses[..] {
        [only] => record.put("pose", only)?,
        _ => record.remove("pose"),
    }
    let animals = poses.iter().any(|pose| pose.skeleton == Skeleton::Ap10k17);
    answers.of(animals).sign(&mut record)?;
    Ok(record.into())
}
