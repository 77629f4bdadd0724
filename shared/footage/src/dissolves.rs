//! Dissolves: the frames between are mixtures of the frames at both ends.
//!
//! For frames a and b some time apart, each frame between them should be `(1 - s) a + s b`, with a
//! share s that grows evenly from 0 to 1, and a and b should show different scenes. A slow pan
//! mixes too, but less evenly, and what moves can be found again nearby, which what is mixed
//! cannot: the less well the mixture fits, the surer it must be that nothing merely moves.

use crate::figures::Figures;
use crate::shots::{Mark, Transition};

/// The lengths that are tried, in seconds.
const LENGTHS: [f64; 8] = [0.25, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0];
/// How many frames between the ends are tested.
const BETWEEN: usize = 7;
/// The smallest mean difference of the ends, 0..=255.
const LEAST: f32 = 8.0;
/// The share of cells that differ at the ends; less is a title over an image.
const CHANGED: f32 = 0.6;
/// The largest correlation of the cells at the ends; more is the same scene in other light.
const ALIKE: f32 = 0.6;
/// How far the share of the later end may be from an even growth.
const UNEVEN: f32 = 0.16;

/// The least share of another scene that is seen.
const GHOST: f32 = 0.07;

/// What is asked of a dissolve.
struct Demand {
    /// The most of a frame that may be neither end, as a share of their difference.
    strange: f32,
    /// The least share of all change within a quarter of a second that motion must not explain.
    unmoved: f32,
    /// The least share of all change from frame to frame that motion must not explain. Fast motion
    /// is found here, slow motion above.
    fresh: f32,
    /// The shortest length, in seconds.
    shortest: f64,
}

/// Either of these is enough: scenes that hardly move, or scenes that do; there it must be surer
/// that the change is no motion.
const DEMANDS: [Demand; 2] = [
    Demand {
        strange: 0.16,
        unmoved: 0.45,
        fresh: 0.0,
        shortest: 0.0,
    },
    Demand {
        strange: 0.36,
        unmoved: 0.6,
        fresh: 0.58,
        shortest: 0.3,
    },
];

/// The dissolves of a film, in order; none meets a mark or a cut.
pub(crate) fn find(frames: &[Figures], rate: f64, marks: &[Mark], cuts: &[usize]) -> Vec<Mark> {
    let mut found: Vec<(f32, Mark)> = Vec::new();
    for length in LENGTHS.map(|seconds| (seconds * rate).round() as usize) {
        for first in 0..frames.len().saturating_sub(length) {
            let mark = Mark {
                kind: Transition::Dissolve,
                first,
                end: first + length + 1,
            };
            found.extend(error(frames, rate, mark).map(|error| (error, mark)));
        }
    }
    // The best first; of windows that overlap, the best one stands.
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut dissolves: Vec<Mark> = Vec::new();
    for (error, mark) in found {
        let free = |other: &Mark| !other.meets(mark.first, mark.end);
        let cut = cuts.iter().any(|&cut| mark.first < cut && cut < mark.end);
        if !cut && marks.iter().all(free) && dissolves.iter().all(free) {
            log::debug!(
                "frames {} to {}: dissolve, error {error:.3}",
                mark.first,
                mark.end
            );
            let barred = |number: usize| {
                let here = |other: &Mark| other.meets(number, number + 1);
                cuts.contains(&number) || marks.iter().chain(&dissolves).any(here)
            };
            let whole = whole(frames, mark, barred);
            dissolves.push(whole);
        }
    }
    dissolves.sort_unstable_by_key(|mark| mark.first);
    dissolves
}

/// A dissolve with what still shows of either end beyond it, up to half its length: where the camera
/// moves, the mixture fits best within it, and a tenth of another scene is a ghost to the eye. Goes no
/// farther than frames that are `barred`.
fn whole(frames: &[Figures], mark: Mark, barred: impl Fn(usize) -> bool) -> Mark {
    let room = (mark.end - mark.first) / 2;
    let free = |number: &usize| *number < frames.len() && !barred(*number);
    let ahead = (mark.end..mark.end + room).take_while(free).last();
    let behind = (mark.first.saturating_sub(room)..mark.first).rev();
    let behind = behind.take_while(free).last();
    let (before, after) = (behind.unwrap_or(mark.first), ahead.unwrap_or(mark.end - 1));
    let share = |number: usize| frames[number].mixture(&frames[before], &frames[after]).0;
    let (mut first, mut end) = (mark.first, mark.end);
    while end <= after && share(end) < 1.0 - GHOST {
        end += 1;
    }
    while first > before && share(first - 1) > GHOST {
        first -= 1;
    }
    Mark { first, end, ..mark }
}

/// How far the frames of `mark` are from a dissolve, 0 for a perfect one; none if they are too far
/// to be one. Of two that fit equally well the longer one is better: a part of a dissolve is one.
fn error(frames: &[Figures], rate: f64, mark: Mark) -> Option<f32> {
    let (a, b) = (&frames[mark.first], &frames[mark.end - 1]);
    let apart = a.apart(b);
    if apart < LEAST || a.changed(b, apart / 4.0) < CHANGED || a.correlation(b) > ALIKE {
        return None;
    }
    let length = mark.end - mark.first - 1;
    let (mut sum, mut strangest) = (0.0_f32, 0.0_f32);
    for step in 1..=BETWEEN {
        let even = step as f32 / (BETWEEN + 1) as f32;
        let number = mark.first + (even * length as f32).round() as usize;
        let even = (number - mark.first) as f32 / length as f32;
        let (share, rest) = frames[number].mixture(a, b);
        if (share - even).abs() > UNEVEN {
            return None;
        }
        strangest = strangest.max(rest / apart);
        sum += (share - even).abs() + rest / apart;
    }
    let between = &frames[mark.first + 1..mark.end];
    let sum_of = |value: fn(&Figures) -> f32| between.iter().map(value).sum::<f32>();
    let unmoved = sum_of(|frame| frame.unmoved) / length as f32;
    let fresh = sum_of(|frame| frame.change) / sum_of(|frame| frame.in_place).max(f32::EPSILON);
    let enough = |demand: &Demand| {
        let long = length as f64 >= demand.shortest * rate;
        let still = unmoved >= demand.unmoved && fresh >= demand.fresh;
        long && still && strangest <= demand.strange
    };
    let error = sum / BETWEEN as f32 / (length as f32).sqrt();
    DEMANDS.iter().any(enough).then_some(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn::Film;

    #[test]
    fn dissolves_of_many_lengths() {
        for length in [8, 12, 20, 30, 48] {
            let film = Film::new().still(1, 40).dissolve(1, 2, length).still(2, 40);
            let found = find(&film.figures(), 24.0, &[], &[]);
            assert_eq!(found.len(), 1, "{length} frames: {found:?}");
            let middle = usize::midpoint(found[0].first, found[0].end);
            assert!(
                middle.abs_diff(40 + length / 2) <= 2,
                "{length} frames: {found:?}"
            );
        }
    }

    #[test]
    fn a_pan_is_none_and_neither_is_a_cut() {
        for speed in [1, 2, 4] {
            let frames = Film::new().pan(1, 80, speed).figures();
            assert_eq!(find(&frames, 24.0, &[], &[]), [], "{speed} pixels a frame");
        }
        let frames = Film::new().still(1, 40).still(2, 40).figures();
        assert_eq!(find(&frames, 24.0, &[], &[40]), []);
    }

    #[test]
    fn a_ghost_beyond_the_frames_that_fit_best_belongs_to_it() {
        let film = Film::new().still(1, 40).dissolve(1, 2, 24).still(2, 40);
        let frames = film.figures();
        let kind = Transition::Dissolve;
        // The mixtures are frames 40 to 63, of which the first and the last are a twenty-fifth.
        let [first, end] = [46, 58];
        let found = whole(&frames, Mark { kind, first, end }, |_| false);
        assert!((40..=42).contains(&found.first), "{found:?}");
        assert!((62..=64).contains(&found.end), "{found:?}");
        let again = whole(&frames, found, |_| false);
        assert!(again.end <= 64 && again.first >= 40, "{again:?}");
        let barred = whole(&frames, Mark { kind, first, end }, |number| number == 60);
        assert!(barred.end <= 60, "a cut ends it: {barred:?}");
    }

    #[test]
    fn dusk_is_none() {
        // The same scene at half the light.
        let film = Film::new().still(1, 40).darkened(1, 40, 0.5).still(3, 20);
        assert_eq!(find(&film.figures(), 24.0, &[], &[80]), []);
    }
}
