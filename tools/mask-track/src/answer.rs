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
        }
    };
    frames.iter().enumerate().map(answer).collect()
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
