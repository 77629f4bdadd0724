//! The `MobileFaceNet` of expressions in `opencv_zoo`:
//! `facial_expression_recognition_mobilefacenet_2022july.onnx`.
//!
//! Processing as in `facial_fer_model.py` there: the face aligned by its five landmarks, RGB, -1 to 1.

use anyhow::{Context, Result};
use onnx::{Contract, Dim, Kind};

use crate::align;
use crate::emotion::{Emotion, Sitter};
use crate::planes::{Order, planes};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// Its classes, in its order.
pub const CLASSES: [Emotion; 7] = [
    Emotion::Angry,
    Emotion::Disgust,
    Emotion::Fear,
    Emotion::Happy,
    Emotion::Neutral,
    Emotion::Sad,
    Emotion::Surprised,
];

/// What its graph takes and gives.
pub fn contract() -> Contract {
    use Dim::{Any, Is};
    Contract::new()
        .input("data", Kind::F32, &[Any, Is(3), Is(112), Is(112)])
        .output("label", Kind::F32, &[Any, Is(7)])
}

/// The aligned face, channel by channel.
pub fn prepare(sitter: &Sitter<'_>) -> Result<Vec<f32>> {
    let landmarks = sitter.landmarks.context(
        "no landmarks, by which this network wants its faces aligned: find the faces with YuNet or \
         RetinaFace, or classify them with another network",
    )?;
    let face = align::aligned(sitter.picture, &landmarks)?;
    Ok(planes(&face, Order::Rgb, [127.5; 3], [127.5; 3]))
}
