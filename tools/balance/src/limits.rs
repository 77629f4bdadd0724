//! What bounds a selection: bounds of numbers, shots, quotas, cells.

use std::collections::BTreeMap;

use stage::Result;

use crate::Args;
use crate::candidate::Candidate;
use crate::quota::Quota;

/// Records of which only this many may be chosen.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) most: usize,
    pub(crate) taken: usize,
    /// Why a record is left out once they are taken.
    pub(crate) reason: String,
}

/// All limits, and which of them each candidate counts for.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) all: Vec<Limit>,
    /// By candidate: one limit of every family (bounds, shots, cells, each key that
    /// has quotas), or none of it. The limits of a family do not overlap.
    pub(crate) of: Vec<Vec<Option<usize>>>,
    /// Which family the cells are, if they have limits.
    cells: Option<usize>,
    /// By reserve: its limit, where it has records.
    reserves: Vec<Option<usize>>,
}

impl Limits {
    /// The limits that the flags set; `cells` are the most of every cell, if
    /// there is a most.
    pub(crate) fn new(
        args: &Args,
        keys: &[String],
        candidates: &[Candidate],
        cells: &BTreeMap<&[String], usize>,
    ) -> Result<Self> {
        let mut limits = Self {
            all: Vec::new(),
            of: vec![Vec::new(); candidates.len()],
            cells: None,
            reserves: vec![None; args.reserve.len()],
        };
        if !args.at_most.is_empty() {
            limits.family(candidates, 0, |candidate| {
                let reason = candidate.exceeds.clone()?;
                Some((reason.clone(), None, reason))
            });
        }
        if let Some(most) = args.per_shot {
            limits.family(candidates, most.get(), |candidate| {
                let (film, shot) = candidate.shot.as_ref()?;
                let reason = format!("shot {shot} is full: {most}");
                Some(((film.clone(), *shot), None, reason))
            });
        }
        if let Some(most) = args.per_film {
            limits.family(candidates, most.get(), |candidate| {
                let film = candidate.film.clone()?;
                let reason = format!("film {film} is full: {most}");
                Some((film, None, reason))
            });
        }
        if !cells.is_empty() {
            limits.cells = Some(limits.families());
            limits.family(candidates, 0, |candidate| {
                let most = *cells.get(candidate.cell.as_slice())?;
                let reason = format!("cell {} is full: {most}", candidate.cell.join("/"));
                Some((candidate.cell.clone(), Some(most), reason))
            });
        }
        for (number, key) in keys.iter().enumerate() {
            let mut quotas = BTreeMap::new();
            for quota in args.quota.iter().filter(|quota| quota.pointer == *key) {
                quotas.insert(&quota.value, (quota.records(args.target())?, quota));
            }
            limits.family(candidates, 0, |candidate| {
                let (most, quota) = *quotas.get(&candidate.values[number])?;
                let reason = format!("the quota of {} is full: {most}", Quota::name(quota));
                Some((quota.value.clone(), Some(most), reason))
            });
        }
        if !args.reserve.is_empty() {
            limits.reserve(args, candidates);
        }
        Ok(limits)
    }

    /// Keeps the reserves back; they are of the last family.
    fn reserve(&mut self, args: &Args, candidates: &[Candidate]) {
        self.family(candidates, 0, |candidate| {
            let reserve = candidate.reserve?;
            let name = args.reserve[reserve].name();
            Some((reserve, None, format!("{name} is kept in reserve")))
        });
        for (candidate, of) in candidates.iter().zip(&self.of) {
            if let Some(reserve) = candidate.reserve {
                self.reserves[reserve] = of.last().copied().flatten();
            }
        }
    }

    /// Lets this many records of a reserve be taken; whether it has any.
    pub(crate) fn open_reserve(&mut self, reserve: usize, most: usize) -> bool {
        let limit = self.reserves.get(reserve).copied().flatten();
        let limit = limit.and_then(|limit| self.all.get_mut(limit));
        limit.is_some_and(|limit| {
            limit.most = most;
            true
        })
    }

    /// Adds a family of limits: `limit` says by what a candidate is limited,
    /// to how many (else `most`), and what to say then.
    fn family<K: Ord>(
        &mut self,
        candidates: &[Candidate],
        most: usize,
        limit: impl Fn(&Candidate) -> Option<(K, Option<usize>, String)>,
    ) {
        let mut known = BTreeMap::new();
        for (candidate, of) in candidates.iter().zip(&mut self.of) {
            let number = limit(candidate).map(|(key, own, reason)| {
                *known.entry(key).or_insert_with(|| {
                    self.all.push(Limit {
                        most: own.unwrap_or(most),
                        taken: 0,
                        reason,
                    });
                    self.all.len() - 1
                })
            });
            of.push(number);
        }
    }

    /// The first limit that `candidate` would pass.
    pub(crate) fn against(&self, candidate: usize) -> Option<&Limit> {
        let own = self.of[candidate].iter().flatten();
        own.map(|&limit| &self.all[limit])
            .find(|limit| limit.taken >= limit.most)
    }

    /// The number of families.
    pub(crate) fn families(&self) -> usize {
        self.of.first().map_or(0, Vec::len)
    }

    /// Takes the limits of the cells away.
    pub(crate) fn lift_cells(&mut self) {
        if let Some(cells) = self.cells.take() {
            for of in &mut self.of {
                of.remove(cells);
            }
        }
    }

    /// Counts `candidate` as chosen.
    pub(crate) fn take(&mut self, candidate: usize) {
        for &limit in self.of[candidate].iter().flatten() {
            self.all[limit].taken += 1;
        }
    }

    /// Counts `candidate` as chosen no more.
    pub(crate) fn give_back(&mut self, candidate: usize) {
        for &limit in self.of[candidate].iter().flatten() {
            self.all[limit].taken -= 1;
        }
    }
}
