//! Applying a patch to the records that come in.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stage::manifest::patch::listed;
use stage::{Flow, Outcome, Record, Result, log};

use crate::decision;
use crate::patch::Decisions;

/// Applies the patch record by record.
pub(crate) fn run(path: &Path, flow: &mut Flow) -> Result<()> {
    let decisions = Decisions::read(path)?;
    let missing: HashSet<&str> = decisions
        .all()
        .map(|decision| decision.id.as_str())
        .collect();
    let missing = Mutex::new(missing);
    let past = Mutex::new(Vec::new());
    flow.each(|record| {
        let id = record.id()?;
        lock(&missing).remove(id.as_str());
        let still = decisions.still(&record)?;
        if still.is_past {
            lock(&past).push(id);
        }
        match still.counts {
            Some(decision) => decision::apply(&decision, record),
            None => Ok(Outcome::pass(record)),
        }
    })?;
    report(
        path,
        missing.into_inner().unwrap_or_else(PoisonError::into_inner),
    );
    report_past(
        path,
        past.into_inner().unwrap_or_else(PoisonError::into_inner),
    );
    Ok(())
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Applies what was decided of one record.
pub(crate) fn one(decisions: &Decisions, id: &str, record: Record) -> Result<Outcome> {
    match decisions.get(id) {
        Some(decision) => decision::apply(decision, record),
        None => Ok(Outcome::pass(record)),
    }
}

/// Says which decisions found no record.
pub(crate) fn report(path: &Path, missing: HashSet<&str>) {
    if missing.is_empty() {
        return;
    }
    let mut ids: Vec<&str> = missing.into_iter().collect();
    ids.sort_unstable();
    log::warn!(
        "{}: has decisions on {} images that are not in the input: {}",
        path.display(),
        ids.len(),
        listed(&ids)
    );
}

/// Says which decisions are of what is no longer there.
pub(crate) fn report_past(path: &Path, mut ids: Vec<String>) {
    if ids.is_empty() {
        return;
    }
    ids.sort_unstable();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    log::warn!(
        "{}: has decisions on {} images that were made anew since, or are of something else now: decide on them again: {}",
        path.display(),
        ids.len(),
        listed(&ids)
    );
}
