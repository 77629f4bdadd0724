//! Fades: the image becomes black, white or another plain colour little by little, or comes out
//! of it.
//!
//! A frame is plain if it has hardly any contrast. Away from a run of plain frames, the distance of
//! a fading image to the plain colour grows by the same amount from frame to frame; the fade
//! reaches as far as it does.

use crate::figures::Figures;
use crate::shots::{Boundary, Mark, Transition};

/// The mean luma up to which a plain frame is black, and from which on it is white, wherever it
/// stands.
const BLACK_WHITE: (f32, f32) = (12.0, 240.0);
/// The longest fade, in seconds.
const LONGEST: f64 = 4.0;
/// The shortest fade, in seconds; a shorter one is a soft cut.
const SHORTEST: f64 = 0.12;
/// How many frames the growth of the distance is measured over.
const STEP: usize = 3;
/// How much the distance must grow over these, as a share of its growth on the way there.
const GROWTH: f32 = 0.5;
/// How alike the ends and the middle of a fade are: correlation of their cells.
const ALIKE: f32 = 0.6;

/// A run of plain frames, and the fades before and behind it.
struct Pause {
    first: usize,
    end: usize,
    /// Where the fade before it starts, if there is one.
    from: Option<usize>,
    /// Where the fade behind it ends, if there is one.
    to: Option<usize>,
}

/// The fades of a film, with the plain frames between them, and the boundaries that they make.
pub(crate) fn find(frames: &[Figures], rate: f64, marks: &[Mark]) -> (Vec<Mark>, Vec<Boundary>) {
    let (mut fades, mut boundaries) = (Vec::<Mark>::new(), Vec::new());
    for (first, end) in plain_runs(frames) {
        if marks.iter().any(|mark| mark.meets(first, end)) {
            continue;
        }
        let pause = Pause {
            first,
            end,
            from: far_end(frames, first, rate, Direction::Back),
            to: far_end(frames, end - 1, rate, Direction::On).map(|last| last + 1),
        };
        let mean = frames[first].mean;
        let certain = mean <= BLACK_WHITE.0 || mean >= BLACK_WHITE.1;
        if !certain && pause.from.is_none() && pause.to.is_none() {
            continue;
        }
        // Two fades may meet in the middle of a shot.
        let earliest = fades.last().map_or(0, |mark| mark.end);
        fades.push(Mark {
            kind: Transition::Fade,
            first: pause.from.unwrap_or(first).max(earliest),
            end: pause.to.unwrap_or(end),
        });
        boundaries.extend(pause.boundary(frames.len()));
    }
    (fades, boundaries)
}

impl Pause {
    /// Where the next shot begins. What is plain belongs to the shot that fades into it or out of
    /// it, and half to each if both do.
    fn boundary(&self, count: usize) -> Option<Boundary> {
        if self.first == 0 || self.end == count {
            return None;
        }
        let fade = Some(Transition::Fade);
        Some(match (self.from, self.to) {
            (Some(_), Some(_)) => (usize::midpoint(self.first, self.end), fade),
            (None, Some(_)) => (self.first, None),
            (_, None) => (self.end, None),
        })
    }
}

/// Runs of plain frames of one colour, as first and one behind the last.
fn plain_runs(frames: &[Figures]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        if !frame.is_plain() {
            continue;
        }
        match runs.last_mut() {
            Some((_, end)) if *end == number => *end += 1,
            _ => runs.push((number, number + 1)),
        }
    }
    runs
}

#[derive(Clone, Copy)]
enum Direction {
    Back,
    On,
}

/// The frame farthest from the plain frame `plain` to which the fade reaches; none if there is no
/// fade on this side.
fn far_end(frames: &[Figures], plain: usize, rate: f64, direction: Direction) -> Option<usize> {
    let longest = (LONGEST * rate).round() as usize;
    let at = |steps: usize| match direction {
        Direction::Back => plain.checked_sub(steps),
        Direction::On => Some(plain + steps).filter(|&n| n < frames.len()),
    };
    let distance = |steps: usize| at(steps).map(|n| frames[plain].apart(&frames[n]));
    let goes_on = |steps: &usize| {
        let pair = distance(*steps).zip(distance(steps + STEP));
        let even = GROWTH * STEP as f32 / *steps as f32;
        pair.is_some_and(|(near, far)| far - near >= even * near && far > near)
    };
    let steps = (1..longest).take_while(goes_on).count();
    let length = if steps == 0 { 0 } else { steps + STEP - 1 };
    if (length as f64) < SHORTEST * rate {
        return None;
    }
    let (far, middle) = (at(length)?, at(length / 2)?);
    let alike = frames[far].correlation(&frames[middle]) >= ALIKE;
    // A cut from black is a growth, too, but one in a single step.
    let sudden = distance(1)? > 0.6 * distance(length)?;
    (alike && !sudden).then_some(far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn::{Film, plain};

    fn ramp(length: usize) -> Vec<f32> {
        (1..=length).map(|n| n as f32 / length as f32).collect()
    }

    fn back(length: usize) -> Vec<f32> {
        ramp(length).into_iter().rev().collect()
    }

    #[test]
    fn through_black_and_through_white() {
        for (colour, length) in [(0, 12), (0, 24), (255, 16), (0, 60)] {
            let frames = Film::new()
                .still(1, 30)
                .blended(1, plain(colour), &ramp(length))
                .blended(2, plain(colour), &back(length))
                .still(2, 30)
                .figures();
            let (fades, boundaries) = find(&frames, 24.0, &[]);
            assert_eq!(fades.len(), 1, "{colour} {length}");
            let end = 30 + 2 * length;
            assert!(
                fades[0].first.abs_diff(30) <= 3 && fades[0].end.abs_diff(end) <= 3,
                "{fades:?}"
            );
            assert!(boundaries[0].0.abs_diff(30 + length) <= 1, "{boundaries:?}");
        }
    }

    #[test]
    fn black_between_hard_cuts() {
        let film = Film::new().still(1, 30).plain(0, 10).still(2, 30);
        let (fades, boundaries) = find(&film.figures(), 24.0, &[]);
        assert_eq!((fades[0].first, fades[0].end), (30, 40));
        assert_eq!(boundaries, [(40, None)]);
    }

    #[test]
    fn a_clear_sky_is_no_fade() {
        let film = Film::new().still(1, 30).plain(150, 20).still(2, 30);
        assert_eq!(find(&film.figures(), 24.0, &[]), (vec![], vec![]));
    }

    #[test]
    fn black_at_both_ends_makes_no_shot() {
        let film = Film::new().plain(0, 10).still(1, 30).plain(0, 10);
        let (fades, boundaries) = find(&film.figures(), 24.0, &[]);
        assert_eq!((fades.len(), boundaries.len()), (2, 0));
    }
}
