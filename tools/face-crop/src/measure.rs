//! Figures of a face: size, sharpness, angle, what of it is hidden.

use nets::face::Landmarks;
use serde::Serialize;
use stage::Result;
use vision::mask::Mask;
use vision::resize::{PilFilter, pil_luma};
use vision::{GrayImage, Rect, RgbImage, crop, decode, focus};

/// Long side that faces are shrunk to before their sharpness is measured, in pixels.
const SIDE: f64 = 112.0;

/// The variance of the Laplacian of noise in which every pixel is for itself, over its variance:
/// the squares of the kernel's numbers added up.
const NOISE: f64 = 20.0;

/// How far the tip of the nose stands out before the eyes, over half the distance of the eyes;
/// about 0.9 in people. Drawn noses are shorter or longer, so that the angle is an estimate.
const NOSE: f64 = 0.9;

/// Which way a face is turned, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Angle {
    /// To the right of the image.
    pub(crate) yaw: f64,
    /// Clockwise.
    pub(crate) roll: f64,
}

impl Angle {
    /// By the landmarks: the line through the eyes, and how far the nose has moved along it from
    /// between them. `None` where the eyes lie in one place.
    pub(crate) fn of(landmarks: &Landmarks) -> Option<Self> {
        let [left, right, nose, ..] = landmarks.map(|point| point.map(f64::from));
        let eyes = [right[0] - left[0], right[1] - left[1]];
        let apart = eyes[0].hypot(eyes[1]);
        if apart < 1e-3 {
            return None;
        }
        let shift = [0, 1].map(|axis| nose[axis] - left[axis].midpoint(right[axis]));
        let along = (shift[0] * eyes[0] + shift[1] * eyes[1]) / apart;
        let yaw = (along / (apart / 2.0) / NOSE).atan();
        Some(Self {
            yaw: yaw.to_degrees(),
            roll: eyes[1].atan2(eyes[0]).to_degrees(),
        })
    }
}

/// What of a face is not seen, in shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Occlusion {
    /// Of its box, beyond the edge of the image.
    pub(crate) edge: f64,
    /// Of the ellipse in its box, outside of the character's mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mask: Option<f64>,
    /// Of its landmarks, beyond the edge or outside of the mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) landmarks: Option<f64>,
}

impl Occlusion {
    pub(crate) fn of(
        rect: Rect<f32>,
        landmarks: Option<&Landmarks>,
        size: (u32, u32),
        mask: Option<&Mask>,
    ) -> Self {
        let seen = |[x, y]: [f32; 2]| {
            let inside = (0.0..size.0 as f32).contains(&x) && (0.0..size.1 as f32).contains(&y);
            inside && mask.is_none_or(|mask| mask.get(x as u32, y as u32))
        };
        let unseen = |points: &Landmarks| {
            points.iter().filter(|point| !seen(**point)).count() as f64 / points.len() as f64
        };
        let length = |low: f32, high: f32, most: u32| {
            f64::from(high.clamp(0.0, most as f32) - low.clamp(0.0, most as f32))
                / f64::from(high - low)
        };
        let inside = length(rect.left, rect.right, size.0) * length(rect.top, rect.bottom, size.1);
        Self {
            edge: 1.0 - inside,
            mask: mask.and_then(|mask| uncovered(rect, mask)),
            landmarks: landmarks.map(unseen),
        }
    }

    /// The largest share.
    pub(crate) fn most(&self) -> f64 {
        let more = self.mask.into_iter().chain(self.landmarks);
        more.fold(self.edge, f64::max)
    }
}

/// The share of the ellipse in `rect` that is outside of `mask`, of what is in the image.
fn uncovered(rect: Rect<f32>, mask: &Mask) -> Option<f64> {
    let (middle, half) = (rect.middle(), [rect.width() / 2.0, rect.height() / 2.0]);
    let (mut all, mut out) = (0_u64, 0_u64);
    for (x, y) in rect.touched(mask.width(), mask.height()).pixels() {
        let away = [x, y].map(|place| place as f32 + 0.5);
        let [across, down] = [0, 1].map(|axis| (away[axis] - middle[axis]) / half[axis]);
        if across.hypot(down) <= 1.0 {
            all += 1;
            out += u64::from(!mask.get(x, y));
        }
    }
    (all > 0).then(|| out as f64 / all as f64)
}

/// How much of the face's contrast is fine detail, 0 to 1: the root of its Laplacian's variance
/// over its own, 1 for noise of single pixels. A face larger than [`SIDE`] is shrunk to it, so that
/// faces compare. `None` where nothing of it is in the image, or it is of one level.
pub(crate) fn relative_sharpness(image: &RgbImage, rect: Rect<f32>) -> Result<Option<f64>> {
    let seen = rect.touched(image.width(), image.height());
    if seen.is_empty() {
        return Ok(None);
    }
    let mut face: GrayImage = decode::to_luma(&crop::rgb(image, seen)?);
    let shrink = SIDE / f64::from(face.width().max(face.height()));
    if shrink < 1.0 {
        let side = |own: u32| (f64::from(own) * shrink).round().max(1.0) as u32;
        let (width, height) = (side(face.width()), side(face.height()));
        face = pil_luma(&face, width, height, PilFilter::Bilinear)?;
    }
    let levels = || face.as_raw().iter().map(|level| f64::from(*level));
    let count = face.as_raw().len() as f64;
    let mean = levels().sum::<f64>() / count;
    let variance = levels().map(|level| (level - mean).powi(2)).sum::<f64>() / count;
    let fine = focus::laplacian_variance(&face);
    Ok((variance > 0.0).then(|| (fine / variance / NOISE).sqrt()))
}
