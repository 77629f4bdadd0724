//! mini-XCEPTION (Arriaga et al., 2017), trained on FER-2013.
//!
//! Reads `fer2013_mini_XCEPTION` of `oarriaga/face_classification`, converted to ONNX, with any
//! names. Processing as in that repository: gray, squeezed into 64x64, `x / 255 * 2 - 1`; the scores
//! come out added up to 1.

use anyhow::Result;
use onnx::Port;

use super::family::{Classifies, Columns, Emotion, FaceImage};
use crate::family::Graph;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// The side of its input, in pixels.
const SIDE: u32 = 64;

/// Its classes, in its order.
const CLASSES: [Emotion; 7] = [
    Emotion::Angry,
    Emotion::Disgust,
    Emotion::Fear,
    Emotion::Happy,
    Emotion::Sad,
    Emotion::Surprised,
    Emotion::Neutral,
];

/// mini-XCEPTION.
#[derive(Debug)]
pub(super) struct MiniXception;

impl Graph for MiniXception {
    fn recognises(&self, inputs: &[Port], _: &[Port]) -> bool {
        let shape = [Some(64), Some(64), Some(1)];
        matches!(inputs, [input] if input.shape.get(1..) == Some(&shape))
    }
}

impl Classifies for MiniXception {
    fn columns(&self, _: &str) -> Result<Columns> {
        Ok(Columns::of(&CLASSES, false))
    }

    // The face, row by row.
    fn prepare(&self, face: &FaceImage<'_>, _: [usize; 3]) -> Result<Vec<f32>> {
        let gray = vision::decode::to_luma(&face.cut(false)?);
        let face = vision::resize::opencv_linear_luma(&gray, SIDE, SIDE)?;
        let level = |level: &u8| f32::from(*level) / 255.0 * 2.0 - 1.0;
        Ok(face.as_raw().iter().map(level).collect())
    }
}
