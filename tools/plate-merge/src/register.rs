//! Laying all frames of a shot on one of them, and choosing that one.

use nalgebra::Matrix3;

use crate::align::{Alignment, Limits, Motion, Refusal, align, guesses, is_near};
use crate::frame::Frame;
use crate::warp::place;

/// The copy on which holes are counted has at most this long a side, pixels.
const COUNTED: usize = 192;

/// After so many frames in a row whose parts lie apart by more than [`FAR`] times what is accepted, those beyond are only
/// compared if small copies lie on each other: a camera that moves past near and far things goes on, and such frames take most
/// of the time.
const AWAY: usize = 3;
const FAR: f64 = 2.0;

/// How each frame lies on the one at `reference`, or why it does not.
pub(crate) struct Registered {
    pub(crate) reference: usize,
    pub(crate) found: Vec<Result<Alignment, Refusal>>,
}

impl Registered {
    /// Lays all frames on the one that hides least, and then on the one whose plate has the
    /// smallest hole. Where most do not lie on the first, which a pan may have blurred or left
    /// behind, the middle of the shot and its end are tried as well.
    pub(crate) fn new(frames: &[&Frame], limits: Limits) -> Self {
        let count = frames.len();
        let least = (0..count).min_by_key(|at| frames[*at].hidden.area());
        let mut first = Self::on(frames, least.unwrap_or(0), limits);
        for other in [
            count / 2,
            count / 4,
            3 * count / 4,
            0,
            count.saturating_sub(1),
        ] {
            if 2 * first.aligned().count() > count {
                break;
            }
            let second = Self::on(frames, other, limits);
            if second.aligned().count() > first.aligned().count() {
                first = second;
            }
        }
        let aligned = first.aligned().map(|(at, _)| at);
        let best = aligned.min_by_key(|at| (first.unseen(frames, *at), frames[*at].hidden.area()));
        first.moved_to(best.unwrap_or(first.reference))
    }

    /// Lays all frames on one, going outwards from it, so that each has a neighbour to begin from.
    fn on(frames: &[&Frame], reference: usize, limits: Limits) -> Self {
        let mut found = vec![Err(Refusal::Apart); frames.len()];
        found[reference] = Ok(still());
        let after: Vec<usize> = (reference + 1..frames.len()).collect();
        let before: Vec<usize> = (0..reference).rev().collect();
        for way in [after, before] {
            let (mut last, mut away) = (reference, 0);
            for at in way {
                if away >= AWAY && !is_near(&frames[reference].levels, &frames[at].levels, limits) {
                    found[at] = Err(Refusal::Beyond);
                    continue;
                }
                found[at] = on_one(
                    frames[reference],
                    frames[at],
                    neighbour(frames, &found, last),
                    limits,
                );
                away = match found[at] {
                    Err(Refusal::Parallax(miss)) if miss > FAR * limits.miss => away + 1,
                    _ => 0,
                };
                if found[at].is_ok() {
                    last = at;
                }
            }
        }
        Self { reference, found }
    }

    /// The pixels of a small copy of frame `at` that no frame shows.
    fn unseen(&self, frames: &[&Frame], at: usize) -> usize {
        let level = |frame: &Frame| {
            let small = |grid: crate::warp::Grid| grid.width.max(grid.height) <= COUNTED;
            frame
                .levels
                .iter()
                .rposition(|level| small(level.grid))
                .unwrap_or(0)
        };
        let moved = self.moved_to_warps(at);
        let own = &frames[at].levels[level(frames[at])];
        let views: Vec<_> = frames
            .iter()
            .zip(&moved)
            .filter_map(|(frame, warp)| {
                Some((
                    &frame.levels[level(frame)],
                    own.grid.on_pixels(warp.as_ref()?),
                ))
            })
            .collect();
        let seen = |at: usize| {
            let (x, y) = (at % own.grid.width, at / own.grid.width);
            views.iter().any(|(level, matrix)| {
                let (x, y) = place(matrix, x as f64, y as f64);
                level.at(x, y).is_some()
            })
        };
        (0..own.open.len())
            .filter(|at| !own.open[*at] && !seen(*at))
            .count()
    }

    /// Where a point of frame `at` is in each frame that is laid on the reference.
    fn moved_to_warps(&self, at: usize) -> Vec<Option<Matrix3<f64>>> {
        let back = self.found[at]
            .ok()
            .and_then(|found| found.warp.try_inverse());
        let fixed = |found: &Alignment| found.motion == Motion::Fixed;
        let own_fixed = self.found[at].as_ref().is_ok_and(fixed);
        let warp = |found: &Result<Alignment, Refusal>| {
            let found = found.as_ref().ok()?;
            // No rounding where nothing moved.
            if own_fixed && fixed(found) {
                Some(Matrix3::identity())
            } else {
                Some(found.warp * back?)
            }
        };
        let mut warps: Vec<_> = self.found.iter().map(warp).collect();
        warps[at] = Some(Matrix3::identity());
        warps
    }

    /// The same with another frame as the reference, which must be laid on this one.
    pub(crate) fn moved_to(&self, at: usize) -> Self {
        let own = self.found[at].unwrap_or(still());
        let warps = self.moved_to_warps(at);
        let found = self.found.iter().zip(warps).map(|(found, warp)| {
            let found = (*found)?;
            Ok(Alignment {
                warp: warp.unwrap_or(found.warp),
                motion: found.motion.max(own.motion),
                miss: found.miss.max(own.miss),
                error: found.error,
            })
        });
        let mut found: Vec<_> = found.collect();
        found[at] = Ok(still());
        Self {
            reference: at,
            found,
        }
    }

    /// The frames that are laid on the reference, itself among them.
    pub(crate) fn aligned(&self) -> impl Iterator<Item = (usize, Alignment)> {
        let found = self.found.iter().enumerate();
        found.filter_map(|(at, found)| Some((at, (*found).ok()?)))
    }
}

/// Nothing moved.
fn still() -> Alignment {
    Alignment {
        warp: Matrix3::identity(),
        motion: Motion::Fixed,
        miss: 0.0,
        error: 0.0,
    }
}

fn neighbour<'a>(
    frames: &[&'a Frame],
    found: &[Result<Alignment, Refusal>],
    at: usize,
) -> Option<(&'a Frame, Matrix3<f64>)> {
    Some((frames[at], found[at].ok()?.warp))
}

/// Lays one frame on the reference, with a neighbour to begin from.
fn on_one(
    reference: &Frame,
    frame: &Frame,
    neighbour: Option<(&Frame, Matrix3<f64>)>,
    limits: Limits,
) -> Result<Alignment, Refusal> {
    let before = neighbour
        .as_ref()
        .map(|(frame, warp)| (frame.levels.as_slice(), warp));
    let begin = guesses(&reference.levels, &frame.levels, before);
    align(&reference.levels, &frame.levels, &begin, limits)
}
