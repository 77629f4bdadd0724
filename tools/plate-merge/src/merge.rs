//! The median of what the frames of a shot show at each pixel.

use nalgebra::Matrix3;
use rayon::prelude::*;
use vision::RgbImage;
use vision::mask::Mask;

use crate::tone::Tone;
use crate::warp::{Grid, colour, place};

/// A frame as the merging sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) picture: &'a RgbImage,
    pub(crate) hidden: &'a Mask,
    /// Where a point of the plate is in the frame.
    pub(crate) warp: Matrix3<f64>,
    /// What makes its colours those of the plate.
    pub(crate) tone: Tone,
}

/// A plate, and where no frame showed anything.
pub(crate) struct Merged {
    pub(crate) picture: RgbImage,
    pub(crate) unseen: Mask,
}

/// Merges `views` into a picture the size of `ground`, on which nothing is changed where `kept`
/// says so, and where nothing was seen.
pub(crate) fn merge(
    views: &[View<'_>],
    ground: &RgbImage,
    kept: impl Fn(u32, u32) -> bool + Sync,
) -> vision::Result<Merged> {
    let (width, height) = ground.dimensions();
    let grid = Grid::new((width, height), (width, height));
    let sources: Vec<Source<'_>> = views.iter().map(|view| Source::new(view, grid)).collect();
    let rows: Vec<(Vec<u8>, Vec<bool>)> = (0..height)
        .into_par_iter()
        .map(|y| row(&sources, ground, y, &kept))
        .collect();
    let mut picture = RgbImage::new(width, height);
    let mut unseen = Mask::new(width, height)?;
    for (y, (levels, holes)) in (0_u32..).zip(rows) {
        let begin = 3 * y as usize * width as usize;
        picture.as_mut()[begin..begin + levels.len()].copy_from_slice(&levels);
        for (x, hole) in (0_u32..).zip(holes) {
            unseen.set(x, y, hole);
        }
    }
    Ok(Merged { picture, unseen })
}

/// One row of the plate, and which of its pixels no frame shows.
fn row(
    sources: &[Source<'_>],
    ground: &RgbImage,
    y: u32,
    kept: &impl Fn(u32, u32) -> bool,
) -> (Vec<u8>, Vec<bool>) {
    let width = ground.width();
    let mut levels = Vec::with_capacity(3 * width as usize);
    let mut holes = Vec::with_capacity(width as usize);
    let mut seen: [Vec<f32>; 3] = Default::default();
    for x in 0..width {
        let own = ground.get_pixel(x, y).0;
        if kept(x, y) {
            levels.extend(own);
            holes.push(false);
            continue;
        }
        seen.iter_mut().for_each(Vec::clear);
        for found in sources.iter().filter_map(|source| source.at(x, y)) {
            for (seen, level) in seen.iter_mut().zip(found) {
                seen.push(level);
            }
        }
        holes.push(seen[0].is_empty());
        for (channel, own) in seen.iter_mut().zip(own) {
            levels.push(median(channel).map_or(own, |level| level.round().clamp(0.0, 255.0) as u8));
        }
    }
    (levels, holes)
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &mut [f32]) -> Option<f32> {
    let half = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, middle, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    let middle = *middle;
    if !even {
        return Some(middle);
    }
    let before = below.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    Some(f32::midpoint(before, middle))
}

/// A view with its warp on pixels.
struct Source<'a> {
    view: View<'a>,
    matrix: Option<Matrix3<f64>>,
}

impl<'a> Source<'a> {
    fn new(view: &View<'a>, grid: Grid) -> Self {
        let still = (view.warp - Matrix3::identity()).abs().max() < 1e-12;
        Self {
            view: *view,
            matrix: (!still).then(|| grid.on_pixels(&view.warp)),
        }
    }

    /// What the frame shows at a pixel of the plate.
    fn at(&self, x: u32, y: u32) -> Option<[f32; 3]> {
        let View {
            picture,
            hidden,
            tone,
            ..
        } = self.view;
        let Some(matrix) = &self.matrix else {
            let own = picture.get_pixel(x, y).0.map(f32::from);
            return (!hidden.get(x, y)).then(|| tone.applied(own));
        };
        let (x, y) = place(matrix, f64::from(x), f64::from(y));
        let near = |at: f64| at.round().max(0.0) as u32;
        if hidden.get(near(x), near(y)) {
            return None;
        }
        colour(picture, x, y).map(|found| tone.applied(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn medians_by_hand() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [7.0]), Some(7.0));
        assert_eq!(median(&mut [9.0, 1.0]), Some(5.0));
        assert_eq!(median(&mut [9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median(&mut [9.0, 1.0, 4.0, 6.0]), Some(5.0));
    }

    #[test]
    fn hidden_pixels_count_for_nothing() {
        let pictures = [10, 200, 20].map(|level| RgbImage::from_pixel(3, 1, Rgb([level; 3])));
        let masks = [
            [true, false, true],
            [true, false, false],
            [true, false, false],
        ]
        .map(|inside| Mask::from_fn(3, 1, |x, _| inside[x as usize]).unwrap());
        let views: Vec<_> = pictures
            .iter()
            .zip(&masks)
            .map(|(picture, hidden)| View {
                picture,
                hidden,
                warp: Matrix3::identity(),
                tone: Tone::SAME,
            })
            .collect();
        let merged = merge(&views, &pictures[0], |_, _| false).unwrap();
        let levels: Vec<u8> = merged.picture.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(levels, [10, 20, 110]);
        assert_eq!(merged.unseen.as_slice(), [true, false, false]);
    }
}
