//! Keep the best image of each group of near-duplicates.
//!
//! Reads `image`, `id`, `source`, `width`, `height` and, where they are, `dedup` and
//! `quality.sharpness`. Writes `dedup`:
//!
//! * `hash`, `dhash`: 64-bit pHash and dHash, 16 hexadecimal digits, equal to `imagehash`'s on the
//!   same luma. A record that has both is not decoded again.
//! * `bytes`: size of the image file, bytes. Among near duplicates the larger file holds more detail.
//! * `group`: id of the image that is kept for the group; `size`: images in the group, itself counted.
//! * `nearest`, `distance`: of an image that is dropped for one of its shot, the id of that one and its distance; of one
//!   that is kept, those of the nearest better image of its shot that is kept, too.
//!
//! The distance of two images is the larger of the distances of their two hashes, in bits of 64.

mod beside;
mod decided;
mod group;
mod image;
mod index;
mod pairs;
mod verdict;

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Record, Result};

use decided::Decided;
use group::Limits;
use image::Image;

const EXAMPLES: &str = "Examples:
  frame-scan frames/ | frame-dedup --rejects duplicates.jsonl > unique.jsonl
  frame-dedup --hash-only part3.jsonl > part3.hashed.jsonl   # on each machine
  cat part*.hashed.jsonl | frame-dedup --against old.jsonl > new.jsonl

Two frames of one shot show the same place, so a distance of 8 bits is near enough
to drop one of them; at 10 bits a character before a fixed camera loses poses. Two
shots that look alike may be a return to a place, so images of different
shots, or of no known shot, must be nearly the same: 4 bits. With -v, the tool
prints how many pairs have which distance, to help you choose.";

/// Keep the best image of each group of near-duplicates
///
/// Every image is compared with the better ones that are already kept, best first: the sharpest
/// (quality.sharpness, if blur-filter has measured it), then the largest, then the one with the
/// largest file, then the first. It is dropped if it is near one of them. So every image of a group
/// is near the one that is kept; a slow pan is not chained into one group.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Drop images within this distance of a better one of the same shot, in bits of 64
    #[arg(long, value_name = "BITS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=32))]
    max_distance: u32,

    /// The same for images of different shots or of no known shot
    #[arg(long, value_name = "BITS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(0..=32))]
    across: u32,

    /// Also compare with this older manifest, whose images have hashes: an image near one of them
    /// is dropped, and they are never written
    #[arg(long, value_name = "MANIFEST", conflicts_with = "hash_only")]
    against: Option<PathBuf>,

    /// Follow a person's decisions on pairs of images, one a line, as `{"pair":["ID","ID"],"different":true}`: of two that
    /// are different, neither is dropped for the other; of two that are the same, only the better one is kept
    #[arg(long, value_name = "FILE", conflicts_with = "hash_only")]
    pairs: Option<PathBuf>,

    /// Only add hashes; drop nothing
    #[arg(long)]
    hash_only: bool,

    #[command(flatten)]
    keep: stage::Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    if args.hash_only {
        return flow.each(image::hashed);
    }
    flow.mark(args.keep.keep);
    let old = args
        .against
        .as_deref()
        .map_or(Ok(Vec::new()), image::read_all)?;
    let known: HashSet<String> = old.iter().map(|image| image.id.to_string()).collect();
    let prepare = |record: Record| {
        if known.contains(&record.id()?) {
            return Image::known(&record);
        }
        Image::new(&image::hashed(record)?)
    };
    let decided = { args.pairs.as_deref() }.map_or(Ok(Decided::default()), Decided::read)?;
    let limits = Limits {
        within: args.max_distance,
        across: args.across,
    };
    flow.whole(prepare, |flow, new| {
        image::refuse_double_ids(&new)?;
        flow.on_all_cores(|| pairs::report(&new));
        let order = group::best_first(&new);
        let (groups, beside) = flow.on_all_cores(|| {
            let groups = group::groups(&old, &new, &order, limits, &decided);
            let beside = beside::beside(&new, &groups, &order);
            (groups, beside)
        });
        Ok((0..new.len()).map(move |at| verdict::judge(&old, &new, &groups, beside[at], at)))
    })
}
