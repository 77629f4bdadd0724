//! Text in images: where lines of letters are, by `PP-OCR`'s detectors; they are not read.
//!
//! | file | of |
//! |---|---|
//! | `PP-OCRv6_det_small.onnx`, `ch_PP-OCRv5_det_mobile.onnx`, and their other sizes | `RapidAI/RapidOCR` |
//! | `PP-OCRv5_mobile_det_infer.onnx` | `PaddleOCR`, by `paddle2onnx` |
//!
//! All take one input f32 `[N,3,H,W]` of any name, sides that are multiples of 32, and give one map f32
//! `[N,1,H,W]` of how likely each pixel is in the core of a line (Liao et al., *Real-time Scene Text Detection
//! with Differentiable Binarization*, 2020). The processing is `PaddleOCR`'s (`ppocr/data/imaug/operators.py`,
//! `DetResizeForTest` and `NormalizeImage`; `ppocr/postprocess/db_postprocess.py`): blue, green, red; `ImageNet`'s
//! means. `RapidOCR` normalises by 0.5 instead: on frames of the sample film both find the same lines, and this
//! one is surer of subtitles (0.84 to 0.88 against 0.82 to 0.85).

mod lines;
mod rectangle;

use anyhow::{Result, bail};
use onnx::{Contract, Kind, Model, Net, Options, Provenance, Runtime, Tensor, listed};
use vision::RgbImage;
use vision::resize::opencv_linear;

use crate::planes::{Order, planes};

pub use lines::{Found, Map, decode};

/// The number of its answers: raised whenever the same image would be answered otherwise.
pub const ANSWER: u32 = 1;

/// The name of the family.
const NAME: &str = "ppocr";

/// Sides of the input are multiples of this, in pixels: it halves five times.
const MULTIPLE: f64 = 32.0;

/// `ImageNet`'s means and deviations, which `PaddleOCR` counts for blue, green and red in this order.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![(NAME, ANSWER)]
}

/// An image as the network takes it.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// `[3,H,W]`.
    pub numbers: Vec<f32>,
    /// Columns and rows of the input.
    pub size: [u32; 2],
    /// Width and height of the image, pixels.
    pub image: [u32; 2],
}

/// The network's input of `image`, whose long side is shrunk to `longest` pixels where it is longer, and whose
/// sides are then stretched to the nearest multiples of 32.
pub fn prepare(image: &RgbImage, longest: u32) -> Result<Prepared> {
    let (width, height) = image.dimensions();
    let ratio = (f64::from(longest) / f64::from(width.max(height).max(1))).min(1.0);
    let rounded = |own: u32| {
        let whole = (f64::from(own) * ratio).trunc();
        ((whole / MULTIPLE).round_ties_even() * MULTIPLE).max(MULTIPLE) as u32
    };
    let size = [rounded(width), rounded(height)];
    let small = opencv_linear(image, size[0], size[1])?;
    let [mean, deviation] = [MEAN, DEVIATION].map(|numbers| numbers.map(|number| number * 255.0));
    Ok(Prepared {
        numbers: planes(&small, Order::Bgr, mean, deviation),
        size,
        image: [width, height],
    })
}

/// A text detector that is ready to run.
#[derive(Debug)]
pub struct Detector {
    net: Net,
    input: String,
}

impl Detector {
    /// Opens a model of the role `text`.
    ///
    /// # Errors
    /// An error if the graph is not a text detector; it says what the graph takes and gives.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let options = Options {
            changing_shapes: true,
            ..Options::default()
        };
        let mut net = Net::open_with(model, "model", runtime, &Contract::new(), options)?;
        let open = |shape: &[Option<usize>], planes: usize| match shape {
            [_, channels, None, None] => channels.is_none_or(|channels| channels == planes),
            _ => false,
        };
        let input = match (net.inputs(), net.outputs()) {
            ([input], [output])
                if [input.kind, output.kind]
                    .iter()
                    .all(|kind| matches!(kind, Kind::F32 | Kind::F16))
                    && open(&input.shape, 3)
                    && open(&output.shape, 1) =>
            {
                input.name.clone()
            }
            (inputs, outputs) => bail!(
                "{}: not a text detector, which takes an image f32[?,3,?,?] and gives a map f32[?,1,?,?]: the graph \
                 takes {} and gives {}",
                model.name(),
                listed(inputs),
                listed(outputs)
            ),
        };
        net.read_by(NAME, ANSWER);
        Ok(Self { net, input })
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// The lines of text in an image that is prepared, with a score of at least `threshold`, in pixels of the image.
    pub fn run(&mut self, prepared: Prepared, threshold: f32) -> Result<Vec<Found>> {
        let [columns, rows] = prepared.size.map(|side| side as usize);
        let tensor = Tensor::floats(&[1, 3, rows, columns], prepared.numbers)?;
        let outputs = self.net.run(&[(self.input.as_str(), &tensor)])?;
        let Some((_, map)) = outputs.iter().next() else {
            bail!("the graph gives nothing");
        };
        if map.shape() != [1, 1, rows, columns] {
            bail!(
                "the graph gives {:?} for an image of {columns}x{rows}",
                map.shape()
            );
        }
        let map = Map {
            scores: &map.as_floats()?,
            size: prepared.size,
        };
        decode(&map, prepared.image, threshold)
    }
}
