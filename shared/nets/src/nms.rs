//! Non-maximum suppression: of boxes that lie over each other, the one with the highest score.

use vision::Rect;

/// How the area of a box is counted. References differ, and boxes of a few pixels show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// `(x1 - x0 + 1) * (y1 - y0 + 1)`: rtmlib, Megvii's YOLOX, insightface, `RetinaFace`.
    PlusOne,
    /// `(x1 - x0) * (y1 - y0)`: torchvision, `OpenCV`.
    Plain,
}

impl Area {
    /// Intersection over union of two boxes; 0 where neither has an area.
    pub fn iou(self, first: Rect<f32>, second: Rect<f32>) -> f32 {
        match self {
            Self::PlusOne => first.iou_of_pixels(second),
            Self::Plain => first.iou(second),
        }
    }
}

/// Which boxes remain when of any two whose overlap is over `threshold` only the one with the
/// higher score does: their places, by descending score; of equal scores the first comes first.
///
/// A score that is not a number goes last.
///
/// ```
/// use nets::nms::{Area, nms};
/// let boxes = [[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 11.0, 10.0], [50.0, 0.0, 60.0, 10.0]];
/// let boxes = boxes.map(vision::Rect::from);
/// assert_eq!(nms(&boxes, &[0.5, 0.9, 0.7], 0.5, Area::Plain), [1, 2]);
/// ```
pub fn nms(boxes: &[Rect<f32>], scores: &[f32], threshold: f32, area: Area) -> Vec<usize> {
    let mut waiting: Vec<usize> = (0..boxes.len().min(scores.len())).collect();
    let key = |place: &usize| {
        let score = scores[*place];
        if score.is_nan() {
            f32::NEG_INFINITY
        } else {
            score
        }
    };
    waiting.sort_by(|a, b| key(b).total_cmp(&key(a)));
    let mut kept: Vec<usize> = Vec::new();
    for place in waiting {
        let covered = kept
            .iter()
            .any(|other| area.iou(boxes[*other], boxes[place]) > threshold);
        if !covered {
            kept.push(place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_counted_in_two_ways() {
        let [first, second] = [[0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 2.0, 1.0]].map(Rect::from);
        // Two boxes of 2 x 2 pixels with one column in common: 2 of 6.
        assert!((Area::PlusOne.iou(first, second) - 1.0 / 3.0).abs() < 1e-6);
        assert!(Area::Plain.iou(first, second).abs() < 1e-6);
    }

    #[test]
    fn an_overlap_of_just_the_threshold_is_kept() {
        let boxes = [[0.0, 0.0, 3.0, 1.0], [1.0, 0.0, 4.0, 1.0]].map(Rect::from);
        // 2 of 4.
        assert_eq!(nms(&boxes, &[0.9, 0.8], 0.5, Area::Plain), [0, 1]);
        assert_eq!(nms(&boxes, &[0.9, 0.8], 0.49, Area::Plain), [0]);
    }

    #[test]
    fn equal_scores_keep_their_order() {
        let boxes: Vec<_> = (0_u8..5)
            .map(|i| [f32::from(i) * 9.0, 0.0, f32::from(i) * 9.0 + 4.0, 4.0].into())
            .collect();
        assert_eq!(
            nms(&boxes, &[0.5, 0.7, 0.5, f32::NAN, 0.7], 0.5, Area::PlusOne),
            [1, 4, 0, 2, 3]
        );
    }

    #[test]
    fn a_box_that_is_gone_covers_no_other() {
        // Each covers the next one only.
        let boxes = [
            [0.0, 0.0, 10.0, 10.0],
            [4.0, 0.0, 14.0, 10.0],
            [8.0, 0.0, 18.0, 10.0],
        ]
        .map(Rect::from);
        assert_eq!(nms(&boxes, &[0.9, 0.8, 0.7], 0.4, Area::Plain), [0, 2]);
    }
}
