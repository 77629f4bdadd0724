//! From all records to all outcomes.

use ndarray::{Array2, Axis};
use stage::log::{info, warn};
use stage::manifest::shapes::Cluster;
use stage::{Flow, Outcome, Place, Record, Result, Shelf, Space, anyhow};

use crate::density::{dbscan, hdbscan};
use crate::duplicates::{Like, duplicates};
use crate::groups::{Labels, places};
use crate::many::{MANY, Many};
use crate::partition::{best_k, kmeans, runs};
use crate::vectors::Origin;
use crate::{Args, Method};

/// What is known of a record beside its vector, which is empty where it has none and `--drop-without` lets it go.
#[derive(Debug)]
pub(crate) struct Member {
    /// More is better; −∞ where nothing is known of it.
    pub(crate) quality: f64,
    pub(crate) space: Space,
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
    let (members, records) = of_one_space(args, flow, &shelf, all)?;
    let at = (0..records.len()).filter(|&number| records[number].numbers() > 0);
    let rows = Rows {
        shelf: &shelf,
        records: &records,
        at: at.collect(),
        members: &members,
    };
    let (reasons, places) = flow.on_all_cores(|| rows.grouped(args, origin))?;
    summarise(args.method, &places);
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

/// The records that have a vector, as rows of a matrix.
struct Rows<'a> {
    shelf: &'a Shelf,
    members: &'a [Member],
    records: &'a [Place],
    /// The record of each row.
    at: Vec<usize>,
}

impl Rows<'_> {
    fn vector(&self, row: usize) -> Result<Vec<f32>> {
        self.shelf.vector(self.records[self.at[row]])
    }

    /// For each record why it is dropped, if it is; and the places of those that are not.
    fn grouped(&self, args: &Args, origin: &Origin) -> Result<(Vec<Option<String>>, Vec<Cluster>)> {
        let count = self.at.len();
        let first = self.at.first();
        let columns = first.map_or(0, |&record| self.records[record].numbers());
        let mut reasons = vec![Some(format!("no key `{}`", args.on)); self.records.len()];
        for &record in &self.at {
            reasons[record] = None;
        }
        let alone = args.method == Method::Kmeans && args.near_duplicates.is_none();
        if alone
            && count > args.k.0.unwrap_or(0).max(MANY)
            && matches!(origin, Origin::Vector { .. })
        {
            let many = Many {
                rows: count,
                columns,
                vector: &|row| self.vector(row),
            };
            return Ok((reasons, many.kmeans(args.k.0, args.seed)?));
        }
        let vectors = (0..count).map(|row| self.vector(row));
        let mut matrix = origin.matrix(vectors, columns)?;
        if let Some(bound) = args.near_duplicates {
            let found = self.duplicates(&matrix, bound)?;
            let stay = (0..count).filter(|&row| found[row].is_none());
            let stay: Vec<_> = stay.collect();
            if stay.len() < count {
                matrix = matrix.select(Axis(0), &stay);
            }
            for (&record, reason) in self.at.iter().zip(found) {
                reasons[record] = reason;
            }
        }
        let labels = label(args, &matrix)?;
        Ok((reasons, places(&matrix, &labels)))
    }

    /// Why each row is dropped that is a near duplicate.
    fn duplicates(&self, matrix: &Array2<f32>, bound: f32) -> Result<Vec<Option<String>>> {
        let qualities = self.at.iter().map(|&record| self.members[record].quality);
        let found = duplicates(matrix, &qualities.collect::<Vec<_>>(), bound);
        let reason = |like: Like| {
            let Some((row, cosine)) = like else {
                return Ok(None);
            };
            let kept = self.shelf.record(self.records[self.at[row]])?;
            Ok(Some(reason(&kept, cosine)))
        };
        found.into_iter().map(reason).collect()
    }
}

/// Fails the records whose vectors cannot be compared with most.
fn of_one_space(
    args: &Args,
    flow: &mut Flow,
    shelf: &Shelf,
    all: Vec<(Member, Place)>,
) -> Result<(Vec<Member>, Vec<Place>)> {
    let with = all.iter().filter(|(_, place)| place.numbers() > 0);
    let usual = Space::usual(with.map(|(member, _)| &member.space));
    let (members, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(member, place)| {
        place.numbers() == 0 || usual.as_ref().is_none_or(|usual| *usual == member.space)
    });
    for (Member { space, .. }, place) in others {
        let record = shelf.record(place)?;
        let id: String = record.find("id").ok().flatten().unwrap_or_default();
        let usual = usual.iter().map(ToString::to_string).collect::<String>();
        let error = anyhow!(
            "{id}: key `{}`: {space}, but most vectors have {usual}: vectors of two networks cannot be compared",
            args.on
        );
        flow.fail(record, error)?;
    }
    Ok(members.into_iter().unzip())
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
            // A short film, or a part of one on trial, has few records; its run is not to fail.
            if let Some(k) = args.k.0.filter(|k| *k >= matrix.nrows()) {
                if k > matrix.nrows() {
                    let count = matrix.nrows();
                    warn!("--k {k}: there are {count} records: each becomes a cluster");
                }
                return Ok((0..matrix.nrows()).map(Some).collect());
            }
            let k = match args.k.0 {
                Some(k) => k,
                None => best_k(matrix, args.seed)?,
            };
            kmeans(matrix, k, args.seed, runs(matrix, k))
        }
        Method::Dbscan => dbscan(matrix, args.epsilon, size),
        Method::Hdbscan => Ok(hdbscan(matrix, size)),
    }
}

fn summarise(method: Method, places: &[Cluster]) {
    let clusters = places.iter().map(|place| place.id + 1).max().unwrap_or(0);
    let noise = places.iter().filter(|place| place.id < 0).count();
    info!(
        "{clusters} clusters, {noise} of {} records are noise",
        places.len()
    );
    if noise > 0 && clusters == 0 {
        let or = match method {
            Method::Dbscan => ", or a larger --epsilon",
            Method::Kmeans | Method::Hdbscan => ", or --method kmeans",
        };
        warn!("no clusters: all {noise} records are noise; try a smaller --min-records{or}");
    }
}
