//! The records whose labels would teach most.

use serde::Serialize;
use stage::{Outcome, Record, Result};
use teach::{Film, Model, choose};

/// The key `ask`.
#[derive(Debug, Serialize)]
pub(crate) struct Ask {
    pub(crate) rank: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) guess: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probability: Option<f64>,
}

/// The records chosen, in rows of one guess; then all others, dropped.
pub(crate) fn outcomes(
    film: &Film,
    model: &Model,
    count: usize,
    records: Vec<Record>,
) -> Result<Vec<Outcome>> {
    let asked = choose(film, model, count).into_iter().map(|asked| {
        let (guess, probability) = asked.guess.unzip();
        let rank = asked.rank;
        let ask = Ask {
            rank,
            guess,
            probability,
        };
        (asked.record, ask)
    });
    rows(records, asked)
}

/// The records that are asked for, by their numbers, in this order; then all others, dropped.
pub(crate) fn rows(
    records: Vec<Record>,
    asked: impl Iterator<Item = (usize, Ask)>,
) -> Result<Vec<Outcome>> {
    let mut records: Vec<_> = records.into_iter().map(Some).collect();
    let mut outcomes = Vec::with_capacity(records.len());
    for (record, ask) in asked {
        let Some(mut record) = records[record].take() else {
            continue;
        };
        record.put_rounded("ask", &ask, 3)?;
        outcomes.push(Outcome::pass(record));
    }
    let drop = |record| Outcome::drop(record, "not asked: other labels would teach more");
    outcomes.extend(records.into_iter().flatten().map(drop));
    Ok(outcomes)
}
