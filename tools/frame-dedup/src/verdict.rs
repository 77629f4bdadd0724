//! What becomes of an image, and why.

use stage::{Outcome, Result};

use crate::beside::Beside;
use crate::group::{Groups, Place};
use crate::image::{Dedup, Image};

/// What becomes of the new image at `at`, which is measured against that `beside` it.
pub(crate) fn judge(
    old: &[Image],
    new: &[Image],
    groups: &Groups,
    beside: Beside,
    at: usize,
) -> Result<Outcome> {
    let mut record = new[at].record()?;
    let Some((place, size)) = groups.of(at) else {
        return Ok(Outcome::drop(record, "its id is in the older manifest"));
    };
    let image = |place: Place| match place {
        Place::New(place) => (&new[place], ""),
        Place::Old(place) => (&old[place], " of the older manifest"),
    };
    let (kept, of) = image(place);
    let (nearest, distance) = beside.unzip();
    let dedup: Dedup = record.get("dedup")?;
    let dedup = Dedup {
        group: Some(kept.id.to_string()),
        size: Some(size),
        times: groups.times(at),
        nearest: nearest.map(|nearest| image(nearest).0.id.to_string()),
        distance,
        ..dedup
    };
    record.put("dedup", &dedup)?;
    let distances = new[at].hashes.zip(kept.hashes);
    let reason = distances
        .filter(|_| place != Place::New(at))
        .map(|(own, other)| {
            let [frequency, gradient] = own.distances(other);
            format!(
                "near duplicate of {}{of}: pHash {frequency} bits apart, dHash {gradient}",
                kept.id
            )
        });
    Ok(Outcome::judge(record, reason))
}
