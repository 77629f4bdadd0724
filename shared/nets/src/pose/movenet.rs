//! `MoveNet` for one figure (`SinglePose`, Lightning and Thunder): 17 key points in COCO's order.
//!
//! It reads ONNX files converted from Google's `TensorFlow` Lite ones: one input of bytes or whole
//! numbers `[1, side, side, 3]`, red, green, blue; one output `[1, 1, 17, 3]` of row, column and
//! score, all 0 to 1. The names are whatever the converter made of them. Google's own tutorial
//! follows a figure through a film in a square window 1.2 to 1.9 times its size; here the window is
//! `PADDING` times the box.

use anyhow::{Context, Result, ensure};
use onnx::{Kind, Model, Net, Outputs, Port, Tensor};

use super::family::{Crop, Estimates, Pose, View};
use crate::family::Graph;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Key points, and the numbers of each.
const SHAPE: [usize; 4] = [1, 1, 17, 3];

/// `MoveNet` for one figure.
#[derive(Debug)]
pub(super) struct MoveNet;

impl Graph for MoveNet {
    fn recognises(&self, inputs: &[Port], outputs: &[Port]) -> bool {
        let ([input], [output]) = (inputs, outputs) else {
            return false;
        };
        let fits = |(has, wanted): (&Option<usize>, usize)| has.is_none_or(|has| has == wanted);
        matches!(input.shape[..], [_, Some(height), Some(width), Some(3)] if height == width)
            && matches!(input.kind, Kind::U8 | Kind::I32 | Kind::I64)
            && output.shape.len() == SHAPE.len()
            && output.shape.iter().zip(SHAPE).skip(1).all(fits)
    }
}

impl Estimates for MoveNet {
    fn view(&self, net: &Net, _: &Model) -> Result<View> {
        let wrong =
            "is not MoveNet for one person, which takes u8[1,side,side,3] and gives f32[1,1,17,3]";
        ensure!(self.recognises(net.inputs(), net.outputs()), wrong);
        let input = &net.inputs()[0];
        let side = input.shape[1].context(wrong)?;
        View::of(input, [side, side])
    }

    fn most(&self) -> usize {
        1
    }

    fn is_of_rtmlib(&self) -> bool {
        false
    }

    fn prepare(&self, view: &View, crops: &[Crop]) -> Result<Tensor> {
        let (width, height) = view.input;
        let shape = [crops.len(), height as usize, width as usize, 3];
        let levels = crops.iter().flat_map(|crop| crop.image.as_raw()).copied();
        if view.kind == Kind::U8 {
            Tensor::bytes(&shape, levels.collect())
        } else {
            Tensor::integers(&shape, levels.map(i64::from).collect())
        }
    }

    fn decode(&self, outputs: &Outputs, crops: &[Crop]) -> Result<Vec<Pose>> {
        let (_, answer) = outputs.iter().next().context("the network gave nothing")?;
        let shape = answer.shape();
        ensure!(shape == SHAPE, "gave {shape:?} instead of {SHAPE:?}");
        let answer = answer.as_floats()?;
        Ok(crops.iter().map(|crop| decode(crop, &answer)).collect())
    }
}

/// The pose by row, column and score of each key point, one after another.
fn decode(crop: &Crop, answer: &[f32]) -> Pose {
    let points = answer.chunks_exact(3).map(|point| {
        let [row, column, score] = [point[0], point[1], point[2]].map(f64::from);
        ([column, row], score.max(0.0))
    });
    Pose::in_window(&crop.window, points)
}
