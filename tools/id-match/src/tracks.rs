//! Tracks: which instances show one character through one shot.

use std::collections::BTreeMap;

use stage::Result;

use crate::instance::{Instance, Place};
use crate::outline::Outline;

/// The end of a track so far.
struct Open {
    track: usize,
    /// When it was, in seconds.
    time: f64,
    outline: Outline,
}

/// How to link instances.
pub(crate) struct Linking<'a> {
    /// The least intersection over union.
    pub(crate) overlap: f64,
    /// The most seconds in which a character was not seen.
    pub(crate) gap: f64,
    /// The outline of an instance, by its number and its place.
    pub(crate) outline: &'a dyn Fn(usize, &Place) -> Result<Outline>,
}

/// The number of each instance's track, from 0 in the order of the manifest; `None` where its place is
/// not known.
///
/// Instances that were followed belong to the tracks that their records name. Of the others, from frame to
/// frame of a shot the pair that overlaps most is linked first, then the next, down to
/// the least overlap; a character that was not seen for longer than the gap begins a new track.
///
/// An error if an outline cannot be read.
pub(crate) fn link<'a>(
    instances: impl ExactSizeIterator<Item = &'a Instance> + Clone,
    linking: &Linking<'_>,
) -> Result<Vec<Option<usize>>> {
    let mut shots: BTreeMap<(&str, u64), Vec<(usize, &Place)>> = BTreeMap::new();
    let places = instances.clone().map(|instance| instance.place.as_ref());
    for (at, place) in places.enumerate() {
        if let Some(place) = place.filter(|place| place.track.is_none()) {
            let shot = shots.entry((&place.film, place.shot)).or_default();
            shot.push((at, place));
        }
    }
    let mut tracks = vec![None; instances.len()];
    let mut count = followed(instances, &mut tracks);
    for members in shots.values_mut() {
        members.sort_by_key(|(at, place)| (place.frame, *at));
        shot(members, linking, &mut tracks, &mut count)?;
    }
    in_order(&mut tracks);
    Ok(tracks)
}

/// Gives a number to each track that records name, and returns how many there are.
fn followed<'a>(
    instances: impl Iterator<Item = &'a Instance>,
    tracks: &mut [Option<usize>],
) -> usize {
    let mut numbers = BTreeMap::new();
    for (instance, track) in instances.zip(tracks) {
        let Some(place) = &instance.place else {
            continue;
        };
        if let Some(own) = place.track {
            let next = numbers.len();
            let key = (&place.film, place.shot, own);
            *track = Some(*numbers.entry(key).or_insert(next));
        }
    }
    numbers.len()
}

fn shot(
    members: &[(usize, &Place)],
    linking: &Linking<'_>,
    tracks: &mut [Option<usize>],
    count: &mut usize,
) -> Result<()> {
    let mut open: Vec<Open> = Vec::new();
    for frame in members.chunk_by(|(_, a), (_, b)| a.frame == b.frame) {
        let now = frame.first().map_or(0.0, |(_, place)| place.time);
        open.retain(|end| now - end.time <= linking.gap);
        let outlines = { frame.iter() }.map(|(at, place)| (linking.outline)(*at, place));
        let mut outlines: Vec<_> = outlines.map(|read| read.map(Some)).collect::<Result<_>>()?;
        let mut pairs = Vec::new();
        for (which, end) in open.iter().enumerate() {
            for (member, outline) in outlines.iter().flatten().enumerate() {
                let share = end.outline.iou(outline);
                if share >= linking.overlap && linking.gap > 0.0 {
                    pairs.push((share, which, member));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut taken = vec![false; open.len()];
        for (_, which, member) in pairs {
            let (at, place) = frame[member];
            if !taken[which] && tracks[at].is_none() {
                taken[which] = true;
                tracks[at] = Some(open[which].track);
                open[which].time = place.time;
                if let Some(outline) = outlines[member].take() {
                    open[which].outline = outline;
                }
            }
        }
        for ((at, place), outline) in frame.iter().zip(outlines) {
            if let (None, Some(outline)) = (tracks[*at], outline) {
                tracks[*at] = Some(*count);
                open.push(Open {
                    track: *count,
                    time: place.time,
                    outline,
                });
                *count += 1;
            }
        }
    }
    Ok(())
}

/// Numbers the tracks anew, by their first instance.
fn in_order(tracks: &mut [Option<usize>]) {
    let mut numbers = BTreeMap::new();
    for track in tracks.iter_mut().flatten() {
        let next = numbers.len();
        *track = *numbers.entry(*track).or_insert(next);
    }
}
