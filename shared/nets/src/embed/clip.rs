//! CLIP: images and texts as vectors of one space.
//!
//! | published files | side | numbers |
//! |---|---|---|
//! | `Xenova/clip-vit-base-patch32`, `-patch16`: `vision_model.onnx`, `text_model.onnx` | 224 | 512 |
//! | `Xenova/clip-vit-large-patch14`: the same | 224 | 768 |
//! | `Qdrant/clip-ViT-B-32-vision`, `-text`: `model.onnx` | 224 | 512 |
//!
//! The image processing is that of `CLIPImageProcessor` in Hugging Face's transformers, the
//! figures those of the repository openai/CLIP. Vectors are taken after the projection and are not
//! of unit length when they leave the network.

use anyhow::{Result, ensure};
use onnx::{Contract, Dim, Kind, Outputs};
use vision::resize::PilFilter;

use super::family::{Embeds, Logits, Texts};
use super::processing::{Processing, Resize};
use crate::batch::rows;
use crate::family::Graph;

/// The number of its answers, of images and of texts.
pub(super) const ANSWER: u32 = 1;

/// Tokens of a text, those of its start and end included.
const CONTEXT: usize = 77;

/// The token that every text ends with, and whose state is its vector.
const END: &str = "<|endoftext|>";

/// CLIP.
#[derive(Debug)]
pub(super) struct Clip;

impl Graph for Clip {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
            .output("image_embeds", Kind::F32, &[Any, Any])
    }
}

impl Embeds for Clip {
    // The shortest edge to `side`, bicubic, and the middle of the other; mean and standard deviation are
    // those of the training images.
    fn processing(&self, side: u32) -> Processing {
        Processing {
            resize: Resize::Shortest(side),
            filter: PilFilter::Bicubic,
            side,
            mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
            deviation: [0.268_629_54, 0.261_302_6, 0.275_777_1],
        }
    }

    fn decode(&self, outputs: &Outputs) -> Result<Vec<Vec<f32>>> {
        rows(outputs.get("image_embeds")?)
    }

    fn texts(&self) -> Option<&'static Texts> {
        Some(&Texts {
            end: END,
            padding: END,
            fit,
            contract: text_contract,
            output: "text_embeds",
            alone: false,
            // Training stopped the factor there: the published `logit_scale` is ln 100.
            logits: Some(Logits {
                factor: 100.0,
                bias: 0.0,
                width: None,
            }),
        })
    }
}

/// What a text's network takes and gives. Some files also take `attention_mask`, which changes
/// nothing: attention is causal, and nothing behind the first end token counts.
fn text_contract(masked: bool) -> Contract {
    use Dim::Any;
    let contract = Contract::new()
        .input("input_ids", Kind::I64, &[Any, Any])
        .output("text_embeds", Kind::F32, &[Any, Any]);
    if masked {
        contract.input("attention_mask", Kind::I64, &[Any, Any])
    } else {
        contract
    }
}

/// Cuts a text's tokens to the context, the end token kept.
fn fit(ids: &mut Vec<i64>, end: i64, _: i64) -> Result<()> {
    ensure!(
        ids.last() == Some(&end),
        "the tokenizer puts no `{END}` after a text"
    );
    if ids.len() > CONTEXT {
        ids.drain(CONTEXT - 1..ids.len() - 1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_keeps_its_end() {
        let mut ids: Vec<i64> = (0..100).collect();
        fit(&mut ids, 99, 0).unwrap();
        assert_eq!((ids.len(), ids[75], ids[76]), (77, 75, 99));
        assert!(fit(&mut vec![1, 2], 99, 0).is_err());
    }
}
