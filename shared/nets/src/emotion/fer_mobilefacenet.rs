//! The `MobileFaceNet` of expressions in `opencv_zoo`:
//! `facial_expression_recognition_mobilefacenet_2022july.onnx`.
//!
//! Processing as in `facial_fer_model.py` there: the face aligned by its five landmarks, RGB, -1 to 1.

use anyhow::{Context, Result};
use onnx::{Contract, Dim, Kind};

use super::family::{Classifies, Columns, Emotion, FaceImage};
use crate::align;
use crate::family::Graph;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Its classes, in its order.
const CLASSES: [Emotion; 7] = [
    Emotion::Angry,
    Emotion::Disgust,
    Emotion::Fear,
    Emotion::Happy,
    Emotion::Neutral,
    Emotion::Sad,
    Emotion::Surprised,
];

/// The `MobileFaceNet` of expressions.
#[derive(Debug)]
pub(super) struct MobileFaceNet;

impl Graph for MobileFaceNet {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("data", Kind::F32, &[Any, Is(3), Is(112), Is(112)])
            .output("label", Kind::F32, &[Any, Is(7)])
    }
}

impl Classifies for MobileFaceNet {
    fn columns(&self, _: &str) -> Result<Columns> {
        Ok(Columns::of(&CLASSES, true))
    }

    // The aligned face, channel by channel.
    fn prepare(&self, face: &FaceImage<'_>, _: [usize; 3]) -> Result<Vec<f32>> {
        let landmarks = face.landmarks.context(
            "no landmarks, which this network needs to align faces: detect the faces with YuNet or \
         RetinaFace, or classify them with another network",
        )?;
        let face = align::aligned(face.image, &landmarks)?;
        Ok(planes(&face, Order::Rgb, [127.5; 3], [127.5; 3]))
    }
}
