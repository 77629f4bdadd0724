//! `MoveNet` for one figure (`SinglePose`, Lightning and Thunder): 17 key points in COCO's order.
//!
//! It reads ONNX files converted from Google's `TensorFlow` Lite ones: one input of bytes or whole
//! numbers `[1, side, side, 3]`, red, green, blue; one output `[1, 1, 17, 3]` of row, column and
//! score, all 0 to 1. The names are whatever the converter made of them. Google's own tutorial
//! follows a figure through a film in a square window 1.2 to 1.9 times its size; here the window is
//! [`crate::pose::PADDING`] times the box.

use anyhow::{Context, Result, bail, ensure};
use onnx::{Kind, Net, Port, Tensor};

use crate::pose::{Crop, Pose};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// Key points, and the numbers of each.
const SHAPE: [usize; 4] = [1, 1, 17, 3];

/// How a network of this family is fed and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processing {
    /// Width and height of the input, pixels.
    pub side: u32,
    input: String,
    output: String,
    whole_numbers: bool,
}

/// Whether `net` is of this family, by what it takes and gives.
pub fn is(net: &Net) -> bool {
    Processing::of(net).is_ok()
}

impl Processing {
    /// How `net` is fed.
    ///
    /// # Errors
    /// A graph that takes and gives something else.
    pub fn of(net: &Net) -> Result<Self> {
        Self::of_ports(net.inputs(), net.outputs())
    }

    /// As [`Processing::of`], by the ports alone.
    pub fn of_ports(inputs: &[Port], outputs: &[Port]) -> Result<Self> {
        let wrong =
            "is no MoveNet for one figure, which takes u8[1,side,side,3] and gives f32[1,1,17,3]";
        let ([input], [output]) = (inputs, outputs) else {
            bail!(wrong);
        };
        let side = match input.shape[..] {
            [_, Some(height), Some(width), Some(3)] if height == width => width,
            _ => bail!(wrong),
        };
        let kind_fits = matches!(input.kind, Kind::U8 | Kind::I32 | Kind::I64);
        let answer = output.shape.iter().zip(SHAPE);
        let answer_fits = output.shape.len() == SHAPE.len()
            && answer
                .skip(1)
                .all(|(has, wanted)| has.is_none_or(|has| has == wanted));
        ensure!(kind_fits && answer_fits, wrong);
        Ok(Self {
            side: u32::try_from(side).context(wrong)?,
            input: input.name.clone(),
            output: output.name.clone(),
            whole_numbers: input.kind != Kind::U8,
        })
    }

    /// The pose in each crop, one by one.
    pub(crate) fn run(&self, net: &mut Net, crops: &[Crop]) -> Result<Vec<Pose>> {
        let shape = [1, self.side as usize, self.side as usize, 3];
        let mut poses = Vec::with_capacity(crops.len());
        for crop in crops {
            let levels = crop.picture.as_raw();
            let input = if self.whole_numbers {
                Tensor::integers(&shape, levels.iter().copied().map(i64::from).collect())?
            } else {
                Tensor::bytes(&shape, levels.clone())?
            };
            let outputs = net.run(&[(&self.input, &input)])?;
            let answer = outputs.get(&self.output)?;
            ensure!(
                answer.shape() == SHAPE,
                "gave {:?} and not {SHAPE:?}",
                answer.shape()
            );
            poses.push(decode(crop, &answer.as_floats()?));
        }
        Ok(poses)
    }
}

/// The pose by row, column and score of each key point, one after another.
pub fn decode(crop: &Crop, answer: &[f32]) -> Pose {
    let points = answer.chunks_exact(3).map(|point| {
        let [row, column, score] = [point[0], point[1], point[2]].map(f64::from);
        ([column, row], score.max(0.0))
    });
    Pose::in_window(&crop.window, points)
}
