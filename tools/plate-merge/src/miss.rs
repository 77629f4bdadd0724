//! How far the parts of an image still lie apart after it was aligned as a whole.
//!
//! A camera that moves past things near and far leaves no warp that suits all of them: the ground
//! fits and the houses do not. Levels do not say that, since a plain wall fits anywhere; so each tile
//! is asked how far it would have to go, by one step of Lucas and Kanade (1981).

use nalgebra::{Matrix2, Vector2};

use crate::fit::Fit;
use crate::level::Level;
use crate::warp;

/// The side of a tile, pixels.
const TILE: usize = 32;

/// A tile is asked if at least this share of it is open in both frames.
const OPEN: f64 = 0.4;

/// A tile is asked if its squared slope is at least so much on average, squared levels a pixel.
const SLOPE: f64 = 6.0;

/// What holds a tile without edges one way, squared levels a pixel.
const HOLD: f64 = 1.0;

/// Fewer tiles than this say nothing.
const FEWEST: usize = 5;

/// The share of tiles that may move for reasons of their own: water, flags, a shadow.
const OWN: f64 = 0.1;

/// How far tiles miss, thousandths of the long side.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Miss {
    /// What half of them do not exceed.
    pub(crate) half: f64,
    /// What all but [`OWN`] of them do not exceed.
    pub(crate) most: f64,
}

/// How far the tiles miss. None where the image is too plain to say.
pub(crate) fn miss(still: &Level, moved: &Level, fit: &Fit) -> Option<Miss> {
    let grid = still.grid;
    let tiles = (grid.height.div_ceil(TILE), grid.width.div_ceil(TILE));
    let mut found: Vec<f64> = (0..tiles.0)
        .flat_map(|row| (0..tiles.1).map(move |column| (row, column)))
        .filter_map(|(row, column)| tile(still, moved, fit, (column * TILE, row * TILE)))
        .collect();
    if found.len() < FEWEST {
        return None;
    }
    found.sort_by(f64::total_cmp);
    let below = |share: f64| {
        let at = ((found.len() as f64 * share).ceil() as usize).clamp(1, found.len()) - 1;
        1000.0 * found[at] / grid.width.max(grid.height) as f64
    };
    Some(Miss {
        half: below(0.5),
        most: below(1.0 - OWN),
    })
}

/// How far one tile would have to go, pixels.
fn tile(still: &Level, moved: &Level, fit: &Fit, (left, top): (usize, usize)) -> Option<f64> {
    let grid = still.grid;
    let matrix = grid.on_pixels(&fit.warp);
    let (mut slopes, mut pull) = (Matrix2::zeros(), Vector2::zeros());
    let mut count = 0_usize;
    for y in top..(top + TILE).min(grid.height) {
        let (gradients, placed) = (still.gradients(y), warp::row(&matrix, y as f64));
        let columns = left..(left + TILE).min(grid.width);
        for (x, gradient) in columns.clone().zip(&gradients[columns]) {
            let Some([across, down]) = *gradient else {
                continue;
            };
            let at = placed(x as f64);
            let Some(level) = moved.at(at.0, at.1) else {
                continue;
            };
            let seen = fit.gain * f64::from(level) + fit.offset;
            let off = f64::from(still.luma[y * grid.width + x]) - seen;
            let slope = Vector2::new(f64::from(across), f64::from(down));
            slopes += slope * slope.transpose();
            pull += slope * off;
            count += 1;
        }
    }
    let held = slopes + Matrix2::identity() * (HOLD * count as f64);
    if (count as f64) < OPEN * (TILE * TILE) as f64 || slopes.trace() < SLOPE * count as f64 {
        return None;
    }
    held.try_inverse().map(|inverse| (inverse * pull).norm())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::tests::{drawn, of, waves};
    use image::{GrayImage, Luma};
    use nalgebra::Matrix3;

    #[test]
    fn what_lies_still_misses_by_nothing() {
        let still = of(&drawn(384, 192, 0.0, 0.0));
        let fit = Fit::from(Matrix3::identity());
        assert!(miss(&still, &still, &fit).unwrap().most < 0.01);
    }

    #[test]
    fn a_third_of_an_image_that_moved_is_seen() {
        let still = of(&drawn(384, 192, 0.0, 0.0));
        let image = GrayImage::from_fn(384, 192, |x, y| {
            let by = if y < 128 { 0.0 } else { 1.0 };
            Luma([waves(f64::from(x) - by, f64::from(y)) as u8])
        });
        let found = miss(&still, &of(&image), &Fit::from(Matrix3::identity())).unwrap();
        // One pixel of 384 is 2.6 thousandths.
        assert!((2.2..3.0).contains(&found.most), "{found:?}");
        assert!(found.half < 0.3, "{found:?}");
    }

    #[test]
    fn a_plain_image_says_nothing() {
        let plain = of(&GrayImage::from_pixel(384, 192, Luma([90])));
        assert!(miss(&plain, &plain, &Fit::from(Matrix3::identity())).is_none());
    }
}
