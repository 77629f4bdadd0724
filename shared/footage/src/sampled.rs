//! Shots of which a few frames a second are there, as of a film that was sampled.
//!
//! What moves is far away by the next frame, and a transition falls between two of them. So a frame is held against
//! the last one that shows anything: it begins a shot if its colours lie elsewhere, and most of it cannot be found
//! there, however far that may have moved. A plain frame between two that differ tells of a fade, and a frame that is
//! a mixture of both beside it, of a dissolve.

use crate::figures::{Figures, Small};
use crate::shots::{Mark, Shot, Transition};

/// Frames a second below which frames count as sampled: a cut no longer stands out from the motion around it.
pub const SPARSE: f64 = 8.0;

/// How far something may have moved from one frame to the next, of 80 columns and of 48 rows.
const REACH: (isize, isize) = (12, 8);
/// The largest correlation of the colours of two shots.
const ALIKE: f32 = 0.7;
/// The same where a plain frame lies between.
const ALIKE_AFTER_FADE: f32 = 0.9;
/// The least mean difference of the colours of two shots, 0..=255.
const APART: f32 = 8.0;
/// The same where a plain frame lies between.
const APART_AFTER_FADE: f32 = 20.0;
/// The least of a frame that cannot be found in the last one of another shot, mean absolute difference, 0..=255.
const UNFOUND: f32 = 12.0;
/// Shares of both neighbours in a frame of a dissolve.
const MIXED: (f32, f32) = (0.1, 0.9);
/// The most of a frame of a dissolve that is of neither neighbour, as a share of their difference.
const STRANGE: f32 = 0.36;

/// The shots of frames that were sampled, which cover all frames, and the frames of fades and dissolves. Both are in
/// order.
///
/// The thresholds were set on the sample film and two open films at 1, 2 and 4 frames a second; `shot-detect`'s README
/// has what is found.
pub fn find(frames: Vec<Small>) -> (Vec<Shot>, Vec<Mark>) {
    let (mut starts, mut marks) = (vec![(0, None)], Vec::new());
    // The last frames that show something, the latest at the end: number, pixels and figures.
    let mut before: Vec<(usize, Small, Figures)> = Vec::new();
    let count = frames.len();
    for (number, small) in frames.into_iter().enumerate() {
        let figures = small.alone();
        if figures.is_plain() {
            marks.push(mark(Transition::Fade, number));
            continue;
        }
        if let Some((last, pixels, known)) = before.last()
            && differs((pixels, known), (&small, &figures), number - last > 1)
        {
            let from = (number - last > 1).then_some(Transition::Fade);
            match before.get(before.len().wrapping_sub(2)) {
                Some((first, _, older))
                    if *first + 2 == number
                        && starts.last() == Some(&(*last, None))
                        && mixes(known, older, &figures) =>
                {
                    marks.push(mark(Transition::Dissolve, *last));
                    starts.pop();
                    starts.push((*last, Some(Transition::Dissolve)));
                }
                _ => starts.push((number, from)),
            }
        }
        if before.len() == 2 {
            before.remove(0);
        }
        before.push((number, small, figures));
    }
    let ends = starts.iter().skip(1).map(|start| start.0).chain([count]);
    let shots = starts
        .iter()
        .zip(ends)
        .map(|(&(first, from), end)| Shot { first, end, from });
    (shots.filter(|shot| shot.first < shot.end).collect(), marks)
}

fn mark(kind: Transition, number: usize) -> Mark {
    Mark {
        kind,
        first: number,
        end: number + 1,
    }
}

/// Whether a frame shows another shot than the last one before it.
fn differs(before: (&Small, &Figures), now: (&Small, &Figures), after_fade: bool) -> bool {
    let (apart, alike) = (before.1.apart(now.1), before.1.correlation(now.1));
    if after_fade {
        return alike < ALIKE_AFTER_FADE || apart >= APART_AFTER_FADE;
    }
    apart >= APART && alike < ALIKE && now.0.unfound_in(before.0, REACH) >= UNFOUND
}

/// Whether a frame is a mixture of that before it and that behind it.
fn mixes(frame: &Figures, before: &Figures, behind: &Figures) -> bool {
    let apart = before.apart(behind);
    let (share, rest) = frame.mixture(before, behind);
    apart > 0.0 && share > MIXED.0 && share < MIXED.1 && rest / apart < STRANGE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn::Film;

    fn starts(film: Film) -> Vec<(usize, Option<Transition>)> {
        let (shots, _) = find(film.small());
        shots.iter().map(|shot| (shot.first, shot.from)).collect()
    }

    #[test]
    fn every_shot_of_a_frame_or_more_and_no_pan() {
        let film = Film::new().still(1, 1).pan(2, 6, 8).still(3, 2).still(4, 1);
        let film = film.turned(1, 7).turned(9, 10);
        assert_eq!(starts(film), [(0, None), (1, None), (7, None), (9, None)]);
    }

    #[test]
    fn black_between_two_scenes_is_a_fade_of_the_first() {
        let film = Film::new().still(1, 3).plain(0, 2).still(2, 3).turned(5, 8);
        let (shots, marks) = find(film.small());
        assert_eq!(
            shots[1],
            Shot {
                first: 5,
                end: 8,
                from: Some(Transition::Fade)
            }
        );
        assert_eq!(
            marks,
            [mark(Transition::Fade, 3), mark(Transition::Fade, 4)]
        );
        let film = Film::new().still(1, 3).plain(0, 1).still(1, 3);
        assert_eq!(starts(film), [(0, None)], "back to the same scene");
    }

    #[test]
    fn a_mixture_is_a_dissolve_and_one_change() {
        let ends = Film::new().still(1, 3).still(2, 3).turned(3, 6);
        let film = ends.and_mixture_at(3);
        let (shots, marks) = find(film.small());
        let from = Some(Transition::Dissolve);
        let shot = Shot {
            first: 3,
            end: 7,
            from,
        };
        assert_eq!(shots[1..], [shot]);
        assert_eq!(marks, [mark(Transition::Dissolve, 3)]);
    }

    #[test]
    fn dusk_is_none_and_nothing_has_none() {
        let film = Film::new().still(1, 3).darkened(1, 3, 0.5);
        assert_eq!(starts(film), [(0, None)]);
        assert_eq!(starts(Film::new()), []);
    }
}
