//! Names the character of every instance crop, by reference images and along the shot.
//!
//! Reads `embedding`; `source` (film, shot, frame, time) and the place in the frame, `instance.box` or
//! `box` and, where they are there, run lengths in `instance.mask`, in pixels of the frame. Without
//! references reads `cluster` instead of `embedding`. Writes `identity`:
//!
//! * `name`: the character, or `unknown`;
//! * `score`: cosine of the own vector and the named character's references, -1 to 1;
//! * `margin`: `score` less that of the best other character; below 0 where the shot knows better;
//! * `by`: `reference` where the own vector says so, `track` where the rest of the track does;
//! * `track`: number of the track in the manifest, the instances of one character through one shot;
//! * `best`: of an `unknown`, the character that it is nearest to.
//!
//! Instances with the same `instance.track` in one shot belong to one track, which mask-track has followed; others
//! where their masks, or else their boxes, overlap in neighbouring frames.
//! Every member that is sure votes with its margin, and more than half of the votes, or the share of
//! `--agreement`, name the track: a head that turns away keeps its name. If the votes are split, only those that
//! are sure are named. Who looks like another beyond doubt, by a margin of 0.3, is that
//! other: where two cross, a track may go from one to the other. By clusters each member votes for `cluster_N` with one vote,
//! `score` is the share of the track's votes, and `by` says `cluster` or `track`.

mod instance;
mod naming;
mod numbers;
mod outline;
mod references;
mod tracks;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use cast::folder;
use clap::Parser;
use stage::{Flow, Keep, Record, Result};

use crate::instance::Instance;
use crate::references::{Cast, Named};

const EXAMPLES: &str = "Examples:
  clip-embed --mask references/nilo/*.jsonl > nilo.jsonl
  clip-embed --mask instances.jsonl | id-match --reference nilo=nilo.jsonl --reference pia=pia.jsonl > named.jsonl
  id-match --references cast.jsonl --only nilo --rejects others.jsonl instances.jsonl > nilo.jsonl
  cluster instances.jsonl | id-match | jq -r .identity.name | sort | uniq -c

Ten to thirty references of each character, from all sides and in all lights, help more than any
threshold. Also give references of the characters that you do not want: the margin to them is the surest sign.
Embed references and instance crops with the same model, ground and --mask; -v prints how far apart they are.";

/// Name the character in every crop, by reference images and the other crops of its shot
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Use every record of this manifest, written by clip-embed, as a reference of this character
    #[arg(long, value_name = "NAME=MANIFEST", value_parser = references::named)]
    reference: Vec<Named>,

    /// Use the records of this manifest as references of the character that their key `character`
    /// names
    #[arg(long, value_name = "MANIFEST")]
    references: Vec<PathBuf>,

    /// Folder with a folder for each character, whose file kind.txt may say `person` or `animal`. No animal or thing gets
    /// a person's name, and the other way, as far as the detector tells them apart and its labels of the references,
    /// or this file, say what the character is
    #[arg(long, value_name = "DIR", conflicts_with = "as_named")]
    cast: Option<PathBuf>,

    /// Keep the names that records have already, such as those that label-apply wrote, and compare nothing;
    /// with --only
    #[arg(long, requires = "only", conflicts_with_all = ["reference", "references"])]
    as_named: bool,

    /// Compare with the mean direction of a character's references, or with the nearest of them
    #[arg(long, value_enum, default_value = "mean")]
    compare_with: By,

    /// Name a character only from this cosine on, -1 to 1
    #[arg(long, value_name = "COSINE", default_value_t = 0.75, value_parser = numbers::cosine, allow_hyphen_values = true)]
    min_cosine: f64,

    /// Name a character only if the next one is at least this much farther away
    #[arg(long, value_name = "COSINE", default_value_t = 0.03, value_parser = numbers::cosine)]
    cosine_margin: f64,

    /// Name a character only if one of its references is as near as to all but this share of them the nearest other
    /// one is: what is like their mean alone has no name. 0 asks for nothing, as do fewer than four references
    #[arg(long, value_name = "SHARE", default_value_t = 0.25, value_parser = stage::share::<f64>)]
    reference_quantile: f64,

    /// Link instance crops that overlap by at least this share, intersection over union
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, value_parser = numbers::share)]
    link_overlap: f64,

    /// Link across gaps of at most this many seconds; 0 links nothing. Records that mask-track has
    /// followed are linked by their `track` instead
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = stage::seconds)]
    max_gap: f64,

    /// Name a track only if more than this share of its votes agree, 0.5 to below 1; if they are split, only
    /// instance crops that are sure by themselves are named
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = numbers::agreement)]
    agreement: f64,

    /// Keep only these characters; `luca` includes `luca/striped shirt`, one of his outfits
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    #[command(flatten)]
    keep: Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Mean,
    Nearest,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    if args.as_named {
        return flow.each(|record: Record| verdict::chosen(record, &args.only));
    }
    let said = { args.cast.as_deref() }
        .map(folder::Kinds::read)
        .transpose()?;
    let said = said.unwrap_or_default();
    let quantile = args.reference_quantile;
    let cast = Cast::read(&args.reference, &args.references, &said, quantile)?;
    if let Some(cast) = &cast {
        cast.must_have(&args.only)?;
        cast.describe();
    }
    let by = args.compare_with;
    let prepare = |record: &Record| {
        let instance = Instance::read(record, cast.as_ref(), by)?;
        Ok((instance, Vec::new()))
    };
    flow.whole_on_shelf(prepare, |_, shelf, all| {
        naming::named(args, cast.as_ref(), shelf, all)
    })
}
