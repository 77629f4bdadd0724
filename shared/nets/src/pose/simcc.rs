//! `RTMPose`, and other networks that answer by `SimCC`: a row of scores for the columns and one for
//! the rows, for each key point.
//!
//! It reads the ONNX files of `mmpose` (`RTMPose` for body and Halpe, RTMW and `DWPose`), 256x192 and
//! 384x288, and those for animals (AP-10K), 256x256, as the archives of <https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/>
//! have them. The reference is `rtmlib/tools/pose_estimation/rtmpose.py`, but for the channels: the
//! networks were trained on red, green, blue, and rtmlib gives them blue, green, red
//! ([`View::swapped`]).

use anyhow::{Context, Result, bail, ensure};
use onnx::{Kind, Model, Net, Outputs, Port, Tensor, listed};
use serde_json::Value;

use super::family::{Crop, Estimates, Pose, View};
use crate::family::Graph;
use crate::planes::{Order, planes};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Means of red, green and blue over `ImageNet`, in levels of 0 to 255 (`mmpose`'s `data_preprocessor`).
pub const MEAN: [f32; 3] = [123.675, 116.28, 103.53];

/// Their standard deviations.
pub const DEVIATION: [f32; 3] = [58.395, 57.12, 57.375];

/// Key points of the whole body with hands and face, of which the first are those of [`COCO`].
pub const WHOLE_BODY: usize = 133;

/// Key points of a body in COCO's order, and of an animal in AP-10K's: which of the two a graph finds is
/// the registry's to say (`skeleton`).
pub const COCO: usize = 17;

/// Key points of a body in Halpe's order, of which the first are those of COCO.
pub const HALPE: usize = 26;

/// Networks of `SimCC`.
#[derive(Debug)]
pub(super) struct Simcc;

impl Graph for Simcc {
    fn recognises(&self, inputs: &[Port], outputs: &[Port]) -> bool {
        view(inputs, outputs).is_ok()
    }
}

impl Estimates for Simcc {
    // The size is the graph's, the rest the registry's parameters (`padding`, `mean`, `deviation`), or
    // the `pipeline.json` beside the graph, or as usual.
    fn view(&self, net: &Net, model: &Model) -> Result<View> {
        let mut found = view(net.inputs(), net.outputs())?;
        if let Ok(path) = model.path("pipeline") {
            let name = || path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(name)?;
            read_pipeline(&mut found, &text).with_context(name)?;
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
        ensure!(positive, "padding and deviation must be above 0");
        Ok(found)
    }

    fn prepare(&self, view: &View, crops: &[Crop]) -> Result<Tensor> {
        let (width, height) = view.input;
        let shape = [crops.len(), 3, height as usize, width as usize];
        Tensor::floats(&shape, numbers(view, crops))
    }

    fn decode(&self, outputs: &Outputs, crops: &[Crop]) -> Result<Vec<Pose>> {
        let (columns, rows) = (outputs.get("simcc_x")?, outputs.get("simcc_y")?);
        let points = checked(&columns.shape(), &rows.shape(), crops.len())?;
        let (columns, rows) = (columns.as_floats()?, rows.as_floats()?);
        let (wide, high) = (columns.len() / crops.len(), rows.len() / crops.len());
        let each = crops
            .iter()
            .zip(columns.chunks(wide).zip(rows.chunks(high)));
        let poses = each.map(|(crop, (columns, rows))| decode(crop, columns, rows, points));
        Ok(poses.collect())
    }
}

/// How a graph of these ports is fed.
///
/// # Errors
/// Ports that are not one input of colour images of a known size and the outputs `simcc_x` and
/// `simcc_y`, or whose key points are not those of a body.
pub fn view(inputs: &[Port], outputs: &[Port]) -> Result<View> {
    let wrong = || {
        format!(
            "is not a SimCC network for bodies, which takes f32[?,3,height,width] and gives \
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
    Ok(View {
        mean: MEAN,
        deviation: DEVIATION,
        ..View::of(input, [width, height])?
    })
}

/// Takes padding, mean and deviation from `mmdeploy`'s `pipeline.json`, as far as it has them.
fn read_pipeline(view: &mut View, text: &str) -> Result<()> {
    let pipeline: Value = serde_json::from_str(text)?;
    if let Some(padding) = step(&pipeline, "TopDownGetBboxCenterScale", "padding") {
        view.padding = serde_json::from_value(padding.clone()).context("padding")?;
    }
    if let Some(mean) = step(&pipeline, "Normalize", "mean") {
        view.mean = serde_json::from_value(mean.clone()).context("mean")?;
    }
    if let Some(deviation) = step(&pipeline, "Normalize", "std") {
        view.deviation = serde_json::from_value(deviation.clone()).context("std")?;
    }
    if let Some(to_rgb) = step(&pipeline, "Normalize", "to_rgb") {
        view.swapped = !to_rgb.as_bool().context("to_rgb")?;
    }
    Ok(())
}

/// The crops as numbers, `[crops, 3, height, width]`: each level less its channel's mean, over its
/// deviation.
pub fn numbers(view: &View, crops: &[Crop]) -> Vec<f32> {
    let order = if view.swapped { Order::Bgr } else { Order::Rgb };
    let planes = |crop: &Crop| planes(&crop.image, order, view.mean, view.deviation);
    crops.iter().flat_map(planes).collect()
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
        "gave {points} key points instead of the 17, 26 or 133 of a body"
    );
    Ok(points)
}

/// The pose by the scores of one figure: `points` rows of scores for the columns, and as many for
/// the rows.
///
/// The place is that of the highest score, the first of equal ones; the score is the mean of the
/// two highest, which is not a probability and may exceed 1 (rtmlib; `mmpose` takes the smaller). Where
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
