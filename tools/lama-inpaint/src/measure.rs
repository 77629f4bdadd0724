//! Whether a filling shows: its seam, and its detail.

use stage::Result;
use vision::RgbImage;
use vision::decode::to_luma;
use vision::mask::Mask;

/// Half the side of the window that detail is averaged over, in pixels.
const HALF: u32 = 4;

/// A ring whose quieter quarter has less detail than this, in levels, says nothing: a flat wall may
/// be filled flatly.
const LEAST_DETAIL: f64 = 1.0;

/// Fewer pixels inside than this are measured up to the edge.
const FEW: u64 = 20;

/// What a filling looks like beside what is round it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// The usual step of colour across the edge of the hole over that across the same edge moved
    /// outwards; 1 is no seam. `None` where there is nothing outside to compare with.
    pub(crate) seam: Option<f64>,
    /// The share of the hole with less than half the detail of the quieter quarter of the ring
    /// round it, 0 to 1. `None` where there is no ring.
    pub(crate) texture: Option<f64>,
}

/// Measures what was filled into `hole`.
///
/// The step at a pixel of an edge is the difference of the mean colours on both sides in a window
/// as wide as the 80th part of the image's shorter side, in levels, a mean of the channels. Detail
/// is the mean of the absolute four-neighbour Laplacian of the luma over 9x9 pixels.
///
/// # Errors
/// None in practice: image and hole are of one size.
pub(crate) fn look(image: &RgbImage, hole: &Mask) -> Result<Look> {
    let shorter = image.width().min(image.height());
    let unit = shorter.div_ceil(80).max(4);
    let Some(rect) = hole.bounding_box() else {
        return Ok(Look {
            seam: None,
            texture: None,
        });
    };
    // Only what is near the hole is looked at, so that a small one costs little.
    let near = rect.grow(6 * unit, 6 * unit);
    let near = near.clip(image.width(), image.height());
    let (image, hole) = (vision::crop::rgb(image, near)?, hole.part(near)?);
    Ok(Look {
        seam: seam(&image, &hole, unit),
        texture: texture(&image, &hole, unit)?,
    })
}

fn seam(image: &RgbImage, hole: &Mask, unit: u32) -> Option<f64> {
    let half = unit / 2 + 1;
    let own = steps(image, hole, half);
    let moved = [2, 3, 4].map(|times| steps(image, &hole.dilate(times * unit), half));
    let (own, others) = (median(own)?, median(moved.concat())?);
    // One level is less than an encoder's noise; it keeps flat surroundings from dividing by none.
    Some((own + 1.0) / (others + 1.0))
}

/// The steps of colour at every pixel of the edge of `area`.
fn steps(image: &RgbImage, area: &Mask, half: u32) -> Vec<f64> {
    let core = area.erode(1);
    let (width, height) = image.dimensions();
    let mut found = Vec::new();
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        if area.get(x, y) && !core.get(x, y) {
            found.extend(step(image, area, (x, y), half));
        }
    }
    found
}

/// The difference of the mean colours inside and outside `area` round one pixel.
fn step(image: &RgbImage, area: &Mask, (x, y): (u32, u32), half: u32) -> Option<f64> {
    let mut sums = [[0_u32; 3]; 2];
    let mut counts = [0_u32; 2];
    for row in y.saturating_sub(half)..(y + half + 1).min(image.height()) {
        for column in x.saturating_sub(half)..(x + half + 1).min(image.width()) {
            let side = usize::from(area.get(column, row));
            counts[side] += 1;
            for (sum, level) in sums[side].iter_mut().zip(image.get_pixel(column, row).0) {
                *sum += u32::from(level);
            }
        }
    }
    if counts.contains(&0) {
        return None;
    }
    let mean = |side: usize, c: usize| f64::from(sums[side][c]) / f64::from(counts[side]);
    let differences = [0, 1, 2].map(|c| (mean(0, c) - mean(1, c)).abs());
    Some(differences.iter().sum::<f64>() / 3.0)
}

/// The mean of the middle one or two.
fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len().checked_sub(1)?;
    Some(f64::midpoint(numbers[last / 2], numbers[last.div_ceil(2)]))
}

fn texture(image: &RgbImage, hole: &Mask, unit: u32) -> Result<Option<f64>> {
    let detail = Detail::of(image);
    let ring = hole.dilate(4 * unit).difference(&hole.dilate(HALF))?;
    let core = hole.erode(HALF);
    let inner = if core.area() < FEW { hole } else { &core };
    let mut round = detail.means(&ring);
    if round.is_empty() {
        return Ok(None);
    }
    let quarter = round.len() / 4;
    let (_, quiet, _) = round.select_nth_unstable_by(quarter, f64::total_cmp);
    if *quiet < LEAST_DETAIL {
        return Ok(Some(0.0));
    }
    let inside = detail.means(inner);
    let smooth = inside.iter().filter(|mean| **mean < *quiet / 2.0).count();
    Ok(Some(smooth as f64 / inside.len().max(1) as f64))
}

/// Sums of detail over all rectangles that begin at the upper left corner.
struct Detail {
    width: usize,
    height: usize,
    /// One row and one column more than the image.
    sums: Vec<u64>,
}

impl Detail {
    fn of(image: &RgbImage) -> Self {
        let luma = to_luma(image);
        let (width, height) = (luma.width(), luma.height());
        let level =
            |x: u32, y: u32| i32::from(luma.get_pixel(x.min(width - 1), y.min(height - 1)).0[0]);
        let stride = width as usize + 1;
        let mut sums = vec![0; stride * (height as usize + 1)];
        for y in 0..height {
            let mut row = 0;
            for x in 0..width {
                let beside = level(x.saturating_sub(1), y) + level(x + 1, y);
                let across = level(x, y.saturating_sub(1)) + level(x, y + 1);
                row += u64::from((4 * level(x, y) - beside - across).unsigned_abs());
                let at = (y as usize + 1) * stride + x as usize + 1;
                sums[at] = sums[at - stride] + row;
            }
        }
        Self {
            width: width as usize,
            height: height as usize,
            sums,
        }
    }

    /// The mean detail round every pixel of `area`.
    fn means(&self, area: &Mask) -> Vec<f64> {
        let inside = area.as_slice().iter().enumerate();
        inside
            .filter(|(_, inside)| **inside)
            .map(|(at, _)| self.mean(at % self.width, at / self.width))
            .collect()
    }

    fn mean(&self, x: usize, y: usize) -> f64 {
        let half = HALF as usize;
        let (left, right) = (x.saturating_sub(half), (x + half + 1).min(self.width));
        let (top, bottom) = (y.saturating_sub(half), (y + half + 1).min(self.height));
        let sum = |x: usize, y: usize| self.sums[y * (self.width + 1) + x];
        let all = sum(right, bottom) + sum(left, top) - sum(left, bottom) - sum(right, top);
        all as f64 / ((right - left) * (bottom - top)) as f64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn disc() -> Mask {
        let inside = |x: u32, y: u32| x.abs_diff(80).pow(2) + y.abs_diff(60).pow(2) < 900;
        Mask::from_fn(160, 120, inside).unwrap()
    }

    #[test]
    fn a_step_of_twenty_levels_is_a_seam_of_21() {
        let hole = disc();
        let image = RgbImage::from_fn(160, 120, |x, y| {
            image::Rgb([if hole.get(x, y) { 120 } else { 100 }; 3])
        });
        let found = look(&image, &hole).unwrap();
        assert!((found.seam.unwrap() - 21.0).abs() < 1e-9);
        assert_eq!(found.texture, Some(0.0), "flat in flat surroundings");
    }

    #[test]
    fn what_was_always_there_has_no_seam_and_is_not_flat() {
        let image = testkit::noise(160, 120, 3);
        let found = look(&image, &disc()).unwrap();
        assert!((found.seam.unwrap() - 1.0).abs() < 0.2, "{found:?}");
        assert_eq!(found.texture, Some(0.0));
    }

    #[test]
    fn a_flat_patch_in_noise_is_flat() {
        let hole = disc();
        let mut image = testkit::noise(160, 120, 3);
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            if hole.get(x, y) {
                pixel.0 = [128; 3];
            }
        }
        let found = look(&image, &hole).unwrap();
        assert_eq!(found.texture, Some(1.0));
    }

    #[test]
    fn says_nothing_where_all_is_hole() {
        let image = testkit::noise(40, 30, 3);
        let all = Mask::from_fn(40, 30, |_, _| true).unwrap();
        let nothing = Look {
            seam: None,
            texture: None,
        };
        assert_eq!(look(&image, &all).unwrap(), nothing);
        assert_eq!(look(&image, &all.inverse()).unwrap(), nothing);
    }
}
