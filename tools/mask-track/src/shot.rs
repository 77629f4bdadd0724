//! The frames of a shot, and the tracks through them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stage::{Context, Result};
use vision::mask::Rle;
use vision::{Rect, RgbImage, decode};

/// A frame of a shot.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Seconds from the start of the film.
    pub(crate) time: f64,
    pub(crate) path: PathBuf,
    pub(crate) size: (u32, u32),
    /// Whether a detector has looked at it.
    pub(crate) is_searched: bool,
    pub(crate) things: Vec<Thing>,
}

impl Frame {
    /// The image.
    pub(crate) fn image(&self) -> Result<RgbImage> {
        decode::rgb(&self.path).with_context(|| self.path.display().to_string())
    }
}

/// Something that was detected in a frame.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    /// Its place in `masks`, or in `boxes`.
    pub(crate) index: usize,
    pub(crate) rect: Rect<f64>,
    /// How sure the detector is, 0 to 1.
    pub(crate) score: f64,
    /// The predicted quality of its mask, 0 to 1.
    pub(crate) quality: Option<f64>,
    /// The detector's class.
    pub(crate) label: Option<String>,
    pub(crate) mask: Option<Rle>,
}

impl Thing {
    /// How much of it is where a track is, intersection over union: of the masks, or of the boxes where it has no mask.
    pub(crate) fn iou(&self, place: &Place) -> f64 {
        match &self.mask {
            Some(mask) => mask.iou(&place.mask).unwrap_or(0.0),
            None => { place.rect() }.map_or(0.0, |rect| self.rect.iou(rect)),
        }
    }
}

/// A character through a shot: where it is, by the number of the frame in the shot.
pub(crate) type Track = BTreeMap<usize, Place>;

/// A character in one frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// What was detected there, by its place among the frame's things; `None` where the track alone says
    /// that it is there.
    pub(crate) thing: Option<usize>,
    pub(crate) mask: Rle,
    /// Whether the mask is another than the one that came with the record.
    pub(crate) is_new: bool,
    /// The predicted quality of the mask, 0 to 1.
    pub(crate) quality: Option<f64>,
}

impl Place {
    /// The box of its mask.
    pub(crate) fn rect(&self) -> Option<Rect<f64>> {
        Some(self.mask.bounding_box()?.map(f64::from))
    }
}

/// How a box lies at `time` that is `before` and `after` at times of their own: edges move evenly.
pub(crate) fn between(
    (time, first): (f64, Rect<f64>),
    (later, second): (f64, Rect<f64>),
    now: f64,
) -> Rect<f64> {
    let share = (now - time) / (later - time).max(1e-6);
    let (a, b) = (first.edges(), second.edges());
    let edge = |at: usize| a[at] + (b[at] - a[at]) * share;
    Rect::from([0, 1, 2, 3].map(edge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_between_two_moves_evenly_and_goes_on_beyond_them() {
        let (first, second) = (
            Rect::from([0.0, 0.0, 10.0, 20.0]),
            Rect::from([8.0, 4.0, 20.0, 20.0]),
        );
        let at = |now| between((1.0, first), (2.0, second), now);
        assert_eq!(at(1.25), Rect::from([2.0, 1.0, 12.5, 20.0]));
        assert_eq!(at(3.0), Rect::from([16.0, 8.0, 30.0, 20.0]));
    }
}
