//! mini-XCEPTION (Arriaga et al., 2017), trained on FER-2013.
//!
//! Reads `fer2013_mini_XCEPTION` of `oarriaga/face_classification`, converted to ONNX, with any
//! names. Processing as in that repository: gray, squeezed into 64x64, `x / 255 * 2 - 1`; the scores
//! come out added up to 1.

use anyhow::Result;

use crate::emotion::{Emotion, Sitter};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// The side of its input, in pixels.
pub const SIDE: u32 = 64;

/// Its classes, in its order.
pub const CLASSES: [Emotion; 7] = [
    Emotion::Angry,
    Emotion::Disgust,
    Emotion::Fear,
    Emotion::Happy,
    Emotion::Sad,
    Emotion::Surprised,
    Emotion::Neutral,
];

/// The face, row by row.
pub fn prepare(sitter: &Sitter<'_>) -> Result<Vec<f32>> {
    let gray = vision::decode::to_luma(&sitter.cut(false)?);
    let face = vision::resize::opencv_linear_luma(&gray, SIDE, SIDE)?;
    let level = |level: &u8| f32::from(*level) / 255.0 * 2.0 - 1.0;
    Ok(face.as_raw().iter().map(level).collect())
}
