//! SAM 2.1 as in the `onnx-community` repositories: `pixel_values` in, boxes by an input of their own.

use anyhow::Result;
use onnx::Dim::{Any, Is};
use onnx::{Contract, Kind, Net, Port, Tensor};

use super::family::{Embedding, Feature, Prompt, Segments};
use super::logits::Candidate;
use super::prompts::{Offered, Row, named};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// SAM 2.1.
#[derive(Debug)]
pub(super) struct Sam21;

impl Segments for Sam21 {
    fn encoder(&self) -> Contract {
        Contract::new().input("pixel_values", Kind::F32, &[Any, Is(3), Is(1024), Is(1024)])
    }

    fn decoder(&self) -> Contract {
        Contract::new()
            .input("input_points", Kind::F32, &[Any, Any, Any, Is(2)])
            .input("input_labels", Kind::I64, &[Any, Any, Any])
            .input("input_boxes", Kind::F32, &[Any, Any, Is(4)])
            .output("iou_scores", Kind::F32, &[Any, Any, Any])
            .output("pred_masks", Kind::F32, &[Any, Any, Any, Any, Any])
    }

    fn recognises(&self, _: &[Port], decoder: &[Port]) -> bool {
        decoder.iter().any(|port| port.name == "input_boxes")
    }

    fn features(&self) -> &'static [Feature] {
        &[
            ("image_embeddings.0", &[Any, Is(32), Is(256), Is(256)]),
            ("image_embeddings.1", &[Any, Is(64), Is(128), Is(128)]),
            ("image_embeddings.2", &[Any, Is(256), Is(64), Is(64)]),
        ]
    }

    // Points in boxes go one by one.
    fn decode(
        &self,
        decoder: &mut Net,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        let frame = embedding.frame;
        let rows: Vec<Row> = prompts
            .iter()
            .map(|prompt| Row::clicks(prompt, frame))
            .collect();
        let boxes = prompts.iter().filter_map(|prompt| prompt.rect);
        let boxes: Vec<f32> = boxes
            .flat_map(|rect| frame.corners(rect))
            .flatten()
            .collect();
        let (count, points) = (rows.len(), rows.first().map_or(0, |row| row.points.len()));
        if count > 1 && points > 0 && !boxes.is_empty() {
            let answers = prompts
                .chunks(1)
                .map(|one| self.decode(decoder, embedding, one));
            return Ok(answers.collect::<Result<Vec<_>>>()?.concat());
        }
        let coordinates = rows
            .iter()
            .flat_map(|row| row.points.as_flattened())
            .copied();
        let labels = rows
            .iter()
            .flat_map(|row| &row.labels)
            .map(|label| *label as i64);
        // Boxes without points are said by one row of no points, and as many rows of no labels.
        let point_rows = if points == 0 { 1 } else { count };
        let coordinates = Tensor::floats(&[1, point_rows, points, 2], coordinates.collect())?;
        let labels = Tensor::integers(&[1, count, points], labels.collect())?;
        let boxes = Tensor::floats(&[1, boxes.len() / 4, 4], boxes)?;
        let mut inputs = named(self, embedding);
        inputs.extend([
            ("input_points", &coordinates),
            ("input_labels", &labels),
            ("input_boxes", &boxes),
        ]);
        let outputs = decoder.run(&inputs)?;
        let offered = Offered::new(
            outputs.get("pred_masks")?,
            outputs.get("iou_scores")?,
            count,
        )?;
        Ok(offered.candidates(0..offered.each, frame))
    }
}
