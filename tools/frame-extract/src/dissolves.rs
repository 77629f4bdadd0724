//! Dissolves: the frames between are mixtures of the frames at both ends.
//!
//! For frames a and b some time apart, each frame between them should be `(1 - s) a + s b`, with a
//! share s that grows evenly from 0 to 1, and a and b should show different scenes. Motion mixes
//! too, but not evenly, and what moves can be found again nearby, which what is mixed cannot.

use crate::figures::Figures;
use crate::shots::{Mark, Transition};

/// The lengths that are tried, in seconds.
const LENGTHS: [f64; 8] = [0.25, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0];
/// How many frames between the ends are tested.
const BETWEEN: usize = 7;
/// The smallest mean difference of the ends, 0..=255.
const LEAST: f32 = 8.0;
/// The share of cells that differ at the ends; less is a title over a picture.
const CHANGED: f32 = 0.6;
/// The largest correlation of the cells at the ends; more is the same scene in other light.
const ALIKE: f32 = 0.6;
/// What of a frame between may be neither end, as a share of their difference.
const STRANGE: f32 = 0.16;
/// How far the share of the later end may be from an even growth.
const UNEVEN: f32 = 0.16;

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
            found.extend(error(frames, mark).map(|error| (error, mark)));
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
            dissolves.push(mark);
        }
    }
    dissolves.sort_unstable_by_key(|mark| mark.first);
    dissolves
}

/// How far the frames of `mark` are from a dissolve, 0 for a perfect one; none if they are too far
/// to be one.
fn error(frames: &[Figures], mark: Mark) -> Option<f32> {
    let (a, b) = (&frames[mark.first], &frames[mark.end - 1]);
    let apart = a.apart(b);
    if apart < LEAST || a.changed(b, apart / 4.0) < CHANGED || a.correlation(b) > ALIKE {
        return None;
    }
    let length = mark.end - mark.first - 1;
    let mut sum = 0.0;
    for step in 1..=BETWEEN {
        let even = step as f32 / (BETWEEN + 1) as f32;
        let number = mark.first + (even * length as f32).round() as usize;
        let even = (number - mark.first) as f32 / length as f32;
        let (share, strange) = frames[number].mixture(a, b);
        if (share - even).abs() > UNEVEN || strange > STRANGE * apart {
            return None;
        }
        sum += (share - even).abs() + strange / apart;
    }
    Some(sum / BETWEEN as f32)
}
