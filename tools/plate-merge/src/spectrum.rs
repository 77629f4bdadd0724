//! By how much a frame is shifted against another: phase correlation (Kuglin and Hines 1975).

use rustfft::num_complex::Complex;
use rustfft::{FftDirection, FftPlanner};

use crate::level::Level;

/// By how many pixels what is seen in `from` has moved in `to`, of which the sizes are the same.
///
/// Hidden pixels have the mean of the others, and a Hann window keeps the edges of the image out,
/// so that neither holds the peak at zero. A parabola through the peak and its neighbours gives the
/// part of a pixel.
pub(crate) fn shift(from: &Level, to: &Level) -> (f64, f64) {
    let (width, height) = (from.grid.width, from.grid.height);
    let (first, second) = (spectrum(from), spectrum(to));
    let mut cross: Vec<Complex<f32>> = first
        .iter()
        .zip(&second)
        .map(|(first, second)| {
            let product = second * first.conj();
            product / product.norm().max(1e-9)
        })
        .collect();
    transform(&mut cross, width, height, FftDirection::Inverse);
    let at = |x: usize, y: usize| f64::from(cross[y % height * width + x % width].re);
    let peak = (0..cross.len())
        .max_by(|one, other| cross[*one].re.total_cmp(&cross[*other].re))
        .unwrap_or(0);
    let (x, y) = (peak % width, peak / width);
    let middle = at(x, y);
    let across = vertex(at(x + width - 1, y), middle, at(x + 1, y));
    let down = vertex(at(x, y + height - 1), middle, at(x, y + 1));
    (wrapped(x, width) + across, wrapped(y, height) + down)
}

/// A shift of more than half the image is one the other way.
fn wrapped(at: usize, size: usize) -> f64 {
    if at > size / 2 {
        at as f64 - size as f64
    } else {
        at as f64
    }
}

/// Where the parabola through three values, one apart, is highest, from the middle one.
fn vertex(before: f64, middle: f64, after: f64) -> f64 {
    let bend = before - 2.0 * middle + after;
    if bend < -1e-12 {
        (0.5 * (before - after) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    }
}

fn spectrum(level: &Level) -> Vec<Complex<f32>> {
    let (width, height) = (level.grid.width, level.grid.height);
    let seen = level.open.iter().filter(|open| **open).count().max(1);
    let lit = level.luma.iter().zip(&level.open);
    let sum: f64 = lit
        .map(|(level, open)| if *open { f64::from(*level) } else { 0.0 })
        .sum();
    let mean = (sum / seen as f64) as f32;
    let hann = |at: usize, size: usize| {
        let turn = std::f32::consts::TAU * (at as f32 + 0.5) / size as f32;
        0.5 - 0.5 * turn.cos()
    };
    let mut values: Vec<Complex<f32>> = (0..width * height)
        .map(|at| {
            let window = hann(at % width, width) * hann(at / width, height);
            let value = if level.open[at] {
                level.luma[at] - mean
            } else {
                0.0
            };
            Complex::new(window * value, 0.0)
        })
        .collect();
    transform(&mut values, width, height, FftDirection::Forward);
    values
}

/// Transforms rows, then columns.
fn transform(values: &mut Vec<Complex<f32>>, width: usize, height: usize, way: FftDirection) {
    let mut planner = FftPlanner::new();
    planner.plan_fft(width, way).process(values);
    let mut turned = transposed(values, width, height);
    planner.plan_fft(height, way).process(&mut turned);
    *values = transposed(&turned, height, width);
}

fn transposed(values: &[Complex<f32>], width: usize, height: usize) -> Vec<Complex<f32>> {
    (0..width * height)
        .map(|at| values[at % height * width + at / height])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::tests::of;
    use image::Luma;
    use vision::GrayImage;

    /// Patches of six pixels with a level each, smooth between, moved by this many pixels.
    fn patches(x: f64, y: f64) -> GrayImage {
        let level = |column: f64, row: f64| {
            let mixed = (column * 127.1 + row * 311.7).sin() * 43_758.545;
            255.0 * (mixed - mixed.floor())
        };
        let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
        GrayImage::from_fn(192, 96, |column, row| {
            let (u, v) = ((f64::from(column) - x) / 6.0, (f64::from(row) - y) / 6.0);
            let (left, top) = (u.floor(), v.floor());
            let (across, down) = (smooth(u - left), smooth(v - top));
            let line = |row| level(left, row) * (1.0 - across) + level(left + 1.0, row) * across;
            Luma([(line(top) * (1.0 - down) + line(top + 1.0) * down) as u8])
        })
    }

    #[test]
    fn a_shift_is_found_to_a_part_of_a_pixel() {
        for (x, y) in [(0.0, 0.0), (7.0, -3.0), (-12.4, 5.3), (31.0, 0.5)] {
            let found = shift(&of(&patches(0.0, 0.0)), &of(&patches(x, y)));
            let off = (found.0 - x).abs().max((found.1 - y).abs());
            assert!(off < 0.35, "{x} {y}: {found:?}");
        }
    }
}
