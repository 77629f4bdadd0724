//! `LaMa`, which fills holes in images (Suvorov and others, *Resolution-robust Large Mask
//! Inpainting with Fourier Convolutions*, 2021).
//!
//! | file | size | gives |
//! |---|---|---|
//! | `lama_fp32.onnx` of Carve/LaMa-ONNX | 512x512 | 0..255 |
//! | `inpainting_lama_2025jan.onnx` of `opencv_zoo` | 512x512 | 0..255 |
//! | exports of Sanster's `big-lama.pt` | multiples of 8 | 0..1 |
//!
//! All take `image` f32 `[1,3,H,W]`, RGB, 0..1, and `mask` f32 `[1,1,H,W]`, 1 in the hole and 0 outside,
//! and give the image with the hole filled, f32 `[1,3,H,W]`, under a name of their own. `opencv_zoo`'s
//! demonstration feeds BGR; the network was trained on RGB, which is what goes in here.
//!
//! The steps round the network are `IOPaint`'s (`iopaint/model/base.py`, `lama.py`), made to fit a
//! graph of one size: [`crops`] says which squares of a frame to fill, [`prepare`] makes the
//! tensors of one, [`decode`] the image.

mod crops;
mod tensors;

use anyhow::{Context, Result, bail};
use onnx::{Contract, Dim, Kind, Model, Net, Options, Provenance, Runtime, Tensor};
use vision::RgbImage;
use vision::mask::Mask;

pub use crops::{Crop, LEAST_MARGIN, LEAST_SIDE, MARGIN, crops};
pub use tensors::{Layout, Prepared, Range, decode, prepare};

/// The number of its answers: raised whenever the same image would be answered otherwise.
pub const ANSWER: u32 = 1;

/// What the graph must take. Its output has another name in every export.
pub fn contract() -> Contract {
    use Dim::{Any, Is};
    Contract::new()
        .input("image", Kind::F32, &[Is(1), Is(3), Any, Any])
        .input("mask", Kind::F32, &[Is(1), Is(1), Any, Any])
}

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![("lama", ANSWER)]
}

/// A `LaMa` that is ready to run.
#[derive(Debug)]
pub struct Inpainter {
    net: Net,
    layout: Layout,
}

impl Inpainter {
    /// Opens a model of the role `inpaint`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let options = Options {
            changing_shapes: true,
            ..Options::default()
        };
        let mut net = Net::open_with(model, "model", runtime, &contract(), options)?;
        let shape = net.inputs().iter().find(|port| port.name == "image");
        let layout = match shape.map(|port| &port.shape[..]) {
            Some([_, _, None, None]) => Layout::Dynamic,
            Some([_, _, Some(height), Some(width)]) if height == width => {
                Layout::Fixed(u32::try_from(*width)?)
            }
            _ => bail!(
                "{}: `image` is not square and not of any size",
                model.name()
            ),
        };
        net.read_by("lama", ANSWER);
        Ok(Self { net, layout })
    }

    /// The size of image that goes in.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// A crop with its hole filled, in its own size, and how the answer was read. Outside the hole
    /// it is what came through the network, not the crop itself.
    pub fn fill(&mut self, crop: &RgbImage, hole: &Mask) -> Result<(RgbImage, Range)> {
        let prepared = prepare(self.layout, crop, hole)?;
        let (width, height) = prepared.size();
        let [wide, high] = [width as usize, height as usize];
        let image = Tensor::floats(&[1, 3, high, wide], prepared.image.clone())?;
        let mask = Tensor::floats(&[1, 1, high, wide], prepared.mask.clone())?;
        let outputs = self.net.run(&[("image", &image), ("mask", &mask)])?;
        let (_, output) = outputs.iter().next().context("the graph gives nothing")?;
        if output.shape() != [1, 3, high, wide] {
            bail!(
                "the graph gives {:?} for an image of {width}x{height}",
                output.shape()
            );
        }
        decode(&prepared, &output.as_floats()?)
    }
}
