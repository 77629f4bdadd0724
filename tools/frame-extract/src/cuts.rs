//! Cuts: a frame much of which cannot be found in the frame before, neither there nor nearby, and
//! whose colours differ: much against the frames around it, so that fast motion is no cut.

use crate::figures::Figures;
use crate::shots::Mark;

/// Frames on each side that a cut must stand out from.
const AROUND: usize = 6;
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
    let mut around = others(differences, number, AROUND);
    around.sort_unstable_by(|a, b| b.total_cmp(a));
    // Another cut close by does not hide this one, and of a film drawn on twos only the frames
    // that change count.
    let largest = &around[around.len().min(1)..around.len().min(1 + AROUND)];
    let usual = largest.iter().sum::<f32>() / largest.len().max(1) as f32;
    let beside = others(differences, number, BESIDE);
    let beside = beside.into_iter().fold(0.0, f32::max);
    log::debug!("frame {number}: differs by {here:.1}, around {usual:.1}, beside {beside:.1}");
    here >= OVER_AROUND * usual + LEAST && here >= OVER_BESIDE * beside + LEAST
}

/// The differences of up to `reach` frames on each side of a frame.
fn others(differences: &[f32], number: usize, reach: usize) -> Vec<f32> {
    let from = number.saturating_sub(reach).max(1);
    let to = (number + reach + 1).min(differences.len());
    [&differences[from..number], &differences[number + 1..to]].concat()
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
    fn motion_on_twos_is_no_cut() {
        let frames = Film::new().on_twos(1, 40, 3).figures();
        assert_eq!(find(&frames, &[]), [0; 0]);
    }
}
