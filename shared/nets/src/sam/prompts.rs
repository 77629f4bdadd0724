//! Prompts as decoders take them, and the masks that they offer.

use anyhow::{Result, ensure};
use onnx::{Contract, Dim, Kind, Net, Tensor};

use super::PROMPTS;
use super::family::{Embedding, Frame, Prompt, Segments};
use super::logits::{Candidate, Logits};

/// The side of the decoder's coarse masks.
pub(super) const SIDE: usize = 256;

/// The labels of points, as the prompt encoder has learnt them.
const BESIDE: f32 = 0.0;
const ON: f32 = 1.0;
const UPPER_LEFT: f32 = 2.0;
const LOWER_RIGHT: f32 = 3.0;
const NONE: f32 = -1.0;

/// One prompt as the decoder takes it.
pub(super) struct Row {
    pub(super) points: Vec<[f32; 2]>,
    pub(super) labels: Vec<f32>,
}

impl Row {
    /// The corners of the box, where there is one, and the points after them. SAM 1 has to be given
    /// a point without meaning where there is no box; SAM 2 adds that by itself.
    fn new(prompt: &Prompt, padded: bool, frame: Frame) -> Self {
        let mut row = Self::clicks(prompt, frame);
        match prompt.rect {
            Some(rect) => {
                row.points.splice(0..0, frame.corners(rect));
                row.labels.splice(0..0, [UPPER_LEFT, LOWER_RIGHT]);
            }
            None if padded => {
                row.points.push([0.0, 0.0]);
                row.labels.push(NONE);
            }
            None => {}
        }
        row
    }

    pub(super) fn clicks(prompt: &Prompt, frame: Frame) -> Self {
        let points = prompt.points.iter();
        Self {
            points: points.clone().map(|point| frame.place(point.at)).collect(),
            labels: points
                .map(|point| if point.inside { ON } else { BESIDE })
                .collect(),
        }
    }
}

/// The inputs and outputs that decoders of SAM 1 and SAM 2 have in common, for which boxes are two points.
pub(super) fn contract() -> Contract {
    use Dim::{Any, Is};
    Contract::new()
        .input("point_coords", Kind::F32, &[Any, Any, Is(2)])
        .input("point_labels", Kind::F32, &[Any, Any])
        .input("mask_input", Kind::F32, &[Any, Is(1), Is(256), Is(256)])
        .input("has_mask_input", Kind::F32, &[Any])
        .output("iou_predictions", Kind::F32, &[Any, Any])
}

/// What such a decoder offers for prompts, under `masks`. `size` is that of the masks, where it asks for
/// one: masks of the image's size would take 8 MB each, of 1080p; coarse ones are enlarged here, one at
/// a time.
pub(super) fn offered(
    family: &dyn Segments,
    decoder: &mut Net,
    (embedding, prompts): (&Embedding, &[Prompt]),
    size: Option<&Tensor>,
    masks: &str,
) -> Result<Offered> {
    let (padded, frame) = (family.is_padded(), embedding.frame);
    let rows = prompts.iter().map(|prompt| Row::new(prompt, padded, frame));
    let rows: Vec<Row> = rows.collect();
    let (count, points) = (rows.len(), rows.first().map_or(0, |row| row.points.len()));
    let coordinates = rows
        .iter()
        .flat_map(|row| row.points.as_flattened())
        .copied();
    let labels = rows.iter().flat_map(|row| &row.labels).copied();
    let coordinates = Tensor::floats(&[count, points, 2], coordinates.collect())?;
    let labels = Tensor::floats(&[count, points], labels.collect())?;
    let mask = Tensor::floats(&[count, 1, SIDE, SIDE], vec![0.0; count * SIDE * SIDE])?;
    // Its axis is called after the prompts, and yet it must be one.
    let has_mask = Tensor::floats(&[1], vec![0.0])?;
    let mut inputs = named(family, embedding);
    inputs.extend([
        ("point_coords", &coordinates),
        ("point_labels", &labels),
        ("mask_input", &mask),
        ("has_mask_input", &has_mask),
    ]);
    inputs.extend(size.map(|size| ("orig_im_size", size)));
    let outputs = decoder.run(&inputs)?;
    Offered::new(outputs.get(masks)?, outputs.get("iou_predictions")?, count)
}

/// The embeddings by the names of the decoder's inputs.
pub(super) fn named<'a>(
    family: &dyn Segments,
    embedding: &'a Embedding,
) -> Vec<(&'static str, &'a Tensor)> {
    let names = family.features().iter().map(|(name, _)| *name);
    names.zip(&embedding.tensors).collect()
}

/// What the decoder gave.
pub(super) struct Offered {
    masks: Vec<f32>,
    ious: Vec<f32>,
    /// Masks for each prompt.
    pub(super) each: usize,
}

impl Offered {
    pub(super) fn new(masks: &Tensor, ious: &Tensor, prompts: usize) -> Result<Self> {
        let shape = masks.shape();
        let count = ious.shape().iter().product::<usize>();
        ensure!(
            shape.ends_with(&[SIDE, SIDE])
                && prompts > 0
                && count > 0
                && count.is_multiple_of(prompts)
                && shape.iter().product::<usize>() == count * SIDE * SIDE
                && count <= 4 * prompts.max(PROMPTS),
            "the decoder gave masks of shape {shape:?} and {count} scores for {prompts} prompts"
        );
        Ok(Self {
            masks: masks.as_floats()?.into_owned(),
            ious: ious.as_floats()?.into_owned(),
            each: count / prompts,
        })
    }

    /// The masks numbered `choice` of every prompt.
    pub(super) fn candidates(
        &self,
        choice: std::ops::Range<usize>,
        frame: Frame,
    ) -> Vec<Vec<Candidate>> {
        let masks = self.masks.chunks_exact(self.each * SIDE * SIDE);
        let of_prompt = |(masks, ious): (&[f32], &[f32])| {
            let offered = masks.chunks_exact(SIDE * SIDE).zip(ious);
            let chosen = offered.skip(choice.start).take(choice.len());
            let candidate = |(values, iou): (&[f32], &f32)| Candidate {
                logits: Logits {
                    values: values.to_vec(),
                    side: SIDE,
                    frame,
                },
                iou: *iou,
            };
            chosen.map(candidate).collect()
        };
        masks
            .zip(self.ious.chunks_exact(self.each))
            .map(of_prompt)
            .collect()
    }
}
