//! How narrow the edges of an instance are, whatever their contrast and number.
//!
//! An edge that a movement or a lens has blurred by a Gaussian of `s` pixels has a squared second
//! difference that is `1 / (2 s^2)` of its squared first difference, be it faint or strong. The
//! ratio of the two sums over a tile tells the blur of its edges; that of the blurrier direction
//! counts, since a movement spares the edges along it, and of an instance its sharper tiles. The variance of the
//! Laplacian mixes contrast in: there who stands in the dark is blurred, and a running child with
//! a striped shirt sharp.

use vision::GrayImage;
use vision::mask::Mask;

/// So far out, in pixels, edges belong to the outline.
const OUTLINE: u32 = 3;

/// A tile is two by two cells of this side, pixels; tiles overlap by one cell.
const CELL: u32 = 8;

/// The variance of what encoders leave of noise, squared levels.
const NOISE: f64 = 0.3;

/// A tile has edges where the mean squared first difference is above this, squared levels a pixel.
const EDGES: f64 = 16.0;

/// A direction counts where it has at least this share of a tile's first differences.
const DIRECTION: f64 = 0.2;

/// The narrowest edge that pixels can show, as the `s` of a Gaussian, pixels.
const NARROWEST: f64 = 0.5;

/// The share of the tiles that may be blurrier: hair and shade are soft where nothing moves, but on
/// the sample film, whose blurred run is 12 figures of 450, a quarter of all others is sharp.
const BLURRIER: f64 = 0.75;

/// 1 where edges are as narrow as pixels can show them, 0.5 where they are twice as wide; none where
/// there are none. `luma` and `inside` are of one size, and hold some pixels round the instance.
pub(crate) fn narrowness(luma: &GrayImage, inside: &Mask) -> Option<f64> {
    let (cells, across) = cells(luma, &inside.dilate(OUTLINE));
    let down = cells.len() / across.max(1);
    let mut found = Vec::new();
    for y in 1..down {
        for x in 1..across {
            let corners = [(x - 1, y - 1), (x, y - 1), (x - 1, y), (x, y)];
            let tile = corners.map(|(x, y)| cells[y * across + x]);
            found.extend(
                tile.into_iter()
                    .fold(Sums::default(), Sums::plus)
                    .narrowness(),
            );
        }
    }
    found.sort_by(f64::total_cmp);
    let place = (BLURRIER * found.len() as f64) as usize;
    found.get(place).copied()
}

/// Squared differences, across and down.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    pixels: f64,
    first: [f64; 2],
    second: [f64; 2],
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            pixels: self.pixels + other.pixels,
            first: [0, 1].map(|way| self.first[way] + other.first[way]),
            second: [0, 1].map(|way| self.second[way] + other.second[way]),
        }
    }

    /// Of the blurrier direction; none for a tile without edges, and for one that is half outside.
    fn narrowness(self) -> Option<f64> {
        if self.pixels < f64::from(2 * CELL * CELL) {
            return None;
        }
        // A difference of two noisy pixels has twice their variance; a second one, 1 + 4 + 1.
        let first = self
            .first
            .map(|sum| (sum / self.pixels - 2.0 * NOISE).max(0.0));
        let second = self
            .second
            .map(|sum| (sum / self.pixels - 6.0 * NOISE).max(0.0));
        let all = first[0] + first[1];
        let ways = [0, 1]
            .into_iter()
            .filter(|way| first[*way] > DIRECTION * all);
        let fineness = ways.map(|way| second[way] / first[way]).reduce(f64::min)?;
        (all >= EDGES).then(|| (NARROWEST * (2.0 * fineness).sqrt()).min(1.0))
    }
}

/// The sums of cells, row by row, and how many there are in a row.
fn cells(luma: &GrayImage, wide: &Mask) -> (Vec<Sums>, usize) {
    let (width, height) = luma.dimensions();
    let across = width.div_ceil(CELL) as usize;
    let mut cells = vec![Sums::default(); across * height.div_ceil(CELL) as usize];
    let level = |x: u32, y: u32| f64::from(luma.get_pixel(x, y).0[0]);
    for y in 1..height.saturating_sub(1) {
        for x in (1..width.saturating_sub(1)).filter(|x| wide.get(*x, y)) {
            let own = level(x, y);
            let sums = &mut cells[(y / CELL) as usize * across + (x / CELL) as usize];
            let sides = [(x - 1, y, x + 1, y), (x, y - 1, x, y + 1)];
            for (way, (x0, y0, x1, y1)) in sides.into_iter().enumerate() {
                let (before, after) = (level(x0, y0), level(x1, y1));
                sums.first[way] += (own - before).powi(2);
                sums.second[way] += (before + after - 2.0 * own).powi(2);
            }
            sums.pixels += 1.0;
        }
    }
    (cells, across)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// Squares of 16 pixels, dark and less dark, in the middle of a plain image.
    fn squares(contrast: u8) -> GrayImage {
        GrayImage::from_fn(96, 96, |x, y| {
            let light =
                (16..80).contains(&x) && (16..80).contains(&y) && (x / 16 + y / 16) % 2 == 0;
            image::Luma([60 + if light { contrast } else { 0 }])
        })
    }

    fn middle() -> Mask {
        Mask::from_fn(96, 96, |x, y| {
            (16..80).contains(&x) && (16..80).contains(&y)
        })
        .unwrap()
    }

    /// Each pixel the mean of itself and the `reach` on either side in its row.
    fn moved(image: &GrayImage, reach: u32) -> GrayImage {
        GrayImage::from_fn(image.width(), image.height(), |x, y| {
            let row = x.saturating_sub(reach)..=(x + reach).min(image.width() - 1);
            let count = row.clone().count() as u32;
            let sum: u32 = row.map(|x| u32::from(image.get_pixel(x, y).0[0])).sum();
            image::Luma([(sum / count) as u8])
        })
    }

    #[test]
    fn a_step_is_as_narrow_as_can_be_however_faint() {
        // The second differences of a step are twice its height in sum of squares: a ratio of 2.
        for contrast in [20, 60, 180] {
            let found = narrowness(&squares(contrast), &middle()).unwrap();
            assert!((found - 1.0).abs() < 0.02, "{contrast}: {found}");
        }
    }

    #[test]
    fn a_movement_of_three_pixels_widens_its_edges_to_the_root_of_three() {
        // A ramp of three steps h/3 has first differences of 3 (h/3)^2 = h^2/3 and second ones of
        // 2 (h/3)^2 = 2h^2/9: a ratio of 2/3, and 0.5 sqrt(4/3) = 0.577.
        let found = narrowness(&moved(&squares(180), 1), &middle()).unwrap();
        assert!((found - 0.577).abs() < 0.02, "{found}");
    }

    #[test]
    fn what_has_no_edges_is_not_judged() {
        assert_eq!(narrowness(&squares(0), &middle()), None);
        assert_eq!(
            narrowness(&GrayImage::new(1, 1), &Mask::new(1, 1).unwrap()),
            None
        );
    }
}
