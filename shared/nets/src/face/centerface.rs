//! `CenterFace` (Xu et al., "`CenterFace`: Joint Face Detection and Alignment Using Face as Point",
//! 2019).
//!
//! Reads `centerface.onnx` of Star-Clouds/CenterFace where its input is open: outputs `537` (heat),
//! `538` (height and width), `539` (offsets), `540` (landmarks) at a quarter of the input's size.
//! Processing as in that repository's `centerface.py`: RGB, 0 to 255, both sides stretched to
//! multiples of 32.

use anyhow::{Result, ensure};
use onnx::{Contract, Dim, Kind, Outputs};
use vision::{Rect, RgbImage};

use super::family::{Detects, Face, Input, Landmarks, suppress};
use crate::family::Graph;
use crate::nms::Area;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// The step of its grid, in pixels.
pub const STRIDE: f32 = 4.0;

/// Overlap above which the weaker of two faces goes.
pub const OVERLAP: f32 = 0.3;

/// `CenterFace`.
#[derive(Debug)]
pub(super) struct CenterFace;

impl Graph for CenterFace {
    // The input has had several names.
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .output("537", Kind::F32, &[Any, Is(1), Any, Any])
            .output("538", Kind::F32, &[Any, Is(2), Any, Any])
            .output("539", Kind::F32, &[Any, Is(2), Any, Any])
            .output("540", Kind::F32, &[Any, Is(10), Any, Any])
    }
}

impl Detects for CenterFace {
    // Stretches `image` to a long side of about `longest` and multiples of 32, or to `fixed`.
    fn prepare(&self, image: &RgbImage, longest: u32, fixed: Option<[u32; 2]>) -> Result<Input> {
        let (width, height) = image.dimensions();
        let scale = f64::from(longest) / f64::from(width.max(height));
        let length =
            |own: u32| ((f64::from(own) * scale).ceil().max(1.0) as u32).next_multiple_of(32);
        let size = fixed.unwrap_or_else(|| [length(width), length(height)]);
        let small = vision::resize::opencv_linear(image, size[0], size[1])?;
        Ok(Input {
            numbers: planes(&small, Order::Rgb, [0.0; 3], [1.0; 3]),
            size: size.map(|length| length as usize),
            scale: [
                size[0] as f32 / width as f32,
                size[1] as f32 / height as f32,
            ],
        })
    }

    fn decode(&self, outputs: &Outputs, size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
        let heat = outputs.get("537")?;
        let columns = heat.shape().last().copied().unwrap_or(0);
        let maps = Maps {
            columns,
            heat: &heat.as_floats()?,
            size: &outputs.get("538")?.as_floats()?,
            offset: &outputs.get("539")?.as_floats()?,
            points: &outputs.get("540")?.as_floats()?,
        };
        decode(&maps, size, threshold)
    }
}

/// What it gives, over a grid of `columns`, channel by channel.
#[derive(Debug, Clone, Copy)]
pub struct Maps<'a> {
    /// Cells in a row.
    pub columns: usize,
    /// How sure, 1 channel.
    pub heat: &'a [f32],
    /// Logarithms of height and width, in cells, 2 channels.
    pub size: &'a [f32],
    /// Shifts down and across, in cells, 2 channels.
    pub offset: &'a [f32],
    /// Landmarks as shares of the box, y and x of each, 10 channels.
    pub points: &'a [f32],
}

/// The faces of the maps, in pixels of the network's input of columns and rows.
pub fn decode(maps: &Maps<'_>, size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
    let cells = maps.heat.len();
    ensure!(
        maps.columns > 0
            && maps.size.len() == 2 * cells
            && maps.offset.len() == 2 * cells
            && maps.points.len() == 10 * cells,
        "maps of {cells}, {}, {} and {} numbers do not match",
        maps.size.len(),
        maps.offset.len(),
        maps.points.len()
    );
    let most = size.map(|length| length as f32);
    let hot = (0..cells).filter(|cell| maps.heat[*cell] > threshold);
    let faces = hot.map(|cell| {
        let of = |map: &[f32], channel: usize| map[channel * cells + cell];
        let (column, row) = ((cell % maps.columns) as f32, (cell / maps.columns) as f32);
        let height = of(maps.size, 0).exp() * STRIDE;
        let width = of(maps.size, 1).exp() * STRIDE;
        let left = (column + of(maps.offset, 1) + 0.5) * STRIDE - width / 2.0;
        let top = (row + of(maps.offset, 0) + 0.5) * STRIDE - height / 2.0;
        // The reference moves a box that begins outside into the image, its size unchanged.
        let (left, top) = (left.max(0.0).min(most[0]), top.max(0.0).min(most[1]));
        let landmarks: Landmarks = std::array::from_fn(|point| {
            [
                of(maps.points, 2 * point + 1) * width + left,
                of(maps.points, 2 * point) * height + top,
            ]
        });
        Face {
            rect: Rect {
                left,
                top,
                right: (left + width).min(most[0]),
                bottom: (top + height).min(most[1]),
            },
            score: maps.heat[cell],
            landmarks: Some(landmarks),
        }
    });
    Ok(suppress(faces.collect(), OVERLAP, Area::PlusOne))
}
