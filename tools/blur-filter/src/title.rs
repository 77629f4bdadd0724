//! Titles that are drawn over a scene: large letters of one colour, apart or run into each other.
//!
//! Ink of a title is flat, its edges are hard all round, and it stands inside the image, so that
//! at several thresholds the same patch comes out: many strokes side by side, or a line of letters.
//! On the opening of Big Buck Bunny, the Sintel trailer and the sample film, three frames a second,
//! the ink of every title is at least 130 levels from what is round it; of what else is flat and has
//! strokes, the nearest is a piece of sky between houses, 107 levels.

use vision::GrayImage;
use vision::blocks;
use vision::regions::Region;

use crate::patches::{self, is_within, patches};

/// A copy with a long side of about this is enough for what is large, pixels.
const LONG_SIDE: u32 = 480;

/// Levels from which on a pixel may be ink, bright on dark; the other way round for dark ink.
const THRESHOLDS: [u8; 4] = [128, 160, 192, 224];

/// Ink is flat within this many levels on either side of its median.
const FLAT: u8 = 8;

/// So much of the ink, edges left out, is flat.
const FLAT_SHARE: f64 = 0.7;

/// Ink differs from half of what is round it by at least this many levels.
const STEP: u8 = 120;

/// And from nearly all of what is round it by at least this many.
const LEAST_STEP: u8 = 40;

/// How much nearly all is.
const STEP_SHARE: f64 = 0.9;

/// Letters run into each other have at least this many strokes side by side on average.
const STROKES: u32 = 3;

/// Letters that stand apart have at least this many in a line.
const SHORTEST: usize = 4;

/// A letter that stands apart has this share of the image's height at least: what is smaller is
/// counted as lettering.
const LOWEST: f64 = 0.05;

/// No title of one or two lines is higher than this share of the image.
const HIGHEST: f64 = 0.45;

/// Of the boxes of letters no more than this is ink; windows of a house at night are all ink.
const FULLEST: f64 = 0.8;

/// The share of the image that the ink of drawn titles fills, 0..=1.
pub(crate) fn share(luma: &GrayImage) -> f64 {
    let bright = small(luma);
    let mut dark = bright.clone();
    for level in dark.as_mut() {
        *level = 255 - *level;
    }
    let all = f64::from(bright.width() * bright.height()).max(1.0);
    let inks = [&bright, &dark].into_iter();
    let most = inks.flat_map(|ink| THRESHOLDS.map(|least| area(ink, least)));
    most.max().unwrap_or(0) as f64 / all
}

/// The image shrunk by a whole number, to means.
fn small(luma: &GrayImage) -> GrayImage {
    let side = (luma.width().max(luma.height()) / LONG_SIDE).max(1);
    let (width, height) = (luma.width() / side, luma.height() / side);
    let sums = blocks::sums(luma, luma.width() as usize, (width, height), (side, side));
    let means = sums.into_iter().map(|sum| (sum / (side * side)) as u8);
    GrayImage::from_raw(width, height, means.collect()).unwrap_or_default()
}

/// Pixels of the titles whose ink has at least this level.
fn area(luma: &GrayImage, least: u8) -> u64 {
    let height = f64::from(luma.height());
    let mut inside = patches(luma, |level| level >= least);
    inside.retain(|patch| {
        let high = f64::from(patch.rect.height());
        is_within(patch, luma) && high >= LOWEST * height && high <= HIGHEST * height
    });
    let joined = |patch: &&Region| {
        let high = patch.rect.height();
        patch.rect.width() >= high && patch.runs >= STROKES * high
    };
    let words = inside.iter().filter(joined);
    let words = words.filter(|patch| is_ink(luma, least, patch));
    let words: u64 = words.map(|patch| patch.area).sum();
    words.max(lines(luma, least, &inside))
}

/// Pixels of the letters that stand apart in lines.
fn lines(luma: &GrayImage, least: u8, inside: &[Region]) -> u64 {
    let narrow = |patch: &&Region| patch.rect.width() <= 2 * patch.rect.height();
    let letters = inside.iter().filter(narrow);
    let mut letters: Vec<Region> = letters.copied().collect();
    letters.retain(|patch| is_ink(luma, least, patch));
    let lines = patches::lines(letters);
    let written = lines.iter().filter(|line| {
        let ink: u64 = line.iter().map(|letter| letter.area).sum();
        let boxes: u64 = line.iter().map(|letter| letter.rect.area()).sum();
        line.len() >= SHORTEST && ink as f64 <= FULLEST * boxes as f64
    });
    written.flatten().map(|letter| letter.area).sum()
}

/// Whether a patch is as flat, and its edges as hard, as what is drawn over a scene.
fn is_ink(luma: &GrayImage, least: u8, patch: &Region) -> bool {
    let core = core(luma, least, patch);
    let Some(level) = median(&core) else {
        return false;
    };
    let near = core.iter().filter(|own| own.abs_diff(level) <= FLAT);
    if (near.count() as f64) < FLAT_SHARE * core.len() as f64 {
        return false;
    }
    let round = round(luma, least, patch);
    let apart = |step: u8| {
        let apart = round.iter().map(|own| level.saturating_sub(*own));
        apart.filter(|apart| *apart >= step).count()
    };
    2 * apart(STEP) >= round.len() && apart(LEAST_STEP) as f64 >= STEP_SHARE * round.len() as f64
}

/// The levels of ink in and about a patch that has ink on all four sides.
fn core(luma: &GrayImage, least: u8, patch: &Region) -> Vec<u8> {
    let about = patch.rect.grow(2, 2).clip(luma.width(), luma.height());
    let columns = about.left.max(1)..about.right.min(luma.width() - 1);
    let mut core = Vec::new();
    for y in about.top.max(1)..about.bottom.min(luma.height() - 1) {
        let [above, own, below] = [y - 1, y, y + 1].map(|y| row(luma, y));
        for x in columns.clone() {
            let x = x as usize;
            let cross = [own[x], own[x - 1], own[x + 1], above[x], below[x]];
            if cross.iter().all(|&level| level >= least) {
                core.push(own[x]);
            }
        }
    }
    core
}

/// The levels of what is two pixels away from ink in and about a patch, past the soft edge.
fn round(luma: &GrayImage, least: u8, patch: &Region) -> Vec<u8> {
    let about = patch.rect.grow(2, 2).clip(luma.width(), luma.height());
    let (across, down) = (luma.width() - 1, luma.height() - 1);
    let is_near = |x: u32, y: u32, far: u32| {
        let (left, right) = (x.saturating_sub(far), (x + far).min(across));
        let mut rows = y.saturating_sub(far)..=(y + far).min(down);
        rows.any(|y| {
            let levels = &row(luma, y)[left as usize..=right as usize];
            levels.iter().any(|&level| level >= least)
        })
    };
    let pixels = about.pixels().filter(|&(x, y)| {
        // What is ink itself is near some.
        row(luma, y)[x as usize] < least && !is_near(x, y, 1) && is_near(x, y, 2)
    });
    let levels = pixels.map(|(x, y)| row(luma, y)[x as usize]);
    levels.collect()
}

fn row(luma: &GrayImage, y: u32) -> &[u8] {
    let width = luma.width() as usize;
    &luma.as_raw()[y as usize * width..][..width]
}

/// The middle level.
fn median(levels: &[u8]) -> Option<u8> {
    let mut sorted = levels.to_vec();
    let half = sorted.len().checked_sub(1)? / 2;
    Some(*sorted.select_nth_unstable(half).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word HUHU in bars of 12 pixels on a ground, letters apart by `gap`; 0 runs them together.
    fn written(ground: &GrayImage, ink: u8, gap: u32) -> GrayImage {
        let mut image = ground.clone();
        let (left, top, letter, high, bar) = (60, 40, 60, 90, 12);
        for number in 0..4 {
            let x0 = left + number * (letter + gap);
            for y in 0..high {
                for x in 0..letter {
                    let cross = if number % 2 == 0 {
                        (39..51).contains(&y)
                    } else {
                        y >= high - bar
                    };
                    if x < bar || x >= letter - bar || cross {
                        image.put_pixel(x0 + x, top + y, image::Luma([ink]));
                    }
                }
            }
        }
        image
    }

    fn scene() -> GrayImage {
        vision::decode::to_luma(&testkit::scene(480, 270, 4))
    }

    /// The scene with its levels brought between `low` and `high`.
    fn between(low: u8, high: u8) -> GrayImage {
        let mut image = scene();
        for pixel in image.pixels_mut() {
            let range = u32::from(high - low);
            pixel.0[0] = low + (u32::from(pixel.0[0]) * range / 255) as u8;
        }
        image
    }

    /// An H is two bars of 90 by 12 and one of 36 by 12, a U as well: 2592 pixels each.
    const WORD: f64 = 4.0 * 2592.0 / (480.0 * 270.0);

    #[test]
    fn a_word_over_a_scene_fills_what_its_bars_fill() {
        let dark = between(10, 90);
        for gap in [0, 8] {
            let found = share(&written(&dark, 250, gap));
            assert!((found - WORD).abs() < 1e-9, "gap {gap}: {found}");
        }
        let found = share(&written(&between(170, 250), 6, 0));
        assert!((found - WORD).abs() < 1e-9, "dark ink: {found}");
    }

    #[test]
    fn a_scene_has_no_title() {
        for image in [scene(), between(10, 90), between(170, 250)] {
            assert!(share(&image).abs() < 1e-12);
        }
    }

    #[test]
    fn a_word_that_hardly_differs_is_part_of_the_scene() {
        assert!(share(&written(&between(60, 90), 180, 0)).abs() < 1e-12);
    }

    #[test]
    fn lit_windows_are_no_letters() {
        let house = GrayImage::from_fn(480, 270, |x, y| {
            let window = (100..140).contains(&y) && x > 40 && x < 440 && x % 50 < 30;
            image::Luma([if window { 240 } else { 30 }])
        });
        assert!(share(&house).abs() < 1e-12);
    }

    #[test]
    fn sky_between_trunks_reaches_the_edge() {
        let wood = GrayImage::from_fn(480, 270, |x, y| {
            image::Luma([if x % 60 < 25 || y > 100 { 20 } else { 250 }])
        });
        assert!(share(&wood).abs() < 1e-12);
    }
}
