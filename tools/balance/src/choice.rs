//! From all records to all outcomes.

use std::collections::BTreeMap;

use serde::Serialize;
use stage::log::warn;
use stage::{Flow, Outcome, Place, Result, Shelf, Space, anyhow};

use crate::Args;
use crate::candidate::Candidate;
use crate::cells::{Cell, cells};
use crate::exchange::exchange;
use crate::limits::Limits;
use crate::reserve::draw;
use crate::selection::{select, weights};
use crate::spread::{Spread, Vector};
use crate::summary::Summary;

/// A record's place in the selection: the key `balance`.
#[derive(Debug, Serialize)]
struct Balance<'a> {
    rank: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    cell: BTreeMap<&'a str, &'a str>,
}

/// Chooses, says what could not be filled, and judges every record.
pub(crate) fn choose<'a>(
    args: &'a Args,
    keys: &[String],
    flow: &mut Flow,
    shelf: Shelf,
    all: Vec<(Candidate, Place)>,
) -> Result<impl Iterator<Item = Result<Outcome>> + use<'a>> {
    let (candidates, places) = of_one_space(flow, &shelf, all)?;
    let vector = |number: usize| shelf.vector(places[number]);
    let by_vectors = places.iter().all(|place| place.numbers() > 0);
    let vector = by_vectors.then_some(&vector as Vector<'_>);
    let choice = flow.on_all_cores(|| Choice::of(args, keys, &candidates, vector))?;
    let summary = Summary::of(args, &candidates, &choice.cells, &choice.ranks)?;
    summary.warn();
    if let Some(path) = &args.summary {
        summary.write(path)?;
    }
    let taken: BTreeMap<Vec<String>, usize> = { choice.cells.iter() }
        .map(|cell| (cell.values.clone(), cell.taken))
        .collect();
    let size = choice.ranks.iter().flatten().count();
    let judge = move |(number, (candidate, place)): (usize, (Candidate, Place))| {
        let mut record = shelf.record(place)?;
        let cell = candidate.cell;
        if let Some(rank) = choice.ranks[number] {
            let keys = args.by.iter().map(String::as_str);
            let cell = keys.zip(cell.iter().map(String::as_str)).collect();
            record.put("balance", &Balance { rank, cell })?;
            return Ok(Outcome::pass(record));
        }
        let reason = match choice.limits.against(number) {
            Some(limit) => limit.reason.clone(),
            None if cell.is_empty() => format!("the selection is full: {size} records"),
            None => format!(
                "cell {} has {} of the {size} selected",
                cell.join("/"),
                taken.get(&cell).copied().unwrap_or(0)
            ),
        };
        Ok(Outcome::drop(record, reason))
    };
    let candidates = candidates.into_iter().zip(places);
    Ok(candidates.enumerate().map(judge))
}

/// What is chosen of the candidates, and what stood against the others.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) cells: Vec<Cell>,
    pub(crate) limits: Limits,
    /// The rank of each candidate that is chosen.
    pub(crate) ranks: Vec<Option<usize>>,
}

impl Choice {
    /// Chooses; `vector` is as for [`Spread::of`].
    pub(crate) fn of(
        args: &Args,
        keys: &[String],
        candidates: &[Candidate],
        vector: Option<Vector<'_>>,
    ) -> Result<Self> {
        let mut cells = cells(args, candidates)?;
        let mut strict = BTreeMap::new();
        for cell in cells.iter().filter(|_| !args.by.is_empty()) {
            strict.extend(cell.wanted.map(|wanted| (cell.values.as_slice(), wanted)));
        }
        let mut limits = Limits::new(args, keys, candidates, &strict)?;
        let mut spread = Spread::of(candidates, vector)?;
        let by_cell: Vec<_> = cells.iter().map(|cell| cell.candidates.clone()).collect();
        let qualities: Vec<_> = candidates.iter().map(|c| &c.qualities[..]).collect();
        let weights = weights(&qualities);
        let mut chosen = fill(args, &by_cell, &weights, &mut spread, &mut limits);
        let places = (&by_cell[..], &weights[..]);
        draw(args, &mut chosen, places, &mut spread, &mut limits)?;
        let mut ranks = vec![None; candidates.len()];
        for (rank, &candidate) in (1..).zip(&chosen) {
            ranks[candidate] = Some(rank);
        }
        for cell in &mut cells {
            let taken = cell.candidates.iter().filter(|&&c| ranks[c].is_some());
            cell.taken = taken.count();
        }
        Ok(Self {
            cells,
            limits,
            ranks,
        })
    }
}

/// The candidates chosen, in the order of choice.
fn fill(
    args: &Args,
    by_cell: &[Vec<usize>],
    weights: &[f32],
    spread: &mut Spread,
    limits: &mut Limits,
) -> Vec<usize> {
    let target = args.target().unwrap_or(weights.len());
    let mut chosen = Vec::new();
    // First every cell its share, then what small ones left to the others.
    select(target, &mut chosen, by_cell, weights, spread, limits);
    let exchanged = exchange(target, &mut chosen, limits);
    if !args.no_refill {
        limits.lift_cells();
    }
    if chosen.len() < target {
        if exchanged {
            spread.again(&chosen);
        }
        select(target, &mut chosen, by_cell, weights, spread, limits);
        exchange(target, &mut chosen, limits);
    }
    chosen
}

/// Fails the records whose vectors cannot be compared with most.
fn of_one_space(
    flow: &mut Flow,
    shelf: &Shelf,
    all: Vec<(Candidate, Place)>,
) -> Result<(Vec<Candidate>, Vec<Place>)> {
    let with = all.iter().filter(|(_, place)| place.numbers() > 0);
    let Some(usual) = Space::usual(with.map(|(candidate, _)| &candidate.space)) else {
        return Ok(all.into_iter().unzip());
    };
    let mut alike = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    let mut without = 0;
    for (candidate, place) in all {
        if place.numbers() > 0 && candidate.space != usual {
            let record = shelf.record(place)?;
            let id: String = record.find("id")?.unwrap_or_default();
            let own = candidate.space;
            let error = anyhow!(
                "{id}: its vector has {own}, but most have {usual}: vectors of two networks cannot be compared"
            );
            flow.fail(record, error)?;
            continue;
        }
        without += usize::from(place.numbers() == 0);
        alike.0.push(candidate);
        alike.1.push(place);
    }
    if without > 0 {
        warn!(
            "{without} of {} records have no vector: spreading without vectors",
            alike.0.len()
        );
    }
    Ok(alike)
}
