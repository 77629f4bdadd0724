//! Which shot comes when: one at a time is in memory, and records leave in the order in which they came.

use std::collections::HashMap;

use stage::{Flow, Outcome, Result, ensure};

use crate::entry::{Entry, Shot};
use crate::shot::{self, Per, Settings, Verdict};

/// Works shot by shot, in the order of their first frames, and writes records in the order in which
/// they came.
pub(crate) fn merge(
    flow: &mut Flow,
    entries: &[Entry],
    settings: &Settings,
) -> Result<Vec<Outcome>> {
    let mut waiting: Vec<Option<Verdict>> = entries.iter().map(|_| None).collect();
    let mut written = 0;
    flow.expect(entries.len() as u64);
    for shot in shots(entries, settings)? {
        let frames: Vec<&Entry> = shot.iter().map(|at| &entries[*at]).collect();
        let verdicts = flow.on_all_cores(|| shot::work(&frames, settings))?;
        for (at, verdict) in shot.into_iter().zip(verdicts) {
            waiting[at] = Some(verdict);
        }
        while let Some(verdict) = waiting.get_mut(written).and_then(Option::take) {
            match verdict {
                Verdict::Judged(outcome) => flow.emit(outcome)?,
                Verdict::Failed(record, error) => {
                    let id = entries[written].id.clone();
                    flow.fail(record, error.context(id))?;
                }
            }
            flow.advance();
            written += 1;
        }
    }
    Ok(Vec::new())
}

/// Where the frames of each shot stand; a frame without a shot is alone.
fn shots(entries: &[Entry], settings: &Settings) -> Result<Vec<Vec<usize>>> {
    let mut ids: HashMap<&str, &Entry> = HashMap::with_capacity(entries.len());
    let mut known: HashMap<&Shot, usize> = HashMap::new();
    let mut shots: Vec<Vec<usize>> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(other) = ids.insert(&entry.id, entry) {
            ensure!(
                entry.is(other),
                "id `{}` appears twice, for different records: ids must be unique in a manifest",
                entry.id
            );
        }
        let new = shots.len();
        let place = entry
            .shot
            .as_ref()
            .map_or(new, |shot| *known.entry(shot).or_insert(new));
        if place == new {
            shots.push(Vec::new());
        }
        shots[place].push(at);
    }
    if settings.per == Per::Frame {
        // Every frame is wanted, so that a long shot is done in parts.
        let parts = shots.iter().flat_map(|shot| shot.chunks(settings.frames));
        return Ok(parts.map(<[usize]>::to_vec).collect());
    }
    Ok(shots)
}
