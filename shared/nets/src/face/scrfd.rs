//! SCRFD (Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021),
//! the detector of insightface. Its published weights are for non-commercial research only.
//!
//! Reads `det_10g.onnx`, `det_500m.onnx`, `scrfd_500m_bnkps.onnx` and their kin with any names: six
//! outputs, or nine with landmarks, told apart by their last axis (1 scores, 4 boxes, 10 landmarks)
//! and their length. Processing as in insightface's `scrfd.py` at 7fadd42.

use anyhow::{Result, ensure};
use onnx::{Outputs, Port};
use vision::{Rect, RgbImage};

use super::family::{Detects, Face, Input, suppress};
use crate::family::{Graph, ending_in};
use crate::letterbox::placed;
use crate::nms::Area;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// The steps of its three grids, in pixels.
pub const STRIDES: [usize; 3] = [8, 16, 32];

/// Anchors in each cell.
pub const ANCHORS: usize = 2;

/// Overlap above which the weaker of two faces goes.
pub const OVERLAP: f32 = 0.4;

/// SCRFD.
#[derive(Debug)]
pub(super) struct Scrfd;

impl Graph for Scrfd {
    fn recognises(&self, _: &[Port], outputs: &[Port]) -> bool {
        matches!(outputs.len(), 6 | 9)
            && [1, 4]
                .iter()
                .all(|columns| ending_in(outputs, *columns) == 3)
    }
}

impl Detects for Scrfd {
    // Scales `image` into a square of `longest`, or into `fixed`; the rest is black.
    fn prepare(&self, image: &RgbImage, longest: u32, fixed: Option<[u32; 2]>) -> Result<Input> {
        let (width, height) = image.dimensions();
        let most = fixed.map_or([longest; 2], |canvas| {
            canvas.map(|length| length.min(longest))
        });
        let ratio = f64::from(height) / f64::from(width);
        let size = if ratio > f64::from(most[1]) / f64::from(most[0]) {
            [(f64::from(most[1]) / ratio) as u32, most[1]]
        } else {
            [most[0], (f64::from(most[0]) * ratio) as u32]
        };
        let size = size.map(|length| length.max(1));
        let canvas = fixed.unwrap_or(most);
        let image = placed(image, size, canvas, 0)?;
        // The reference takes the vertical scale for both.
        let scale = size[1] as f32 / height as f32;
        Ok(Input {
            numbers: planes(&image, Order::Rgb, [127.5; 3], [128.0; 3]),
            size: canvas.map(|length| length as usize),
            scale: [scale; 2],
        })
    }

    fn decode(&self, outputs: &Outputs, size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
        let mut sorted = Vec::new();
        for (_, tensor) in outputs.iter() {
            let columns = tensor.shape().last().copied().unwrap_or(0);
            sorted.push((columns, tensor.as_floats()?));
        }
        // The finest grid is the longest.
        sorted.sort_by_key(|(columns, floats)| (*columns, usize::MAX - floats.len()));
        let columns: Vec<_> = sorted.iter().map(|(columns, _)| *columns).collect();
        let points = columns == [1, 1, 1, 4, 4, 4, 10, 10, 10];
        ensure!(
            points || columns == [1, 1, 1, 4, 4, 4],
            "outputs of {columns:?} columns instead of three of 1, three of 4 and perhaps three of 10"
        );
        let grid = |number: usize| Grid {
            scores: &sorted[number].1,
            boxes: &sorted[3 + number].1,
            points: points.then(|| &*sorted[6 + number].1),
        };
        decode(&[grid(0), grid(1), grid(2)], size, threshold)
    }
}

/// One grid's answer: `n` anchors, two to a cell, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    /// How sure, `n`.
    pub scores: &'a [f32],
    /// Distances to the left, top, right and bottom, in cells, `n` x 4.
    pub boxes: &'a [f32],
    /// Shifts of the landmarks, in cells, `n` x 10, if it gives any.
    pub points: Option<&'a [f32]>,
}

/// The faces of three grids over columns x rows pixels of the network's input.
pub fn decode(grids: &[Grid<'_>; 3], size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
    let mut faces = Vec::new();
    for (grid, stride) in grids.iter().zip(STRIDES) {
        let [columns, rows] = size.map(|length| length / stride);
        let count = columns * rows * ANCHORS;
        ensure!(
            grid.scores.len() == count
                && grid.boxes.len() == 4 * count
                && grid.points.is_none_or(|points| points.len() == 10 * count),
            "the network gave {} anchors of {stride} px instead of {count}",
            grid.scores.len()
        );
        let found = (0..count).filter(|anchor| grid.scores[*anchor] >= threshold);
        faces.extend(found.map(|anchor| face(grid, anchor, columns, stride)));
    }
    Ok(suppress(faces, OVERLAP, Area::PlusOne))
}

fn face(grid: &Grid<'_>, anchor: usize, columns: usize, stride: usize) -> Face {
    let cell = anchor / ANCHORS;
    let step = stride as f32;
    let (x, y) = ((cell % columns) as f32, (cell / columns) as f32);
    let far = &grid.boxes[4 * anchor..4 * anchor + 4];
    let landmarks = grid.points.map(|points| {
        let shifts = &points[10 * anchor..10 * anchor + 10];
        std::array::from_fn(|point| {
            [
                (x + shifts[2 * point]) * step,
                (y + shifts[2 * point + 1]) * step,
            ]
        })
    });
    Face {
        rect: Rect {
            left: (x - far[0]) * step,
            top: (y - far[1]) * step,
            right: (x + far[2]) * step,
            bottom: (y + far[3]) * step,
        },
        score: grid.scores[anchor],
        landmarks,
    }
}
