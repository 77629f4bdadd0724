//! The median of what the frames of a shot show of the ground at each pixel.
//!
//! No detector finds everyone in every frame, and someone who stands still is the ground to the median
//! if a single frame has missed them. So what a frame shows is not believed where half of the frames that
//! show the same there, or the frames before it and after it, say that there is a character.

use nalgebra::Matrix3;
use rayon::prelude::*;
use vision::RgbImage;
use vision::mask::Mask;

use crate::tone::Tone;
use crate::warp::{Grid, colour, place};

/// Colours are the same up to this many levels in each channel: what compression changes in one that stays.
const SAME: f32 = 10.0;

/// A frame as the merging sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) image: &'a RgbImage,
    /// The characters, without and with the margin round them.
    pub(crate) figures: &'a Mask,
    pub(crate) hidden: &'a Mask,
    /// Where a point of the plate is in the frame.
    pub(crate) warp: Matrix3<f64>,
    /// What makes its colours those of the plate.
    pub(crate) tone: Tone,
}

/// A plate, and where no frame showed anything.
pub(crate) struct Merged {
    pub(crate) image: RgbImage,
    pub(crate) unseen: Mask,
}

/// Merges `views` into an image the size of `ground`, on which nothing is changed where `kept`
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
    let mut image = RgbImage::new(width, height);
    let mut unseen = Mask::new(width, height)?;
    for (y, (levels, holes)) in (0_u32..).zip(rows) {
        let begin = 3 * y as usize * width as usize;
        image.as_mut()[begin..begin + levels.len()].copy_from_slice(&levels);
        for (x, hole) in (0_u32..).zip(holes) {
            unseen.set(x, y, hole);
        }
    }
    Ok(Merged { image, unseen })
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
    let mut shown = Shown::default();
    for x in 0..width {
        let own = ground.get_pixel(x, y).0;
        if kept(x, y) {
            levels.extend(own);
            holes.push(false);
            continue;
        }
        let median = shown.of(sources.iter().map(|source| source.at(x, y)));
        holes.push(median.is_none());
        levels.extend(median.map_or(own, |levels| {
            levels.map(|level| level.round().clamp(0.0, 255.0) as u8)
        }));
    }
    (levels, holes)
}

/// What a frame says that it shows at a pixel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Ground,
    Figure,
}

/// What the frames show at a pixel.
#[derive(Default)]
struct Shown {
    frames: Vec<Option<([f32; 3], What)>>,
    ground: Vec<[f32; 3]>,
    figures: Vec<[f32; 3]>,
    /// One channel of the ground.
    channel: Vec<f32>,
}

impl Shown {
    /// The median of the ground that is believed, channel by channel, of what each frame of a shot shows
    /// in turn.
    fn of(&mut self, frames: impl Iterator<Item = Option<([f32; 3], What)>>) -> Option<[f32; 3]> {
        let Self {
            frames: all,
            ground,
            figures,
            channel,
        } = self;
        all.clear();
        all.extend(frames);
        ground.clear();
        figures.clear();
        let figure = |at: Option<usize>| {
            let shown = at.and_then(|at| *all.get(at)?);
            shown.is_some_and(|(_, what)| what == What::Figure)
        };
        for (at, shown) in all.iter().enumerate() {
            match shown {
                Some((colour, What::Figure)) => figures.push(*colour),
                // Who was there a moment ago and is again was only missed.
                Some(_) if figure(at.checked_sub(1)) && figure(Some(at + 1)) => {}
                Some((colour, What::Ground)) => ground.push(*colour),
                None => {}
            }
        }
        let alike = |colour: &[f32; 3], others: &[[f32; 3]]| {
            let same = |other: &&[f32; 3]| (0..3).all(|at| (colour[at] - other[at]).abs() <= SAME);
            others.iter().filter(same).count()
        };
        if !figures.is_empty() {
            let believed = |colour: &&[f32; 3]| alike(colour, figures) < alike(colour, ground);
            let kept: Vec<[f32; 3]> = ground.iter().filter(believed).copied().collect();
            *ground = kept;
        }
        let mut levels = [0.0; 3];
        for (at, level) in levels.iter_mut().enumerate() {
            channel.clear();
            channel.extend(ground.iter().map(|colour| colour[at]));
            *level = median(channel)?;
        }
        Some(levels)
    }
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

    /// What the frame shows at a pixel of the plate; nothing outside it and in the margin round a character,
    /// which may be either.
    fn at(&self, x: u32, y: u32) -> Option<([f32; 3], What)> {
        let View {
            image,
            figures,
            hidden,
            tone,
            ..
        } = self.view;
        let what = |x: u32, y: u32| {
            if figures.get(x, y) {
                Some(What::Figure)
            } else {
                (!hidden.get(x, y)).then_some(What::Ground)
            }
        };
        let Some(matrix) = &self.matrix else {
            let own = image.get_pixel(x, y).0.map(f32::from);
            return Some((tone.applied(own), what(x, y)?));
        };
        let (x, y) = place(matrix, f64::from(x), f64::from(y));
        let near = |at: f64| at.round().max(0.0) as u32;
        let what = what(near(x), near(y))?;
        Some((tone.applied(colour(image, x, y)?), what))
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
        let images = [10, 200, 40].map(|level| RgbImage::from_pixel(3, 1, Rgb([level; 3])));
        let masks = [
            [true, false, true],
            [true, false, false],
            [true, false, false],
        ]
        .map(|inside| Mask::from_fn(3, 1, |x, _| inside[x as usize]).unwrap());
        let views: Vec<_> = images
            .iter()
            .zip(&masks)
            .map(|(image, hidden)| View {
                image,
                figures: hidden,
                hidden,
                warp: Matrix3::identity(),
                tone: Tone::SAME,
            })
            .collect();
        let merged = merge(&views, &images[0], |_, _| false).unwrap();
        let levels: Vec<u8> = merged.image.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(levels, [10, 40, 120]);
        assert_eq!(merged.unseen.as_slice(), [true, false, false]);
    }

    /// The plate of one pixel, none where it is not seen, of frames of these levels, hidden or not.
    fn plate_of(frames: &[(u8, bool)]) -> Option<u8> {
        let images: Vec<_> = frames
            .iter()
            .map(|(level, _)| RgbImage::from_pixel(1, 1, Rgb([*level; 3])))
            .collect();
        let masks: Vec<_> = frames
            .iter()
            .map(|(_, hidden)| Mask::from_fn(1, 1, |_, _| *hidden).unwrap())
            .collect();
        let views: Vec<_> = images
            .iter()
            .zip(&masks)
            .map(|(image, mask)| View {
                image,
                figures: mask,
                hidden: mask,
                warp: Matrix3::identity(),
                tone: Tone::SAME,
            })
            .collect();
        let merged = merge(&views, &images[0], |_, _| false).unwrap();
        (!merged.unseen.get(0, 0)).then(|| merged.image.get_pixel(0, 0).0[0])
    }

    #[test]
    fn a_figure_that_one_frame_missed_is_no_ground() {
        let (figure, ground) = (200, 90);
        let missed = [(figure, true), (figure, true), (figure + 5, false)];
        assert_eq!(
            plate_of(&missed),
            None,
            "it stands still, and nothing else was seen"
        );
        let walks = [&missed[..], &[(ground, false)]].concat();
        assert_eq!(plate_of(&walks), Some(ground));
    }

    #[test]
    fn ground_that_one_frame_took_for_a_figure_stays_ground() {
        let ground = 90;
        let frames = [
            (ground, true),
            (ground, false),
            (ground + 4, false),
            (ground + 2, false),
        ];
        assert_eq!(plate_of(&frames), Some(ground + 2));
        assert_eq!(
            plate_of(&frames[..2]),
            None,
            "one against one: better a hole than a figure"
        );
    }

    #[test]
    fn who_is_there_before_and_after_was_missed() {
        let moves = [(200, true), (150, false), (200, true), (90, false)];
        assert_eq!(
            plate_of(&moves),
            Some(90),
            "a head that turned for a moment"
        );
        assert_eq!(
            plate_of(&moves[1..]),
            Some(120),
            "nobody was there before: the mean of 150 and 90"
        );
    }

    #[test]
    fn ground_of_another_colour_than_the_figure_is_believed_however_rare() {
        let frames = [(200, true), (200, true), (200, true), (189, false)];
        assert_eq!(
            plate_of(&frames),
            Some(189),
            "eleven levels are another colour"
        );
    }
}
