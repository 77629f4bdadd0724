//! The images of the page, small, in a text that a page can hold.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use vision::decode;
use vision::resize::{PilFilter, pil};
use vision::write::{Subsampling, encode_jpeg};

use crate::sample::Shown;
use crate::survey::Survey;

/// Width of an image, in pixels.
const WIDTH: u32 = 240;
/// An image is at most so high, in pixels.
const HEIGHT: u32 = 240;
/// Quality of the JPEGs, libjpeg's scale.
const QUALITY: u8 = 72;
/// The images of all reasons together, at most.
const MOST: usize = 400;

/// One image and what stands under it.
#[derive(Debug, Clone)]
pub(crate) struct Tile {
    pub(crate) shown: Shown,
    /// `None` if it cannot be shown.
    pub(crate) picture: Option<Picture>,
}

/// A small image.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
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
    let tile = |shown: &&Shown| Tile {
        picture: shown
            .image
            .as_deref()
            .and_then(|image| small(Path::new(image))),
        shown: (*shown).clone(),
    };
    shown
        .to_vec()
        .into_par_iter()
        .map(|shown| tile(&shown))
        .collect()
}

/// The image in a file, small; `None` if it cannot be read, which the page says.
fn small(path: &Path) -> Option<Picture> {
    let image = decode::rgb_at_least(path, WIDTH, 1).ok()?;
    let (width, height) = image.dimensions();
    let scale = (f64::from(WIDTH) / f64::from(width)).min(f64::from(HEIGHT) / f64::from(height));
    let side = |length: u32| (f64::from(length) * scale).round().max(1.0) as u32;
    let (width, height) = (side(width), side(height));
    let small = pil(&image, width, height, PilFilter::Bilinear).ok()?;
    let jpeg = encode_jpeg(&small, QUALITY, Subsampling::S420).ok()?;
    Some(Picture {
        width,
        height,
        jpeg: STANDARD.encode(jpeg),
    })
}
