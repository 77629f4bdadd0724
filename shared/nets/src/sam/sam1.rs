//! SAM 1 and `MobileSAM`: segment-anything's own export, samexporter's and Acly's.

use anyhow::Result;
use onnx::Dim::{Any, Is};
use onnx::{Contract, Kind, Net, Port, Tensor};
use vision::RgbImage;

use super::FRAME;
use super::family::{Embedding, Feature, Prompt, Segments, normalised};
use super::logits::Candidate;
use super::prompts::{contract, offered};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// SAM 1.
#[derive(Debug)]
pub(super) struct Sam1 {
    /// Whether the encoder normalises and pads by itself (samexporter's `--use-preprocess`): it takes rows
    /// of RGB, 0..=255, and not a normalised and padded image.
    is_raw: bool,
}

/// The one that takes a normalised image.
pub(super) const NORMALISED: Sam1 = Sam1 { is_raw: false };

/// The one that normalises by itself.
pub(super) const RAW: Sam1 = Sam1 { is_raw: true };

impl Segments for Sam1 {
    fn encoder(&self) -> Contract {
        // Its input has a name of its own in every export.
        Contract::new()
    }

    fn decoder(&self) -> Contract {
        contract()
            .input("orig_im_size", Kind::F32, &[Is(2)])
            .output("low_res_masks", Kind::F32, &[Any, Any, Is(256), Is(256)])
    }

    fn recognises(&self, encoder: &[Port], decoder: &[Port]) -> bool {
        let [image] = encoder else {
            return false;
        };
        let axes = if self.is_raw { 3 } else { 4 };
        decoder.iter().any(|port| port.name == "image_embeddings")
            && image.kind == Kind::F32
            && image.shape.len() == axes
    }

    fn features(&self) -> &'static [Feature] {
        &[("image_embeddings", &[Any, Is(256), Is(64), Is(64)])]
    }

    fn is_padded(&self) -> bool {
        true
    }

    fn prepare(&self, scaled: &RgbImage) -> Result<Tensor> {
        if !self.is_raw {
            return normalised(scaled, FRAME as usize, true);
        }
        let levels = scaled.as_raw().iter().map(|level| f32::from(*level));
        let (width, height) = scaled.dimensions();
        Tensor::floats(&[height as usize, width as usize, 3], levels.collect())
    }

    fn decode(
        &self,
        decoder: &mut Net,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        let frame = embedding.frame;
        let size = Tensor::floats(&[2], vec![frame.down as f32, frame.across as f32])?;
        let asked = (embedding, prompts);
        let offered = offered(self, decoder, asked, Some(&size), "low_res_masks")?;
        // Of the four masks of SAM 1 the first is for many points, a box counting as two, the others for few.
        let points = prompts.first().map_or(0, |prompt| {
            prompt.points.len() + if prompt.rect.is_some() { 2 } else { 1 }
        });
        let choice = match (offered.each, points > 2) {
            (4, true) => 0..1,
            (4, false) => 1..4,
            (each, _) => 0..each,
        };
        Ok(offered.candidates(choice, frame))
    }
}
