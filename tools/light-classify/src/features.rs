//! What can be measured of the light in an image.

use serde::Serialize;
use vision::colour::{self, Lab};
use vision::{RgbImage, resize};

/// The image is measured at this length of its long side, pixels, so that figures of large and
/// small copies agree.
pub(crate) const SIDE: u32 = 192;

/// A step of lightness between neighbours that counts as an edge, L* of 100.
const EDGE: f32 = 4.0;

/// A step of lightness that only a hard shadow or an outline makes, L* of 100.
const HARD_EDGE: f32 = 16.0;

/// The figures. Lightness is CIE L*, 0 black to 100 white; `a` and `b` are its colour axes, `b` cool
/// (negative) to warm; shares are of the pixels, 0..=1; the sky is looked for in the upper third.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Features {
    /// Mean L*.
    pub(crate) lightness: f64,
    /// L* that 5 % of the pixels do not exceed.
    pub(crate) shadows: f64,
    /// L* that 50 % do not exceed.
    pub(crate) middle: f64,
    /// L* that 95 % do not exceed.
    pub(crate) highlights: f64,
    /// Standard deviation of L*.
    pub(crate) contrast: f64,
    /// Share below L* 12.
    pub(crate) dark: f64,
    /// Share at L* 92 or above.
    pub(crate) bright: f64,
    /// Correlated colour temperature of the mean light, kelvin, 1000..=25000 (`McCamy`).
    pub(crate) temperature: f64,
    /// Mean `b`.
    pub(crate) warmth: f64,
    /// Mean `a`: green (negative) to magenta.
    pub(crate) tint: f64,
    /// Share with `b` above 12.
    pub(crate) warm: f64,
    /// Share with `b` below -6.
    pub(crate) cool: f64,
    /// Mean `b` of the lighter half less that of the darker: positive where warm light leaves cool
    /// shadows, as the sun does.
    pub(crate) split: f64,
    /// Mean HSV saturation, 0..=1.
    pub(crate) saturation: f64,
    /// Mean distance from gray in `a` and `b`.
    pub(crate) chroma: f64,
    /// Share that is green and not dark: leaves and grass.
    pub(crate) foliage: f64,
    /// Mean L* of the upper third.
    pub(crate) sky_lightness: f64,
    /// Mean `b` of the upper third.
    pub(crate) sky_warmth: f64,
    /// Share of the upper third that is smooth and blue.
    pub(crate) sky_blue: f64,
    /// Share of the upper third that is smooth, light and gray.
    pub(crate) sky_gray: f64,
    /// Share of the upper third that is smooth, light and orange or pink.
    pub(crate) sky_orange: f64,
    /// Mean L* of the upper third less that of the lower.
    pub(crate) fall: f64,
    /// Share of pixels on edges.
    pub(crate) edges: f64,
    /// Share of edges that are hard.
    pub(crate) hardness: f64,
    /// Share of pixels far lighter than a dark image: lamps, windows, the moon.
    pub(crate) lamps: f64,
}

impl Features {
    /// Measures an image of any size.
    pub(crate) fn of(image: &RgbImage) -> vision::Result<Self> {
        let longest = image.width().max(image.height());
        let scaled = |side: u32| (side * SIDE).div_ceil(longest).max(1);
        let small;
        let image = if longest > SIDE {
            small = resize::opencv_area(image, scaled(image.width()), scaled(image.height()))?;
            &small
        } else {
            image
        };
        Ok(Self::measure(image))
    }

    fn measure(image: &RgbImage) -> Self {
        let width = image.width() as usize;
        let pixels: Vec<Lab> = image.pixels().map(|pixel| colour::lab(pixel.0)).collect();
        let mut lightness: Vec<f32> = pixels.iter().map(|lab| lab.lightness).collect();
        let (edges, hardness, smooth) = steps(&lightness, width);
        let [shadows, middle, highlights] =
            [0.05, 0.5, 0.95].map(|share| at(&mut lightness, share));
        let third = pixels.len() / 3;
        let (upper, lower) = (&pixels[..third], &pixels[pixels.len() - third..]);
        let sky = Sky::of(upper, &smooth);
        let mean_lightness = mean(&pixels, |lab| lab.lightness);
        let squares = mean(&pixels, |lab| lab.lightness * lab.lightness);
        let half = middle as f32;
        let sky_lightness = mean(upper, |lab| lab.lightness);
        Self {
            lightness: mean_lightness,
            shadows,
            middle,
            highlights,
            contrast: (squares - mean_lightness * mean_lightness).max(0.0).sqrt(),
            dark: share(&pixels, |lab| lab.lightness < 12.0),
            bright: share(&pixels, |lab| lab.lightness >= 92.0),
            temperature: temperature(image),
            warmth: mean(&pixels, |lab| lab.b),
            tint: mean(&pixels, |lab| lab.a),
            warm: share(&pixels, |lab| lab.b > 12.0),
            cool: share(&pixels, |lab| lab.b < -6.0),
            split: split(&pixels, half),
            saturation: colour::saturation(image),
            chroma: mean(&pixels, |lab| lab.chroma()),
            foliage: share(&pixels, |lab| {
                lab.a < -8.0 && lab.b > 5.0 && lab.lightness > 15.0
            }),
            sky_lightness,
            sky_warmth: mean(upper, |lab| lab.b),
            sky_blue: sky.blue,
            sky_gray: sky.gray,
            sky_orange: sky.orange,
            fall: sky_lightness - mean(lower, |lab| lab.lightness),
            edges,
            hardness,
            lamps: share(&pixels, |lab| half < 35.0 && lab.lightness > half + 45.0),
        }
    }
}

/// The level that this share of all do not exceed; 0 of none. Changes their order.
fn at(levels: &mut [f32], share: f64) -> f64 {
    let place = (share * levels.len().saturating_sub(1) as f64) as usize;
    if levels.is_empty() {
        return 0.0;
    }
    f64::from(*levels.select_nth_unstable_by(place, f32::total_cmp).1)
}

/// Kelvin of the mean light; the daylight white of sRGB for a black image, which has none.
fn temperature(image: &RgbImage) -> f64 {
    let white = || colour::chromaticity([1.0; 3]);
    let chromaticity = colour::chromaticity(colour::mean_light(image)).or_else(white);
    chromaticity.map_or(6504.0, |(x, y)| f64::from(colour::temperature(x, y)))
}

/// What of the upper third looks like a sky, in shares.
struct Sky {
    blue: f64,
    gray: f64,
    orange: f64,
}

impl Sky {
    fn of(upper: &[Lab], smooth: &[bool]) -> Self {
        let share = |is_sky: fn(&Lab) -> bool| {
            let found = upper
                .iter()
                .zip(smooth)
                .filter(|(lab, smooth)| **smooth && is_sky(lab));
            found.count() as f64 / upper.len().max(1) as f64
        };
        Self {
            blue: share(|lab| lab.b < -8.0 && lab.lightness > 8.0),
            gray: share(|lab| lab.chroma() < 8.0 && lab.lightness > 45.0),
            orange: share(|lab| lab.a > 6.0 && lab.b > 6.0 && lab.lightness > 45.0),
        }
    }
}

/// The share of pixels on edges, the share of these that are hard, and which pixels are on none.
fn steps(lightness: &[f32], width: usize) -> (f64, f64, Vec<bool>) {
    let (mut edges, mut hard) = (0_u32, 0_u32);
    let mut smooth = vec![true; lightness.len()];
    for (at, here) in lightness.iter().enumerate() {
        let right = if (at + 1) % width == 0 {
            here
        } else {
            &lightness[at + 1]
        };
        let below = lightness.get(at + width).unwrap_or(here);
        let step = (right - here).abs().max((below - here).abs());
        if step >= EDGE {
            smooth[at] = false;
            edges += 1;
            hard += u32::from(step >= HARD_EDGE);
        }
    }
    let share = f64::from(edges) / lightness.len().max(1) as f64;
    (share, f64::from(hard) / f64::from(edges.max(1)), smooth)
}

/// Mean `b` of the half from lightness `middle` up, less that of the rest.
fn split(pixels: &[Lab], middle: f32) -> f64 {
    let (light, dark): (Vec<Lab>, Vec<Lab>) =
        pixels.iter().partition(|lab| lab.lightness >= middle);
    mean(&light, |lab| lab.b) - mean(&dark, |lab| lab.b)
}

fn mean(pixels: &[Lab], value: impl Fn(&Lab) -> f32) -> f64 {
    let sum: f64 = pixels.iter().map(|lab| f64::from(value(lab))).sum();
    sum / pixels.len().max(1) as f64
}

fn share(pixels: &[Lab], is_counted: impl Fn(&Lab) -> bool) -> f64 {
    pixels.iter().filter(|lab| is_counted(lab)).count() as f64 / pixels.len().max(1) as f64
}
