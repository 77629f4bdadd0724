//! The figures of one image: the key `quality`.

use image::{ImageBuffer, Pixel, imageops};
use serde::Serialize;
use stage::{Context, Record, Result};
use vision::decode::{self, Dimensions};
use vision::statistics::{LumaStatistics, histogram};
use vision::{GrayImage, Rect, RgbImage, colour};

use crate::edges::Edges;
use crate::lettering::Lettering;
use crate::title;

/// Brightness and edges are taken from an image at least this long, pixels, where the decoder can
/// shrink while it decodes: half of a 1080p frame.
const LONG_SIDE: u32 = 960;

/// Measures are of the part that is clear of burnt-in text where that has at least this share of the image.
const LEAST_CLEAR: f64 = 0.4;

/// A title of less than this share of the image is none once it is rounded.
const LEAST_TITLE: f64 = 5e-4;

/// Colours are taken from an image at least this long, pixels.
const COLOUR_SIDE: u32 = 160;

/// What was measured of one image. Levels are luma, 0..=255.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Quality {
    /// Pixels across the long side that the sharpest tenth of the image really shows: a frame of
    /// 1920 pixels with edges blurred to twice their width has 960. Left out where there are no
    /// edges to judge by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpness: Option<f64>,
    /// The same of the median part that has edges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpness_median: Option<f64>,
    /// How much blurrier edges are in one direction than in the other, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) motion: Option<f64>,
    /// The share of the image that has edges, 0..=1.
    pub(crate) detail: f64,
    /// Mean level.
    pub(crate) brightness: f64,
    /// Standard deviation, levels.
    pub(crate) contrast: f64,
    /// The levels that 1, 50 and 99 percent of the pixels do not exceed.
    pub(crate) levels: [u8; 3],
    /// The share of pixels below level 16, 0..=1.
    pub(crate) dark_share: f64,
    /// The share of pixels at level 240 or above, 0..=1.
    pub(crate) bright_share: f64,
    /// Of the histogram, bits: 0 plain, 8 all levels alike.
    pub(crate) entropy: f64,
    /// Mean HSV saturation, 0..=1.
    pub(crate) saturation: f64,
    /// Hasler and Süsstrunk's measure: 0 gray, 33 moderate, 109 extreme.
    pub(crate) colourfulness: f64,
    /// The share of the image within 4 levels of its most frequent one, 0..=1.
    pub(crate) flat: f64,
    /// Letters that stand in lines.
    pub(crate) letters: u32,
    /// The share of the image that the ink of titles drawn over it fills, 0..=1; left out where it
    /// is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<f64>,
    /// The short side, pixels.
    pub(crate) resolution: u32,
}

impl Quality {
    /// Measures the image of a record.
    pub(crate) fn measure(record: &Record) -> Result<Self> {
        let path = record.image()?;
        let name = || path.display().to_string();
        let file = decode::read(&path).with_context(name)?;
        let clear = record.text()?.and_then(|text| text.clear);
        Self::of_file(&file, clear).with_context(name)
    }

    /// Measures an image, or, where text is laid over it, the part that is `clear` of it: letters that are as sharp
    /// and white as can be say nothing of the frame under them.
    fn of_file(file: &[u8], clear: Option<Rect>) -> vision::Result<Self> {
        let size = decode::dimensions_from_bytes(file)?;
        let Dimensions { width, height } = size;
        let (mut luma, mut colours) = decoded(file)?;
        let whole = f64::from(width) * f64::from(height);
        if let Some(clear) = clear.filter(|clear| clear.area() as f64 >= LEAST_CLEAR * whole) {
            luma = part(&luma, clear, size);
            colours = part(&colours, clear, size);
        }
        let histogram = histogram(&luma);
        let levels = LumaStatistics::of_histogram(&histogram);
        let edges = Edges::of(&luma);
        let lettering = Lettering::of(&luma, &histogram);
        let [low, _, middle, _, high] = levels.percentiles;
        Ok(Self {
            sharpness: edges.sharpness,
            sharpness_median: edges.median,
            motion: edges.motion,
            detail: edges.share,
            brightness: levels.mean,
            contrast: levels.standard_deviation,
            levels: [low, middle, high],
            dark_share: levels.dark_share,
            bright_share: levels.bright_share,
            entropy: levels.entropy,
            saturation: colour::saturation(&colours),
            colourfulness: colour::colourfulness(&colours),
            flat: lettering.ground,
            letters: lettering.letters,
            title: Some(title::share(&luma)).filter(|share| *share >= LEAST_TITLE),
            resolution: width.min(height),
        })
    }
}

/// The luma of the image of a record, as its letters are looked for.
pub(crate) fn luma(record: &Record) -> Result<GrayImage> {
    let path = record.image()?;
    let name = || path.display().to_string();
    let file = decode::read(&path).with_context(name)?;
    let (luma, _) = decoded(&file).with_context(name)?;
    Ok(luma)
}

/// The luma and the colours that are measured, each no larger than it needs be.
fn decoded(file: &[u8]) -> vision::Result<(GrayImage, RgbImage)> {
    let size = decode::dimensions_from_bytes(file)?;
    let (luma, colours) = (least(size, LONG_SIDE), least(size, COLOUR_SIDE));
    decode::luma_and_rgb_at_least_from_bytes(file, luma, colours)
}

/// The size whose long side is `long` pixels, and which asks nothing of the other, for an image of `size`.
fn least(size: Dimensions, long: u32) -> Dimensions {
    let is_wide = size.width > size.height;
    Dimensions {
        width: if is_wide { long } else { 1 },
        height: if is_wide { 1 } else { long },
    }
}

/// `clear`, pixels of an image of `size`, where the image has been shrunk to `width` and `height`.
fn shrunk(clear: Rect, size: Dimensions, (width, height): (u32, u32)) -> Rect {
    let scaled = clear.map(f64::from).scale(
        f64::from(width) / f64::from(size.width.max(1)),
        f64::from(height) / f64::from(size.height.max(1)),
    );
    // Whole pixels that lie inside.
    Rect {
        left: scaled.left.ceil() as u32,
        top: scaled.top.ceil() as u32,
        right: (scaled.right.floor() as u32).min(width),
        bottom: (scaled.bottom.floor() as u32).min(height),
    }
}

/// The part of an image that is `clear`, which is in pixels of the image before it was shrunk from `size`.
fn part<P: Pixel + 'static>(
    image: &ImageBuffer<P, Vec<P::Subpixel>>,
    clear: Rect,
    size: Dimensions,
) -> ImageBuffer<P, Vec<P::Subpixel>> {
    let part = shrunk(clear, size, image.dimensions());
    imageops::crop_imm(image, part.left, part.top, part.width(), part.height()).to_image()
}
