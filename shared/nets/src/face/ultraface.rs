//! Ultra-Light-Fast-Generic-Face-Detector-1MB, of Linzaer.
//!
//! Reads `version-RFB-320.onnx`, `version-slim-320.onnx` and the 640 ones. Processing as in that
//! repository's `run_video_face_detect_onnx.py` and `box_utils_numpy.py`: every image squeezed
//! into the graph's size, RGB, `(x - 127) / 128`. It gives no landmarks.

use anyhow::{Context, Result, ensure};
use onnx::{Contract, Dim, Kind, Outputs};
use vision::{Rect, RgbImage};

use super::family::{Detects, Face, Input, suppress};
use crate::family::Graph;
use crate::nms::Area;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Overlap above which the weaker of two faces goes.
pub const OVERLAP: f32 = 0.3;

/// Ultra-Light-Fast-Generic-Face-Detector.
#[derive(Debug)]
pub(super) struct UltraFace;

impl Graph for UltraFace {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("input", Kind::F32, &[Any, Is(3), Any, Any])
            .output("scores", Kind::F32, &[Any, Any, Is(2)])
            .output("boxes", Kind::F32, &[Any, Any, Is(4)])
    }
}

impl Detects for UltraFace {
    fn has_scales(&self, _: Option<[u32; 2]>) -> bool {
        false
    }

    // Squeezes `image` into the graph's size.
    fn prepare(&self, image: &RgbImage, _: u32, fixed: Option<[u32; 2]>) -> Result<Input> {
        let size = fixed.context("the graph does not give its input size")?;
        let small = vision::resize::opencv_linear(image, size[0], size[1])?;
        Ok(Input {
            numbers: planes(&small, Order::Rgb, [127.0; 3], [128.0; 3]),
            size: size.map(|length| length as usize),
            scale: [
                size[0] as f32 / image.width() as f32,
                size[1] as f32 / image.height() as f32,
            ],
        })
    }

    fn decode(&self, outputs: &Outputs, size: [usize; 2], threshold: f32) -> Result<Vec<Face>> {
        let scores = outputs.get("scores")?.as_floats()?;
        let boxes = outputs.get("boxes")?.as_floats()?;
        decode(&scores, &boxes, size, threshold)
    }
}

/// The faces of `n` priors: `scores` n x 2 (no face, face), `boxes` n x 4, edges as shares of the
/// image.
pub fn decode(
    scores: &[f32],
    boxes: &[f32],
    size: [usize; 2],
    threshold: f32,
) -> Result<Vec<Face>> {
    ensure!(
        2 * scores.len() == boxes.len(),
        "the network gave {} scores and {} edges",
        scores.len(),
        boxes.len()
    );
    let [width, height] = size.map(|length| length as f32);
    let pairs = scores.chunks_exact(2).zip(boxes.chunks_exact(4));
    let faces = pairs.filter(|(scores, _)| scores[1] > threshold);
    let faces = faces.map(|(scores, edges)| Face {
        rect: Rect::from([edges[0], edges[1], edges[2], edges[3]]).scale(width, height),
        score: scores[1],
        landmarks: None,
    });
    Ok(suppress(faces.collect(), OVERLAP, Area::Plain))
}
