//! `HSEmotion` (Savchenko, 2021 and later): `EfficientNets` trained on `AffectNet`.
//!
//! Reads `enet_b0_8_best_vgaf`, `enet_b0_8_best_afew`, `enet_b0_8_va_mtl`, `enet_b2_8` and
//! `enet_b2_7`. Processing as in av-savchenko/hsemotion-onnx at 5abb3b2, `facial_emotions.py`: the
//! face squeezed into the graph's square (224, b2 260), RGB, mean and deviation of `ImageNet`. Which
//! classes there are depends on the file's name, as there: `_7` leaves contempt out, `_mtl` has two
//! columns more (valence and arousal).

use anyhow::{Result, bail};
use onnx::{Contract, Dim, Kind};

use super::family::{Classifies, Columns, Emotion, FaceImage};
use crate::family::Graph;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Mean of red, green and blue, in levels.
const MEAN: [f32; 3] = [0.485 * 255.0, 0.456 * 255.0, 0.406 * 255.0];

/// Deviation of red, green and blue, in levels.
const DEVIATION: [f32; 3] = [0.229 * 255.0, 0.224 * 255.0, 0.225 * 255.0];

/// The eight classes; the seven are these without contempt.
const CLASSES: [Emotion; 8] = [
    Emotion::Angry,
    Emotion::Contempt,
    Emotion::Disgust,
    Emotion::Fear,
    Emotion::Happy,
    Emotion::Neutral,
    Emotion::Sad,
    Emotion::Surprised,
];

/// `HSEmotion`.
#[derive(Debug)]
pub(super) struct HsEmotion;

impl Graph for HsEmotion {
    // The output has had several names.
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new().input("input", Kind::F32, &[Any, Is(3), Any, Any])
    }
}

impl Classifies for HsEmotion {
    // As the file's name has it: by a part of it, `_8` or `_7`.
    fn columns(&self, name: &str) -> Result<Columns> {
        let parts: Vec<&str> = name.split(['_', '.', '-']).collect();
        let mut classes = CLASSES.to_vec();
        if parts.contains(&"7") {
            classes.retain(|class| *class != Emotion::Contempt);
        } else if !parts.contains(&"8") {
            bail!(
                "{name}: its classes are not known: HSEmotion's files give them in the file name, \
             such as enet_b0_8_best_vgaf, and the registry in `classes`"
            );
        }
        let mut columns = Columns::of(&classes, true);
        columns.more = if parts.contains(&"mtl") { 2 } else { 0 };
        Ok(columns)
    }

    // The face, `side` x `side`, channel by channel.
    fn prepare(&self, face: &FaceImage<'_>, [_, side, _]: [usize; 3]) -> Result<Vec<f32>> {
        let side = side as u32;
        let face = vision::resize::opencv_linear(&face.cut(false)?, side, side)?;
        Ok(planes(&face, Order::Rgb, MEAN, DEVIATION))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn names_of_files_tell_their_classes() {
        let columns = |name: &str| HsEmotion.columns(name);
        assert_eq!(columns("enet_b0_8_va_mtl.onnx").unwrap().more, 2);
        assert_eq!(columns("enet_b2_7").unwrap().classes.len(), 7);
        assert!(columns("mine.onnx").is_err());
    }
}
