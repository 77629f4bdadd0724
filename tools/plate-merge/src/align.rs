//! Which movement lays one frame on another: none, a shift, or a homography.

use std::fmt;

use nalgebra::Matrix3;
use serde::Serialize;

use crate::fit::Fit;
use crate::level::Level;
use crate::miss::miss;
use crate::spectrum;

/// The copy on which shifts are looked for has at most this long a side, pixels.
const SHIFTS: usize = 192;

/// A movement is good enough if its tiles miss by less, thousandths of the long side.
const FINE: f64 = 0.15;

/// The camera stood still if half of the tiles miss by less when nothing is moved, and most by less
/// than twice the limit: what misses moves by itself.
const STILL: f64 = 0.1;

/// Else a simpler movement is taken that leaves no more than this many times what the best one leaves.
const AS_GOOD: f64 = 1.15;

/// A movement that leaves this many times what is accepted on the last copy but one is not tried on the largest, which costs most.
const HOPELESS: f64 = 3.0;

/// How the camera moved between frames; each is a case of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Motion {
    /// Not at all.
    Fixed,
    /// Everything by the same step.
    Shift,
    /// As the image of a plane, or of anything by a camera that turns on the spot.
    Homography,
}

impl Motion {
    /// How many numbers it has.
    fn unknowns(self) -> usize {
        match self {
            Self::Fixed => 0,
            Self::Shift => 2,
            Self::Homography => 8,
        }
    }
}

/// How one frame lies on the reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alignment {
    /// Where a point of the reference is in the frame.
    pub(crate) warp: Matrix3<f64>,
    pub(crate) motion: Motion,
    /// How far tiles miss, thousandths of the long side; 0 where the image is too plain to say.
    pub(crate) miss: f64,
    /// Mean difference, levels.
    pub(crate) error: f64,
}

/// Why a frame cannot be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Refusal {
    /// Too little of the image is in both.
    Apart,
    /// Things near and far moved differently: so far, thousandths of the long side.
    Parallax(f64),
    /// The light changed by more than a gain: this many levels on average.
    Light(f64),
    /// It would have to be moved, and is too plain to say whether it then lies right.
    Plain,
    /// It was compared by small copies alone: the frames on the way to it are too far apart.
    Beyond,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apart => write!(formatter, "too little of the image is in both"),
            Self::Parallax(miss) => write!(
                formatter,
                "parts are still {miss:.2} thousandths of the long side apart, as when a camera moves past near and far things"
            ),
            Self::Light(error) => write!(formatter, "the light differs by {error:.1} levels"),
            Self::Plain => write!(formatter, "too plain to align, as in haze"),
            Self::Beyond => write!(formatter, "neither it nor the frames between align"),
        }
    }
}

/// What is still accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Thousandths of the long side by which tiles may miss.
    pub(crate) miss: f64,
    /// Levels by which frames may differ on average.
    pub(crate) light: f64,
}

/// First guesses of where a frame lies: what the neighbours say, and the shifts to them.
///
/// `before` are frames between the reference and this one, with their own warps.
pub(crate) fn guesses(
    still: &[Level],
    moved: &[Level],
    before: Option<(&[Level], &Matrix3<f64>)>,
) -> Vec<Matrix3<f64>> {
    let coarse = |levels: &[Level]| {
        let small = |level: &Level| level.grid.width.max(level.grid.height) <= SHIFTS;
        levels.iter().rposition(small).unwrap_or(0)
    };
    let level = coarse(still);
    let grid = still[level].grid;
    let shift = |from: &[Level]| grid.shift(spectrum::shift(&from[level], &moved[level]));
    let mut guesses = vec![Matrix3::identity(), shift(still)];
    if let Some((levels, warp)) = before {
        guesses.push(*warp);
        guesses.push(shift(levels) * warp);
    }
    guesses
}

/// Lays `moved` on `still`, beginning with the best of `guesses`; both are copies of frames of one
/// size, the smallest first.
pub(crate) fn align(
    still: &[Level],
    moved: &[Level],
    guesses: &[Matrix3<f64>],
    limits: Limits,
) -> Result<Alignment, Refusal> {
    let first = started(still, moved, guesses).ok_or(Refusal::Apart)?;
    // Haze and clouds can be laid anywhere, with whoever is in them: moved frames need a proof.
    let judge = |fit: Fit, motion, level: usize| {
        let miss = match miss(&still[level], &moved[level], &fit) {
            None if motion > Motion::Fixed => return None,
            miss => miss.unwrap_or_default(),
        };
        let fixed = motion == Motion::Fixed && miss.half <= STILL && miss.most <= 2.0 * limits.miss;
        let found = Alignment {
            warp: fit.warp,
            motion,
            miss: miss.most,
            error: fit.error,
        };
        Some((found, fixed || miss.most <= FINE))
    };
    let (mut tried, mut plain): (Vec<Alignment>, bool) = (Vec::new(), false);
    for motion in [Motion::Fixed, Motion::Shift, Motion::Homography] {
        let start = if motion == Motion::Fixed {
            Fit::from(Matrix3::identity())
        } else {
            first
        };
        let Some((fit, level)) = finer(start, still, moved, motion, limits) else {
            continue;
        };
        let Some((found, fine)) = judge(fit, motion, level) else {
            plain = true;
            continue;
        };
        if fine && fit.error <= limits.light {
            return Ok(found);
        }
        tried.push(found);
    }
    chosen(&tried, plain, limits)
}

/// Whether small copies lie on each other, unmoved or shifted, so that it is worth comparing larger ones.
pub(crate) fn is_near(still: &[Level], moved: &[Level], limits: Limits) -> bool {
    let level = (still.len() - 1).min(1);
    let lies = |guess: &Matrix3<f64>| {
        let fit = Fit::from(*guess).improved(&still[0], &moved[0], Motion::Shift.unknowns())?;
        if fit.error > 2.0 * limits.light {
            return None;
        }
        let (still, moved) = (&still[level], &moved[level]);
        let fit = fit.improved(still, moved, Motion::Shift.unknowns())?;
        let missed = miss(still, moved, &fit)?;
        (fit.error <= limits.light && missed.most <= 2.0 * limits.miss).then_some(())
    };
    guesses(still, moved, None)
        .iter()
        .any(|guess| lies(guess).is_some())
}

/// The simplest movement that is as good as the best of those `tried`; others were too `plain`.
fn chosen(tried: &[Alignment], plain: bool, limits: Limits) -> Result<Alignment, Refusal> {
    let least = |of: fn(&Alignment) -> f64| tried.iter().map(of).fold(f64::INFINITY, f64::min);
    let (miss, error) = (least(|a| a.miss), least(|a| a.error));
    let as_good = |found: &&Alignment| {
        found.miss <= AS_GOOD * miss + FINE / 3.0 && found.error <= AS_GOOD * error + 0.1
    };
    let refused = |why: Refusal| if plain { Refusal::Plain } else { why };
    let best = tried.iter().find(as_good).or(tried.last());
    let best = best.ok_or(refused(Refusal::Apart))?;
    if best.miss > limits.miss {
        return Err(refused(Refusal::Parallax(best.miss)));
    }
    if best.error > limits.light {
        return Err(refused(Refusal::Light(best.error)));
    }
    Ok(*best)
}

/// The guess that fits best on small copies, as a shift and then as a homography.
fn started(still: &[Level], moved: &[Level], guesses: &[Matrix3<f64>]) -> Option<Fit> {
    let better = |guess: &Matrix3<f64>| {
        let fit = Fit::from(*guess).improved(&still[0], &moved[0], 2)?;
        Some(
            fit.improved(&still[0], &moved[0], 8)
                .filter(|warped| warped.error < fit.error)
                .unwrap_or(fit),
        )
    };
    let fits = guesses.iter().filter_map(better);
    fits.min_by(|one, other| one.error.total_cmp(&other.error))
}

/// The same movement on larger and larger copies, and the last of them: it is the last but one where
/// that already shows that the movement is not this.
fn finer(
    start: Fit,
    still: &[Level],
    moved: &[Level],
    motion: Motion,
    limits: Limits,
) -> Option<(Fit, usize)> {
    let finest = still.len() - 1;
    let mut fit = start;
    if motion == Motion::Shift {
        let (x, y) = (fit.warp[(0, 2)], fit.warp[(1, 2)]);
        fit.warp = Matrix3::new(1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0);
    }
    for level in finest.min(1)..=finest {
        let (still, moved) = (&still[level], &moved[level]);
        fit = fit.improved(still, moved, motion.unknowns())?;
        let missed = || miss(still, moved, &fit).is_some_and(|m| m.most > HOPELESS * limits.miss);
        if level + 1 == finest && (fit.error > HOPELESS * limits.light || missed()) {
            return Some((fit, level));
        }
    }
    Some((fit, finest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma};
    use vision::mask::Mask;

    const LIMITS: Limits = Limits {
        miss: 0.7,
        light: 8.0,
    };

    /// A bright cloud round column `x`, without an edge anywhere: 180 levels in 200 pixels.
    fn cloud(x: f64) -> Vec<Level> {
        let luma = GrayImage::from_fn(768, 320, |column, row| {
            let far = (f64::from(column) - x).hypot(f64::from(row) - 160.0);
            Luma([(60.0 + 180.0 * (-(far / 140.0).powi(2)).exp()) as u8])
        });
        let hidden = Mask::new(768, 320).unwrap();
        Level::pyramid(&luma, &hidden).unwrap()
    }

    #[test]
    fn a_cloud_that_moved_is_not_laid_on_itself() {
        let (still, moved) = (cloud(340.0), cloud(440.0));
        let guesses = guesses(&still, &moved, None);
        let found = align(&still, &moved, &guesses, LIMITS);
        assert_eq!(found.unwrap_err(), Refusal::Plain);
    }

    #[test]
    fn a_cloud_that_stands_still_is() {
        let still = cloud(340.0);
        let found = align(&still, &still, &guesses(&still, &still, None), LIMITS).unwrap();
        assert_eq!(found.motion, Motion::Fixed);
    }
}
