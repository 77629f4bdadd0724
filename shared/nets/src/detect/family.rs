//! What a family of detectors is: what it makes of an image, and of what its graph gives.

use anyhow::{Context, Result};
use onnx::{Outputs, Port};
use vision::{Rect, RgbImage};

use crate::family::Graph;
use crate::nms::{Area, nms};

/// One image, ready to go in.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Shape `[3, height, width]`.
    pub(super) numbers: Vec<f32>,
    /// Pixels of the image for one of the input, across and down.
    pub(super) scale: [f64; 2],
}

/// A box that a network gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Where it is; may reach beyond the image.
    pub(super) rect: Rect<f32>,
    /// 0 to 1.
    pub(super) score: f32,
    /// The number of its class.
    pub(super) class: usize,
}

/// What is asked of the outputs of a run.
pub struct Asked<'a> {
    /// Width and height of the input, pixels.
    pub(super) size: (u32, u32),
    /// A box has a score over this, 0 to 1.
    pub(super) threshold: f32,
    /// Of two boxes of a class that overlap by more, the better one counts.
    pub(super) nms: f32,
    /// Whether a class is asked for.
    pub(super) wanted: &'a dyn Fn(usize) -> bool,
}

/// A family of detectors.
pub trait Detects: Graph {
    /// How many classes a graph says that it has, by what it gives.
    fn classes(&self, outputs: &[Port]) -> Option<usize>;

    /// From an image, or a part of one, to the numbers of an input of this width and height.
    fn prepare(&self, image: &RgbImage, size: (u32, u32)) -> Result<View>;

    /// The boxes that the outputs have for the view at `place` of its batch, in pixels of the image that
    /// the view was made of.
    fn decode(
        &self,
        outputs: &Outputs,
        place: usize,
        view: &View,
        asked: &Asked<'_>,
    ) -> Result<Vec<Candidate>>;
}

impl View {
    /// Boxes in pixels of the input, in pixels of the image.
    pub(super) fn places(&self, mut found: Vec<Candidate>) -> Vec<Candidate> {
        let [across, down] = self.scale.map(|scale| scale as f32);
        for Candidate { rect, .. } in &mut found {
            *rect = rect.scale(across, down);
        }
        found
    }
}

/// The numbers of one image of a batch.
pub(super) fn part<'a, T>(numbers: &'a [T], shape: &[usize], place: usize) -> Result<&'a [T]> {
    let size: usize = shape.iter().skip(1).product();
    let own = numbers.get(place * size..(place + 1) * size);
    own.context("the network returned fewer answers than it got images")
}

/// Suppresses boxes of one class by each other, class by class.
pub(super) fn suppress(found: &[Candidate], threshold: f32) -> Vec<Candidate> {
    let mut classes: Vec<usize> = found.iter().map(|found| found.class).collect();
    classes.sort_unstable();
    classes.dedup();
    let mut kept = Vec::new();
    for class in classes {
        let own: Vec<&Candidate> = found.iter().filter(|found| found.class == class).collect();
        let boxes: Vec<_> = own.iter().map(|found| found.rect).collect();
        let scores: Vec<_> = own.iter().map(|found| found.score).collect();
        let best = nms(&boxes, &scores, threshold, Area::PlusOne);
        kept.extend(best.into_iter().map(|place| *own[place]));
    }
    kept
}
