//! Choose the part of each image of which a trainer cuts off no face and no joint.
//!
//! Reads `width`, `height`, `face` and `pose`. A trainer scales every image to a bucket and cuts off what
//! the bucket does not hold, from the middle outwards: of an image that is much longer than wide a face at
//! its end. Of such an image the part of a bucket's shape that loses least becomes its `crop`, which
//! dataset-write exports. Every other record passes as it is, and so does one that has a `crop`.

mod needed;
mod part;

use std::process::ExitCode;

use clap::Parser;
use loaders::fit::Size;
use loaders::trainers::sd_scripts::{BucketFlags, Buckets};
use stage::log::info;
use stage::{Error, Flow, Record, Result, ensure};

use needed::Needed;

const EXAMPLES: &str = "Examples:
  bucket-crop checked.jsonl > fitted.jsonl
  bucket-crop --resolution 768 checked.jsonl | jq -c 'select(.crop) | [.id, .crop]'";

/// Choose the part of each image of which a trainer cuts off no face and no joint
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    buckets: BucketFlags,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let buckets = args.buckets.buckets().map_err(Error::msg)?;
    flow.each(|record| crop(&buckets, record))
}

/// A record with the part of its image that is to be exported, where that is not all of it.
fn crop(buckets: &Buckets, mut record: Record) -> Result<Record> {
    let sides = record.find::<u32>("width")?.zip(record.find("height")?);
    let Some((width, height)) = sides.filter(|_| !record.has("crop")) else {
        return Ok(record);
    };
    ensure!(width > 0 && height > 0, "width or height is 0");
    if let Some(needed) = Needed::of(&record, width, height)?
        && let Some(part) = part::part(buckets, Size::new(width, height), &needed)
    {
        info!(
            "{}: exported as {part}, so that nothing needed is cut off",
            record.id()?
        );
        record.put("crop", &part)?;
    }
    Ok(record)
}
