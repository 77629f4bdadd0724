//! The light of one frame made that of another: a gain and an offset a colour.

use nalgebra::Matrix3;
use vision::RgbImage;
use vision::mask::Mask;

use crate::warp::{Grid, place};

/// Pixels that are compared, about.
const SAMPLES: f64 = 60_000.0;

/// Levels outside this are cut off and tell nothing of the light.
const WHOLE: std::ops::RangeInclusive<u8> = 4..=251;

/// Rounds of fitting, each without what was off by more than [`FAR`] times the mean in the last.
const ROUNDS: usize = 3;
const FAR: f64 = 2.5;

/// Gains beyond these are no flicker but another light.
const GAINS: std::ops::RangeInclusive<f64> = 0.5..=2.0;

/// `gain * level + offset`, for red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tone {
    pub(crate) gain: [f32; 3],
    pub(crate) offset: [f32; 3],
}

impl Tone {
    /// No change.
    pub(crate) const SAME: Self = Self {
        gain: [1.0; 3],
        offset: [0.0; 3],
    };

    /// The colour in the other light.
    pub(crate) fn applied(self, colour: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|part| self.gain[part] * colour[part] + self.offset[part])
    }

    /// This and then the way back of `other`.
    pub(crate) fn then_back(self, other: Self) -> Self {
        let gain = std::array::from_fn(|part| self.gain[part] / other.gain[part]);
        let offset =
            std::array::from_fn(|part| (self.offset[part] - other.offset[part]) / other.gain[part]);
        Self { gain, offset }
    }

    /// What makes the colours of `moved` those of `still`, where both show the same thing.
    pub(crate) fn between(
        still: (&RgbImage, &Mask),
        moved: (&RgbImage, &Mask),
        warp: &Matrix3<f64>,
    ) -> Self {
        let pairs = pairs(still, moved, warp);
        let mut tone = Self::SAME;
        for part in 0..3 {
            let one = |pair: &([u8; 3], [u8; 3])| (pair.0[part], pair.1[part]);
            let levels: Vec<(u8, u8)> = pairs.iter().map(one).collect();
            if let Some((gain, offset)) = line(&levels) {
                tone.gain[part] = gain as f32;
                tone.offset[part] = offset as f32;
            }
        }
        tone
    }
}

/// Colours of both at places spread evenly: in the one that moved, in the one that did not.
fn pairs(
    (still, hidden): (&RgbImage, &Mask),
    (moved, covered): (&RgbImage, &Mask),
    warp: &Matrix3<f64>,
) -> Vec<([u8; 3], [u8; 3])> {
    let (width, height) = still.dimensions();
    let matrix = Grid::new((width, height), (width, height)).on_pixels(warp);
    let step = (f64::from(width) * f64::from(height) / SAMPLES)
        .sqrt()
        .ceil()
        .max(1.0) as usize;
    let mut pairs = Vec::new();
    for y in (0..height).step_by(step) {
        for x in (0..width).step_by(step) {
            let (u, v) = place(&matrix, f64::from(x), f64::from(y));
            let inside =
                u >= 0.0 && v >= 0.0 && u <= f64::from(width - 1) && v <= f64::from(height - 1);
            if hidden.get(x, y) || !inside {
                continue;
            }
            let (u, v) = (u.round() as u32, v.round() as u32);
            if !covered.get(u, v) {
                pairs.push((moved.get_pixel(u, v).0, still.get_pixel(x, y).0));
            }
        }
    }
    pairs
}

/// Gain and offset of the line through pairs of levels, without what lies far off it.
fn line(levels: &[(u8, u8)]) -> Option<(f64, f64)> {
    let whole = |pair: &&(u8, u8)| WHOLE.contains(&pair.0) && WHOLE.contains(&pair.1);
    let differences = levels
        .iter()
        .filter(whole)
        .map(|(from, to)| f64::from(*to) - f64::from(*from));
    let (mut gain, mut offset) = (1.0, middle(differences.clone().collect())?);
    let spread = middle(
        differences
            .map(|difference| (difference - offset).abs())
            .collect(),
    )?;
    // What lies farther off than half of all pixels do, times so much, is something that came or went.
    let mut far = (2.0 * FAR * spread).max(4.0);
    for _ in 0..ROUNDS {
        let off = |from: f64, to: f64| (to - gain * from - offset).abs();
        let near: Vec<(f64, f64)> = levels
            .iter()
            .filter(whole)
            .map(|pair| (f64::from(pair.0), f64::from(pair.1)))
            .filter(|(from, to)| off(*from, *to) <= far)
            .collect();
        if near.len() < 100 {
            return None;
        }
        let count = near.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| near.iter().map(of).sum::<f64>() / count;
        let (from, to) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let spread: f64 = near.iter().map(|pair| (pair.0 - from).powi(2)).sum();
        let along: f64 = near
            .iter()
            .map(|pair| (pair.0 - from) * (pair.1 - to))
            .sum();
        // A plain image tells one number, not two.
        gain = if spread > 25.0 * count {
            along / spread
        } else {
            1.0
        };
        if !GAINS.contains(&gain) {
            return None;
        }
        offset = to - gain * from;
        let mean_off = near
            .iter()
            .map(|(from, to)| (to - gain * from - offset).abs())
            .sum::<f64>()
            / count;
        far = (FAR * mean_off).max(2.0);
    }
    Some((gain, offset))
}

/// The middle one of some values.
fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_gain_a_colour_is_found_beside_a_thing_that_came() {
        let still = RgbImage::from_fn(128, 64, |x, y| {
            Rgb([(x + y) as u8, (2 * y + 40) as u8, (x / 2 + 90) as u8])
        });
        let mut moved = still.clone();
        for (x, _, pixel) in moved.enumerate_pixels_mut() {
            let [red, green, blue] = pixel.0.map(f32::from);
            *pixel =
                Rgb([0.9 * red + 6.0, 1.1 * green, blue - 10.0].map(|level| level.round() as u8));
            if x < 12 {
                *pixel = Rgb([240, 10, 240]);
            }
        }
        let none = Mask::new(128, 64).unwrap();
        let tone = Tone::between((&still, &none), (&moved, &none), &Matrix3::identity());
        for (found, wanted) in tone.gain.iter().zip([1.0 / 0.9, 1.0 / 1.1, 1.0]) {
            assert!((found - wanted).abs() < 0.02, "{tone:?}");
        }
        let back = tone.then_back(tone);
        assert!(
            back.gain.iter().all(|gain| (gain - 1.0).abs() < 1e-6)
                && back.offset.iter().all(|offset| offset.abs() < 1e-6)
        );
    }
}
