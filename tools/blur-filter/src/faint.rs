//! Text that is fading in or out: its letters, known from a frame that shows them in full, are half transparent here.
//!
//! What is ink in that frame is a little brighter here than what is beside it (or darker, if the ink is), in letter after
//! letter by the same share. A scene under letters is brighter in one and darker in the next, as it has nothing of their
//! form. What is above and below is not compared: along a horizon all letters of a line are alike.

use vision::statistics::histogram;
use vision::{GrayImage, Rect};

use crate::lettering::{Ink, Lettering};

/// What is beside a letter reaches this many pixels beyond it.
const BESIDE: u32 = 3;

/// Letters that run into each other are taken for this many at most.
const MOST: u32 = 16;

/// A letter of the full text differs from what is beside it by at least this many levels.
const LEAST_STEP: f64 = 16.0;

/// So many letters are compared at least.
const FEWEST: usize = 4;

/// A smaller share of their contrast is that of grain.
const FAINTEST: f64 = 0.03;

/// From this share on it is not faint: it is the full text again, or a row of windows that was taken for one.
const FULL: f64 = 0.9;

/// The mean over the letters is at least this many times its standard error. Measured on 414 pairs of JPEG frames without text,
/// up to two seconds apart, of the opening of Big Buck Bunny, the Sintel trailer and the sample film. Text in three sizes was
/// drawn over one frame of each pair. With no text in the other, none was called faint; with the same text in it, text was
/// found (faint or in full) in 69 of 100 at an opacity of 0.05, 91 at 0.1, 97 at 0.2 and 93 at 0.5.
const SURE: f64 = 4.0;

/// The letters of a frame with text.
#[derive(Debug)]
pub(crate) struct Letters {
    luma: GrayImage,
    ink: Ink,
    /// Each letter with what is beside it, and by how much it differs from that, levels.
    places: Vec<(Rect, f64)>,
}

impl Letters {
    /// The letters that an image shows in full.
    pub(crate) fn of(luma: GrayImage) -> Self {
        let lettering = Lettering::of(&luma, &histogram(&luma));
        let mut letters = Self {
            luma,
            ink: lettering.ink,
            places: Vec::new(),
        };
        let rects = lettering.patches.iter().flat_map(|patch| split(patch.rect));
        let (width, height) = letters.luma.dimensions();
        let rects = rects.map(|rect| rect.grow(BESIDE, 0).clip(width, height));
        let places = rects.filter_map(|rect| Some((rect, letters.step(&letters.luma, rect)?)));
        let places = places.filter(|(_, step)| step.abs() >= LEAST_STEP);
        letters.places = places.collect();
        letters
    }

    /// The share of their contrast that the letters have in another image; none if they are not there, or are not faint.
    pub(crate) fn share(&self, luma: &GrayImage) -> Option<f64> {
        if luma.dimensions() != self.luma.dimensions() || self.places.len() < FEWEST {
            return None;
        }
        let places = self.places.iter();
        let shares: Vec<f64> = places
            .filter_map(|(rect, step)| Some(self.step(luma, *rect)? / step))
            .collect();
        let count = shares.len() as f64;
        let mean = shares.iter().sum::<f64>() / count;
        let squares: f64 = shares.iter().map(|share| (share - mean).powi(2)).sum();
        let error = (squares / (count - 1.0) / count).sqrt();
        ((FAINTEST..FULL).contains(&mean) && mean >= SURE * error).then_some(mean)
    }

    /// By how many levels what is ink in the own image differs in `luma` from what is beside it in the same row, on average,
    /// in `rect`; none where either is missing.
    fn step(&self, luma: &GrayImage, rect: Rect) -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0.0);
        for y in rect.top..rect.bottom {
            let (mut ink, mut beside) = (Mean::default(), Mean::default());
            for x in rect.left..rect.right {
                let level = luma.get_pixel(x, y).0[0];
                if self.is_ink(x, y) {
                    ink.add(level);
                } else if !self.is_edge(x, y) {
                    beside.add(level);
                }
            }
            if let Some((own, other)) = ink.value().zip(beside.value()) {
                sum += f64::from(ink.count) * (own - other);
                count += f64::from(ink.count);
            }
        }
        (count > 0.0).then(|| sum / count)
    }

    fn is_ink(&self, x: u32, y: u32) -> bool {
        self.ink.is(self.luma.get_pixel(x, y).0[0])
    }

    /// Whether a pixel touches ink: it may be the soft edge of a letter.
    fn is_edge(&self, x: u32, y: u32) -> bool {
        let (width, height) = self.luma.dimensions();
        let rows = y.saturating_sub(1)..(y + 2).min(height);
        rows.flat_map(|y| (x.saturating_sub(1)..(x + 2).min(width)).map(move |x| (x, y)))
            .any(|(x, y)| self.is_ink(x, y))
    }
}

/// A mean that grows.
#[derive(Debug, Default)]
struct Mean {
    sum: u32,
    count: u32,
}

impl Mean {
    fn add(&mut self, level: u8) {
        self.sum += u32::from(level);
        self.count += 1;
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| f64::from(self.sum) / f64::from(self.count))
    }
}

/// A patch of letters that run into each other, in parts about as wide as it is high.
fn split(rect: Rect) -> impl Iterator<Item = Rect> {
    let parts = (rect.width() / rect.height().max(1)).clamp(1, MOST);
    (0..parts).map(move |part| Rect {
        left: rect.left + rect.width() * part / parts,
        right: rect.left + rect.width() * (part + 1) / parts,
        ..rect
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// The scene with twelve letters over it, each three strokes, of this opacity.
    fn written(opacity: f64) -> GrayImage {
        let mut luma = vision::decode::to_luma(&testkit::scene(640, 360, 4));
        for letter in 0..12 {
            for (left, top, wide, high) in [(0, 0, 4, 20), (10, 0, 4, 20), (4, 8, 6, 4)] {
                for (x, y) in (0..wide * high).map(|at| (at % wide, at / wide)) {
                    let pixel = luma.get_pixel_mut(200 + letter * 20 + left + x, 300 + top + y);
                    let level = f64::from(pixel.0[0]);
                    pixel.0[0] = (level + opacity * (255.0 - level)).round() as u8;
                }
            }
        }
        luma
    }

    #[test]
    fn letters_are_found_where_they_are_half_transparent() {
        let full = Letters::of(written(1.0));
        assert_eq!(full.places.len(), 12);
        for opacity in [0.1, 0.2, 0.5, 0.8] {
            let found = full.share(&written(opacity)).unwrap();
            assert!((found - opacity).abs() < 0.05, "{opacity}: {found}");
        }
        assert_eq!(full.share(&written(0.0)), None, "there are none");
        assert_eq!(full.share(&written(1.0)), None, "they do not fade");
    }

    #[test]
    fn a_horizon_below_a_line_is_no_letter() {
        let full = Letters::of(written(1.0));
        let horizon = GrayImage::from_fn(640, 360, |_, y| {
            image::Luma([if y < 321 { 140 } else { 40 }])
        });
        assert_eq!(full.share(&horizon), None);
    }

    #[test]
    fn letters_in_another_place_are_not_these() {
        let full = Letters::of(written(1.0));
        let mut moved = written(0.5);
        image::imageops::replace(&mut moved, &written(0.5), 7, 0);
        assert_eq!(full.share(&moved), None);
        let smaller = image::imageops::resize(
            &written(0.5),
            320,
            180,
            image::imageops::FilterType::Triangle,
        );
        assert_eq!(full.share(&smaller), None);
    }

    #[test]
    fn what_has_no_letters_is_nowhere_found() {
        let none = Letters::of(written(0.0));
        assert_eq!(none.share(&written(0.5)), None);
    }
}
