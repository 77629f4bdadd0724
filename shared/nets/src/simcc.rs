//! `RTMPose`, and other networks that answer by `SimCC`: a row of scores for the columns and one for
//! the rows, for each key point.
//!
//! It reads the ONNX files of `mmpose` (`RTMPose` for body and Halpe, RTMW and `DWPose`), 256x192 and
//! 384x288, as the archives of <https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/>
//! have them. The reference is `rtmlib/tools/pose_estimation/rtmpose.py`, but for the channels: the
//! networks were trained on red, green, blue, and rtmlib gives them blue, green, red
//! ([`Processing::swapped`]).

use anyhow::{Context, Result, bail, ensure};
use onnx::{Kind, Model, Net, Port, Tensor};
use serde_json::Value;

use crate::pose::{Crop, PADDING, Pose};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// Means of red, green and blue over `ImageNet`, in levels of 0 to 255 (`mmpose`'s `data_preprocessor`).
pub const MEAN: [f32; 3] = [123.675, 116.28, 103.53];

/// Their standard deviations.
pub const DEVIATION: [f32; 3] = [58.395, 57.12, 57.375];

/// Key points of the whole body with hands and face, of which the first are those of [`COCO`].
pub const WHOLE_BODY: usize = 133;

/// Key points of a body in COCO's order.
pub const COCO: usize = 17;

/// Key points of a body in Halpe's order, of which the first are those of COCO.
pub const HALPE: usize = 26;

/// How a network of this family is fed and read.
#[derive(Debug, Clone, PartialEq)]
pub struct Processing {
    /// Width and height of the input, pixels.
    pub input: (u32, u32),
    /// How much larger than its box a figure's window is.
    pub padding: f64,
    /// Subtracted from the levels of red, green and blue.
    pub mean: [f32; 3],
    /// Then divided by.
    pub deviation: [f32; 3],
    /// Whether blue is given where red belongs and red where blue does, as rtmlib does. Mean and
    /// deviation stay with their place.
    pub swapped: bool,
    name: String,
}

impl Processing {
    /// How `net` is fed: its size from the graph, the rest from the registry's parameters
    /// (`padding`, `mean`, `deviation`), or the `pipeline.json` beside the graph, or as usual.
    ///
    /// # Errors
    /// A graph without one input of colour pictures of a known size and the outputs `simcc_x` and
    /// `simcc_y`, or whose key points are not those of a body.
    pub fn of(net: &Net, model: &Model) -> Result<Self> {
        let mut found = Self::of_ports(net.inputs(), net.outputs())?;
        if let Ok(path) = model.path("pipeline") {
            let name = || path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(name)?;
            found.read_pipeline(&text).with_context(name)?;
        }
        if let Some(padding) = model.parameter("padding")? {
            found.padding = padding;
        }
        if let Some(mean) = model.parameter("mean")? {
            found.mean = mean;
        }
        if let Some(deviation) = model.parameter("deviation")? {
            found.deviation = deviation;
        }
        let positive = found.padding > 0.0 && found.deviation.iter().all(|number| *number > 0.0);
        ensure!(positive, "padding and deviation have to be above 0");
        Ok(found)
    }

    /// As [`Processing::of`], by the ports alone.
    pub fn of_ports(inputs: &[Port], outputs: &[Port]) -> Result<Self> {
        let listed = |ports: &[Port]| {
            let all: Vec<_> = ports.iter().map(ToString::to_string).collect();
            all.join(", ")
        };
        let wrong = || {
            format!(
                "is no network of SimCC for bodies, which takes f32[?,3,height,width] and gives \
                 `simcc_x` and `simcc_y` for 17, 26 or 133 points: it takes {} and gives {}",
                listed(inputs),
                listed(outputs)
            )
        };
        let fits = |name: &str| {
            let port = outputs.iter().find(|port| port.name == name)?;
            let points = port.shape.get(1).copied().flatten();
            let of_body = points.is_none_or(|points| [COCO, HALPE, WHOLE_BODY].contains(&points));
            (port.shape.len() == 3 && of_body).then_some(())
        };
        fits("simcc_x").and(fits("simcc_y")).with_context(wrong)?;
        let ([input], true) = (inputs, inputs.iter().all(is_float)) else {
            bail!(wrong());
        };
        let [_, Some(3), Some(height), Some(width)] = input.shape[..] else {
            bail!(wrong());
        };
        Ok(Self {
            input: (u32::try_from(width)?, u32::try_from(height)?),
            padding: PADDING,
            mean: MEAN,
            deviation: DEVIATION,
            swapped: false,
            name: input.name.clone(),
        })
    }

    /// Takes padding, mean and deviation from `mmdeploy`'s `pipeline.json`, as far as it has them.
    fn read_pipeline(&mut self, text: &str) -> Result<()> {
        let pipeline: Value = serde_json::from_str(text)?;
        if let Some(padding) = step(&pipeline, "TopDownGetBboxCenterScale", "padding") {
            self.padding = serde_json::from_value(padding.clone()).context("padding")?;
        }
        if let Some(mean) = step(&pipeline, "Normalize", "mean") {
            self.mean = serde_json::from_value(mean.clone()).context("mean")?;
        }
        if let Some(deviation) = step(&pipeline, "Normalize", "std") {
            self.deviation = serde_json::from_value(deviation.clone()).context("std")?;
        }
        if let Some(to_rgb) = step(&pipeline, "Normalize", "to_rgb") {
            self.swapped = !to_rgb.as_bool().context("to_rgb")?;
        }
        Ok(())
    }

    /// The crops as numbers, `[crops, 3, height, width]`: each level less its channel's mean, over
    /// its deviation.
    pub fn tensor(&self, crops: &[Crop]) -> Vec<f32> {
        let (width, height) = self.input;
        let plane = width as usize * height as usize;
        let mut numbers = Vec::with_capacity(crops.len() * 3 * plane);
        for crop in crops {
            let levels = crop.picture.as_raw();
            for channel in 0..3 {
                let (mean, deviation) = (self.mean[channel], self.deviation[channel]);
                let table: [f32; 256] =
                    std::array::from_fn(|level| (level as f32 - mean) / deviation);
                let from = if self.swapped { 2 - channel } else { channel };
                let own = levels.iter().skip(from).step_by(3);
                numbers.extend(own.map(|level| table[usize::from(*level)]));
            }
        }
        numbers
    }

    /// The pose in each crop.
    pub(crate) fn run(&self, net: &mut Net, crops: &[Crop]) -> Result<Vec<Pose>> {
        let (width, height) = self.input;
        let shape = [crops.len(), 3, height as usize, width as usize];
        let input = Tensor::floats(&shape, self.tensor(crops))?;
        let outputs = net.run(&[(&self.name, &input)])?;
        let (columns, rows) = (outputs.get("simcc_x")?, outputs.get("simcc_y")?);
        let points = Self::checked(&columns.shape(), &rows.shape(), crops.len())?;
        let (columns, rows) = (columns.as_floats()?, rows.as_floats()?);
        let (wide, high) = (columns.len() / crops.len(), rows.len() / crops.len());
        let each = crops
            .iter()
            .zip(columns.chunks(wide).zip(rows.chunks(high)));
        let poses = each.map(|(crop, (columns, rows))| decode(crop, columns, rows, points));
        Ok(poses.collect())
    }

    /// The number of key points, where the outputs fit together.
    fn checked(columns: &[usize], rows: &[usize], crops: usize) -> Result<usize> {
        let points = match (columns, rows) {
            (&[own, points, wide], &[other, same, high])
                if own == crops && other == crops && points == same && wide > 0 && high > 0 =>
            {
                points
            }
            _ => bail!("{crops} crops gave `simcc_x` {columns:?} and `simcc_y` {rows:?}"),
        };
        let of_body = [COCO, HALPE, WHOLE_BODY].contains(&points);
        ensure!(
            of_body,
            "gave {points} key points, and not the 17, 26 or 133 of a body"
        );
        Ok(points)
    }
}

/// The pose by the scores of one figure: `points` rows of scores for the columns, and as many for
/// the rows.
///
/// The place is that of the highest score, the first of equal ones; the score is the mean of the
/// two highest, which is no probability and may exceed 1 (rtmlib; `mmpose` takes the smaller). Where
/// that is not above 0 nothing was found. Of 133 points only the body's 17 are given.
pub fn decode(crop: &Crop, columns: &[f32], rows: &[f32], points: usize) -> Pose {
    let points = points.max(1);
    let (wide, high) = (columns.len() / points, rows.len() / points);
    let kept = if points == WHOLE_BODY { COCO } else { points };
    let each = columns.chunks(wide.max(1)).zip(rows.chunks(high.max(1)));
    let found = each.take(kept).map(|(columns, rows)| {
        let ((column, across), (row, down)) = (highest(columns), highest(rows));
        let score = f64::from(0.5 * (across + down));
        if score <= 0.0 {
            // Where rtmlib puts what it did not find.
            return ([-1.0 / wide as f64, -1.0 / high as f64], 0.0);
        }
        (
            [column as f64 / wide as f64, row as f64 / high as f64],
            score,
        )
    });
    Pose::in_window(&crop.window, found)
}

fn is_float(port: &Port) -> bool {
    matches!(port.kind, Kind::F32 | Kind::F16)
}

/// The first of the highest scores.
fn highest(scores: &[f32]) -> (usize, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (at, score) in scores.iter().enumerate() {
        if *score > best.1 {
            best = (at, *score);
        }
    }
    best
}

/// The value of `key` in the first object, anywhere in `value`, whose `type` is `kind`.
fn step<'a>(value: &'a Value, kind: &str, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(object) if object.get("type").and_then(Value::as_str) == Some(kind) => {
            object.get(key)
        }
        Value::Object(object) => object.values().find_map(|value| step(value, kind, key)),
        Value::Array(values) => values.iter().find_map(|value| step(value, kind, key)),
        _ => None,
    }
}
