//! Smaller copies of a frame, for finding how it moved: coarse ones for large movements.

use std::sync::OnceLock;

use stage::Result;
use vision::mask::Mask;
use vision::{GrayImage, resize};

use crate::warp::Grid;

/// The long side of the largest copy, pixels. More shows nothing but grain.
pub(crate) const LONGEST: u32 = 768;

/// The long side at which copies are small enough for the first guess, pixels.
const SHORTEST: u32 = 96;

/// One copy.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) grid: Grid,
    /// Levels 0..=255, row by row.
    pub(crate) luma: Vec<f32>,
    /// Whether nothing hides the pixel.
    pub(crate) open: Vec<bool>,
    /// As of [`gradient`](Self::gradient), once they were asked for: only frames that others are laid on need them.
    slopes: OnceLock<Vec<Option<[f32; 2]>>>,
    /// Whether nothing hides the pixel, the next across, the next down, and the one beyond both.
    around: OnceLock<Vec<bool>>,
}

impl Level {
    /// Copies, the smallest first, each twice as large as the one before, about.
    pub(crate) fn pyramid(luma: &GrayImage, hidden: &Mask) -> Result<Vec<Self>> {
        let full = luma.dimensions();
        let mut sides = vec![full.0.max(full.1).min(LONGEST)];
        while sides[sides.len() - 1] >= 2 * SHORTEST {
            sides.push(sides[sides.len() - 1] / 2);
        }
        let hidden = hidden.to_luma();
        let copy = |side: u32| {
            let scale = f64::from(side) / f64::from(full.0.max(full.1));
            let scaled = |size: u32| ((f64::from(size) * scale).round() as u32).max(1);
            let (width, height) = (scaled(full.0), scaled(full.1));
            let small = resize::opencv_area_luma(luma, width, height)?;
            let hidden = resize::opencv_area_luma(&hidden, width, height)?;
            Ok(Self {
                grid: Grid::new((width, height), full),
                luma: small
                    .as_raw()
                    .iter()
                    .map(|level| f32::from(*level))
                    .collect(),
                open: hidden.as_raw().iter().map(|level| *level == 0).collect(),
                slopes: OnceLock::new(),
                around: OnceLock::new(),
            })
        };
        sides.into_iter().rev().map(copy).collect()
    }

    /// The level between pixels; none outside the image or where one of the four round it is hidden.
    pub(crate) fn at(&self, x: f64, y: f64) -> Option<f32> {
        let Grid { width, height, .. } = self.grid;
        if !(x >= 0.0 && y >= 0.0 && x <= (width - 1) as f64 && y <= (height - 1) as f64) {
            return None;
        }
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
        let (across, down) = ((x - left as f64) as f32, (y - top as f64) as f32);
        if !self.around()[top * width + left] {
            return None;
        }
        let (above, below) = (&self.luma[top * width..], &self.luma[bottom * width..]);
        let levels = [above[left], above[right], below[left], below[right]];
        let between = |first: f32, second: f32| first + across * (second - first);
        let (above, below) = (between(levels[0], levels[1]), between(levels[2], levels[3]));
        Some(above + down * (below - above))
    }

    /// Of each pixel, whether the four from which a level is interpolated are open.
    fn around(&self) -> &[bool] {
        self.around.get_or_init(|| {
            let Grid { width, height, .. } = self.grid;
            let open = |x: usize, y: usize| self.open[y.min(height - 1) * width + x.min(width - 1)];
            let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            let corners =
                |(x, y)| open(x, y) && open(x + 1, y) && open(x, y + 1) && open(x + 1, y + 1);
            pixels.map(corners).collect()
        })
    }

    /// The gradients of a row.
    pub(crate) fn gradients(&self, y: usize) -> &[Option<[f32; 2]>] {
        let Grid { width, height, .. } = self.grid;
        let all = self.slopes.get_or_init(|| {
            let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            rows.map(|(x, y)| self.gradient(x, y)).collect()
        });
        &all[y * width..][..width]
    }

    /// Central differences across and down, levels a pixel; none at the border and beside what is hidden.
    fn gradient(&self, x: usize, y: usize) -> Option<[f32; 2]> {
        let Grid { width, height, .. } = self.grid;
        if x == 0 || y == 0 || x + 1 >= width || y + 1 >= height {
            return None;
        }
        let here = y * width + x;
        let around = [here - 1, here + 1, here - width, here + width];
        if !self.open[here] || around.iter().any(|at| !self.open[*at]) {
            return None;
        }
        let [left, right, above, below] = around.map(|at| self.luma[at]);
        Some([(right - left) / 2.0, (below - above) / 2.0])
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use image::Luma;

    /// An image of smooth waves without end, moved by this many pixels.
    pub(crate) fn drawn(width: u32, height: u32, x: f64, y: f64) -> GrayImage {
        GrayImage::from_fn(width, height, |column, row| {
            Luma([waves(f64::from(column) - x, f64::from(row) - y) as u8])
        })
    }

    /// The level of the waves at a place, 0..=255.
    pub(crate) fn waves(x: f64, y: f64) -> f64 {
        let mut sum = 128.0;
        for (number, size) in [
            (1.0, 61.0),
            (2.0, 37.0),
            (3.0, 23.0),
            (4.0, 14.0),
            (5.0, 9.0),
        ] {
            let turn: f64 = number * 2.399;
            let (across, down) = (turn.cos(), turn.sin());
            sum += 20.0 * ((x * across + y * down) * std::f64::consts::TAU / size + turn).sin();
        }
        sum
    }

    pub(crate) fn of(luma: &GrayImage) -> Level {
        let hidden = Mask::new(luma.width(), luma.height()).unwrap();
        Level::pyramid(luma, &hidden).unwrap().pop().unwrap()
    }

    #[test]
    fn copies_halve() {
        let image = drawn(768, 320, 0.0, 0.0);
        let hidden = Mask::from_fn(768, 320, |x, y| x < 100 && y < 100).unwrap();
        let levels = Level::pyramid(&image, &hidden).unwrap();
        let sizes: Vec<_> = levels
            .iter()
            .map(|level| (level.grid.width, level.grid.height))
            .collect();
        assert_eq!(sizes, [(96, 40), (192, 80), (384, 160), (768, 320)]);
        assert!(!levels[0].open[0] && levels[0].open[95]);
    }

    #[test]
    fn nothing_is_read_from_below_the_mask() {
        let image = drawn(96, 96, 0.0, 0.0);
        let hidden = Mask::from_fn(96, 96, |x, _| x == 50).unwrap();
        let level = Level::pyramid(&image, &hidden).unwrap().pop().unwrap();
        assert_eq!(level.at(49.5, 20.0), None);
        assert_eq!(level.gradients(20)[51], None);
        assert!(level.at(48.5, 20.0).is_some() && level.gradients(20)[53].is_some());
    }
}
