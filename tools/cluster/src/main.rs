//! Groups records by a vector that each carries, or by figures.
//!
//! Reads the vector (`--on`) or the numbers (`--figures`), and with
//! `--near-duplicates` also the quality (`--prefer`). Writes `cluster`:
//! `id` from 0, the largest cluster first, −1 for noise; `size` in records;
//! `distance` to the cluster's mean, Euclidean, in the unit of the vectors (of
//! figures: in standard deviations); `representative`, true for the record
//! nearest to the mean. Records and vectors wait in a temporary file; all vectors are held in memory to compare
//! them, four bytes a number, but not for k-means of more than 131,072.

mod cells;
mod choices;
mod density;
mod distance;
mod duplicates;
mod grouping;
mod groups;
mod hierarchy;
mod lookup;
mod many;
mod nearest;
mod neighbours;
mod partition;
mod reach;
mod seeding;
mod spanning;
mod union;
mod vectors;

use std::process::ExitCode;

use clap::Parser;
use serde::de::IgnoredAny;
use stage::{Flow, Keep, Record, Result, Space};

use crate::choices::{Count, Method, Metric, cosine, count, positive};
use crate::grouping::{Member, group};
use crate::vectors::Origin;

const EXAMPLES: &str = "Examples:
  cluster --k 12 --near-duplicates 0.97 embedded.jsonl > clustered.jsonl
  cluster --figures /light/features/warmth,/quality/brightness --method hdbscan lit.jsonl";

/// Cluster records by a vector or by numbers that they carry
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Group by the vector that this JSON pointer leads to
    #[arg(long, value_name = "POINTER", default_value = "/embedding/vector")]
    on: String,

    /// Group by these numbers instead, scaled to zero mean and unit variance
    #[arg(
        long,
        value_name = "POINTER,…",
        value_delimiter = ',',
        conflicts_with = "on"
    )]
    figures: Vec<String>,

    /// Compare vectors by angle (scaled to unit length) or by distance
    #[arg(long, value_enum, default_value = "cosine", conflicts_with = "figures")]
    metric: Metric,

    /// Find the groups by this method
    #[arg(long, value_enum, default_value = "kmeans")]
    method: Method,

    /// Make this many clusters, or one for each record if there are fewer; auto takes the number
    /// with the best silhouette on a sample (kmeans)
    #[arg(long, value_name = "N|auto", value_parser = count, default_value = "auto")]
    k: Count,

    /// Smallest number of records in a cluster (hdbscan) or in a dense neighbourhood (dbscan)
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    min_records: u32,

    /// Largest distance between neighbours (dbscan) [default: the knee of the distances to the
    /// --min-records nearest]
    #[arg(long, value_name = "DISTANCE", value_parser = positive)]
    epsilon: Option<f32>,

    /// First drop each record whose vector has at least this cosine with that of a better record
    #[arg(long, value_name = "COSINE", value_parser = cosine, conflicts_with = "figures")]
    near_duplicates: Option<f32>,

    /// Drop records without such a vector instead of failing: a character without a pose is not an
    /// error
    #[arg(long, conflicts_with = "figures")]
    drop_without: bool,

    /// Number that decides which near duplicate is better; higher is better
    #[arg(long, value_name = "POINTER", default_value = "/quality/sharpness")]
    prefer: String,

    /// Seed of the search for clusters (kmeans)
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    keep: Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    let origin = Origin::of(&args);
    flow.whole_on_shelf(
        |record| member(&args, &origin, record),
        |flow, shelf, all| group(&args, &origin, flow, shelf, all),
    )
}

fn member(args: &Args, origin: &Origin, record: &Record) -> Result<(Member, Vec<f32>)> {
    let lacking = args.drop_without && record.at::<IgnoredAny>(&args.on)?.is_none();
    let vector = if lacking {
        Vec::new()
    } else {
        origin.read(record)?
    };
    let quality = match args.near_duplicates {
        Some(_) => record.at(&args.prefer)?,
        None => None,
    };
    let member = Member {
        quality: quality.unwrap_or(f64::NEG_INFINITY),
        space: Space::of(record, &args.on, vector.len())?,
    };
    Ok((member, vector))
}
