//! SAM 2 as samexporter writes it: `image` in, three embeddings on to the decoder, masks of 256x256.

use anyhow::Result;
use onnx::Dim::{Any, Is};
use onnx::{Contract, Kind, Net, Port, Tensor};

use super::family::{Embedding, Feature, Prompt, Segments};
use super::logits::Candidate;
use super::prompts::{SIDE, contract, offered};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// SAM 2.
#[derive(Debug)]
pub(super) struct Sam2 {
    /// Whether the decoder has an eighth input, `orig_im_size`, to which it scales its masks
    /// (ibaiGorordo's ONNX-SAM2-Segment-Anything).
    is_sized: bool,
}

/// The one with seven inputs.
pub(super) const PLAIN: Sam2 = Sam2 { is_sized: false };

/// The one with eight.
pub(super) const SIZED: Sam2 = Sam2 { is_sized: true };

impl Segments for Sam2 {
    fn encoder(&self) -> Contract {
        Contract::new().input("image", Kind::F32, &[Any, Is(3), Is(1024), Is(1024)])
    }

    fn decoder(&self) -> Contract {
        let contract = contract().output("masks", Kind::F32, &[Any, Any, Any, Any]);
        if self.is_sized {
            contract.input("orig_im_size", Kind::I64, &[Is(2)])
        } else {
            contract
        }
    }

    fn recognises(&self, _: &[Port], decoder: &[Port]) -> bool {
        let takes = |name: &str| decoder.iter().any(|port| port.name == name);
        takes("image_embed") && takes("orig_im_size") == self.is_sized
    }

    fn features(&self) -> &'static [Feature] {
        &[
            ("high_res_feats_0", &[Any, Is(32), Is(256), Is(256)]),
            ("high_res_feats_1", &[Any, Is(64), Is(128), Is(128)]),
            ("image_embed", &[Any, Is(256), Is(64), Is(64)]),
        ]
    }

    fn decode(
        &self,
        decoder: &mut Net,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        // The size that masks have anyway, so that they come as they are.
        let own = i64::try_from(SIDE)?;
        let size = { self.is_sized }.then(|| Tensor::integers(&[2], vec![own; 2]));
        let size = size.transpose()?;
        let asked = (embedding, prompts);
        let offered = offered(self, decoder, asked, size.as_ref(), "masks")?;
        Ok(offered.candidates(0..offered.each, embedding.frame))
    }
}
