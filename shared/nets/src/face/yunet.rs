//! `YuNet`, the face detector of `OpenCV` (Wu, Peng, Yu: "`YuNet`: A Tiny Millisecond-level Face
//! Detector", 2023).
//!
//! Reads `yunet_n_dynamic.onnx` and `yunet_n_640_640.onnx` of ShiqiYu/libfacedetection.train, and
//! `face_detection_yunet_2023mar.onnx` of `opencv_zoo`, whose input is fixed at 640x640. Processing
//! as in `cv2.FaceDetectorYN` (`OpenCV` 4.12, `face_detect.cpp`): BGR, 0 to 255, padded with black on
//! the right and at the bottom.

use anyhow::{Result, ensure};
use onnx::{Contract, Dim, Kind, Outputs};
use vision::{Rect, RgbImage};

use super::family::{Detects, Face, Input, suppress_whole};
use crate::family::Graph;
use crate::letterbox::placed;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// The steps of its three grids, in pixels.
pub const STRIDES: [usize; 3] = [8, 16, 32];

/// Overlap above which the weaker of two faces goes; `OpenCV`'s default.
pub const OVERLAP: f32 = 0.3;

const NAMES: [[&str; 4]; 3] = [
    ["cls_8", "obj_8", "bbox_8", "kps_8"],
    ["cls_16", "obj_16", "bbox_16", "kps_16"],
    ["cls_32", "obj_32", "bbox_32", "kps_32"],
];

/// `YuNet`.
#[derive(Debug)]
pub(super) struct YuNet;

impl Graph for YuNet {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        let mut contract = Contract::new().input("input", Kind::F32, &[Any, Is(3), Any, Any]);
        for [class, object, area, points] in NAMES {
            contract = contract
                .output(class, Kind::F32, &[Any, Any, Is(1)])
                .output(object, Kind::F32, &[Any, Any, Is(1)])
                .output(area, Kind::F32, &[Any, Any, Is(4)])
                .output(points, Kind::F32, &[Any, Any, Is(10)]);
        }
        contract
    }
}

impl Detects for YuNet {
    // Scales `image` to a long side of `longest` and pads it to multiples of 32, or to `fixed`.
    fn prepare(&self, image: &RgbImage, longest: u32, fixed: Option<[u32; 2]>) -> Result<Input> {
        let (width, height) = image.dimensions();
        let most = fixed.map_or([longest; 2], |canvas| {
            canvas.map(|length| length.min(longest))
        });
        let scale = (most[0] as f32 / width as f32).min(most[1] as f32 / height as f32);
        let length = |own: u32, most: u32| ((own as f32 * scale + 0.5) as u32).clamp(1, most);
        let size = [length(width, most[0]), length(height, most[1])];
        let canvas = fixed.unwrap_or_else(|| size.map(|length| length.next_multiple_of(32)));
        let image = placed(image, size, canvas, 0)?;
        Ok(Input {
            numbers: planes(&image, Order::Bgr, [0.0; 3], [1.0; 3]),
            size: canvas.map(|length| length as usize),
            scale: [
                size[0] as f32 / width as f32,
                size[1] as f32 / height as f32,
            ],
        })
    }

    fn decode(&self, outputs: &Outputs, size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
        let mut floats = Vec::new();
        for name in NAMES.iter().flatten() {
            floats.push(outputs.get(name)?.as_floats()?);
        }
        let grid = |number: usize| Grid {
            class: &floats[4 * number],
            object: &floats[4 * number + 1],
            area: &floats[4 * number + 2],
            points: &floats[4 * number + 3],
        };
        decode(&[grid(0), grid(1), grid(2)], size, threshold)
    }
}

/// One grid's answer: `n` cells, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    /// How sure that it is a face, `n`.
    pub class: &'a [f32],
    /// How sure that it is anything, `n`.
    pub object: &'a [f32],
    /// Shift of the centre and logarithm of the size, in cells, `n` x 4.
    pub area: &'a [f32],
    /// Shifts of the landmarks, in cells, `n` x 10.
    pub points: &'a [f32],
}

/// The faces of three grids over `columns` x `rows` pixels of the network's input.
pub fn decode(grids: &[Grid<'_>; 3], size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
    let mut faces = Vec::new();
    for (grid, stride) in grids.iter().zip(STRIDES) {
        let [columns, rows] = size.map(|length| length / stride);
        let cells = columns * rows;
        ensure!(
            grid.class.len() == cells
                && grid.object.len() == cells
                && grid.area.len() == 4 * cells
                && grid.points.len() == 10 * cells,
            "the network gave {} cells of {stride} px instead of {columns}x{rows}",
            grid.class.len()
        );
        faces.extend((0..cells).filter_map(|cell| face(grid, cell, columns, stride, threshold)));
    }
    Ok(suppress_whole(faces, OVERLAP))
}

fn face(
    grid: &Grid<'_>,
    cell: usize,
    columns: usize,
    stride: usize,
    threshold: f32,
) -> Option<Face> {
    let score = (grid.class[cell].clamp(0.0, 1.0) * grid.object[cell].clamp(0.0, 1.0)).sqrt();
    if score.is_nan() || score < threshold {
        return None;
    }
    let step = stride as f32;
    let (column, row) = ((cell % columns) as f32, (cell / columns) as f32);
    let area = &grid.area[4 * cell..];
    let (x, y) = ((column + area[0]) * step, (row + area[1]) * step);
    let (width, height) = (area[2].exp() * step, area[3].exp() * step);
    let points = &grid.points[10 * cell..];
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    Some(Face {
        rect: Rect::from([left, top, left + width, top + height]),
        score,
        landmarks: Some(std::array::from_fn(|point| {
            [
                (points[2 * point] + column) * step,
                (points[2 * point + 1] + row) * step,
            ]
        })),
    })
}
