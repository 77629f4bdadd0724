//! What a character looks like: the colours of its upper and its lower half.

use vision::RgbImage;
use vision::colour::lab;
use vision::mask::Mask;

/// Steps of lightness, and of each of the two axes of colour.
const LIGHTNESS: usize = 4;
const COLOUR: usize = 8;

/// Colours of film characters lie within this distance from grey on each axis of L*a*b*.
const WIDEST: f32 = 64.0;

/// Bins of one half.
const BINS: usize = LIGHTNESS * COLOUR * COLOUR;

/// How often each colour occurs in the upper and in the lower half of a mask; each half adds up to 1 if
/// anything is in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Looks(Vec<f32>);

impl Looks {
    /// The looks of what is inside of `mask`, which is of the image's size.
    pub(crate) fn of(image: &RgbImage, mask: &Mask) -> Self {
        let mut bins = vec![0.0; 2 * BINS];
        let Some(rect) = mask.bounding_box() else {
            return Self(bins);
        };
        let middle = u32::midpoint(rect.top, rect.bottom);
        for (x, y) in rect.pixels().filter(|(x, y)| mask.get(*x, *y)) {
            let half = if y < middle { 0 } else { BINS };
            bins[half + bin(image.get_pixel(x, y).0)] += 1.0;
        }
        for half in bins.chunks_exact_mut(BINS) {
            let all: f32 = half.iter().sum();
            for count in half.iter_mut() {
                *count /= all.max(1.0);
            }
        }
        Self(bins)
    }

    /// How alike two are, 0 to 1: the intersection of their histograms, mean of both halves.
    pub(crate) fn likeness(&self, other: &Self) -> f64 {
        let least = self.0.iter().zip(&other.0).map(|(a, b)| a.min(*b));
        f64::from(least.sum::<f32>() / 2.0)
    }
}

/// The bin of a colour.
fn bin(rgb: [u8; 3]) -> usize {
    let colour = lab(rgb);
    let step = |value: f32, from: f32, to: f32, steps: usize| {
        (((value - from) / (to - from) * steps as f32).max(0.0) as usize).min(steps - 1)
    };
    let lightness = step(colour.lightness, 0.0, 100.0, LIGHTNESS);
    let [a, b] = [colour.a, colour.b].map(|axis| step(axis, -WIDEST, WIDEST, COLOUR));
    (lightness * COLOUR + a) * COLOUR + b
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use image::Rgb;

    fn looks(upper: [u8; 3], lower: [u8; 3]) -> Looks {
        let image = RgbImage::from_fn(8, 8, |_, y| Rgb(if y < 4 { upper } else { lower }));
        Looks::of(&image, &Mask::from_fn(8, 8, |_, _| true).unwrap())
    }

    #[test]
    fn halves_are_compared_each_with_its_own() {
        let (red, blue) = ([200, 30, 30], [30, 30, 200]);
        let one = looks(red, blue);
        assert!((one.likeness(&one) - 1.0).abs() < 1e-6);
        assert!((one.likeness(&looks(red, red)) - 0.5).abs() < 1e-6);
        assert!(one.likeness(&looks(blue, red)) < 1e-6, "the same colours");
    }

    #[test]
    fn only_what_is_inside_counts() {
        let image = RgbImage::from_fn(8, 8, |x, _| Rgb([if x < 4 { 250 } else { 0 }; 3]));
        let left = Looks::of(&image, &Mask::from_fn(8, 8, |x, _| x < 4).unwrap());
        let right = Looks::of(&image, &Mask::from_fn(8, 8, |x, _| x >= 4).unwrap());
        assert!(left.likeness(&right) < 1e-6);
        let none = Looks::of(&image, &Mask::new(8, 8).unwrap());
        assert!(left.likeness(&none) < 1e-6);
    }
}
