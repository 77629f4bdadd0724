//! How much two places in a frame overlap.

use vision::Rect;
use vision::mask::Rle;

/// Where an instance is in its frame.
#[derive(Debug, Clone)]
pub(crate) enum Outline {
    /// Its box.
    Box(Rect<f64>),
    /// The mask, of the frame's size.
    Mask(Rle),
}

impl Outline {
    /// Intersection over union, 0 to 1. Two masks of one size are compared by pixels; others by
    /// boxes, and 0 where one has none.
    pub(crate) fn iou(&self, other: &Self) -> f64 {
        if let (Self::Mask(a), Self::Mask(b)) = (self, other)
            && let Ok(iou) = a.iou(b)
        {
            return iou;
        }
        match (self.rect(), other.rect()) {
            (Some(a), Some(b)) => a.iou(b),
            _ => 0.0,
        }
    }

    fn rect(&self) -> Option<Rect<f64>> {
        match self {
            Self::Box(rect) => Some(*rect),
            Self::Mask(runs) => Some(runs.bounding_box()?.map(f64::from)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use vision::mask::Mask;

    #[test]
    fn a_mask_meets_a_box_by_its_own() {
        let mask = Mask::from_fn(9, 9, |x, y| x < 4 && y < 4).unwrap();
        let half = Outline::Box(Rect::from([0.0, 0.0, 4.0, 2.0]));
        assert!((Outline::Mask(Rle::encode(&mask)).iou(&half) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn masks_of_other_sizes_meet_by_their_boxes() {
        let corner = |x, y| x < 2 && y < 2;
        let [small, large] = [4, 8].map(|side| Mask::from_fn(side, side, corner).unwrap());
        let [small, large] = [small, large].map(|mask| Outline::Mask(Rle::encode(&mask)));
        assert!((small.iou(&large) - 1.0).abs() < 1e-12);
    }
}
