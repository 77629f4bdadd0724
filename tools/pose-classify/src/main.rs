//! Classify action, view and occlusion by the key points of a character.
//!
//! Reads `pose.keypoints`, and `pose` of each of `boxes`: 17 points in COCO's order, or more of which
//! these are the first, or, where `skeleton` is `ap10k17`, those of an animal; `width` and `height`, the masks, and `instance` of mask-crop, where they are
//! there. A record without a pose passes as it is.
//!
//! Writes into each pose: `vector`, 34 numbers, x and y of each joint in turn, from the middle of the
//! hips, to the right and down, in sizes of the body (see `body.rs`); `action` (standing walking running
//! sitting jumping lying other) and `angle` (front three-quarter side back), each `unknown` where no
//! class reaches `--threshold`; `scores` of every class; `limbs`, words for what arms and legs do (arms
//! up, one knee bent); `framing` (full body, cowboy shot, upper body, portrait, close-up); `head`
//! (seen, or unseen of an arm, of legs and of what is nobody); and `visible`, `occlusion`, `occluded`, `cut`, `hidden` as in
//! `occlusion.rs`.
//!
//! Of an animal `vector` begins in the middle of the trunk, and `limbs` is left out.
//!
//! The model is `model.json`, fitted by `fit.py`; README.md says on what, and how good it is. Animals are
//! told by the rules of `animal.rs`.

mod animal;
mod body;
mod features;
mod framing;
mod gait;
mod limbs;
mod model;
mod occlusion;
mod poses;
mod smooth;

use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;
use stage::{Flow, Outcome, Record, Result, log};

use model::Model;
use smooth::Vote;

/// The fitted coefficients.
const MODEL: &str = include_str!("../model.json");

const EXAMPLES: &str = "Examples:
  rtmpose instances.jsonl | pose-classify > posed.jsonl
  pose-classify --threshold 0.9 posed.jsonl | jq -r .pose.action | sort | uniq -c
  id-match --references cast.jsonl posed.jsonl | pose-classify --smooth 1 > smooth.jsonl

One image does not always tell walking from running: `--smooth` also uses the frames before and after.";

/// Classify action, view and occlusion by the key points of a character
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Write `unknown` if no class has at least this score, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.6, value_parser = stage::share::<f64>)]
    threshold: f64,

    /// A joint is visible from this score of its key point on
    #[arg(long, value_name = "SCORE", default_value_t = 0.3, value_parser = stage::share::<f64>)]
    joint_threshold: f64,

    /// A head is visible if a joint of it, or an ear from behind, has at least this score: slightly
    /// less than nearly all characters of the film reach
    #[arg(long, value_name = "SCORE", default_value_t = 0.22, value_parser = stage::share::<f64>)]
    head_threshold: f64,

    /// The same as --joint-threshold of an animal's key points, of which those of a lower score are hardly ever right
    #[arg(long, value_name = "SCORE", default_value_t = 0.5, value_parser = stage::share::<f64>)]
    animal_joint_threshold: f64,

    /// The same as --head-threshold of an animal's key points
    #[arg(long, value_name = "SCORE", default_value_t = 0.5, value_parser = stage::share::<f64>)]
    animal_head_threshold: f64,

    /// Write the same vector for a pose and its mirror image: the one whose limbs reach to the
    /// right
    #[arg(long)]
    fold_mirror: bool,

    /// Name the side of a single limb, as in `left arm up` instead of `one arm up`: only for key points
    /// whose left and right are right, and trainers that do not mirror images
    #[arg(long)]
    sides: bool,

    /// Let the records of the same character in a shot vote on its action, up to this many seconds
    /// apart; needs all records in memory
    #[arg(long, value_name = "SECONDS")]
    smooth: Option<f64>,

    /// Key with the name of the character, a JSON pointer, for --smooth
    #[arg(long, value_name = "POINTER", default_value = "/identity/track")]
    identity: String,

    /// Write the measures of the geometry, as `features`, to fit a model
    #[arg(long)]
    features: bool,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let model = Model::parse(MODEL)?;
    match args.smooth {
        None => flow.each(|record| poses::classify(&model, &args, record)),
        Some(seconds) => {
            let prepare = |record: Record| {
                let record = poses::classify(&model, &args, record)?;
                let vote = poses::vote(&record, &args.identity)?;
                Ok((record, vote))
            };
            flow.whole(prepare, |_, records| vote(records, seconds, args.threshold))
        }
    }
}

/// Gives each record's own pose the action that those around it vote for.
fn vote(
    records: Vec<(Record, Option<Vote>)>,
    seconds: f64,
    threshold: f64,
) -> Result<Vec<Outcome>> {
    let (records, votes): (Vec<Record>, Vec<Option<Vote>>) = records.into_iter().unzip();
    let alone = votes
        .iter()
        .flatten()
        .filter(|vote| vote.figure.is_none())
        .count();
    if alone > 0 {
        log::warn!("{alone} poses have no shot or no identity: no other frames vote on them");
    }
    let mut outcomes = Vec::with_capacity(records.len());
    for (mut record, scores) in records.into_iter().zip(smooth::smoothed(&votes, seconds)) {
        if let Some(scores) = scores {
            record.put_member("pose", "action", scores.label(threshold))?;
            let mut all: serde_json::Map<String, Value> =
                record.at("/pose/scores")?.unwrap_or_default();
            all.insert("action".to_owned(), serde_json::to_value(&scores)?);
            record.put_member("pose", "scores", &all)?;
        }
        outcomes.push(record.into());
    }
    Ok(outcomes)
}
