//! RT-DETR and D-FINE: a fixed number of queries, each with a box and a score for every class.
//!
//! | file | takes | gives |
//! |---|---|---|
//! | onnx-community's `rtdetr_*`, `dfine_*` (`onnx/model.onnx`) | `pixel_values` f32\[N,3,640,640\] | `logits` f32\[N,300,80\], `pred_boxes` f32\[N,300,4\] |
//!
//! Pixels are RGB, 0 to 1; the image is squashed into the input. The reference is
//! `RTDetrImageProcessor` of transformers, with its `post_process_object_detection`.

use anyhow::{Result, ensure};
use onnx::{Contract, Dim, Kind, Outputs, Port};
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

use super::family::{Asked, Candidate, Detects, View, part};
use crate::family::Graph;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// RT-DETR and D-FINE.
#[derive(Debug)]
pub(super) struct Detr;

impl Graph for Detr {
    fn contract(&self) -> Contract {
        Contract::new()
            .output("logits", Kind::F32, &[Dim::Any, Dim::Any, Dim::Any])
            .output("pred_boxes", Kind::F32, &[Dim::Any, Dim::Any, Dim::Is(4)])
    }
}

impl Detects for Detr {
    fn classes(&self, outputs: &[Port]) -> Option<usize> {
        let logits = outputs.iter().find(|port| port.name == "logits")?;
        logits.shape.last().copied().flatten()
    }

    // The image is squashed: its aspect is ignored.
    fn prepare(&self, image: &RgbImage, (width, height): (u32, u32)) -> Result<View> {
        let squashed = pil(image, width, height, PilFilter::Bilinear)?;
        Ok(View {
            numbers: planes(&squashed, Order::Rgb, [0.0; 3], [255.0; 3]),
            scale: [
                f64::from(image.width()) / f64::from(width),
                f64::from(image.height()) / f64::from(height),
            ],
        })
    }

    fn decode(
        &self,
        outputs: &Outputs,
        place: usize,
        view: &View,
        asked: &Asked<'_>,
    ) -> Result<Vec<Candidate>> {
        let (logits, boxes) = (outputs.get("logits")?, outputs.get("pred_boxes")?);
        let (all_logits, all_boxes) = (logits.as_floats()?, boxes.as_floats()?);
        let own = part(&all_logits, &logits.shape(), place)?;
        let rows = part(&all_boxes, &boxes.shape(), place)?;
        let found = decode(own, rows, asked.size, asked.threshold, asked.wanted)?;
        Ok(view.places(found))
    }
}

/// The boxes over `threshold`, in pixels of an input of `width` x `height`, by descending score.
///
/// As many of the highest scores as there are queries count, whatever their query and class, so
/// that one query may give several; nothing is suppressed.
fn decode(
    logits: &[f32],
    boxes: &[f32],
    (width, height): (u32, u32),
    threshold: f32,
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<Candidate>> {
    let queries = boxes.len() / 4;
    ensure!(
        queries > 0 && logits.len().is_multiple_of(queries),
        "{} logits do not match {queries} boxes",
        logits.len()
    );
    let classes = logits.len() / queries;
    let score = |place: usize| 1.0 / (1.0 + (-logits[place]).exp());
    let mut best: Vec<usize> = (0..logits.len())
        .filter(|place| score(*place) > threshold)
        .collect();
    best.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    best.truncate(queries);
    let (width, height) = (width as f32, height as f32);
    let candidate = |place: usize| {
        let row = &boxes[place / classes * 4..][..4];
        let (half_width, half_height) = (0.5 * row[2], 0.5 * row[3]);
        Candidate {
            rect: Rect {
                left: (row[0] - half_width) * width,
                top: (row[1] - half_height) * height,
                right: (row[0] + half_width) * width,
                bottom: (row[1] + half_height) * height,
            },
            score: score(place),
            class: place % classes,
        }
    };
    let found = best.into_iter().map(candidate);
    Ok(found.filter(|candidate| wanted(candidate.class)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn as_many_scores_as_queries_count() {
        // Two queries of two classes: the first query holds both of the highest scores.
        let logits = [2.0, 1.0, 0.5, -3.0];
        let boxes = [0.5, 0.5, 0.5, 1.0, 0.25, 0.5, 0.1, 0.1];
        let found = decode(&logits, &boxes, (200, 100), 0.0, |_| true).unwrap();
        let classes: Vec<_> = found.iter().map(|found| found.class).collect();
        assert_eq!(classes, [0, 1]);
        for found in &found {
            for (edge, expected) in found.rect.edges().iter().zip([50.0, 0.0, 150.0, 100.0]) {
                assert!((edge - expected).abs() < 1e-4, "{found:?}");
            }
        }
        // 1 / (1 + e^-2)
        assert!((found[0].score - 0.880_797).abs() < 1e-6);
        let one = decode(&logits, &boxes, (200, 100), 0.0, |class| class == 1).unwrap();
        assert_eq!(one.len(), 1, "classes are chosen after the best are");
        assert!(decode(&logits[..3], &boxes, (8, 8), 0.5, |_| true).is_err());
    }
}
