//! What every cell wanted, had and got.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use stage::log::warn;
use stage::{Context, Result, machine};

use crate::Args;
use crate::candidate::Candidate;
use crate::cells::{Cell, missing};

/// The most cells that are named on standard error.
const NAMED: usize = 10;

/// The most combinations without a record that the summary lists.
const LISTED: usize = 1000;

/// The whole selection, as `--summary` writes it.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<usize>,
    had: usize,
    taken: usize,
    cells: Vec<CellReport>,
    /// Combinations of values of which there is no record.
    missing: Vec<BTreeMap<String, String>>,
    quotas: Vec<QuotaReport>,
}

#[derive(Debug, Serialize)]
struct CellReport {
    cell: BTreeMap<String, String>,
    #[serde(skip)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<usize>,
    had: usize,
    taken: usize,
    /// How often the trainer would have to show each to match the largest.
    repeats: usize,
}

#[derive(Debug, Serialize)]
struct QuotaReport {
    quota: String,
    wanted: usize,
    had: usize,
    taken: usize,
}

impl Summary {
    /// `ranks` says of each candidate whether it was chosen.
    pub(crate) fn of(
        args: &Args,
        candidates: &[Candidate],
        cells: &[Cell],
        ranks: &[Option<usize>],
    ) -> Result<Self> {
        let named = |values: &[String]| {
            args.by
                .iter()
                .cloned()
                .zip(values.iter().cloned())
                .collect()
        };
        let largest = cells.iter().map(|cell| cell.taken).max().unwrap_or(0);
        let report = |cell: &Cell| CellReport {
            cell: named(&cell.values),
            name: cell.values.join("/"),
            wanted: cell.wanted,
            had: cell.candidates.len(),
            taken: cell.taken,
            repeats: (largest as f64 / cell.taken.max(1) as f64).round().max(1.0) as usize,
        };
        Ok(Self {
            target: args.target(),
            had: candidates.len(),
            taken: ranks.iter().flatten().count(),
            cells: cells.iter().map(report).collect(),
            missing: missing(cells, LISTED)
                .iter()
                .map(|values| named(values))
                .collect(),
            quotas: quotas(args, candidates, ranks)?,
        })
    }

    /// Says on standard error what could not be filled.
    pub(crate) fn warn(&self) {
        let short = |cell: &&CellReport| cell.wanted.is_some_and(|wanted| cell.taken < wanted);
        let short: Vec<_> = self.cells.iter().filter(short).collect();
        // One cell that is everything says no more than the line at the end.
        let named = short.iter().filter(|cell| !cell.name.is_empty());
        for cell in named.take(NAMED) {
            let wanted = cell.wanted.unwrap_or(0);
            let CellReport {
                name,
                had,
                taken,
                repeats,
                ..
            } = cell;
            let repeats = match repeats {
                0 | 1 => String::new(),
                more => format!("; {more} repeats of each would make up for it"),
            };
            warn!("cell {name}: wanted {wanted}, had {had}, took {taken}{repeats}");
        }
        if short.len() > NAMED {
            warn!(
                "{} more cells are not full; --summary lists them",
                short.len() - NAMED
            );
        }
        self.warn_of_all();
    }

    /// Says what is not about one cell.
    fn warn_of_all(&self) {
        for quota in self
            .quotas
            .iter()
            .filter(|quota| quota.taken < quota.wanted)
        {
            let QuotaReport {
                quota,
                wanted,
                had,
                taken,
            } = quota;
            warn!("quota {quota}: wanted {wanted}, had {had}, took {taken}");
        }
        if let Some(first) = self.missing.first().filter(|first| !first.is_empty()) {
            let example: Vec<_> = first.values().map(String::as_str).collect();
            let count = self.missing.len();
            warn!(
                "combinations without a record: {count}, such as {}",
                example.join("/")
            );
        }
        if let Some(target) = self.target.filter(|&target| self.taken < target) {
            warn!(
                "took {} of {target}: the limits allow no more of {} records",
                self.taken, self.had
            );
        }
    }

    /// Writes it beside `path`, and then in its place.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let name = || path.display().to_string();
        let mut text = serde_json::to_vec_pretty(self).with_context(name)?;
        text.push(b'\n');
        machine::file::write(path, &text).with_context(name)
    }
}

fn quotas(
    args: &Args,
    candidates: &[Candidate],
    ranks: &[Option<usize>],
) -> Result<Vec<QuotaReport>> {
    let keys = args.keys();
    let report = |quota: &crate::Quota| {
        let has = |candidate: &Candidate| {
            let mut own = keys.iter().zip(&candidate.values);
            own.any(|(key, value)| *key == quota.pointer && *value == quota.value)
        };
        let had = || candidates.iter().zip(ranks).filter(|(c, _)| has(c));
        Ok(QuotaReport {
            quota: quota.name(),
            wanted: quota.records(args.target())?,
            had: had().count(),
            taken: had().filter(|(_, rank)| rank.is_some()).count(),
        })
    };
    args.quota.iter().map(report).collect()
}
