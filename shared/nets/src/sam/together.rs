//! Prompts through the decoder, as many together as it answers like one.

use anyhow::Result;
use onnx::{Dim, Tensor, halving};

use super::{Candidate, Embedding, Frame, PROMPTS, Prompt, Segmenter};

/// How far answers to prompts given together may be from those given one by one, in logits.
const SAME: f32 = 1e-3;

impl Segmenter {
    /// Answers prompts of as many points each, all or none with a box.
    pub(super) fn predict_alike(
        &mut self,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        halving(prompts, &mut self.together, |part| {
            self.layout.decode(&mut self.decoder, embedding, part)
        })
    }

    /// Whether the decoder answers two prompts at once as it answers each alone. SAM 1's exports
    /// take one only; those of SAM 2 are made for one image, and answer several by broadcasting.
    pub(super) fn answers_together(&mut self) -> bool {
        if self.layout.is_padded() {
            return false;
        }
        let tried = self.try_together();
        if let Err(error) = &tried {
            log::debug!("the decoder takes one prompt at a time: {error:#}");
        }
        tried.unwrap_or(false)
    }

    fn try_together(&mut self) -> Result<bool> {
        let shapes = self.layout.features().iter();
        let tensors: Result<_> = shapes
            .map(|(_, shape)| {
                let shape: Vec<usize> = { shape.iter() }
                    .map(|size| if let Dim::Is(size) = size { *size } else { 1 })
                    .collect();
                let wave = (0..shape.iter().product()).map(|at: usize| (at as f32 * 0.37).sin());
                Tensor::floats(&shape, wave.collect())
            })
            .collect();
        let embedding = Embedding {
            tensors: tensors?,
            frame: Frame::new(self.layout.is_padded(), 100, 100),
        };
        let boxes = [[10.0, 20.0, 60.0, 90.0], [30.0, 5.0, 95.0, 40.0]];
        let prompts = boxes.map(|edges| Prompt::of_box(edges.into()));
        self.together = PROMPTS;
        let both = self.predict_alike(&embedding, &prompts);
        self.together = 1;
        let alone = self.predict_alike(&embedding, &prompts)?;
        let pairs = both?.into_iter().flatten().zip(alone.into_iter().flatten());
        let mut farthest: f32 = 0.0;
        for (both, alone) in pairs {
            let values = both.logits.values.iter().zip(&alone.logits.values);
            let values = values.chain([(&both.iou, &alone.iou)]);
            farthest = values.fold(farthest, |most, (a, b)| most.max((a - b).abs()));
        }
        if farthest >= SAME {
            log::debug!(
                "the decoder answers two prompts together differently than each alone, by {farthest}"
            );
        }
        Ok(farthest < SAME)
    }
}
