//! Instances that wait for the others of the run.

use stage::manifest::Line;
use stage::{Outcome, Record, Result};

use crate::verdict::Limits;

/// An instance with what is wrong with it by itself.
#[derive(Debug)]
pub(crate) struct Judged<R> {
    pub(crate) record: R,
    pub(crate) reason: Option<String>,
    /// How narrow its edges are.
    pub(crate) edges: Option<f64>,
}

impl Judged<Record> {
    /// A record in which nothing was found.
    pub(crate) fn without_masks(record: Record) -> Self {
        Self {
            record,
            reason: Some("has no masks".to_owned()),
            edges: None,
        }
    }
}

/// What comes of the instances of an image, whatever the others are like.
pub(crate) fn alone(instances: Vec<Judged<Record>>) -> Outcome {
    let add = |outcome: Outcome, Judged { record, reason, .. }| match reason {
        Some(reason) => outcome.and_drop(record, reason),
        None => outcome.and_pass(record),
    };
    instances.into_iter().fold(Outcome::default(), add)
}

/// The instances of an image with their records as bytes, which take a quarter of the memory.
pub(crate) fn packed(instances: Vec<Judged<Record>>) -> Vec<Judged<Line>> {
    let pack = |judged: Judged<Record>| {
        let mut bytes = Vec::new();
        judged.record.write_line(&mut bytes);
        bytes.shrink_to_fit();
        Judged {
            record: Line { number: 0, bytes },
            reason: judged.reason,
            edges: judged.edges,
        }
    };
    instances.into_iter().map(pack).collect()
}

/// What comes of the instances of every image of a run, beside each other.
pub(crate) fn beside(
    all: Vec<Vec<Judged<Line>>>,
    limits: &Limits,
) -> impl Iterator<Item = Result<Outcome>> {
    let sound = all
        .iter()
        .flatten()
        .filter(|judged| judged.reason.is_none());
    let median = median(sound.filter_map(|judged| judged.edges).collect());
    all.into_iter().map(move |instances| {
        let judge = |judged: Judged<Line>| {
            let blurred = || limits.beside(judged.edges?, median?);
            Ok(Judged {
                record: judged.record.parse()?,
                reason: judged.reason.or_else(blurred),
                edges: judged.edges,
            })
        };
        let judged = instances.into_iter().map(judge).collect::<Result<_>>()?;
        Ok(alone(judged))
    })
}

/// The middle of the figures, the upper one of two.
fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
