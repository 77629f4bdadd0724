//! YOLOX and `RTMDet`: Megvii's raw grids, and the exports of openmmlab with the suppression inside.
//!
//! | file | takes | gives |
//! |---|---|---|
//! | Megvii's `yolox_*.onnx`, `opencv_zoo`'s `object_detection_yolox_2022nov.onnx` | `images` f32\[N,3,S,S\] | `output` f32\[N,cells,5+classes\] |
//! | openmmlab's `yolox_*_humanart`, in a zip as `end2end.onnx` | `input` f32\[N,3,S,S\] | `dets` f32\[N,M,5\], `labels` i64\[N,M\] |
//! | openmmlab's `rtmdet_*_person` | the same | the same |
//!
//! Pixels are BGR, 0 to 255, in a letterbox of gray 114; those for `RTMDet` are normalised. The reference is
//! rtmlib's `YOLOX` and `RTMDet`.

use anyhow::{Context, Result, ensure};
use onnx::{Contract, Dim, Kind, Outputs, Port, Tensor};
use vision::{Rect, RgbImage};

use super::family::{Asked, Candidate, Detects, View, part, suppress};
use crate::family::Graph;
use crate::letterbox::{Letterbox, letterbox};
use crate::planes::{Order, planes};

/// The number of their answers.
pub(super) const ANSWER: u32 = 1;

/// The gray level around the image.
const GROUND: u8 = 114;

/// Pixels of the input for one cell of each of the grids, in their order.
const STRIDES: [u32; 3] = [8, 16, 32];

/// What goes before the classes in a cell: centre, size, and whether there is anything.
const FIXED: usize = 5;

/// A family of these: how pixels are normalised before they go in.
#[derive(Debug)]
pub(super) struct Yolox {
    /// What is subtracted from each level: blue, green, red.
    mean: [f32; 3],
    /// What it is divided by then.
    deviation: [f32; 3],
}

/// YOLOX takes levels as they are.
pub(super) const YOLOX: Yolox = Yolox {
    mean: [0.0; 3],
    deviation: [1.0; 3],
};

/// `ImageNet`'s mean and deviation, as in rtmlib's `RTMDet`.
pub(super) const RTMDET: Yolox = Yolox {
    mean: [103.53, 116.28, 123.675],
    deviation: [57.375, 57.12, 58.395],
};

impl Graph for Yolox {
    fn recognises(&self, inputs: &[Port], outputs: &[Port]) -> bool {
        let size = match inputs {
            [one] => match one.shape[..] {
                [_, _, Some(height), Some(width)] => Some((width as u32, height as u32)),
                _ => None,
            },
            _ => None,
        };
        form(outputs, size).is_some()
    }
}

impl Detects for Yolox {
    fn classes(&self, outputs: &[Port]) -> Option<usize> {
        match form(outputs, None)? {
            Form::Suppressed => None,
            Form::Grid => Some(outputs[0].shape[2]?.saturating_sub(FIXED)),
        }
    }

    fn prepare(&self, image: &RgbImage, (width, height): (u32, u32)) -> Result<View> {
        let Letterbox { image, ratio } = letterbox(image, width, height, GROUND)?;
        Ok(View {
            numbers: planes(&image, Order::Bgr, self.mean, self.deviation),
            scale: [1.0 / ratio; 2],
        })
    }

    fn decode(
        &self,
        outputs: &Outputs,
        place: usize,
        view: &View,
        asked: &Asked<'_>,
    ) -> Result<Vec<Candidate>> {
        let dets = outputs.get("dets").ok();
        if let Some(dets) = dets.filter(|dets| dets.shape().last() == Some(&FIXED)) {
            let labels = outputs.get("labels").ok();
            let all = labels.map(Tensor::as_integers).transpose()?;
            let own = match (&all, labels) {
                (Some(all), Some(labels)) => Some(part(all, &labels.shape(), place)?),
                _ => None,
            };
            let numbers = dets.as_floats()?;
            let rows = part(&numbers, &dets.shape(), place)?;
            let found = decode_suppressed(rows, own, asked.threshold, asked.wanted);
            return Ok(view.places(found));
        }
        let (_, grid) = outputs.iter().next().context("the network gave nothing")?;
        let columns = grid.shape().last().copied().unwrap_or_default();
        let numbers = grid.as_floats()?;
        let rows = part(&numbers, &grid.shape(), place)?;
        let found = decode_grid(rows, columns, asked.size, asked.threshold, asked.wanted)?;
        // In pixels of the image, as the reference has it: areas count one pixel more.
        Ok(suppress(&view.places(found), asked.nms))
    }
}

/// What a graph gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A row a cell of the three grids.
    Grid,
    /// Boxes, already suppressed.
    Suppressed,
}

/// The form of a graph by what it gives; `None` where it is no YOLOX.
///
/// An own export may call its grid as it likes: it is the only output, and has a row for each cell
/// of an input of `size`, width and height, where that is fixed.
fn form(outputs: &[Port], size: Option<(u32, u32)>) -> Option<Form> {
    if suppressed().check(&[], outputs).is_ok() {
        return Some(Form::Suppressed);
    }
    let [grid] = outputs else { return None };
    let [_, rows, columns] = grid.shape[..] else {
        return None;
    };
    let all = size.map(|(width, height)| cells(width, height));
    let fits = (rows.is_none() || all.is_none() || rows == all)
        && columns.is_none_or(|columns| columns > FIXED)
        && (rows.is_some() || columns.is_some());
    (fits && matches!(grid.kind, Kind::F32 | Kind::F16)).then_some(Form::Grid)
}

/// What a graph with the suppression inside gives; `labels` may be missing.
fn suppressed() -> Contract {
    Contract::new().output("dets", Kind::F32, &[Dim::Any, Dim::Any, Dim::Is(FIXED)])
}

/// Rows of the output for an input of `width` x `height`: the cells of all grids.
fn cells(width: u32, height: u32) -> usize {
    let cells = STRIDES.map(|stride| (width / stride) as usize * (height / stride) as usize);
    cells.iter().sum()
}

/// The boxes over `threshold` in the rows of a grid, class by class, in the order of the cells.
///
/// At the cell of column `i` and row `j` of a grid of stride `s`: centre `((x + i) s, (y + j) s)`,
/// size `(exp(w) s, exp(h) s)`, score of a class `there * class` (Megvii's `demo_postprocess`). A
/// cell may give a box for several classes, as in rtmlib's `multiclass_nms`.
fn decode_grid(
    rows: &[f32],
    columns: usize,
    (width, height): (u32, u32),
    threshold: f32,
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<Candidate>> {
    ensure!(columns > FIXED, "a grid of {columns} columns has no class");
    ensure!(
        rows.len() == cells(width, height) * columns,
        "a grid of {} rows, where {} cells are expected for an input of {width}x{height}",
        rows.len() / columns,
        cells(width, height)
    );
    let mut candidates = Vec::new();
    for (row, (column, line, stride)) in rows.chunks_exact(columns).zip(places(width, height)) {
        let (there, classes) = (row[4], &row[FIXED..]);
        for (class, own) in classes.iter().enumerate() {
            let score = there * own;
            if score > threshold && wanted(class) {
                let middle = [(row[0] + column) * stride, (row[1] + line) * stride];
                let half = [row[2].exp() * stride / 2.0, row[3].exp() * stride / 2.0];
                candidates.push(Candidate {
                    rect: Rect {
                        left: middle[0] - half[0],
                        top: middle[1] - half[1],
                        right: middle[0] + half[0],
                        bottom: middle[1] + half[1],
                    },
                    score,
                    class,
                });
            }
        }
    }
    Ok(candidates)
}

/// Column, line and stride of every cell, in the order of the output's rows.
fn places(width: u32, height: u32) -> impl Iterator<Item = (f32, f32, f32)> {
    STRIDES.into_iter().flat_map(move |stride| {
        let line = move |line| {
            (0..width / stride).map(move |column| (column as f32, line as f32, stride as f32))
        };
        (0..height / stride).flat_map(line)
    })
}

/// The boxes over `threshold` of a graph with the suppression inside. Without `labels` all are of
/// the first class; a negative label is padding.
fn decode_suppressed(
    dets: &[f32],
    labels: Option<&[i64]>,
    threshold: f32,
    wanted: impl Fn(usize) -> bool,
) -> Vec<Candidate> {
    let rows = dets.chunks_exact(FIXED).enumerate();
    let candidate = |(place, row): (usize, &[f32])| {
        let label = labels.map_or(Some(0), |labels| labels.get(place).copied())?;
        let class = usize::try_from(label).ok()?;
        (row[4] > threshold && wanted(class)).then_some(Candidate {
            rect: Rect::from([row[0], row[1], row[2], row[3]]),
            score: row[4],
            class,
        })
    };
    rows.filter_map(candidate).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn port(name: &str, shape: &[Option<usize>]) -> Port {
        Port {
            name: name.to_owned(),
            kind: Kind::F32,
            shape: shape.to_vec(),
        }
    }

    #[test]
    fn one_hot_cell_gives_its_box() {
        // 64 x 32: grids of 8x4, 4x2 and 2x1 cells. The cell of column 3, row 1 of stride 16.
        assert_eq!(cells(64, 32), 32 + 8 + 2);
        let mut rows = vec![0.0; 42 * 7];
        let hot = 32 + 4 + 3;
        rows[hot * 7..][..7].copy_from_slice(&[0.5, 0.25, 0.0, 2_f32.ln(), 0.5, 0.5, 1.0]);
        let found = decode_grid(&rows, 7, (64, 32), 0.2, |_| true).unwrap();
        assert_eq!(found.len(), 2, "one box a class");
        // Centre (56, 20), size 16 x 32.
        assert_eq!(found[0].class, 0);
        assert!((found[0].score - 0.25).abs() < 1e-6);
        for (edge, expected) in found[1].rect.edges().iter().zip([48.0, 4.0, 64.0, 36.0]) {
            assert!((edge - expected).abs() < 1e-4, "{found:?}");
        }
        let one = decode_grid(&rows, 7, (64, 32), 0.25, |_| true).unwrap();
        assert_eq!(one.len(), 1, "a score at the threshold is not over it");
        assert!(decode_grid(&rows, 7, (64, 64), 0.2, |_| true).is_err());
    }

    #[test]
    fn forms_are_told_apart() {
        let grid = port("any", &[None, Some(3549), Some(85)]);
        assert_eq!(form(&[grid], Some((416, 416))), Some(Form::Grid));
        let dets = [
            port("dets", &[None, None, Some(5)]),
            port("labels", &[None, None]),
        ];
        assert_eq!(form(&dets, Some((640, 640))), Some(Form::Suppressed));
        let other = port("output0", &[Some(1), Some(84), Some(8400)]);
        assert_eq!(
            form(&[other], Some((640, 640))),
            None,
            "YOLOv8 is not YOLOX"
        );
        assert_eq!(
            form(&[port("x", &[None, None, None])], Some((64, 64))),
            None
        );
    }

    #[test]
    fn padding_is_no_box() {
        let dets = [1.0, 2.0, 3.0, 4.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.9];
        let found = decode_suppressed(&dets, Some(&[0, -1]), 0.3, |_| true);
        assert_eq!(found.len(), 1);
        assert_eq!(
            decode_suppressed(&dets, None, 0.3, |class| class == 0).len(),
            2
        );
    }
}
