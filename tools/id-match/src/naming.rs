//! From all instances to all outcomes.

use stage::{Outcome, Result, Shelf};

use crate::Args;
use crate::instance::{Instance, Place};
use crate::references::Cast;
use crate::tracks::{Linking, link};
use crate::verdict::{Limits, Verdicts, judge};

/// Names all instances, each with the place of its record on the shelf, from which it is read again one by one.
pub(crate) fn named(
    args: Args,
    cast: Option<&Cast>,
    shelf: Shelf,
    all: Vec<(Instance, stage::Place)>,
) -> Result<impl Iterator<Item = Result<Outcome>>> {
    let instances = all.iter().map(|(instance, _)| instance);
    let outline = |at: usize, place: &Place| place.outline(|| shelf.record(all[at].1));
    let linking = Linking {
        overlap: args.link_overlap,
        gap: args.max_gap,
        outline: &outline,
    };
    let tracks = link(instances.clone(), &linking)?;
    let limits = Limits {
        threshold: args.min_cosine,
        margin: args.cosine_margin,
        agreement: args.agreement,
    };
    let verdicts = Verdicts::of(instances, tracks, cast, limits);
    let judged = move |(at, (instance, waits)): (usize, (Instance, stage::Place))| {
        let identity = verdicts.identity(at, &instance);
        judge(shelf.record(waits)?, &identity, &args.only)
    };
    Ok(all.into_iter().enumerate().map(judged))
}
