//! Face and head detectors of the `YOLOv8` kind, such as `deepghs/anime_face_detection` and
//! `anime_head_detection`. Those were trained with Ultralytics' code, whose licence (AGPL-3.0) its
//! vendor extends to trained weights.
//!
//! Reads `images` -> `output0`, either raw, [1, 4 + classes, n] (centre and size in pixels of the
//! input, scores), with 20 rows one class and five landmarks of x, y and score; or with the
//! suppression inside, [1, n, 6] (corners, score, class). Processing as in deepghs/imgutils: RGB
//! from 0 to 1, squeezed into a fixed size, or, where the graph takes any, shrunk to the wanted long
//! side and each side rounded up to a multiple of 32.

use anyhow::{Result, bail};
use onnx::{Contract, Dim, Kind, Outputs};
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

use super::family::{Detects, Face, Input, suppress};
use crate::family::Graph;
use crate::nms::Area;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Overlap above which the weaker of two faces goes.
pub const OVERLAP: f32 = 0.7;

/// Rows of an answer with landmarks: box, score, five of x, y and score.
const WITH_POINTS: usize = 20;

/// `YOLOv8` and its kin.
#[derive(Debug)]
pub(super) struct YoloFace;

impl Graph for YoloFace {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("images", Kind::F32, &[Any, Is(3), Any, Any])
            .output("output0", Kind::F32, &[Any, Any, Any])
    }
}

impl Detects for YoloFace {
    fn has_scales(&self, fixed: Option<[u32; 2]>) -> bool {
        fixed.is_none()
    }

    // Resizes `image` to `fixed`, or to at most `longest` and multiples of 32.
    fn prepare(&self, image: &RgbImage, longest: u32, fixed: Option<[u32; 2]>) -> Result<Input> {
        let (width, height) = image.dimensions();
        let shrink = (f64::from(longest) / f64::from(width.max(height))).min(1.0);
        let length = |own: u32| ((f64::from(own) * shrink).ceil() as u32).next_multiple_of(32);
        let size = fixed.unwrap_or_else(|| [length(width), length(height)]);
        let small = pil(image, size[0], size[1], PilFilter::Bicubic)?;
        Ok(Input {
            numbers: planes(&small, Order::Rgb, [0.0; 3], [255.0; 3]),
            size: size.map(|length| length as usize),
            scale: [
                size[0] as f32 / width as f32,
                size[1] as f32 / height as f32,
            ],
        })
    }

    fn decode(&self, outputs: &Outputs, _: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
        let tensor = outputs.get("output0")?;
        let numbers = tensor.as_floats()?;
        match tensor.shape()[..] {
            [1, _, 6] => Ok(decode_suppressed(&numbers, threshold)),
            [1, rows, _] if rows > 4 => Ok(decode(&numbers, rows, threshold)),
            ref other => bail!("`output0` has the shape {other:?}, which is not a list of faces"),
        }
    }
}

/// The faces of a raw answer of `rows` x n numbers.
pub fn decode(numbers: &[f32], rows: usize, threshold: f32) -> Vec<Face> {
    let count = numbers.len() / rows.max(1);
    let at = |row: usize, column: usize| numbers[row * count + column];
    let scores = if rows == WITH_POINTS { 4..5 } else { 4..rows };
    let faces = (0..count).filter_map(|column| {
        let score = scores.clone().map(|row| at(row, column)).reduce(f32::max)?;
        if score.is_nan() || score < threshold {
            return None;
        }
        let (x, y) = (at(0, column), at(1, column));
        let (wide, high) = (at(2, column) / 2.0, at(3, column) / 2.0);
        let point = |number: usize| [at(5 + 3 * number, column), at(6 + 3 * number, column)];
        Some(Face {
            rect: Rect::from([x - wide, y - high, x + wide, y + high]),
            score,
            landmarks: (rows == WITH_POINTS).then(|| std::array::from_fn(point)),
        })
    });
    suppress(faces.collect(), OVERLAP, Area::PlusOne)
}

/// The faces of an answer with the suppression inside: n x 6 numbers.
pub fn decode_suppressed(numbers: &[f32], threshold: f32) -> Vec<Face> {
    let rows = numbers.chunks_exact(6).filter(|row| row[4] >= threshold);
    let faces = rows.map(|row| Face {
        rect: Rect::from([row[0], row[1], row[2], row[3]]),
        score: row[4],
        landmarks: None,
    });
    suppress(faces.collect(), 1.0, Area::Plain)
}
