//! Whether a filling is fog: coarse and fine, it lacks the detail of what is round it.
//!
//! A smear has no edges of any size, or only the finest, copied grain. So detail is compared octave by
//! octave, and place by place with what is near: a hole in the sky may be as plain as the sky.

use stage::Result;
use vision::RgbImage;
use vision::decode::to_luma;
use vision::mask::Mask;

/// Octaves that are compared, from copies of half the size on: the finest holds grain and noise.
const OCTAVES: u32 = 3;

/// Fog has less than this share of the detail that is expected.
const LESS: f64 = 0.4;

/// Where less detail than this is expected, levels, nothing is missed.
const LEAST: f64 = 1.5;

/// Half the side of the window that own detail is averaged over, pixels of each copy.
const HALF: usize = 4;

/// What is nearer to the hole than this many pixels of a copy counts for neither side.
const AWAY: u32 = 2;

/// What is expected is seen no farther away than this part of the image's shorter side.
const REACH: u32 = 6;

/// Fewer pixels inside than this are measured up to the edge.
const FEW: u64 = 20;

/// The share of `hole` that is fog, 0 to 1, the mean of the octaves; `None` where there is nothing to
/// compare with.
///
/// Detail is the absolute four-neighbour Laplacian of the luma of each copy, in levels. On the sample
/// film true plates have 0.01 to 0.20 in the holes of its shots, but for one behind which there is a
/// plain wall, and the fillings of the small inpainter 0.28 to 0.77.
///
/// # Errors
/// None in practice: all masks are of one size.
pub(crate) fn fog(image: &RgbImage, hole: &Mask) -> Result<Option<f64>> {
    let shorter = image.width().min(image.height());
    let luma = to_luma(image);
    let mut levels = Plane {
        width: luma.width() as usize,
        values: luma
            .as_raw()
            .iter()
            .map(|level| f64::from(*level))
            .collect(),
    };
    let mut filled = Plane {
        width: hole.width() as usize,
        values: hole
            .as_slice()
            .iter()
            .map(|inside| f64::from(u8::from(*inside)))
            .collect(),
    };
    let mut shares = Vec::new();
    for octave in 1..=OCTAVES {
        levels = levels.halved();
        filled = filled.halved();
        let reach = ((shorter / REACH) >> octave).max(HALF as u32) as usize;
        shares.extend(share(&levels, &filled, reach)?);
    }
    let count = shares.len() as f64;
    Ok((count > 0.0).then(|| shares.iter().sum::<f64>() / count))
}

/// The share of fog at one octave.
fn share(levels: &Plane, filled: &Plane, reach: usize) -> Result<Option<f64>> {
    let (width, height) = (levels.width, levels.height());
    if width == 0 || height == 0 {
        return Ok(None);
    }
    let mask = |least: f64| {
        let inside = |x: u32, y: u32| filled.values[y as usize * width + x as usize] > least;
        Mask::from_fn(width as u32, height as u32, inside)
    };
    let hole = mask(0.5)?;
    let open = mask(0.0)?.dilate(AWAY).inverse();
    let inner = hole.erode(AWAY);
    let core = if inner.area() < FEW { &hole } else { &inner };
    if open.area() == 0 || core.area() == 0 {
        return Ok(None);
    }
    let detail = levels.detail();
    let known = |at: usize| f64::from(u8::from(open.as_slice()[at]));
    let own = Sums::of(width, &detail, |_| 1.0);
    let near = Sums::of(width, &detail, known);
    let all = near.mean(0, 0, width.max(height)).unwrap_or(0.0);
    let inside = core
        .as_slice()
        .iter()
        .enumerate()
        .filter(|(_, inside)| **inside);
    let fog = inside.filter(|(at, _)| {
        let (x, y) = (at % width, at / width);
        let expected = near.mean(x, y, reach).unwrap_or(all);
        let shown = own.mean(x, y, HALF).unwrap_or(0.0);
        expected >= LEAST && shown < LESS * expected
    });
    Ok(Some(fog.count() as f64 / core.area() as f64))
}

/// Numbers in rows.
struct Plane {
    width: usize,
    values: Vec<f64>,
}

impl Plane {
    fn height(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Means of two by two.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height() / 2);
        let mean = |at: usize| {
            let first = 2 * (at / width * self.width + at % width);
            let places = [first, first + 1, first + self.width, first + self.width + 1];
            places.iter().map(|place| self.values[*place]).sum::<f64>() / 4.0
        };
        Self {
            width,
            values: (0..width * height).map(mean).collect(),
        }
    }

    /// The absolute Laplacian; beyond the edge the image goes on as it ends.
    fn detail(&self) -> Vec<f64> {
        let (width, height) = (self.width, self.height());
        let at = |x: usize, y: usize| self.values[y * width + x];
        let detail = |place: usize| {
            let (x, y) = (place % width, place / width);
            let beside = at(x.saturating_sub(1), y) + at((x + 1).min(width - 1), y);
            let across = at(x, y.saturating_sub(1)) + at(x, (y + 1).min(height - 1));
            (4.0 * at(x, y) - beside - across).abs()
        };
        (0..self.values.len()).map(detail).collect()
    }
}

/// Sums of weighted numbers, and of the weights, over all rectangles from the upper left corner.
struct Sums {
    width: usize,
    height: usize,
    /// One row and one column more than the numbers.
    corners: Vec<[f64; 2]>,
}

impl Sums {
    fn of(width: usize, values: &[f64], weight: impl Fn(usize) -> f64) -> Self {
        let height = values.len() / width;
        let stride = width + 1;
        let mut sums = vec![[0.0; 2]; stride * (height + 1)];
        for y in 0..height {
            let mut row = [0.0; 2];
            for x in 0..width {
                let own = weight(y * width + x);
                row[0] += own * values[y * width + x];
                row[1] += own;
                let at = (y + 1) * stride + x + 1;
                sums[at] = [0, 1].map(|part| sums[at - stride][part] + row[part]);
            }
        }
        Self {
            width,
            height,
            corners: sums,
        }
    }

    /// The mean of what is within `half` of a place; none where no weight is.
    fn mean(&self, x: usize, y: usize, half: usize) -> Option<f64> {
        let (left, right) = (x.saturating_sub(half), (x + half + 1).min(self.width));
        let (top, bottom) = (y.saturating_sub(half), (y + half + 1).min(self.height));
        let sum = |x: usize, y: usize| self.corners[y * (self.width + 1) + x];
        let corners = [
            sum(right, bottom),
            sum(left, top),
            sum(left, bottom),
            sum(right, top),
        ];
        let [value, weight] = [0, 1]
            .map(|part| corners[0][part] + corners[1][part] - corners[2][part] - corners[3][part]);
        (weight >= 0.5).then(|| value / weight)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use image::Rgb;

    /// Bricks of 16 by 8 with dark joints.
    fn bricks() -> RgbImage {
        RgbImage::from_fn(320, 240, |x, y| {
            let joint = y % 8 < 2 || (x + y / 8 % 2 * 8) % 16 < 2;
            Rgb(if joint { [60; 3] } else { [170, 120, 100] })
        })
    }

    fn disc(radius: u32) -> Mask {
        let inside =
            |x: u32, y: u32| x.abs_diff(160).pow(2) + y.abs_diff(120).pow(2) < radius * radius;
        Mask::from_fn(320, 240, inside).unwrap()
    }

    /// The image with the hole filled by `level`.
    fn filled(image: &RgbImage, hole: &Mask, level: impl Fn(u32, u32) -> u8) -> RgbImage {
        RgbImage::from_fn(image.width(), image.height(), |x, y| {
            if hole.get(x, y) {
                Rgb([level(x, y); 3])
            } else {
                *image.get_pixel(x, y)
            }
        })
    }

    #[test]
    fn a_wall_that_goes_on_is_none() {
        assert_eq!(fog(&bricks(), &disc(60)).unwrap(), Some(0.0));
    }

    #[test]
    fn one_colour_before_bricks_is_all_fog() {
        let hole = disc(60);
        let found = fog(&filled(&bricks(), &hole, |_, _| 120), &hole)
            .unwrap()
            .unwrap();
        assert!(
            found > 0.75,
            "all but the rim, where windows reach out of the hole: {found}"
        );
    }

    #[test]
    fn grain_does_not_hide_it() {
        let hole = disc(60);
        // Every other pixel two levels brighter: a mean of none in every copy.
        let grain = |x: u32, y: u32| 120 + 2 * ((x + y) % 2) as u8;
        let plain = fog(&filled(&bricks(), &hole, |_, _| 121), &hole).unwrap();
        assert_eq!(fog(&filled(&bricks(), &hole, grain), &hole).unwrap(), plain);
    }

    #[test]
    fn a_plain_sky_over_bricks_may_be_filled_plainly() {
        let sky = RgbImage::from_fn(320, 240, |x, y| {
            if y < 160 {
                Rgb([190; 3])
            } else {
                *bricks().get_pixel(x, y)
            }
        });
        let hole = Mask::from_fn(320, 240, |x, y| {
            (100..160).contains(&x) && (30..90).contains(&y)
        })
        .unwrap();
        assert_eq!(fog(&sky, &hole).unwrap(), Some(0.0));
    }

    #[test]
    fn says_nothing_where_there_is_nothing_to_compare_with() {
        let all = Mask::from_fn(320, 240, |_, _| true).unwrap();
        assert_eq!(fog(&bricks(), &all).unwrap(), None);
        assert_eq!(fog(&bricks(), &all.inverse()).unwrap(), None);
        let one = Mask::from_fn(1, 1, |_, _| true).unwrap();
        assert_eq!(fog(&RgbImage::new(1, 1), &one).unwrap(), None);
    }
}
