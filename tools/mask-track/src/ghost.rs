//! What is strange about tracks: ghosts, which were seen once and never again, and doubtful masks.

use crate::shot::{Frame, Place, Track};

/// The area of a mask may change by this factor from one frame to the next.
const AREA: f64 = 2.0;

/// Its middle may move this far, in diagonals of the image.
const JUMP: f64 = 0.25;

/// A mask of less predicted quality is doubtful.
const QUALITY: f64 = 0.5;

/// Two tracks whose masks overlap by more, intersection over union, are likely one.
const TWINS: f64 = 0.8;

/// Why a track may be a false detection: a detector has seen it in one frame alone, of several that it has
/// searched within `gap` seconds, and was not sure of it (below `sure`).
pub(crate) fn ghost(track: &Track, frames: &[Frame], gap: f64, sure: f64) -> Option<String> {
    let mut seen = track
        .iter()
        .filter_map(|(at, place)| Some((*at, place.thing?)));
    let (at, thing) = seen.next().filter(|_| track.len() == 1)?;
    let score = frames[at].things[thing].score;
    let near = |frame: &&Frame| frame.is_searched && (frame.time - frames[at].time).abs() <= gap;
    let searched = frames.iter().filter(near).count();
    (searched >= 3 && score < sure).then(|| {
        format!(
            "detected in 1 of {searched} frames within {gap} s, with a score of {score:.2}, below {sure}"
        )
    })
}

/// What is doubtful about the mask of track `which` in frame `at`.
pub(crate) fn doubts(tracks: &[Track], which: usize, at: usize, frames: &[Frame]) -> Vec<String> {
    let mut doubts = Vec::new();
    let Some(place) = tracks[which].get(&at) else {
        return doubts;
    };
    if let Some((_, before)) = tracks[which].range(..at).next_back() {
        let growth = place.mask.area() as f64 / before.mask.area().max(1) as f64;
        if !(1.0 / AREA..=AREA).contains(&growth) {
            doubts.push("area".to_owned());
        }
        if jump(before, place, frames[at].size) > JUMP {
            doubts.push("jump".to_owned());
        }
    }
    if place.quality.is_some_and(|quality| quality < QUALITY) {
        doubts.push("quality".to_owned());
    }
    let mut others = { tracks.iter().enumerate() }.filter(|(other, _)| *other != which);
    let same = |other: &Place| other.mask.iou(&place.mask).is_ok_and(|iou| iou > TWINS);
    if others.any(|(_, other)| other.get(&at).is_some_and(same)) {
        doubts.push("twin".to_owned());
    }
    doubts
}

/// How far the middle of a mask's box moves, in diagonals of the image.
fn jump(before: &Place, after: &Place, (width, height): (u32, u32)) -> f64 {
    let (Some(before), Some(after)) = (before.rect(), after.rect()) else {
        return 0.0;
    };
    let ([x0, y0], [x1, y1]) = (before.middle(), after.middle());
    (x1 - x0).hypot(y1 - y0) / f64::from(width).hypot(f64::from(height))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use crate::shot::Thing;
    use std::path::PathBuf;
    use vision::Rect;
    use vision::mask::{Mask, Rle};

    fn mask(left: u32, width: u32) -> Rle {
        let inside = |x: u32, y: u32| (left..left + width).contains(&x) && y < 10;
        Rle::encode(&Mask::from_fn(100, 20, inside).unwrap())
    }

    fn place(left: u32, width: u32, thing: Option<usize>) -> Place {
        Place {
            thing,
            mask: mask(left, width),
            is_new: false,
            quality: Some(0.9),
        }
    }

    fn frames(scores: &[Option<f64>]) -> Vec<Frame> {
        let frame = |(at, score): (usize, &Option<f64>)| Frame {
            time: at as f64 * 0.5,
            path: PathBuf::new(),
            size: (100, 20),
            is_searched: true,
            things: { score.iter() }
                .map(|score| Thing {
                    index: 0,
                    rect: Rect::from([0.0, 0.0, 10.0, 10.0]),
                    score: *score,
                    quality: None,
                    label: None,
                    mask: None,
                })
                .collect(),
        };
        scores.iter().enumerate().map(frame).collect()
    }

    #[test]
    fn who_was_seen_once_and_faintly_among_others_is_a_ghost() {
        let once: Track = [(2, place(0, 10, Some(0)))].into();
        let all = frames(&[None, None, Some(0.4), None]);
        let reason = ghost(&once, &all, 2.0, 0.6).unwrap();
        assert_eq!(
            reason,
            "detected in 1 of 4 frames within 2 s, with a score of 0.40, below 0.6"
        );
        assert_eq!(ghost(&once, &all, 2.0, 0.3), None, "sure enough");
        assert_eq!(ghost(&once, &all, 0.4, 0.6), None, "no frame beside it");
        let twice: Track = [(2, place(0, 10, Some(0))), (3, place(2, 10, None))].into();
        assert_eq!(
            ghost(&twice, &all, 2.0, 0.6),
            None,
            "a second frame bears witness"
        );
    }

    #[test]
    fn masks_that_change_much_are_doubtful() {
        let all = frames(&[Some(0.9), Some(0.9), Some(0.9)]);
        let track: Track = [
            (0, place(0, 10, Some(0))),
            (1, place(0, 21, Some(0))),
            (2, place(60, 20, Some(0))),
        ]
        .into();
        let other: Track = [(0, place(0, 9, Some(0)))].into();
        let tracks = [track, other];
        assert_eq!(doubts(&tracks, 0, 0, &all), ["twin"]);
        assert_eq!(doubts(&tracks, 0, 1, &all), ["area"]);
        assert_eq!(doubts(&tracks, 0, 2, &all), ["jump"]);
    }
}
