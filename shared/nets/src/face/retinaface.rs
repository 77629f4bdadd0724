//! `RetinaFace` (Deng et al., 2019) as `biubug6/Pytorch_Retinaface` trains and exports it.
//!
//! Reads its exports with any names: three outputs told apart by their last axis, 4 (boxes), 2
//! (no face, face; softmax applied), 10 (landmarks). Processing as in that repository's `detect.py`
//! at b984b4b, and for graphs of a fixed size as in yakhyo/uniface: the image in the upper left
//! corner, the rest black before the mean is taken off.

use anyhow::{Context, Result, ensure};
use onnx::{Outputs, Port};
use vision::{Rect, RgbImage};

use super::family::{Detects, Face, Input, Landmarks, suppress};
use crate::family::{Graph, ending_in};
use crate::letterbox::placed;
use crate::nms::Area;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Mean of blue, green and red, taken off.
pub const MEAN: [f32; 3] = [104.0, 117.0, 123.0];

/// Steps of the three grids, in pixels, and the two sizes of prior in each cell.
pub const LEVELS: [(usize, [f32; 2]); 3] =
    [(8, [16.0, 32.0]), (16, [64.0, 128.0]), (32, [256.0, 512.0])];

/// Variances of centres and sizes.
pub const VARIANCES: [f32; 2] = [0.1, 0.2];

/// Overlap above which the weaker of two faces goes.
pub const OVERLAP: f32 = 0.4;

/// `RetinaFace`.
#[derive(Debug)]
pub(super) struct RetinaFace;

impl Graph for RetinaFace {
    fn recognises(&self, _: &[Port], outputs: &[Port]) -> bool {
        outputs.len() == 3
            && [4, 2, 10]
                .iter()
                .all(|columns| ending_in(outputs, *columns) == 1)
    }
}

impl Detects for RetinaFace {
    // Scales `image` to a long side of `longest`, or to fit `fixed`.
    fn prepare(&self, image: &RgbImage, longest: u32, fixed: Option<[u32; 2]>) -> Result<Input> {
        let (width, height) = image.dimensions();
        let most = fixed.map_or([longest; 2], |canvas| {
            canvas.map(|length| length.min(longest))
        });
        let scale = (most[0] as f32 / width as f32).min(most[1] as f32 / height as f32);
        let length = |own: u32, most: u32| ((own as f32 * scale) as u32).clamp(1, most);
        let size = [length(width, most[0]), length(height, most[1])];
        let canvas = fixed.unwrap_or(size);
        let image = placed(image, size, canvas, 0)?;
        Ok(Input {
            numbers: planes(&image, Order::Bgr, MEAN, [1.0; 3]),
            size: canvas.map(|length| length as usize),
            scale: [
                size[0] as f32 / width as f32,
                size[1] as f32 / height as f32,
            ],
        })
    }

    fn decode(&self, outputs: &Outputs, size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
        let last = |wanted: usize| {
            let mut all = outputs.iter();
            let found = all.find(|(_, tensor)| tensor.shape().last() == Some(&wanted));
            let (_, tensor) =
                found.with_context(|| format!("the network has no output of {wanted} columns"))?;
            tensor.as_floats()
        };
        decode(&last(4)?, &last(2)?, &last(10)?, size, threshold)
    }
}

/// The priors of an input of columns and rows: centre x and y, width and height, as shares of it.
pub fn priors([width, height]: [usize; 2]) -> Vec<[f32; 4]> {
    let mut priors = Vec::new();
    let (wide, high) = (width as f32, height as f32);
    for (step, sizes) in LEVELS {
        for row in 0..height.div_ceil(step) {
            for column in 0..width.div_ceil(step) {
                let centre = |place: usize, whole: f32| (place as f32 + 0.5) * step as f32 / whole;
                let (x, y) = (centre(column, wide), centre(row, high));
                priors.extend(sizes.map(|size| [x, y, size / wide, size / high]));
            }
        }
    }
    priors
}

/// The faces of `n` priors over an input of columns and rows: `boxes` n x 4, `scores` n x 2,
/// `points` n x 10.
pub fn decode(
    boxes: &[f32],
    scores: &[f32],
    points: &[f32],
    size: [usize; 2],
    threshold: f32,
) -> Result<Vec<Face>> {
    let priors = priors(size);
    let count = priors.len();
    ensure!(
        boxes.len() == 4 * count && scores.len() == 2 * count && points.len() == 10 * count,
        "the network gave {} priors instead of {count} for {}x{}",
        boxes.len() / 4,
        size[0],
        size[1]
    );
    let whole = size.map(|length| length as f32);
    let faces = priors.iter().enumerate().filter_map(|(number, prior)| {
        let score = scores[2 * number + 1];
        if score.is_nan() || score < threshold {
            return None;
        }
        let offsets = &boxes[4 * number..4 * number + 4];
        let shifts = &points[10 * number..10 * number + 10];
        let [center, extent] = VARIANCES;
        let at = |axis: usize| prior[axis] + offsets[axis] * center * prior[axis + 2];
        let length = |axis: usize| prior[axis + 2] * (offsets[axis + 2] * extent).exp();
        let low = |axis: usize| at(axis) - length(axis) / 2.0;
        let landmarks: Landmarks = std::array::from_fn(|point| {
            let place = |axis: usize| {
                (prior[axis] + shifts[2 * point + axis] * center * prior[axis + 2]) * whole[axis]
            };
            [place(0), place(1)]
        });
        Some(Face {
            rect: Rect {
                left: low(0) * whole[0],
                top: low(1) * whole[1],
                right: (low(0) + length(0)) * whole[0],
                bottom: (low(1) + length(1)) * whole[1],
            },
            score,
            landmarks: Some(landmarks),
        })
    });
    Ok(suppress(faces.collect(), OVERLAP, Area::PlusOne))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_of_the_finest_level_has_priors_of_16_and_32_pixels() {
        let priors = priors([640, 640]);
        assert_eq!(priors.len(), 16_800);
        let second = [4.0, 4.0, 32.0, 32.0].map(|pixels: f32| pixels / 640.0);
        assert_eq!(priors[1].map(f32::to_bits), second.map(f32::to_bits));
    }
}
