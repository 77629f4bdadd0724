//! The images of the page, small, in a text that a page can hold.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use previews::{Over, Preview};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::sample::Shown;
use crate::survey::Survey;

/// An image is at most so wide and so high, in pixels.
const SIDE: u32 = 240;
/// Quality of the JPEGs, libjpeg's scale.
const QUALITY: u8 = 72;
/// The images of all reasons together, at most.
const MOST: usize = 400;

/// One image and what stands under it.
#[derive(Debug, Clone)]
pub(crate) struct Tile {
    pub(crate) shown: Shown,
    /// `None` if it cannot be shown.
    pub(crate) image: Option<Image>,
    /// The image beside it.
    pub(crate) beside: Option<Image>,
}

/// A small image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// Pixels.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The JPEG, in base 64.
    pub(crate) jpeg: String,
}

/// The images of what was kept, and of each reason.
#[derive(Debug)]
pub(crate) struct Sheets {
    pub(crate) kept: Vec<Tile>,
    /// As the survey's reasons.
    pub(crate) dropped: Vec<Vec<Tile>>,
}

/// Draws the images of a survey's samples.
pub(crate) fn draw(survey: &Survey) -> Sheets {
    let reasons = &survey.reasons.all;
    let each = (MOST / reasons.len().max(1)).max(1);
    let dropped = reasons.iter().map(|reason| {
        let shown = reason.sample.shown();
        tiles(&shown[..shown.len().min(each)])
    });
    Sheets {
        kept: tiles(&survey.sample.shown()),
        dropped: dropped.collect(),
    }
}

fn tiles(shown: &[&Shown]) -> Vec<Tile> {
    let tile = |shown: &&Shown| {
        let image = shown.image.as_deref().map(Path::new);
        let beside = shown.beside.as_deref().map(Path::new);
        Tile {
            image: image.and_then(|image| small(image, &shown.over)),
            beside: beside.and_then(|image| small(image, &[])),
            shown: (*shown).clone(),
        }
    };
    shown
        .to_vec()
        .into_par_iter()
        .map(|shown| tile(&shown))
        .collect()
}

/// The image in a file, small; `None` if it cannot be read, which the page says.
fn small(path: &Path, over: &[Over]) -> Option<Image> {
    let drawn = Preview::of(path, SIDE, over);
    // Without what cannot be drawn, rather than not at all.
    let small = drawn.or_else(|_| Preview::of(path, SIDE, &[])).ok()?;
    let (width, height) = small.dimensions();
    Some(Image {
        width,
        height,
        jpeg: STANDARD.encode(small.jpeg(QUALITY).ok()?),
    })
}
