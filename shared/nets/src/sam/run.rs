//! Prompts through the decoder.

use anyhow::{Result, ensure};
use onnx::{Tensor, halving};

use super::{Candidate, Embedding, Frame, Layout, Logits, PROMPTS, Prompt, Segmenter};

/// The side of the decoder's coarse masks.
const SIDE: usize = 256;

/// How far answers to prompts given together may be from those given one by one, in logits.
const SAME: f32 = 1e-3;

/// The labels of points, as the prompt encoder has learnt them.
const BESIDE: f32 = 0.0;
const ON: f32 = 1.0;
const UPPER_LEFT: f32 = 2.0;
const LOWER_RIGHT: f32 = 3.0;
const NONE: f32 = -1.0;

/// One prompt as the decoder takes it.
struct Row {
    points: Vec<[f32; 2]>,
    labels: Vec<f32>,
}

impl Row {
    /// The corners of the box, where there is one, and the points after them. SAM 1 has to be given
    /// a point of no meaning where there is no box; SAM 2 adds that by itself.
    fn new(prompt: &Prompt, layout: Layout, frame: Frame) -> Self {
        let mut row = Self::clicks(prompt, frame);
        match prompt.rectangle {
            Some([left, top, right, bottom]) => {
                let corners = [frame.place([left, top]), frame.place([right, bottom])];
                row.points.splice(0..0, corners);
                row.labels.splice(0..0, [UPPER_LEFT, LOWER_RIGHT]);
            }
            None if layout.is_padded() => {
                row.points.push([0.0, 0.0]);
                row.labels.push(NONE);
            }
            None => {}
        }
        row
    }

    fn clicks(prompt: &Prompt, frame: Frame) -> Self {
        let points = prompt.points.iter();
        Self {
            points: points.clone().map(|point| frame.place(point.at)).collect(),
            labels: points
                .map(|point| if point.inside { ON } else { BESIDE })
                .collect(),
        }
    }
}

impl Segmenter {
    /// Answers prompts of as many points each, all or none with a box.
    pub(super) fn predict_alike(
        &mut self,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        let mut together = self.together;
        let answers = halving(prompts, &mut together, |part| match self.layout {
            Layout::Sam21 => self.predict_by_boxes(embedding, part),
            _ => self.predict_by_points(embedding, part),
        });
        self.together = together;
        answers
    }

    /// SAM 2 of samexporter, and SAM 1: boxes are two points.
    fn predict_by_points(
        &mut self,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        let (layout, frame) = (self.layout, embedding.frame);
        let rows = prompts.iter().map(|prompt| Row::new(prompt, layout, frame));
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
        let mut inputs = named(layout, embedding);
        inputs.extend([
            ("point_coords", &coordinates),
            ("point_labels", &labels),
            ("mask_input", &mask),
            ("has_mask_input", &has_mask),
        ]);
        // Masks of the picture's size would take 8 MB each, of 1080p; coarse ones are enlarged here,
        // one at a time.
        let size = match layout {
            // Their own size, so that they come as they are.
            Layout::Sam2Sized => Some(Tensor::integers(&[2], vec![256; 2])?),
            Layout::Sam1 | Layout::Sam1Raw => Some(Tensor::floats(
                &[2],
                vec![frame.down as f32, frame.across as f32],
            )?),
            _ => None,
        };
        inputs.extend(size.as_ref().map(|size| ("orig_im_size", size)));
        let outputs = self.decoder.run(&inputs)?;
        let masks = if layout.is_padded() {
            "low_res_masks"
        } else {
            "masks"
        };
        let offered = Offered::new(outputs.get(masks)?, outputs.get("iou_predictions")?, count)?;
        // Of the four of SAM 1 the first is for many points, the others for few.
        let choice = match (layout.is_padded() && offered.each == 4, points > 2) {
            (true, true) => 0..1,
            (true, false) => 1..4,
            _ => 0..offered.each,
        };
        Ok(offered.candidates(choice, frame))
    }

    /// SAM 2.1 of `onnx-community`: boxes have an input of their own. Points in boxes go one by one.
    fn predict_by_boxes(
        &mut self,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        let frame = embedding.frame;
        let rows: Vec<Row> = prompts
            .iter()
            .map(|prompt| Row::clicks(prompt, frame))
            .collect();
        let boxes = prompts.iter().filter_map(|prompt| prompt.rectangle);
        let boxes: Vec<f32> = boxes
            .flat_map(|[left, top, right, bottom]| {
                [frame.place([left, top]), frame.place([right, bottom])]
            })
            .flatten()
            .collect();
        let (count, points) = (rows.len(), rows.first().map_or(0, |row| row.points.len()));
        if count > 1 && points > 0 && !boxes.is_empty() {
            let answers = prompts
                .chunks(1)
                .map(|one| self.predict_by_boxes(embedding, one));
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
        let mut inputs = named(self.layout, embedding);
        inputs.extend([
            ("input_points", &coordinates),
            ("input_labels", &labels),
            ("input_boxes", &boxes),
        ]);
        let outputs = self.decoder.run(&inputs)?;
        let offered = Offered::new(
            outputs.get("pred_masks")?,
            outputs.get("iou_scores")?,
            count,
        )?;
        Ok(offered.candidates(0..offered.each, frame))
    }

    /// Whether the decoder answers two prompts at once as it answers each alone. SAM 1's exports
    /// take one only; those of SAM 2 are made for one picture, and answer several by broadcasting.
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
        let shapes = self.layout.embedding_shapes().iter();
        let tensors: Result<_> = shapes
            .map(|shape| {
                let wave = (0..shape.iter().product()).map(|at: usize| (at as f32 * 0.37).sin());
                Tensor::floats(*shape, wave.collect())
            })
            .collect();
        let embedding = Embedding {
            tensors: tensors?,
            frame: Frame::new(self.layout, 100, 100),
        };
        let prompts = [[10.0, 20.0, 60.0, 90.0], [30.0, 5.0, 95.0, 40.0]].map(Prompt::of_box);
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
            log::debug!("the decoder answers two prompts otherwise than each alone, by {farthest}");
        }
        Ok(farthest < SAME)
    }
}

/// The embeddings by the names of the decoder's inputs.
fn named(layout: Layout, embedding: &Embedding) -> Vec<(&'static str, &Tensor)> {
    let names = layout.embeddings().iter().copied();
    names.zip(&embedding.tensors).collect()
}

/// What the decoder gave.
struct Offered {
    masks: Vec<f32>,
    ious: Vec<f32>,
    /// Masks for each prompt.
    each: usize,
}

impl Offered {
    fn new(masks: &Tensor, ious: &Tensor, prompts: usize) -> Result<Self> {
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
    fn candidates(&self, choice: std::ops::Range<usize>, frame: Frame) -> Vec<Vec<Candidate>> {
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
