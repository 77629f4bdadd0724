//! Cuts: a frame much of which cannot be found in the frame before, neither there nor nearby, and
//! whose colours differ: much against the frames around it, so that fast motion is no cut.

use crate::figures::Figures;
use crate::shots::Mark;

/// Changes on each side that a cut must stand out from. A film drawn on twos or sixes holds its
/// frames between them; held frames are no measure of its motion.
const AROUND: usize = 6;
/// So few changes count as this many: in a still scene each of them may be a cut.
const FEW: usize = 3;
/// How far off these changes may lie, frames.
const REACH: usize = 36;
/// Below this difference a frame is held, 0..=255: what compression alone makes of it.
const HELD: f32 = 0.4;
/// Frames on each side that a cut must stand out from, each one of them.
const BESIDE: usize = 2;
/// How many times the usual difference around it a cut must be.
const OVER_AROUND: f32 = 2.0;
/// How many times the largest difference right beside it a cut must be.
const OVER_BESIDE: f32 = 2.2;
/// How much more than these a cut must be, 0..=255; so this is the smallest difference of a cut.
const LEAST: f32 = 3.5;

/// The first frames behind cuts, in order; what is marked already has no cuts.
pub(crate) fn find(frames: &[Figures], marks: &[Mark]) -> Vec<usize> {
    let differences: Vec<f32> = (0..frames.len()).map(|n| difference(frames, n)).collect();
    // The frame behind a mark differs from the last one in it, however that ends.
    let marked = |n: usize| {
        marks
            .iter()
            .any(|mark| mark.meets(n, n + 1) || mark.end == n)
    };
    let cuts = (1..frames.len()).filter(|&n| is_cut(&differences, n));
    cuts.filter(|&n| !marked(n)).collect()
}

/// How different frame `number` is from the one before, 0..=255: the mean of what of its luma
/// cannot be found there, and of the difference of colours.
fn difference(frames: &[Figures], number: usize) -> f32 {
    let before = number.checked_sub(1).map(|before| &frames[before]);
    before.map_or(0.0, |before| {
        f32::midpoint(frames[number].change, before.apart(&frames[number]))
    })
}

fn is_cut(differences: &[f32], number: usize) -> bool {
    let here = differences[number];
    if here < LEAST {
        return false;
    }
    let mut around = changes(differences, number);
    around.sort_unstable_by(|a, b| b.total_cmp(a));
    // Another cut close by does not hide this one, and a third one only half.
    let largest = &around[around.len().min(1)..around.len().min(1 + AROUND)];
    let usual = largest.iter().sum::<f32>() / largest.len().max(FEW) as f32;
    let beside = beside(differences, number);
    log::debug!("frame {number}: differs by {here:.1}, around {usual:.1}, beside {beside:.1}");
    here >= OVER_AROUND * usual + LEAST && here >= OVER_BESIDE * beside + LEAST
}

/// The nearest changes on each side of a frame.
fn changes(differences: &[f32], number: usize) -> Vec<f32> {
    let changed = |difference: &&f32| **difference >= HELD;
    let before = differences[1..number].iter().rev().take(REACH);
    let behind = differences[number + 1..].iter().take(REACH);
    let before = before.filter(changed).take(AROUND);
    before
        .chain(behind.filter(changed).take(AROUND))
        .copied()
        .collect()
}

/// The largest difference right beside a frame.
fn beside(differences: &[f32], number: usize) -> f32 {
    let from = number.saturating_sub(BESIDE).max(1);
    let to = (number + BESIDE + 1).min(differences.len());
    let beside = differences[from..number]
        .iter()
        .chain(&differences[number + 1..to]);
    beside.copied().fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn::Film;

    #[test]
    fn every_cut_and_nothing_else() {
        let film = Film::new()
            .still(1, 12)
            .still(2, 3)
            .still(3, 12)
            .still(1, 12);
        assert_eq!(find(&film.figures(), &[]), [12, 15, 27]);
    }

    #[test]
    fn a_pan_is_no_cut() {
        for speed in [1, 2, 4, 7] {
            let frames = Film::new().pan(1, 30, speed).figures();
            assert_eq!(find(&frames, &[]), [0; 0], "{speed} pixels a frame");
        }
    }

    #[test]
    fn a_cut_between_two_pans_is_one() {
        let frames = Film::new().pan(1, 20, 2).pan(5, 20, 3).figures();
        assert_eq!(find(&frames, &[]), [20]);
    }

    #[test]
    fn motion_on_twos_or_sixes_is_no_cut() {
        for (each, step) in [(2, 3), (4, 9), (6, 14)] {
            let frames = Film::new().held(1, 60, step, each).figures();
            assert_eq!(find(&frames, &[]), [0; 0], "drawn on {each}");
        }
    }

    #[test]
    fn a_cut_between_held_drawings_is_one() {
        let film = Film::new().held(1, 48, 9, 6).held(5, 48, 9, 6);
        assert_eq!(find(&film.figures(), &[]), [48]);
    }
}
