//! Aligning two copies of frames by their levels: Gauss-Newton on the warp and the light together.
//!
//! Not by corners and their matches: drawn grounds have large plain parts and repeats, the masks cut
//! holes anywhere, and a part of a pixel is wanted at once. Every pixel that is open in both counts,
//! weighted down (Cauchy) where it does not agree: a shadow, water, a character whose mask was missed.

use std::ops::Range;

use nalgebra::{DMatrix, DVector, Matrix3};
use rayon::prelude::*;

use crate::level::Level;
use crate::warp::{self, place};

/// Unknowns of a homography near the identity; the first two of them are a shift.
const WARP: usize = 8;

/// And with gain and offset of the light.
const ALL: usize = WARP + 2;

/// Rows that are summed up together. Fixed, so that sums do not depend on the number of threads.
const ROWS: usize = 8;

/// Steps at most, and the movement of a corner in pixels below which no further one is made.
const STEPS: usize = 15;
const SETTLED: f64 = 0.01;

/// Two frames that share less than this of the image are not compared.
pub(crate) const OVERLAP: f64 = 0.25;

/// What makes one frame lie on another: `gain * frame(warp(x)) + offset = reference(x)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) warp: Matrix3<f64>,
    pub(crate) gain: f64,
    pub(crate) offset: f64,
    /// Mean difference, levels, each counted up to [`LARGEST`].
    pub(crate) error: f64,
}

/// What a difference counts at most in the error, levels.
const LARGEST: f32 = 30.0;

impl Fit {
    /// The first guess: this warp, and the same light.
    pub(crate) fn from(warp: Matrix3<f64>) -> Self {
        Self {
            warp,
            gain: 1.0,
            offset: 0.0,
            error: f64::INFINITY,
        }
    }

    /// Improves the first `unknowns` of the warp (0, 2 for a shift, 8 for a homography) and the
    /// light. None where the frames share too little, or nothing settles.
    pub(crate) fn improved(self, still: &Level, moved: &Level, unknowns: usize) -> Option<Self> {
        let mut fit = self;
        let mut width = 10.0;
        let size = (still.grid.width - 1) as f64;
        for _ in 0..STEPS {
            let sums = Sums::over(still, moved, &fit, width, unknowns);
            let step = sums.solve(still, unknowns)?;
            let before = place(&still.grid.on_pixels(&fit.warp), 0.0, 0.0);
            let other = place(&still.grid.on_pixels(&fit.warp), size, size);
            fit.apply(&step, unknowns);
            let matrix = still.grid.on_pixels(&fit.warp);
            let moved_by = [(0.0, before), (size, other)].map(|(corner, (x, y))| {
                let now = place(&matrix, corner, corner);
                (now.0 - x).abs().max((now.1 - y).abs())
            });
            let settled = moved_by[0].max(moved_by[1]);
            if !settled.is_finite() {
                return None;
            }
            width = (2.0 * sums.error()).clamp(1.0, 10.0);
            if settled < SETTLED {
                break;
            }
        }
        fit.error = Sums::over(still, moved, &fit, width, 0)
            .shared(still)?
            .error();
        Some(fit)
    }

    fn apply(&mut self, step: &DVector<f64>, unknowns: usize) {
        let by = |number: usize| if number < unknowns { step[number] } else { 0.0 };
        let change = Matrix3::new(
            1.0 + by(2),
            by(3),
            by(0),
            by(4),
            1.0 + by(5),
            by(1),
            by(6),
            by(7),
            1.0,
        );
        self.warp *= change;
        self.warp /= self.warp[(2, 2)];
        self.gain += step[unknowns];
        self.offset += step[unknowns + 1];
    }
}

/// The normal equations of one step.
#[derive(Clone)]
struct Sums {
    matrix: [[f64; ALL]; ALL],
    right: [f64; ALL],
    count: u64,
    error: f64,
}

impl Sums {
    fn none() -> Self {
        Self {
            matrix: [[0.0; ALL]; ALL],
            right: [0.0; ALL],
            count: 0,
            error: 0.0,
        }
    }

    /// Sums over all pixels that are open in both; differences beyond `width` levels fade out. Of the warp only the first
    /// `unknowns` are summed up.
    fn over(still: &Level, moved: &Level, fit: &Fit, width: f64, unknowns: usize) -> Self {
        let band = |band: usize| {
            let rows = band * ROWS..((band + 1) * ROWS).min(still.grid.height);
            let pair = Pair {
                still,
                moved,
                fit,
                unit: still.grid.unit(),
                width,
            };
            match unknowns {
                0 => pair.sums(rows, [WARP, WARP + 1]),
                2 => pair.sums(rows, [0, 1, WARP, WARP + 1]),
                _ => pair.sums(rows, std::array::from_fn::<_, ALL, _>(|number| number)),
            }
        };
        let bands: Vec<usize> = (0..still.grid.height.div_ceil(ROWS)).collect();
        let sums: Vec<Self> = bands.into_par_iter().map(band).collect();
        sums.iter().fold(Self::none(), Self::and)
    }
    fn and(mut self, other: &Self) -> Self {
        for (row, more) in self.matrix.iter_mut().zip(&other.matrix) {
            for (sum, more) in row.iter_mut().zip(more) {
                *sum += more;
            }
        }
        for (sum, more) in self.right.iter_mut().zip(&other.right) {
            *sum += more;
        }
        self.count += other.count;
        self.error += other.error;
        self
    }

    fn error(&self) -> f64 {
        self.error / self.count.max(1) as f64
    }

    /// Nothing where too few pixels were compared.
    fn shared(self, still: &Level) -> Option<Self> {
        let enough = OVERLAP * still.luma.len() as f64;
        (self.count as f64 >= enough).then_some(self)
    }

    /// The step: the first `unknowns` of the warp, then gain and offset.
    fn solve(&self, still: &Level, unknowns: usize) -> Option<DVector<f64>> {
        let sums = self.clone().shared(still)?;
        let chosen: Vec<usize> = (0..unknowns).chain(WARP..ALL).collect();
        let damped = |one: usize, other: usize| {
            let value = sums.matrix[one.min(other)][one.max(other)];
            // An image without edges one way leaves that way where it is.
            if one == other {
                value * (1.0 + 1e-6) + 1e-3
            } else {
                value
            }
        };
        let matrix = DMatrix::from_fn(chosen.len(), chosen.len(), |row, column| {
            damped(chosen[row], chosen[column])
        });
        let right = DVector::from_fn(chosen.len(), |row, _| sums.right[chosen[row]]);
        matrix.cholesky().map(|parts| parts.solve(&right))
    }
}

/// Two copies, and what is known of how one lies on the other.
struct Pair<'a> {
    still: &'a Level,
    moved: &'a Level,
    fit: &'a Fit,
    /// Pixels a unit, across and down.
    unit: (f64, f64),
    /// Differences beyond this many levels fade out.
    width: f64,
}

impl Pair<'_> {
    /// The sums over some rows, of the unknowns that are `chosen`.
    fn sums<const N: usize>(&self, rows: Range<usize>, chosen: [usize; N]) -> Sums {
        let (mut matrix, mut right) = ([[0.0; N]; N], [0.0; N]);
        let mut sums = Sums::none();
        let on_pixels = self.still.grid.on_pixels(&self.fit.warp);
        for y in rows {
            let placed = warp::row(&on_pixels, y as f64);
            for (x, gradient) in self.still.gradients(y).iter().enumerate() {
                let Some(gradient) = *gradient else {
                    continue;
                };
                let at = placed(x as f64);
                let Some(level) = self.moved.at(at.0, at.1) else {
                    continue;
                };
                let (all, off) = self.compared((x, y), gradient, level);
                let row = chosen.map(|number| all[number]);
                let weight = 1.0 / (1.0 + (off / self.width).powi(2));
                for (number, value) in row.iter().enumerate() {
                    let weighted = weight * value;
                    right[number] += weighted * off;
                    for (sum, other) in matrix[number].iter_mut().zip(&row) {
                        *sum += weighted * other;
                    }
                }
                sums.count += 1;
                sums.error += off.abs().min(f64::from(LARGEST));
            }
        }
        for (number, own) in chosen.into_iter().enumerate() {
            sums.right[own] = right[number];
            for (other, own_other) in chosen.into_iter().enumerate() {
                sums.matrix[own][own_other] = matrix[number][other];
            }
        }
        sums
    }

    /// How the level at a pixel of the one that is still, where the other shows `level`, changes with each unknown, and how far
    /// it is off.
    #[inline]
    fn compared(
        &self,
        (x, y): (usize, usize),
        gradient: [f32; 2],
        level: f32,
    ) -> ([f64; ALL], f64) {
        let grid = self.still.grid;
        let seen = self.fit.gain * f64::from(level) + self.fit.offset;
        let off = f64::from(self.still.luma[y * grid.width + x]) - seen;
        let (u, v) = grid.normal(x, y);
        let [across, down] = gradient.map(f64::from);
        let (across, down) = (across * self.unit.0, down * self.unit.1);
        let turn = -(across * u + down * v);
        let all = [
            across,
            down,
            across * u,
            across * v,
            down * u,
            down * v,
            turn * u,
            turn * v,
            f64::from(level),
            1.0,
        ];
        (all, off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::tests::{drawn, of, waves};
    use image::{GrayImage, Luma};
    use vision::mask::Mask;

    #[test]
    fn a_shift_and_a_change_of_light_are_told_apart() {
        let still = of(&drawn(192, 96, 0.0, 0.0));
        let mut image = drawn(192, 96, 1.4, -0.8);
        for pixel in image.pixels_mut() {
            pixel.0[0] = (0.8 * f64::from(pixel.0[0]) + 12.0).round() as u8;
        }
        let fit = Fit::from(Matrix3::identity())
            .improved(&still, &of(&image), 2)
            .unwrap();
        let (x, y) = place(&still.grid.on_pixels(&fit.warp), 0.0, 0.0);
        // Levels between pixels are a little softer, which the gain makes up for.
        assert!((x - 1.4).abs() < 0.02 && (y + 0.8).abs() < 0.02, "{x} {y}");
        assert!(
            (fit.gain - 1.25).abs() < 0.03 && (fit.offset + 15.0).abs() < 3.0,
            "{fit:?}"
        );
        assert!(fit.error < 1.0, "{fit:?}");
    }

    #[test]
    fn a_homography_is_found_beside_a_hidden_block() {
        let still = of(&drawn(192, 96, 0.0, 0.0));
        let truth = Matrix3::new(1.01, 0.008, 0.012, -0.006, 0.995, -0.008, 0.01, -0.012, 1.0);
        let back = still.grid.on_pixels(&truth.try_inverse().unwrap());
        let hidden = Mask::from_fn(192, 96, |x, y| (60..100).contains(&x) && y > 30).unwrap();
        let image = GrayImage::from_fn(192, 96, |x, y| {
            if hidden.get(x, y) {
                return Luma([250]);
            }
            let (x, y) = place(&back, f64::from(x), f64::from(y));
            Luma([waves(x, y) as u8])
        });
        let moved = Level::pyramid(&image, &hidden).unwrap().pop().unwrap();
        let fit = Fit::from(Matrix3::identity())
            .improved(&still, &moved, 8)
            .unwrap();
        let (found, wanted) = (
            still.grid.on_pixels(&fit.warp),
            still.grid.on_pixels(&truth),
        );
        for (x, y) in [(0.0, 0.0), (191.0, 0.0), (0.0, 95.0), (191.0, 95.0)] {
            let (found, wanted) = (place(&found, x, y), place(&wanted, x, y));
            let off = (found.0 - wanted.0).hypot(found.1 - wanted.1);
            assert!(off < 0.05, "{x} {y}: {off}");
        }
    }

    #[test]
    fn too_little_in_common_is_no_fit() {
        let still = of(&drawn(192, 96, 0.0, 0.0));
        let far = still.grid.shift((160.0, 0.0));
        assert!(Fit::from(far).improved(&still, &still, 2).is_none());
    }
}
