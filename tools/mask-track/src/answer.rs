//! What is found of a shot, in a form that can be remembered.

use serde::{Deserialize, Serialize};
use stage::Result;
use vision::mask::Rle;

use crate::ghost::{doubts, ghost};
use crate::shot::{Frame, Track};

/// The masks of one frame.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) masks: Vec<Tracked>,
    /// Of a frame that no detector has searched: tracks that are in the nearest ones that were searched, and
    /// not here.
    pub(crate) lost: Vec<usize>,
}

/// A mask of a frame, and the track that it is of.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracked {
    /// Which of the record's masks or boxes it is of; none where only the track says that someone is there.
    pub(crate) index: Option<usize>,
    pub(crate) track: usize,
    /// COCO's compressed run lengths.
    pub(crate) counts: String,
    /// Whether it is another mask than the record had.
    pub(crate) is_new: bool,
    pub(crate) quality: Option<f64>,
    /// Of a mask that only the track has: the class of its nearest detection.
    pub(crate) label: Option<String>,
    pub(crate) ghost: Option<String>,
    pub(crate) doubts: Vec<String>,
}

/// When a track is a ghost.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Limits {
    /// Seconds.
    pub(crate) gap: f64,
    /// Score of a detection that needs no second one.
    pub(crate) sure: f64,
}

/// The answer of each frame: its detections in their order, then what was filled in. Tracks are numbered
/// from 0 by their first mask.
pub(crate) fn answers(frames: &[Frame], mut tracks: Vec<Track>, limits: Limits) -> Vec<Answer> {
    tracks.retain(|track| !track.is_empty());
    let first = |track: &Track| {
        let (at, place) = track.first_key_value()?;
        Some((
            *at,
            place.thing.is_none(),
            place.thing,
            place.mask.counts().to_vec(),
        ))
    };
    tracks.sort_by_cached_key(first);
    let ghosts: Vec<Option<String>> = { tracks.iter() }
        .map(|track| ghost(track, frames, limits.gap, limits.sure))
        .collect();
    let answer = |(at, frame): (usize, &Frame)| {
        let found = tracks.iter().enumerate();
        let mut masks: Vec<Tracked> = found
            .filter_map(|(track, places)| {
                let place = places.get(&at)?;
                Some(Tracked {
                    index: place.thing.map(|thing| frame.things[thing].index),
                    track,
                    counts: place.mask.to_coco_string(),
                    is_new: place.is_new,
                    quality: place.quality,
                    label: { place.thing.is_none() }
                        .then(|| label(places, at, frames))
                        .flatten(),
                    ghost: ghosts[track].clone(),
                    doubts: doubts(&tracks, track, at, frames),
                })
            })
            .collect();
        masks.sort_by_key(|mask| (mask.index.is_none(), mask.index, mask.track));
        Answer {
            width: frame.size.0,
            height: frame.size.1,
            masks,
            lost: lost(&tracks, at, frames),
        }
    };
    frames.iter().enumerate().map(answer).collect()
}

/// The tracks that may be in frame `at` without a mask: those that the searched frames before and after it have,
/// if it was not searched itself.
fn lost(tracks: &[Track], at: usize, frames: &[Frame]) -> Vec<usize> {
    if frames[at].is_searched {
        return Vec::new();
    }
    let before = (0..at).rev().find(|at| frames[*at].is_searched);
    let after = (at + 1..frames.len()).find(|at| frames[*at].is_searched);
    let near = |track: &Track| {
        let has = |at: Option<usize>| at.is_some_and(|at| track.contains_key(&at));
        has(before) || has(after)
    };
    let numbers = tracks.iter().enumerate();
    let lost = numbers.filter(|(_, track)| near(track) && !track.contains_key(&at));
    lost.map(|(number, _)| number).collect()
}

/// The class of the detection of a track that is nearest to frame `at`.
fn label(track: &Track, at: usize, frames: &[Frame]) -> Option<String> {
    let seen = track
        .iter()
        .filter_map(|(own, place)| Some((*own, place.thing?)));
    let nearest = seen.min_by_key(|(own, _)| own.abs_diff(at))?;
    frames[nearest.0].things[nearest.1].label.clone()
}

impl Tracked {
    /// The mask of a frame of this size.
    pub(crate) fn runs(&self, width: u32, height: u32) -> Result<Rle> {
        Ok(Rle::from_coco_string(width, height, &self.counts)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use crate::shot::Place;
    use std::path::PathBuf;
    use vision::mask::Mask;

    #[test]
    fn who_may_be_in_a_frame_that_was_not_searched_is_lost() {
        let frame = |is_searched: bool| Frame {
            time: 0.0,
            path: PathBuf::new(),
            size: (2, 2),
            is_searched,
            things: Vec::new(),
        };
        let frames = [true, false, true, false, true, false].map(frame);
        let track = |places: &[usize]| -> Track {
            let mask = Rle::encode(&Mask::from_fn(2, 2, |x, _| x == 0).unwrap());
            let place = Place {
                thing: None,
                mask,
                is_new: true,
                quality: None,
            };
            places.iter().map(|at| (*at, place.clone())).collect()
        };
        let tracks = [track(&[0, 1, 2]), track(&[2, 4])];
        let lost_in = |at| lost(&tracks, at, &frames);
        // The second may have come in before frame 2, and is not found between 2 and 4.
        assert_eq!(lost_in(1), [1]);
        assert_eq!(lost_in(3), [0, 1]);
        assert_eq!(lost_in(5), [1]);
        assert_eq!(
            lost_in(2),
            Vec::<usize>::new(),
            "a detector has searched it"
        );
    }
}
