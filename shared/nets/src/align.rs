//! Faces turned upright and brought to one size by their landmarks, as face networks learn them.

use anyhow::{Result, ensure};
use vision::RgbImage;
use vision::warp::{Affine, opencv_affine};

use crate::face::Landmarks;

/// The side of the aligned image, in pixels.
pub const SIDE: u32 = 112;

/// Where the landmarks lie in it: the template of `ArcFace` (insightface's `face_align.py`, and
/// `FaceAlignment` of `opencv_zoo`).
pub const TEMPLATE: Landmarks = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
];

/// The map of turning, scaling and shifting, without mirroring, that brings `from` nearest to `to`:
/// least squares of the distances, which is Umeyama's solution (1991) in the plane.
///
/// # Errors
/// Points that all lie in one place, or are not finite.
///
/// ```
/// use nets::align::{TEMPLATE, similarity};
/// let moved = TEMPLATE.map(|[x, y]| [3.0 - 2.0 * y, 2.0 * x]); // a quarter turn, twice as large
/// let map = similarity(&TEMPLATE, &moved).unwrap();
/// for (found, wanted) in map.as_flattened().iter().zip([0.0, -2.0, 3.0, 2.0, 0.0, 0.0]) {
///     assert!((found - wanted).abs() < 1e-4);
/// }
/// ```
pub fn similarity(from: &Landmarks, to: &Landmarks) -> Result<Affine> {
    let mean = |points: &Landmarks, axis: usize| {
        let sum: f64 = points.iter().map(|point| f64::from(point[axis])).sum();
        sum / points.len() as f64
    };
    let (from_mean, to_mean) = ([mean(from, 0), mean(from, 1)], [mean(to, 0), mean(to, 1)]);
    let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
    for (from, to) in from.iter().zip(to) {
        let [px, py] = [0, 1].map(|axis| f64::from(from[axis]) - from_mean[axis]);
        let [qx, qy] = [0, 1].map(|axis| f64::from(to[axis]) - to_mean[axis]);
        along += px * qx + py * qy;
        across += px * qy - py * qx;
        spread += px * px + py * py;
    }
    let (cosine, sine) = (along / spread, across / spread);
    let sound = cosine.is_finite() && sine.is_finite() && cosine.hypot(sine) > 1e-6;
    ensure!(sound, "all landmarks lie in one place");
    let [x, y] = from_mean;
    Ok([
        [cosine, -sine, to_mean[0] - cosine * x + sine * y],
        [sine, cosine, to_mean[1] - sine * x - cosine * y],
    ])
}

/// The face of `landmarks`, aligned to [`TEMPLATE`], [`SIDE`] x [`SIDE`]; black beyond the image.
///
/// The map is fitted from the template to the image, as `opencv_zoo` does; fitted the other way
/// round, as in insightface, the face comes out a little smaller the less it is like the template.
pub fn aligned(image: &RgbImage, landmarks: &Landmarks) -> Result<RgbImage> {
    let to_image = similarity(&TEMPLATE, landmarks)?;
    Ok(opencv_affine(image, &to_image, SIDE, SIDE)?)
}
