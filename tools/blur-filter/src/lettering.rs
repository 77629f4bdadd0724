//! Letters in an image: title cards, credits, captions laid over a scene.
//!
//! Letters are patches that stand out from the ground, of one height, on one line, close together.
//! No letter is read; a row of windows at night, all alike, can be taken for a line.

use vision::GrayImage;
use vision::regions::Region;

use crate::patches::{is_within, lines, patches};

/// A ground of one level is looked for within this many levels on either side.
const GROUND: usize = 4;

/// Ink of any colour is looked for where the ground has this share of the image.
const PLAIN: f64 = 0.5;

/// Ink on a ground differs from it by at least this many levels.
const CONTRAST: u8 = 16;

/// Ink laid over a scene is white: at least this level.
const WHITE: u8 = 235;

/// Letters that run into each other have at least this many strokes side by side, on average over
/// their rows; a cloud has one or two.
const STROKES: u32 = 5;

/// A letter is at least this many pixels high; below, it cannot be told from grain.
const LOWEST: u32 = 5;

/// A letter is at most this share of the image's height.
const HIGHEST: f64 = 0.25;

/// A line has at least this many letters.
const SHORTEST: usize = 4;

/// What is written in an image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lettering {
    /// Letters that stand in lines.
    pub(crate) letters: u32,
    /// The patches that they are: fewer where letters run into each other.
    pub(crate) patches: Vec<Region>,
    /// What of a patch is ink.
    pub(crate) ink: Ink,
    /// The share of the image that is within 4 levels of its most frequent level, 0..=1.
    pub(crate) ground: f64,
}

/// The levels of ink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// White, on any ground.
    White,
    /// `by` levels or more from a ground of one level.
    Apart { ground: u8, by: u8 },
}

impl Ink {
    pub(crate) fn is(self, level: u8) -> bool {
        match self {
            Self::White => level >= WHITE,
            Self::Apart { ground, by } => level.abs_diff(ground) >= by,
        }
    }
}

/// Whether a patch may be a letter of an image `height` pixels high.
fn is_letter(patch: &Region, height: u32) -> bool {
    let (wide, high) = (patch.rect.width(), patch.rect.height());
    high >= LOWEST
        && f64::from(high) <= HIGHEST * f64::from(height)
        && wide <= 2 * high
        && 6 * wide >= high
        && 6 * patch.area >= patch.rect.area()
}

/// How many letters a patch may be that run into each other, as in the title of a film: what has
/// many strokes side by side is written. None for any other patch.
fn joined_letters(patch: &Region, luma: &GrayImage) -> Option<u32> {
    let (wide, high) = (patch.rect.width(), patch.rect.height());
    let is_high = high >= 4 * LOWEST && f64::from(high) <= HIGHEST * f64::from(luma.height());
    let strokes = patch.runs / high;
    (is_within(patch, luma) && is_high && wide > high && strokes >= STROKES).then_some(strokes / 2)
}

impl Lettering {
    /// Finds what is written in an image with this histogram.
    pub(crate) fn of(luma: &GrayImage, histogram: &[u32; 256]) -> Self {
        let (level, share) = ground(histogram);
        let white = Self::in_ink(luma, Ink::White, share);
        if share < PLAIN {
            return white;
        }
        let by = ink(histogram, level).max(CONTRAST);
        let apart = Self::in_ink(luma, Ink::Apart { ground: level, by }, share);
        if apart.letters > white.letters {
            apart
        } else {
            white
        }
    }

    /// Finds what is written in ink of these levels, in lines of at least four letters.
    fn in_ink(luma: &GrayImage, ink: Ink, ground: f64) -> Self {
        let mut found = patches(luma, |level| ink.is(level));
        let words = found
            .iter()
            .filter_map(|patch| Some((*patch, joined_letters(patch, luma)?)));
        let (words, joined): (Vec<Region>, Vec<u32>) = words.unzip();
        found.retain(|patch| is_letter(patch, luma.height()));
        let lines = lines(found).into_iter();
        let apart: Vec<_> = lines
            .filter(|line| line.len() >= SHORTEST)
            .flatten()
            .collect();
        Self {
            letters: joined.iter().sum::<u32>() + apart.len() as u32,
            patches: [words, apart].concat(),
            ink,
            ground,
        }
    }
}

/// The most frequent level, and the share of pixels near it.
fn ground(histogram: &[u32; 256]) -> (u8, f64) {
    let near = |level: usize| -> u64 {
        let range = level.saturating_sub(GROUND)..(level + GROUND + 1).min(256);
        histogram[range].iter().copied().map(u64::from).sum()
    };
    let total: u64 = histogram.iter().copied().map(u64::from).sum();
    let level = (0..256)
        .max_by_key(|level| (near(*level), 256 - level))
        .unwrap_or(0);
    (level as u8, near(level) as f64 / total.max(1) as f64)
}

/// Half the difference between the ground and what differs most from it.
fn ink(histogram: &[u32; 256], ground: u8) -> u8 {
    let total: u32 = histogram.iter().sum();
    let few = total / 2000;
    let beyond = |(seen, found): (u32, Option<u8>), level: u8| {
        let seen = seen + histogram[usize::from(level)];
        (seen, found.or_else(|| (seen > few).then_some(level)))
    };
    let brightest = (0..=255).rev().fold((0, None), beyond).1.unwrap_or(ground);
    let darkest = (0..=255).fold((0, None), beyond).1.unwrap_or(ground);
    brightest
        .saturating_sub(ground)
        .max(ground.saturating_sub(darkest))
        / 2
}
