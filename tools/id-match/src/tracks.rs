//! Tracks: which instances show one character through one shot.

use std::collections::BTreeMap;

use crate::instance::{Instance, Place};

/// The end of a track so far.
struct Open<'a> {
    track: usize,
    last: &'a Place,
}

/// The number of each instance's track, from 0 in the order of the manifest; `None` where its place is
/// not known.
///
/// Instances that were followed belong to the tracks that their records name. Of the others, from frame to
/// frame of a shot the pair that overlaps most is linked first, then the next, down to
/// `overlap`; a character that was not seen for more than `gap` seconds begins a new track.
pub(crate) fn link(instances: &[Instance], overlap: f64, gap: f64) -> Vec<Option<usize>> {
    let mut shots: BTreeMap<(&str, u64), Vec<(usize, &Place)>> = BTreeMap::new();
    for (at, instance) in instances.iter().enumerate() {
        if let Some(place) = instance
            .place
            .as_ref()
            .filter(|place| place.track.is_none())
        {
            let shot = shots.entry((&place.film, place.shot)).or_default();
            shot.push((at, place));
        }
    }
    let mut tracks = vec![None; instances.len()];
    let mut count = followed(instances, &mut tracks);
    for members in shots.values_mut() {
        members.sort_by_key(|(at, place)| (place.frame, *at));
        shot(members, overlap, gap, &mut tracks, &mut count);
    }
    in_order(&mut tracks);
    tracks
}

/// Gives a number to each track that records name, and returns how many there are.
fn followed(instances: &[Instance], tracks: &mut [Option<usize>]) -> usize {
    let mut numbers = BTreeMap::new();
    for (instance, track) in instances.iter().zip(tracks) {
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
    overlap: f64,
    gap: f64,
    tracks: &mut [Option<usize>],
    count: &mut usize,
) {
    let mut open: Vec<Open<'_>> = Vec::new();
    for frame in members.chunk_by(|(_, a), (_, b)| a.frame == b.frame) {
        let now = frame.first().map_or(0.0, |(_, place)| place.time);
        open.retain(|end| now - end.last.time <= gap);
        let mut pairs = Vec::new();
        for (which, end) in open.iter().enumerate() {
            for (member, (_, place)) in frame.iter().enumerate() {
                let share = end.last.outline.iou(&place.outline);
                if share >= overlap && gap > 0.0 {
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
                open[which].last = place;
            }
        }
        for (at, place) in frame {
            if tracks[*at].is_none() {
                tracks[*at] = Some(*count);
                open.push(Open {
                    track: *count,
                    last: place,
                });
                *count += 1;
            }
        }
    }
}

/// Numbers the tracks anew, by their first instance.
fn in_order(tracks: &mut [Option<usize>]) {
    let mut numbers = BTreeMap::new();
    for track in tracks.iter_mut().flatten() {
        let next = numbers.len();
        *track = *numbers.entry(*track).or_insert(next);
    }
}
