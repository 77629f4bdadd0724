//! From all records to all outcomes.

use ndarray::{Array2, Axis};
use stage::log::{info, warn};
use stage::manifest::shapes::Cluster;
use stage::{Flow, Outcome, Record, Result, anyhow};

use crate::density::{dbscan, hdbscan, knee};
use crate::duplicates::duplicates;
use crate::groups::{Labels, places};
use crate::partition::{best_k, kmeans, runs};
use crate::vectors::{Origin, usual_length};
use crate::{Args, Method};

/// A record and what it is grouped by.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) record: Record,
    /// Empty where it has none, and `--drop-without` lets it go.
    pub(crate) vector: Vec<f32>,
    /// More is better; −∞ where nothing is known of it.
    pub(crate) quality: f64,
}

/// Drops near duplicates, finds the clusters of the rest, and tells each
/// record its place.
pub(crate) fn group(
    args: &Args,
    origin: &Origin,
    flow: &mut Flow,
    all: Vec<Member>,
) -> Result<Vec<Outcome>> {
    let members = of_one_length(args, flow, all)?;
    let mut records = Vec::with_capacity(members.len());
    let mut vectors = Vec::with_capacity(members.len());
    let mut qualities = Vec::with_capacity(members.len());
    // The record of each row of the matrix.
    let mut of_rows = Vec::with_capacity(members.len());
    for (number, member) in members.into_iter().enumerate() {
        records.push(member.record);
        if !member.vector.is_empty() {
            of_rows.push(number);
            vectors.push(member.vector);
            qualities.push(member.quality);
        }
    }
    let matrix = origin.matrix(vectors)?;
    flow.on_all_cores(|| {
        let mut reasons = vec![Some(format!("no key `{}`", args.on)); records.len()];
        let found = match args.near_duplicates {
            Some(bound) => duplicates(&matrix, &qualities, bound),
            None => vec![None; of_rows.len()],
        };
        for (&number, of) in of_rows.iter().zip(found) {
            let reason = of.map(|(row, cosine)| reason(&records[of_rows[row]], cosine));
            reasons[number] = reason;
        }
        let rows: Vec<_> = (0..of_rows.len())
            .filter(|&row| reasons[of_rows[row]].is_none())
            .collect();
        let matrix = if rows.len() == of_rows.len() {
            matrix
        } else {
            matrix.select(Axis(0), &rows)
        };
        let places = places(&matrix, &label(args, &matrix)?);
        summarise(&places);
        outcomes(records, reasons, places)
    })
}

/// Fails the records whose vectors are not as long as most.
fn of_one_length(args: &Args, flow: &mut Flow, all: Vec<Member>) -> Result<Vec<Member>> {
    let vectors = all.iter().map(|member| &member.vector);
    let usual = usual_length(vectors.filter(|vector| !vector.is_empty()));
    let (members, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|member| member.vector.is_empty() || member.vector.len() == usual);
    for Member { record, vector, .. } in others {
        let id: String = record.find("id").ok().flatten().unwrap_or_default();
        let length = vector.len();
        let error = anyhow!(
            "{id}: key `{}`: {length} numbers, but most vectors have {usual}: vectors of two networks cannot be compared",
            args.on
        );
        flow.fail(record, error)?;
    }
    Ok(members)
}

/// Why a near duplicate of `kept` is dropped.
fn reason(kept: &Record, cosine: f32) -> String {
    let id: Option<String> = kept.find("id").ok().flatten();
    let id = id.unwrap_or_else(|| "a record without an id".to_owned());
    format!("near duplicate of {id}: cosine {cosine:.3}")
}

fn label(args: &Args, matrix: &Array2<f32>) -> Result<Labels> {
    let size = args.min_records as usize;
    if matrix.is_empty() {
        return Ok(vec![None; matrix.nrows()]);
    }
    match args.method {
        Method::Kmeans => {
            let k = match args.k.0 {
                // A short film, or a part of one on trial, has few records; its run is not to fail.
                Some(k) if k > matrix.nrows() => {
                    warn!(
                        "--k {k}: only {} records: each becomes a cluster",
                        matrix.nrows()
                    );
                    matrix.nrows()
                }
                Some(k) => k,
                None => best_k(matrix, args.seed)?,
            };
            kmeans(matrix, k, args.seed, runs(matrix, k))
        }
        Method::Dbscan => {
            let epsilon = args.epsilon.unwrap_or_else(|| knee(matrix, size));
            info!("neighbours are within a distance of {epsilon}");
            dbscan(matrix, epsilon, size)
        }
        Method::Hdbscan => hdbscan(matrix, size),
    }
}

fn summarise(places: &[Cluster]) {
    let clusters = places.iter().map(|place| place.id + 1).max().unwrap_or(0);
    let noise = places.iter().filter(|place| place.id < 0).count();
    info!(
        "{clusters} clusters, {noise} of {} records are noise",
        places.len()
    );
    if noise > 0 && clusters == 0 {
        warn!(
            "no clusters: all {noise} records are noise; try a smaller --min-records, or a larger --epsilon"
        );
    }
}

fn outcomes(
    records: Vec<Record>,
    reasons: Vec<Option<String>>,
    places: Vec<Cluster>,
) -> Result<Vec<Outcome>> {
    let mut places = places.into_iter();
    let judge = |(mut record, reason): (Record, Option<String>)| {
        if reason.is_none()
            && let Some(place) = places.next()
        {
            record.put("cluster", &place)?;
        }
        Ok(Outcome::judge(record, reason))
    };
    records.into_iter().zip(reasons).map(judge).collect()
}
