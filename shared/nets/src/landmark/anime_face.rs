//! hysts' anime-face-detector: 28 points of a drawn face.
//!
//! The network is `HRNetV2-W18` of `mmpose` 0.x with a head for heat maps; it is not published as ONNX, and
//! `models/landmarks.py` exports it. It takes 256x256 pixels and gives a heat map of 64x64 cells a point. The
//! processing is that of `anime_face_detector/detector.py` and `configs/mmpose/hrnetv2.py` at 7bcc2ae: red,
//! green, blue; a box made 1.1 times as large, and by `mmpose` 1.25 times again; the mean of the face and
//! the mirrored face; DARK.

use anyhow::Result;
use onnx::{Kind, Port};
use vision::{Rect, RgbImage};

use super::family::{Crop, Eye, Locates, Scheme};
use super::heatmap::{Maps, decode};
use crate::family::Graph;
use crate::pose::PADDING;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// How much the box of a face is grown before `mmpose` grows it; `box_scale_factor`.
const GROWN: f64 = 1.1;

/// Columns and rows of the input.
const SIDE: u32 = 256;

/// Points: face outline 0 to 4, eyebrows 5 to 10, eyes 11 to 22, nose 23, mouth 24 to 27.
const POINTS: usize = 28;

const SCHEME: Scheme = Scheme {
    name: "anime28",
    points: POINTS,
    mirrored: &[
        4, 3, 2, 1, 0, 10, 9, 8, 7, 6, 5, 19, 18, 17, 22, 21, 20, 13, 12, 11, 16, 15, 14, 23, 26,
        25, 24, 27,
    ],
    eyes: [
        Eye {
            outer: 11,
            inner: 13,
            top: 12,
            bottom: 15,
            brow: [5, 6, 7],
        },
        Eye {
            outer: 19,
            inner: 17,
            top: 18,
            bottom: 21,
            brow: [10, 9, 8],
        },
    ],
    corners: [24, 26],
    lips: [25, 27],
};

/// hysts' anime-face-detector.
#[derive(Debug)]
pub(super) struct AnimeFace;

impl Graph for AnimeFace {
    fn recognises(&self, inputs: &[Port], outputs: &[Port]) -> bool {
        let ([input], [output]) = (inputs, outputs) else {
            return false;
        };
        // Names differ from exporter to exporter.
        let side = Some(SIDE as usize);
        let takes =
            matches!(input.shape[..], [_, Some(3), rows, columns] if [rows, columns] == [side; 2]);
        let gives = matches!(output.shape[..], [_, Some(POINTS), _, _]);
        takes && gives && input.kind == Kind::F32
    }
}

impl Locates for AnimeFace {
    fn scheme(&self) -> &'static Scheme {
        &SCHEME
    }

    fn input(&self) -> (u32, u32) {
        (SIDE, SIDE)
    }

    fn crop(&self, image: &RgbImage, rect: Rect<f64>) -> Result<Crop> {
        // `_update_pred_box` counts the last pixel into the box's size.
        let (width, height) = (rect.width() + 1.0, rect.height() + 1.0);
        let ([x, y], half) = (
            rect.middle(),
            [width, height].map(|side| side * GROWN / 2.0),
        );
        let grown = Rect::from([x - half[0], y - half[1], x + half[0], y + half[1]]);
        Crop::cut(image, grown, PADDING, self.input())
    }

    fn decode(&self, maps: &Maps, crop: &Crop) -> Vec<[f64; 3]> {
        let rounded = |number: f64, steps: f64| (number * steps).round() / steps;
        let cells = maps.size.map(|length| length as f64);
        let points = decode(maps).into_iter().map(|(place, score)| {
            let [x, y] = crop
                .window()
                .place([place[0] / cells[0], place[1] / cells[1]]);
            [rounded(x, 100.0), rounded(y, 100.0), rounded(score, 1e4)]
        });
        points.collect()
    }
}
