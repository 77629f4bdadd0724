//! What a vision encoder makes of several images.

use anyhow::{Result, bail};
use onnx::{Net, Tensor};

/// The features of `images`, `[images, tokens, width]`, by `see`, which runs `vision` on some of them.
///
/// A processor is given one at a time: several at once need as many times the memory (0.35 GB each for
/// Florence-2-base) and no less time. A graphics card is given all.
pub(super) fn features(
    vision: &mut Net,
    images: &[Vec<f32>],
    see: impl Fn(&mut Net, &[Vec<f32>]) -> Result<Tensor>,
) -> Result<Tensor> {
    if vision.provenance().device != "cpu" {
        return see(vision, images);
    }
    let (mut shape, mut numbers) = ([0; 3], Vec::new());
    for image in images.chunks(1) {
        let answer = see(vision, image)?;
        let [rows, tokens, width] = answer.shape()[..] else {
            bail!("features of the shape {:?}", answer.shape());
        };
        shape = [shape[0] + rows, tokens, width];
        numbers.extend_from_slice(&answer.as_floats()?);
    }
    Tensor::floats(&shape, numbers)
}
