//! FER+ (Barsoum et al., 2016): the VGG13 of onnx/models, `emotion-ferplus-8.onnx`.
//!
//! Processing as in that model's page: gray, 64x64, levels as they are. Its size of face is the
//! data set's, a square round the face.

use anyhow::Result;
use onnx::{Contract, Dim, Kind};
use vision::resize::PilFilter;

use super::family::{Classifies, Columns, Emotion, FaceImage};
use crate::family::Graph;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// The side of its input, in pixels.
const SIDE: u32 = 64;

/// Its classes, in its order.
const CLASSES: [Emotion; 8] = [
    Emotion::Neutral,
    Emotion::Happy,
    Emotion::Surprised,
    Emotion::Sad,
    Emotion::Angry,
    Emotion::Disgust,
    Emotion::Fear,
    Emotion::Contempt,
];

/// FER+.
#[derive(Debug)]
pub(super) struct FerPlus;

impl Graph for FerPlus {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("Input3", Kind::F32, &[Any, Is(1), Is(64), Is(64)])
            .output("Plus692_Output_0", Kind::F32, &[Any, Is(8)])
    }
}

impl Classifies for FerPlus {
    fn columns(&self, _: &str) -> Result<Columns> {
        Ok(Columns::of(&CLASSES, true))
    }

    // The gray levels of the face, 0 to 255.
    fn prepare(&self, face: &FaceImage<'_>, _: [usize; 3]) -> Result<Vec<f32>> {
        let gray = vision::decode::to_luma(&face.cut(true)?);
        let face = vision::resize::pil_luma(&gray, SIDE, SIDE, PilFilter::Lanczos)?;
        Ok(face
            .as_raw()
            .iter()
            .map(|level| f32::from(*level))
            .collect())
    }
}
