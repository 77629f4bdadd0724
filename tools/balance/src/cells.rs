//! The cells: every combination of values, and how many records it is to give.

use std::collections::{BTreeMap, BTreeSet};

use stage::Result;

use crate::Args;
use crate::candidate::Candidate;
use crate::quota::Quota;

/// The records with one combination of values.
#[derive(Debug)]
pub(crate) struct Cell {
    /// The values of the keys of `--by`.
    pub(crate) values: Vec<String>,
    pub(crate) candidates: Vec<usize>,
    /// Its even share of the target.
    pub(crate) wanted: Option<usize>,
    pub(crate) taken: usize,
}

/// The cells, sorted by their values.
pub(crate) fn cells(args: &Args, candidates: &[Candidate]) -> Result<Vec<Cell>> {
    let mut by_values: BTreeMap<&[String], Vec<usize>> = BTreeMap::new();
    let within = |(_, candidate): &(usize, &Candidate)| candidate.exceeds.is_none();
    for (number, candidate) in candidates.iter().enumerate().filter(within) {
        by_values.entry(&candidate.cell).or_default().push(number);
    }
    let count = by_values.len();
    let cell = |(number, (values, candidates)): (usize, (&[String], Vec<usize>))| {
        let wanted = args.target().map(|target| {
            // The first cells get one more, where the target does not divide.
            target / count + usize::from(number < target % count)
        });
        Ok(Cell {
            wanted: within_quotas(args, values, wanted)?,
            values: values.to_vec(),
            candidates,
            taken: 0,
        })
    };
    by_values.into_iter().enumerate().map(cell).collect()
}

/// No cell wants more than the quotas of its own values allow.
fn within_quotas(args: &Args, values: &[String], wanted: Option<usize>) -> Result<Option<usize>> {
    let Some(mut wanted) = wanted else {
        return Ok(None);
    };
    let holds = |quota: &Quota| {
        let mut own = args.by.iter().zip(values);
        own.any(|(pointer, value)| *pointer == quota.pointer && *value == quota.value)
    };
    for quota in args.quota.iter().filter(|quota| holds(quota)) {
        wanted = wanted.min(quota.records(args.target())?);
    }
    // A reserve is not wanted, unless others are too few.
    if !args.no_refill && args.reserve.iter().any(holds) {
        wanted = 0;
    }
    Ok(Some(wanted))
}

/// Combinations of values that occur, which do not occur together; at most
/// `most` of them.
pub(crate) fn missing(cells: &[Cell], most: usize) -> Vec<Vec<String>> {
    let keys = cells.first().map_or(0, |cell| cell.values.len());
    let known: BTreeSet<&[String]> = cells.iter().map(|cell| cell.values.as_slice()).collect();
    let mut combinations = vec![Vec::new()];
    for key in 0..keys {
        let values: BTreeSet<&String> = cells.iter().map(|cell| &cell.values[key]).collect();
        combinations = combinations
            .iter()
            .flat_map(|start: &Vec<String>| {
                values.iter().map(move |&value| {
                    let mut longer = start.clone();
                    longer.push(value.clone());
                    longer
                })
            })
            // There are no more than this many that do occur.
            .take(most + cells.len())
            .collect();
    }
    combinations.retain(|combination| !known.contains(combination.as_slice()));
    combinations.truncate(most);
    combinations
}
