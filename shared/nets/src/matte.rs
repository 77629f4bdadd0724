//! Mattes: how much of each pixel belongs to what is salient in an image, strands of hair included.
//!
//! `BiRefNet` (Zheng and others: "Bilateral Reference for High-Resolution Dichotomous Image Segmentation",
//! 2024), and networks of its shape:
//!
//! | file | gives |
//! |---|---|
//! | `birefnet-toonout-fp16.onnx` of sprited/birefnet-toonout-onnx, trained on drawn characters | shares |
//! | `model.onnx`, `model_fp16.onnx` of onnx-community/BiRefNet-ONNX | logits |
//!
//! All take one image f32 `[1,3,S,S]`, S mostly 1024, and give `[1,1,S,S]` under names of their own. The
//! processing is that of `BiRefNet`'s own README: squeezed to a square, bilinear as Pillow does it, less
//! `ImageNet`'s mean and over its deviation; the matte as bytes, and back to the image's size.

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Kind, Model, Net, Provenance, Runtime, Tensor, listed};
use vision::resize::{PilFilter, pil, pil_luma};
use vision::{GrayImage, RgbImage};

use crate::planes::{Order, valued};

/// The number of its answers: raised whenever the same image would be answered otherwise.
pub const ANSWER: u32 = 1;

/// The family's word in the registry.
const FAMILY: &str = "birefnet";

/// `ImageNet`'s mean of red, green and blue, 0 to 1.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];

/// Their deviation.
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Outside of this, numbers are no shares: logits, which go through a sigmoid. The margin is for the
/// rounding of 16 bits.
const SHARES: std::ops::RangeInclusive<f32> = -0.01..=1.01;

/// Columns and rows of the input, where the graph does not say.
const SIDE: usize = 1024;

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![(FAMILY, ANSWER)]
}

/// The numbers of an image for a network of `side` columns and rows: `[3, side, side]`, red, green, blue.
///
/// # Errors
/// An image without pixels.
pub fn prepare(image: &RgbImage, side: u32) -> Result<Vec<f32>> {
    let square = pil(image, side, side, PilFilter::Bilinear)?;
    Ok(valued(&square, Order::Rgb, |plane, level| {
        (level / 255.0 - MEAN[plane]) / DEVIATION[plane]
    }))
}

/// The matte of an image of `size`, width and height, by what the network gave: a square of shares or
/// of logits, row by row. 255 is wholly inside.
///
/// # Errors
/// No square; numbers that are not finite.
///
/// ```
/// // Logits of 0 are one half, and two levels of a square of one stay as they are.
/// let matte = nets::matte::decode(&[0.0, 9.0, -9.0, 9.0], (2, 2)).unwrap();
/// assert_eq!(matte.into_raw(), [127, 254, 0, 254]);
/// let matte = nets::matte::decode(&[0.0, 1.0, 0.25, 0.5], (2, 2)).unwrap();
/// assert_eq!(matte.into_raw(), [0, 255, 63, 127]);
/// ```
pub fn decode(answer: &[f32], (width, height): (u32, u32)) -> Result<GrayImage> {
    let finite = answer.iter().all(|number| number.is_finite());
    ensure!(finite, "the answer has values that are not finite");
    let logits = answer.iter().any(|number| !SHARES.contains(number));
    let level = |number: &f32| {
        let share = if logits {
            (1.0 + (-number).exp()).recip()
        } else {
            number.clamp(0.0, 1.0)
        };
        // As torchvision's `ToPILImage`, which cuts off what is behind the point.
        (share * 255.0) as u8
    };
    let side = answer.len().isqrt();
    ensure!(
        side > 0 && side * side == answer.len(),
        "the answer, {} numbers, is not square",
        answer.len()
    );
    let side = u32::try_from(side)?;
    let levels = answer.iter().map(level).collect();
    let square = GrayImage::from_raw(side, side, levels).context("the answer is not square")?;
    Ok(pil_luma(&square, width, height, PilFilter::Bilinear)?)
}

/// A network for mattes that is ready to run.
#[derive(Debug)]
pub struct Matting {
    net: Net,
    input: String,
    side: u32,
}

impl Matting {
    /// Opens a model of the role `matte`.
    ///
    /// # Errors
    /// A graph of another kind.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let unknown = || {
            let (takes, gives) = (listed(net.inputs()), listed(net.outputs()));
            format!(
                "{}: not a network for mattes, which takes f32[1,3,side,side] and gives f32[1,1,side,side]: \
                 the graph takes {takes} and gives {gives}",
                model.name()
            )
        };
        let ([input], [output]) = (net.inputs(), net.outputs()) else {
            bail!(unknown());
        };
        let side = match input.shape[..] {
            [_, Some(3), Some(rows), Some(columns)] if rows == columns => columns,
            [_, None | Some(3), None, None] => SIDE,
            _ => bail!(unknown()),
        };
        let gives = matches!(output.shape[..], [_, None | Some(1), _, _]);
        ensure!(gives && input.kind == Kind::F32, unknown());
        let (input, side) = (input.name.clone(), u32::try_from(side)?);
        net.read_by(FAMILY, ANSWER);
        Ok(Self { net, input, side })
    }

    /// Columns and rows of its input.
    pub fn side(&self) -> u32 {
        self.side
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// The matte of an image of `size` that [`prepare`] has made ready.
    ///
    /// # Errors
    /// Those of the runtime, and of [`decode`].
    pub fn run(&mut self, numbers: Vec<f32>, size: (u32, u32)) -> Result<GrayImage> {
        let length = self.side as usize;
        let tensor = Tensor::floats(&[1, 3, length, length], numbers)?;
        let outputs = self.net.run(&[(self.input.as_str(), &tensor)])?;
        let (_, answer) = outputs.iter().next().context("the network gave nothing")?;
        let named = || self.net.provenance().model.clone();
        decode(&answer.as_floats()?, size).with_context(named)
    }
}
