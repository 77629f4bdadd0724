//! MI-GAN, a small inpainter (Sargsyan and others, *MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices*,
//! 2023), in its second pipeline: `migan_pipeline_v2.onnx` of andraniksargsyan/migan.
//!
//! Takes `image` u8 `[N,3,H,W]`, RGB, and `mask` u8 `[N,1,H,W]`, and gives `result` u8 `[N,3,H,W]`. The mask says what
//! to keep: 255 there, and 0 in the hole, the reverse of `LaMa`'s. Inside the graph
//! (Picsart-AI-Research/MI-GAN, `scripts/create_onnx_pipeline.py`) a square around all holes, 128 pixels wider on each
//! side and 512 at least, is squeezed into 512x512, and what comes back is blended over a rim of few pixels; holes far
//! apart go in one by one, as `crops` has them, or all detail between them would be lost.

use anyhow::{Result, ensure};
use onnx::{Contract, Dim, Kind, Net, Tensor};
use vision::RgbImage;
use vision::mask::Mask;

use super::family::Inpaints;
use crate::family::Graph;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// The least side that the graph takes, in pixels: it mirrors 2 of the mask at each edge. Smaller crops are repeated
/// at their last column and row.
const LEAST: u32 = 8;

/// What the mask has where the image is kept; 0 in the hole.
const KEEP: u8 = 255;

/// MI-GAN.
#[derive(Debug)]
pub(super) struct MiGan;

impl Graph for MiGan {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("image", Kind::U8, &[Any, Is(3), Any, Any])
            .input("mask", Kind::U8, &[Any, Is(1), Any, Any])
            .output("result", Kind::U8, &[Any, Any, Any, Any])
    }
}

impl Inpaints for MiGan {
    fn fill(&self, net: &mut Net, crop: &RgbImage, hole: &Mask) -> Result<RgbImage> {
        let [image, mask] = prepare(crop, hole)?;
        let outputs = net.run(&[("image", &image), ("mask", &mask)])?;
        let result = outputs.get("result")?;
        let shape = image.shape();
        ensure!(
            result.shape() == shape,
            "the graph gives {:?} for an image of {shape:?}",
            result.shape()
        );
        Ok(decode(result.as_bytes()?, shape[3], crop.dimensions()))
    }
}

/// The tensors `image` and `mask` of a crop and its hole.
fn prepare(crop: &RgbImage, hole: &Mask) -> Result<[Tensor; 2]> {
    let (width, height) = crop.dimensions();
    ensure!(
        (width, height) == (hole.width(), hole.height()) && width > 0 && height > 0,
        "a crop of {width}x{height}, but a hole of {}x{}",
        hole.width(),
        hole.height()
    );
    let (wide, high) = (width.max(LEAST), height.max(LEAST));
    let pixels =
        || (0..high).flat_map(|y| (0..wide).map(move |x| (x.min(width - 1), y.min(height - 1))));
    let mut levels = Vec::with_capacity(3 * wide as usize * high as usize);
    for channel in 0..3 {
        levels.extend(pixels().map(|(x, y)| crop.get_pixel(x, y).0[channel]));
    }
    let keep = pixels().map(|(x, y)| if hole.get(x, y) { 0 } else { KEEP });
    let [wide, high] = [wide as usize, high as usize];
    Ok([
        Tensor::bytes(&[1, 3, high, wide], levels)?,
        Tensor::bytes(&[1, 1, high, wide], keep.collect())?,
    ])
}

/// The image of planes whose rows have `columns` pixels, as far as it is of the crop.
fn decode(levels: &[u8], columns: usize, (width, height): (u32, u32)) -> RgbImage {
    let plane = levels.len() / 3;
    RgbImage::from_fn(width, height, |x, y| {
        let at = y as usize * columns + x as usize;
        image::Rgb([0, 1, 2].map(|channel| levels[channel * plane + at]))
    })
}
