//! What single tools measure of an image.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geometry::Rect;
use schemars::JsonSchema;

/// A format of images.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
    Tiff,
    Bmp,
    Gif,
    Avif,
    Jxl,
}

/// A transition between shots, or a burst of light within one.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Transition {
    /// Two shots on top of each other.
    Dissolve,
    /// From, to or fully a plain colour.
    Fade,
    /// A burst of light within a shot.
    Flash,
}

/// Groups of images that look alike.
#[derive(JsonSchema)]
pub(super) struct Dedup {
    /// 64-bit pHash, 16 hexadecimal digits.
    hash: Option<String>,
    /// 64-bit dHash, 16 hexadecimal digits.
    dhash: Option<String>,
    /// Size of the file, bytes.
    bytes: Option<u64>,
    /// `id` of the image that was kept of the group.
    group: Option<String>,
    /// Number of images in the group.
    size: Option<u64>,
    /// Of a kept image: times in the film, in seconds, of the first and the last image of the group that are of its shot.
    times: Option<[f64; 2]>,
    /// `id` of the image of the shot that it was measured against: that of the group, or for the image that was kept of
    /// the group the nearest better one that was kept, too.
    nearest: Option<String>,
    /// How far that one is, in bits of 64.
    distance: Option<u32>,
}

/// Measures of an image.
#[derive(JsonSchema)]
pub(super) struct Quality {
    /// Pixels across the long side that the sharpest tenth of the image really shows: a frame of
    /// 1920 with edges blurred to twice their width has 960. Left out if there are no edges.
    sharpness: Option<f64>,
    /// The same for the median part that has edges, pixels.
    sharpness_median: Option<f64>,
    /// How much blurrier edges are in one direction than across it, 0 to 1.
    motion: Option<f64>,
    /// The share of the image that has edges, 0 to 1.
    detail: Option<f64>,
    /// Mean level.
    brightness: Option<f64>,
    /// Standard deviation, levels.
    contrast: Option<f64>,
    /// The levels that 1, 50 and 99 percent of the pixels do not exceed.
    levels: Option<[u8; 3]>,
    /// The share of pixels below level 16, 0 to 1.
    dark_share: Option<f64>,
    /// The share of pixels at level 240 or above, 0 to 1.
    bright_share: Option<f64>,
    /// Entropy of the histogram, bits: 0 plain, 8 all levels equally frequent.
    entropy: Option<f64>,
    /// Mean HSV saturation, 0 to 1.
    saturation: Option<f64>,
    /// Hasler and Süsstrunk's measure: 0 gray, 33 moderate, 109 extreme.
    colourfulness: Option<f64>,
    /// The share of the image within 4 levels of its most frequent one, 0 to 1.
    flat: Option<f64>,
    /// Number of letters that stand in lines.
    letters: Option<u32>,
    /// The share of the image that large letters of drawn titles cover, 0 to 1; left out if it is
    /// 0.
    title: Option<f64>,
    /// The short side, pixels.
    resolution: Option<u32>,
}

/// The light of an image.
#[derive(JsonSchema)]
pub(super) struct Light {
    /// `morning`, `noon`, `afternoon`, `evening`, `night` or `unknown`.
    time: Option<String>,
    /// `sunny`, `cloudy`, `rainy` or `unknown`.
    weather: Option<String>,
    /// `indoor`, `outdoor` or `unknown`.
    setting: Option<String>,
    /// The score of each class of these three, 0 to 1; the scores of each add up to 1.
    scores: Option<BTreeMap<String, BTreeMap<String, f64>>>,
    /// The measures of the colours that the labels are decided by; units in light-classify's
    /// manual.
    features: Option<BTreeMap<String, f64>>,
    /// Which of the three labels the `tags` changed.
    tagged: Option<Vec<String>>,
}

/// How an image was merged from frames.
#[derive(JsonSchema)]
pub(super) struct Plate {
    /// The image that the plate was made from.
    original: Option<PathBuf>,
    /// Number of frames that were merged, including this one.
    frames: Option<usize>,
    /// The share of the hidden part of the frame that other frames show, 0 to 1.
    seen: Option<f64>,
    /// The share of the image that no frame shows, 0 to 1.
    hole: Option<f64>,
    /// How far parts of the merged frames are apart, thousandths of the long side.
    residual: Option<f64>,
    /// How the camera moved between them: `fixed`, `shift` or `homography`.
    motion: Option<String>,
    /// Why nothing was merged.
    reason: Option<String>,
}

/// The part of a frame that is inside its black bars.
#[derive(JsonSchema)]
pub(super) struct Letterbox {
    /// The frame that was cropped.
    original: Option<PathBuf>,
    /// The part of it: left, top, right, bottom in pixels, ends exclusive.
    crop: Option<Rect>,
}

/// A part of an image that shows a place beside a hole.
#[derive(JsonSchema)]
pub(super) struct Ground {
    /// The image that was cropped.
    original: Option<PathBuf>,
    /// The part that was kept: left, top, right, bottom in pixels, ends exclusive.
    crop: Option<Rect>,
    /// The share of the image's area that the crop has, 0 to 1.
    area: Option<f64>,
}
