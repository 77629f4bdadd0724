//! Where one shot ends and the next begins, and which frames show neither.
//!
//! Four things are looked for, in this order, each with what is known by then: bursts of light
//! (`flashes`), plain frames and the fades that lead to and from them (`fades`),
//! cuts (`cuts`) and dissolves (`dissolves`).

use serde::{Deserialize, Serialize};

use crate::figures::Figures;
use crate::{cuts, dissolves, fades, flashes};

/// What stands between two shots, or within one, and is no plain view of the scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// One shot blends into the next.
    Dissolve,
    /// From, to or wholly black, white or another plain colour.
    Fade,
    /// A short burst of light within a shot.
    Flash,
}

impl Transition {
    /// Its name in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dissolve => "dissolve",
            Self::Fade => "fade",
            Self::Flash => "flash",
        }
    }
}

/// A run of frames that are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What they are.
    pub kind: Transition,
    /// The first.
    pub first: usize,
    /// One behind the last.
    pub end: usize,
}

impl Mark {
    /// Whether any of the frames `first` to before `end` is marked.
    pub fn meets(&self, first: usize, end: usize) -> bool {
        self.first < end && first < self.end
    }

    /// Whether the frame or the one before it is marked: a change between them is of the mark.
    pub(crate) fn touches(&self, frame: usize) -> bool {
        self.meets(frame.saturating_sub(1), frame + 1)
    }
}

/// A run of frames taken without a break.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// The first frame.
    pub first: usize,
    /// One behind the last frame.
    pub end: usize,
    /// How it begins, if not with a cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Transition>,
}

/// A boundary between two shots: the first frame of the later one, and what leads to it.
pub type Boundary = (usize, Option<Transition>);

/// The shots of a film of this many frames a second, which cover all frames, and the marks, which do
/// not overlap. Both are in order.
pub fn find(frames: &[Figures], rate: f64) -> (Vec<Shot>, Vec<Mark>) {
    let mut marks = flashes::find(frames, rate);
    let (fades, mut boundaries) = fades::find(frames, rate, &marks);
    marks.extend(fades);
    let cuts = cuts::find(frames, &marks);
    boundaries.extend(cuts.iter().map(|&cut| (cut, None)));
    let dissolves = dissolves::find(frames, rate, &marks, &cuts);
    let middle = |mark: &Mark| usize::midpoint(mark.first, mark.end);
    boundaries.extend(dissolves.iter().map(|mark| (middle(mark), Some(mark.kind))));
    marks.extend(dissolves);
    marks.sort_unstable_by_key(|mark| mark.first);
    boundaries.sort_unstable_by_key(|&(frame, _)| frame);
    boundaries.dedup_by_key(|&mut (frame, _)| frame);
    (between(&boundaries, frames.len()), marks)
}

pub(crate) fn between(boundaries: &[Boundary], count: usize) -> Vec<Shot> {
    let inner = boundaries
        .iter()
        .filter(|(frame, _)| (1..count).contains(frame));
    let starts: Vec<Boundary> = [(0, None)].into_iter().chain(inner.copied()).collect();
    let ends = starts.iter().skip(1).map(|&(frame, _)| frame);
    let shots = starts.iter().zip(ends.chain([count]));
    shots
        .map(|(&(first, from), end)| Shot { first, end, from })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::VALUES;

    #[test]
    fn shots_cover_the_film() {
        let shots = between(
            &[
                (0, None),
                (7, Some(Transition::Fade)),
                (9, None),
                (12, None),
            ],
            12,
        );
        let ends: Vec<_> = shots.iter().map(|shot| (shot.first, shot.end)).collect();
        assert_eq!(ends, [(0, 7), (7, 9), (9, 12)]);
        assert_eq!(shots[1].from, Some(Transition::Fade));
    }

    #[test]
    fn a_film_of_one_frame() {
        let frame = Figures {
            change: 0.0,
            in_place: 0.0,
            unmoved: 1.0,
            mean: 90.0,
            spread: 20.0,
            cells: Box::new([90; VALUES]),
        };
        let (shots, marks) = find(&[frame], 24.0);
        assert_eq!((shots.len(), shots[0].end, marks.len()), (1, 1, 0));
    }
}
