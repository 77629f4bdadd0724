//! `SigLIP` and `SigLIP` 2: images and texts as vectors of one space, each pair judged by itself.
//!
//! | published files | resampling | end, padding |
//! |---|---|---|
//! | `onnx-community/siglip2-base-patch16-224-ONNX`: `vision_model*.onnx`, `text_model*.onnx` | bilinear | `<eos>` 1, `<pad>` 0 |
//! | `onnx-community/siglip2-so400m-patch14-384-ONNX`: the same names | bilinear | the same |
//! | `Xenova/siglip-base-patch16-224`: the same names | bicubic | `</s>` 1, `</s>` 1 |
//!
//! The image processing is that of `SiglipImageProcessor` in Hugging Face's transformers: squeezed
//! to a square, nothing cut. Images and texts are the output `pooler_output`, 768 numbers in the
//! base size and 1152 in so400m, not of unit length.
//!
//! Texts are padded on the right, behind their end: so does `big_vision`, which trained the networks
//! (`big_vision/pp/ops_text.py`), and so do the published tokenizers (`padding_side="right"`,
//! `src/transformers/models/siglip2/convert_siglip2_to_hf.py` at 0c85c9a). The class `Siglip2Tokenizer` by itself,
//! without the configuration of a checkpoint, pads on the left; the last state, which is the text's vector,
//! is then another.

use anyhow::Result;
use onnx::{Contract, Dim, Kind, Outputs, Port};
use vision::resize::PilFilter;

use super::family::{Embeds, Logits, Texts};
use super::processing::{Processing, Resize};
use crate::batch::rows;
use crate::family::Graph;

/// The number of their answers, of images and of texts.
pub(super) const ANSWER: u32 = 1;

/// Tokens of a text, always this many: the state of the last one is the text's vector.
const CONTEXT: usize = 64;

/// `SigLIP`, or `SigLIP` 2.
#[derive(Debug)]
pub(super) struct Siglip {
    filter: PilFilter,
    texts: &'static Texts,
    /// Whether a graph that may be of either is taken for this one.
    is_usual: bool,
}

/// `SigLIP`.
pub(super) const SIGLIP: Siglip = Siglip {
    filter: PilFilter::Bicubic,
    texts: &Texts {
        end: "</s>",
        padding: "</s>",
        logits: None,
        ..TEXTS
    },
    is_usual: false,
};

/// `SigLIP` 2.
pub(super) const SIGLIP_2: Siglip = Siglip {
    filter: PilFilter::Bilinear,
    texts: &TEXTS,
    is_usual: true,
};

/// How `SigLIP` 2 takes texts.
const TEXTS: Texts = Texts {
    end: "<eos>",
    padding: "<pad>",
    fit,
    contract: text_contract,
    output: "pooler_output",
    alone: true,
    // Each checkpoint has its own. Of base, patch 16, 224: `exp` of its `logit_scale`, and its `logit_bias`.
    logits: Some(Logits {
        factor: 112.668_902_269_784_23,
        bias: -16.771_724_700_927_734,
        width: Some(768),
    }),
};

impl Graph for Siglip {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
            .output("pooler_output", Kind::F32, &[Any, Any])
    }

    fn recognises(&self, inputs: &[Port], outputs: &[Port]) -> bool {
        // A number of tokens that is not a square is one of patches and a class token, which these lack.
        let states = outputs.iter().find(|port| port.name == "last_hidden_state");
        let tokens = states.and_then(|port| *port.shape.get(1)?);
        let has_class_token = tokens.is_some_and(|tokens| tokens.isqrt().pow(2) != tokens);
        self.is_usual && !has_class_token && self.contract().check(inputs, outputs).is_ok()
    }
}

impl Embeds for Siglip {
    // Squeezed to a square of `side`.
    fn processing(&self, side: u32) -> Processing {
        Processing {
            resize: Resize::Squeezed,
            filter: self.filter,
            side,
            mean: [0.5; 3],
            deviation: [0.5; 3],
        }
    }

    fn decode(&self, outputs: &Outputs) -> Result<Vec<Vec<f32>>> {
        rows(outputs.get("pooler_output")?)
    }

    fn texts(&self) -> Option<&'static Texts> {
        Some(self.texts)
    }
}

/// What a text's network takes and gives.
fn text_contract(_: bool) -> Contract {
    use Dim::Any;
    Contract::new()
        .input("input_ids", Kind::I64, &[Any, Any])
        .output("pooler_output", Kind::F32, &[Any, Any])
}

/// Cuts and fills a text's tokens to exactly the context: one `end` behind the text, then `padding`.
#[expect(clippy::unnecessary_wraps, reason = "other families may refuse a text")]
fn fit(ids: &mut Vec<i64>, end: i64, padding: i64) -> Result<()> {
    if ids.last() == Some(&end) {
        ids.pop();
    }
    ids.truncate(CONTEXT - 1);
    ids.push(end);
    ids.resize(CONTEXT, padding);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_text_has_one_end_and_always_as_many_tokens() {
        let mut ids = vec![40, 41, 1];
        fit(&mut ids, 1, 0).unwrap();
        assert_eq!((ids.len(), &ids[..5]), (64, &[40, 41, 1, 0, 0][..]));
    }
}
