//! Shots by the scores that a network gives every frame (`TransNetV2`), alone or beside the rules.
//!
//! A network has seen what the rules cannot tell: two shots of one place in like colours. The rules know what it was
//! never asked: which frames are plain, that a flash ends where it began, that a fade is one change however long it
//! takes; and they see shots of a few frames, which it passes over. So beside the rules, whose changes all stand, the
//! network adds those that it is sure of, unless the rules say what else they are.

use crate::figures::Figures;
use crate::shots::{self, Boundary, Mark, Shot, Transition};

/// The score above which a frame is the last of a shot, or within a transition: the reference's.
const SURE: f32 = 0.5;
/// Frames within a transition that are more than a cut.
const LONG: usize = 3;
/// How far apart two changes must be to be two, in seconds.
const APART: f64 = 0.3;
/// How long plain frames between two shots must last to be a shot of their own, in seconds.
const PAUSE: f64 = 0.4;

/// What a network says of every frame, 0..=1.
#[derive(Debug, Clone, Copy)]
pub struct Scores<'a> {
    /// Whether it is the last of a shot, or the middle of a transition.
    pub last: &'a [f32],
    /// Whether it is within a transition; empty if the network does not say.
    pub within: &'a [f32],
}

/// The shots and marks of a film of this many frames a second: by the rules where no network has scored it, else by the
/// network `alone` or beside them.
pub fn find(
    frames: &[Figures],
    rate: f64,
    scores: Option<Scores<'_>>,
    alone: bool,
) -> (Vec<Shot>, Vec<Mark>) {
    match scores {
        None => shots::find(frames, rate),
        Some(scores) if alone => self::alone(frames, scores),
        Some(scores) => beside_rules(frames, rate, scores),
    }
}

/// The shots and marks of a film by the network alone.
pub fn alone(frames: &[Figures], scores: Scores<'_>) -> (Vec<Shot>, Vec<Mark>) {
    let (boundaries, marks) = changes(frames, scores);
    (shots::between(&boundaries, frames.len()), marks)
}

/// The shots and marks of a film of this many frames a second by the rules and the network.
pub fn beside_rules(frames: &[Figures], rate: f64, scores: Scores<'_>) -> (Vec<Shot>, Vec<Mark>) {
    let (ruled, mut marks) = shots::find(frames, rate);
    let ruled = ruled.iter().skip(1);
    let mut boundaries: Vec<Boundary> = ruled.map(|shot| (shot.first, shot.from)).collect();
    let apart = (APART * rate).round() as usize;
    let (further, transitions) = changes(frames, scores);
    let is_known = |boundaries: &[Boundary], frame: usize| {
        let mut known = boundaries.iter();
        known.any(|known| known.0.abs_diff(frame) < apart)
    };
    for change in further {
        if is_known(&boundaries, change.0) {
            continue;
        }
        let Some((frame, from)) = beyond_marks(frames, rate, &marks, &boundaries, change) else {
            continue;
        };
        if is_known(&boundaries, frame) {
            continue;
        }
        let mark = transitions.iter().find(|mark| mark.touches(frame));
        // What leads in from nothing, or out to nothing, lies between no two shots.
        let ends = |mark: &Mark| mark.first < apart || mark.end + apart > frames.len();
        if mark.is_some_and(ends) {
            continue;
        }
        log::debug!("frame {frame}: a change by the network");
        boundaries.push((frame, from));
        let free = |mark: &&Mark| !marks.iter().any(|other| other.meets(mark.first, mark.end));
        marks.extend(mark.filter(free).copied());
    }
    boundaries.sort_unstable_by_key(|&(frame, _)| frame);
    marks.sort_unstable_by_key(|mark| mark.first);
    (shots::between(&boundaries, frames.len()), marks)
}

/// A change of the network as the marks of the rules leave it: nothing of it in a flash or a dissolve, which are told
/// already; and in a fade, where the plain frames begin, if they are many and another shot begins behind them.
fn beyond_marks(
    frames: &[Figures],
    rate: f64,
    marks: &[Mark],
    boundaries: &[Boundary],
    (frame, from): Boundary,
) -> Option<Boundary> {
    let Some(mark) = marks.iter().find(|mark| mark.touches(frame)) else {
        return Some((frame, from));
    };
    if mark.kind != Transition::Fade {
        return None;
    }
    let first = (mark.first..mark.end).find(|&frame| frames[frame].is_plain())?;
    let plain = frames[first..].iter().take_while(|frame| frame.is_plain());
    let end = first + plain.count();
    let within = |&(frame, _): &Boundary| first < frame && frame < end;
    let long = (end - first) as f64 >= PAUSE * rate;
    let between = first > 0 && end < frames.len();
    let fades = (first > mark.first).then_some(Transition::Fade);
    (long && between && !boundaries.iter().any(within)).then_some((first, fades))
}

/// The changes that the network is sure of, and the transitions.
fn changes(frames: &[Figures], scores: Scores<'_>) -> (Vec<Boundary>, Vec<Mark>) {
    let long = |run: &(usize, usize)| run.1 - run.0 >= LONG;
    let transitions = runs(scores.within).into_iter().filter(long);
    let transitions = transitions.map(|(first, end)| Mark {
        kind: if frames[first..end].iter().any(Figures::is_plain) {
            Transition::Fade
        } else {
            Transition::Dissolve
        },
        first,
        end,
    });
    let transitions: Vec<Mark> = transitions.collect();
    let sure = runs(scores.last).into_iter().map(|(first, end)| {
        let within = transitions.iter().find(|mark| mark.meets(first, end));
        let peak = (first..end).max_by(|&a, &b| scores.last[a].total_cmp(&scores.last[b]));
        // The frame that is marked is the last of the old shot.
        (peak.unwrap_or(first) + 1, within.map(|mark| mark.kind))
    });
    (sure.collect(), transitions)
}

/// Runs of frames of which the network is sure, as first and one behind the last.
fn runs(scores: &[f32]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (number, &score) in scores.iter().enumerate() {
        match runs.last_mut() {
            _ if score <= SURE => {}
            Some((_, end)) if *end == number => *end += 1,
            _ => runs.push((number, number + 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn::{Film, plain};

    /// Scores of 0, but for these frames.
    fn scores(count: usize, sure: &[(std::ops::Range<usize>, f32)]) -> Vec<f32> {
        let mut scores = vec![0.0; count];
        for (frames, score) in sure {
            scores[frames.clone()].fill(*score);
        }
        scores
    }

    fn starts(shots: &[Shot]) -> Vec<(usize, Option<Transition>)> {
        shots.iter().map(|shot| (shot.first, shot.from)).collect()
    }

    #[test]
    fn the_frame_that_is_sure_is_the_last_of_a_shot() {
        let frames = Film::new().still(1, 40).figures();
        let last = scores(40, &[(9..10, 0.9), (20..21, 0.6), (21..22, 0.7)]);
        let within = scores(40, &[(9..10, 0.9), (17..26, 0.8)]);
        let (shots, marks) = alone(
            &frames,
            Scores {
                last: &last,
                within: &within,
            },
        );
        let dissolve = Transition::Dissolve;
        assert_eq!(
            starts(&shots),
            [(0, None), (10, None), (22, Some(dissolve))]
        );
        assert_eq!(
            marks,
            [Mark {
                kind: dissolve,
                first: 17,
                end: 26
            }]
        );
    }

    #[test]
    fn the_rules_gain_what_they_miss_and_lose_nothing() {
        let film = Film::new().still(1, 20).still(2, 20).still(3, 40);
        let frames = film.figures();
        // The cut at 20 scores little, that at 40 nothing; at 60 nothing is to be seen by the rules.
        let last = scores(80, &[(19..20, 0.1), (59..60, 0.9)]);
        let sure = Scores {
            last: &last,
            within: &[],
        };
        let (shots, marks) = beside_rules(&frames, 24.0, sure);
        assert_eq!(
            starts(&shots),
            [(0, None), (20, None), (40, None), (60, None)]
        );
        assert_eq!(marks, []);
    }

    #[test]
    fn a_dissolve_that_only_the_network_sees_is_marked() {
        let frames = Film::new().still(1, 60).figures();
        let last = scores(60, &[(30..31, 0.9)]);
        let within = scores(60, &[(25..37, 0.8)]);
        let sure = Scores {
            last: &last,
            within: &within,
        };
        let (shots, marks) = beside_rules(&frames, 24.0, sure);
        let dissolve = Some(Transition::Dissolve);
        assert_eq!(starts(&shots), [(0, None), (31, dissolve)]);
        assert_eq!((marks.len(), marks[0].first, marks[0].end), (1, 25, 37));
    }

    #[test]
    fn a_title_that_comes_up_at_the_start_is_no_change() {
        let frames = Film::new().still(1, 60).figures();
        let last = scores(60, &[(8..9, 0.8), (50..51, 0.8)]);
        let within = scores(60, &[(1..17, 0.9), (44..57, 0.9)]);
        let sure = Scores {
            last: &last,
            within: &within,
        };
        assert_eq!(starts(&beside_rules(&frames, 24.0, sure).0), [(0, None)]);
        assert_eq!(alone(&frames, sure).0.len(), 3, "by the network alone");
    }

    #[test]
    fn a_flash_and_a_fade_from_black_at_the_start_are_no_changes() {
        let ramp: Vec<f32> = (1..=16).map(|n| 1.0 - n as f32 / 16.0).collect();
        let frames = Film::new()
            .plain(0, 12)
            .blended(1, plain(0), &ramp)
            .still(1, 20)
            .blended(1, plain(255), &[0.5, 0.9, 0.6, 0.4, 0.2])
            .still(1, 20)
            .figures();
        let last = scores(frames.len(), &[(16..17, 0.8), (49..50, 0.7)]);
        let within = scores(frames.len(), &[(9..26, 0.9)]);
        let sure = Scores {
            last: &last,
            within: &within,
        };
        let (shots, _) = beside_rules(&frames, 24.0, sure);
        assert_eq!(starts(&shots), [(0, None)]);
        assert_eq!(alone(&frames, sure).0.len(), 3, "by the network alone");
    }

    #[test]
    fn black_between_two_shots_is_one_if_it_lasts() {
        let fall: Vec<f32> = (1..=16).map(|n| n as f32 / 16.0).collect();
        let film = |black: usize| {
            let film = Film::new().still(1, 20).blended(1, plain(0), &fall);
            film.plain(0, black).still(2, 20).figures()
        };
        // The last one is sure only of what the rules find, too: where the black ends.
        for (black, sure, expected) in [(12, 27, 3), (4, 27, 2), (12, 47, 2)] {
            let frames = film(black);
            let last = scores(frames.len(), &[(sure..sure + 1, 0.8)]);
            let sure = Scores {
                last: &last,
                within: &[],
            };
            let (shots, _) = beside_rules(&frames, 24.0, sure);
            assert_eq!(shots.len(), expected, "{black} black frames: {shots:?}");
            let (ruled, _) = shots::find(&frames, 24.0);
            assert_eq!(ruled.len(), 2);
        }
    }
}
