//! `DINOv2`: pictures as vectors, learnt without texts; it tells one character from another better
//! than networks that were taught by words.
//!
//! Published files: `onnx-community/dinov2-small`, `-base`, `Xenova/dinov2-base`: `model.onnx`, 384
//! or 768 numbers. The processing is that of `BitImageProcessor` with the settings of these
//! repositories. The vector is the first token of `last_hidden_state`, the class token.

use anyhow::{Result, ensure};
use onnx::{Contract, Dim, Kind, Tensor};
use vision::resize::PilFilter;

use crate::embed::{Processing, Resize};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// Mean of red, green and blue over `ImageNet`, 0..=1.
pub const MEAN: [f32; 3] = [0.485, 0.456, 0.406];

/// Their standard deviations.
pub const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Columns and rows of the picture where the graph does not say.
pub const SIDE: u32 = 224;

/// The shortest edge to 256 for a side of 224, bicubic, and the middle.
pub fn processing(side: u32) -> Processing {
    Processing {
        resize: Resize::Shortest(side * 256 / 224),
        filter: PilFilter::Bicubic,
        side,
        mean: MEAN,
        deviation: DEVIATION,
    }
}

/// What the network takes and gives.
pub fn contract() -> Contract {
    use Dim::{Any, Is};
    Contract::new()
        .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
        .output("last_hidden_state", Kind::F32, &[Any, Any, Any])
}

/// The class token of each picture, from `last_hidden_state` `[pictures, tokens, numbers]`.
pub fn decode(states: &Tensor) -> Result<Vec<Vec<f32>>> {
    let shape = states.shape();
    let &[_, tokens, numbers] = &shape[..] else {
        anyhow::bail!("`last_hidden_state` has the shape {shape:?}");
    };
    ensure!(
        tokens > 0 && numbers > 0,
        "`last_hidden_state` has the shape {shape:?}"
    );
    let all = states.as_floats()?;
    let pictures = all.chunks_exact(tokens * numbers);
    Ok(pictures
        .map(|picture| picture[..numbers].to_vec())
        .collect())
}
