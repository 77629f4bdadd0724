//! What a family of inpainters is.

use anyhow::Result;
use onnx::Net;
use vision::RgbImage;
use vision::mask::Mask;

use crate::family::Graph;

/// A family of inpainters, whose graphs take `image` and `mask` and give one image.
pub trait Inpaints: Graph {
    /// A crop with its hole inpainted, in its own size; the hole is of that size, and has pixels. Outside the hole it
    /// is what came through the network.
    ///
    /// # Errors
    /// A hole of another size; a graph whose images are of a size that the family does not know; an answer of another
    /// size than went in, or with numbers that are not finite.
    fn fill(&self, net: &mut Net, crop: &RgbImage, hole: &Mask) -> Result<RgbImage>;
}
