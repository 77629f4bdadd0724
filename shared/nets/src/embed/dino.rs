//! `DINOv2`: images as vectors, learnt without texts; it tells one character from another better
//! than networks that were taught by words.
//!
//! Published files: `onnx-community/dinov2-small`, `-base`, `Xenova/dinov2-base`: `model.onnx`, 384
//! or 768 numbers. The processing is that of `BitImageProcessor` with the settings of these
//! repositories. The vector is the first token of `last_hidden_state`, the class token.

use anyhow::{Result, bail};
use onnx::{Contract, Dim, Kind, Outputs, Port};
use vision::resize::PilFilter;

use super::family::Embeds;
use super::processing::{Processing, Resize};
use crate::family::Graph;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// `DINOv2`.
#[derive(Debug)]
pub(super) struct Dino;

impl Graph for Dino {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
            .output("last_hidden_state", Kind::F32, &[Any, Any, Any])
    }

    fn recognises(&self, inputs: &[Port], outputs: &[Port]) -> bool {
        let pooled = outputs.iter().any(|port| port.name == "pooler_output");
        !pooled && self.contract().check(inputs, outputs).is_ok()
    }
}

impl Embeds for Dino {
    // The shortest edge to 256 for a side of 224, bicubic, and the middle; mean and standard deviation are
    // those of `ImageNet`.
    fn processing(&self, side: u32) -> Processing {
        Processing {
            resize: Resize::Shortest(side * 256 / 224),
            filter: PilFilter::Bicubic,
            side,
            mean: [0.485, 0.456, 0.406],
            deviation: [0.229, 0.224, 0.225],
        }
    }

    // The class token of each image, of states `[images, tokens, numbers]`.
    fn decode(&self, outputs: &Outputs) -> Result<Vec<Vec<f32>>> {
        let states = outputs.get("last_hidden_state")?;
        let shape = states.shape();
        let &[_, tokens @ (1..), numbers @ (1..)] = &shape[..] else {
            bail!("`last_hidden_state` has the shape {shape:?}");
        };
        let all = states.as_floats()?;
        let images = all.chunks_exact(tokens * numbers);
        Ok(images.map(|image| image[..numbers].to_vec()).collect())
    }
}
