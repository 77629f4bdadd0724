//! From all records to all outcomes.

use ndarray::{Array2, Axis};
use stage::log::{info, warn};
use stage::manifest::shapes::Cluster;
use stage::{Flow, Outcome, Place, Record, Result, Shelf, anyhow};

use crate::density::{dbscan, hdbscan};
use crate::duplicates::duplicates;
use crate::groups::{Labels, places};
use crate::partition::{best_k, kmeans, runs};
use crate::vectors::{Origin, usual_length};
use crate::{Args, Method};

/// What a record is grouped by.
#[derive(Debug)]
pub(crate) struct Member {
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
    shelf: Shelf,
    all: Vec<(Member, Place)>,
) -> Result<impl Iterator<Item = Result<Outcome>> + use<>> {
    let members = of_one_length(args, flow, &shelf, all)?;
    let mut records = Vec::with_capacity(members.len());
    let mut vectors = Vec::with_capacity(members.len());
    let mut qualities = Vec::with_capacity(members.len());
    // The record of each row of the matrix.
    let mut of_rows = Vec::with_capacity(members.len());
    for (number, (member, place)) in members.into_iter().enumerate() {
        records.push(place);
        if !member.vector.is_empty() {
            of_rows.push(number);
            vectors.push(member.vector);
            qualities.push(member.quality);
        }
    }
    let matrix = origin.matrix(vectors)?;
    let (reasons, places) = flow.on_all_cores(|| -> Result<_> {
        let mut reasons = vec![Some(format!("no key `{}`", args.on)); records.len()];
        let found = match args.near_duplicates {
            Some(bound) => duplicates(&matrix, &qualities, bound),
            None => vec![None; of_rows.len()],
        };
        for (&number, of) in of_rows.iter().zip(found) {
            let kept = |row: usize| shelf.record(records[of_rows[row]]);
            reasons[number] = match of {
                Some((row, cosine)) => Some(reason(&kept(row)?, cosine)),
                None => None,
            };
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
        Ok((reasons, places))
    })?;
    let mut places = places.into_iter();
    let judge = move |(place, reason): (Place, Option<String>)| {
        let mut record = shelf.record(place)?;
        if reason.is_none()
            && let Some(place) = places.next()
        {
            record.put("cluster", &place)?;
        }
        Ok(Outcome::judge(record, reason))
    };
    Ok(records.into_iter().zip(reasons).map(judge))
}

/// Fails the records whose vectors are not as long as most.
fn of_one_length(
    args: &Args,
    flow: &mut Flow,
    shelf: &Shelf,
    all: Vec<(Member, Place)>,
) -> Result<Vec<(Member, Place)>> {
    let vectors = all.iter().map(|(member, _)| &member.vector);
    let usual = usual_length(vectors.filter(|vector| !vector.is_empty()));
    let (members, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(member, _)| member.vector.is_empty() || member.vector.len() == usual);
    for (Member { vector, .. }, place) in others {
        let record = shelf.record(place)?;
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
        Method::Dbscan => dbscan(matrix, args.epsilon, size),
        Method::Hdbscan => Ok(hdbscan(matrix, size)),
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
