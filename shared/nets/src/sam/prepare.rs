//! From a picture to the encoder's input, and from its pixels to the decoder's.

use anyhow::{Context, Result};
use onnx::Tensor;
use vision::RgbImage;
use vision::resize::{PilFilter, pil};

use super::{FRAME, Layout};

/// Mean of each channel of `ImageNet`, 0..=255: `(0.485, 0.456, 0.406)` of 255, which SAM 1 rounds
/// (`Sam.pixel_mean` in facebookresearch/segment-anything).
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of each channel.
const DEVIATION: [f64; 3] = [0.229, 0.224, 0.225];

/// Where the pixels of a picture lie in the frame of 1024x1024 that the network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Columns of the picture.
    pub width: u32,
    /// Rows of the picture.
    pub height: u32,
    /// Columns of the frame that it fills.
    pub across: u32,
    /// Rows of the frame that it fills.
    pub down: u32,
}

impl Frame {
    /// The frame of a picture of `width` x `height`. SAM 2 stretches it to fill all; SAM 1 keeps
    /// its aspect, at the upper left (`ResizeLongestSide.get_preprocess_shape`).
    ///
    /// ```
    /// use nets::sam::{Frame, Layout};
    /// let stretched = Frame::new(Layout::Sam2, 1920, 804);
    /// assert_eq!((stretched.across, stretched.down), (1024, 1024));
    /// let padded = Frame::new(Layout::Sam1, 1920, 804);
    /// assert_eq!((padded.across, padded.down), (1024, 429));
    /// assert_eq!(padded.place([960.0, 402.0]), [512.0, 214.5]);
    /// ```
    pub fn new(layout: Layout, width: u32, height: u32) -> Self {
        let scale = f64::from(FRAME) / f64::from(width.max(height).max(1));
        let side = |side: u32| {
            if layout.is_padded() {
                ((f64::from(side) * scale + 0.5) as u32).max(1)
            } else {
                FRAME
            }
        };
        Self {
            width,
            height,
            across: side(width),
            down: side(height),
        }
    }

    /// A point of the picture, in the frame. Nothing is added for the middle of a pixel: the
    /// decoders do that by themselves.
    pub fn place(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        [
            (x * (f64::from(self.across) / f64::from(self.width))) as f32,
            (y * (f64::from(self.down) / f64::from(self.height))) as f32,
        ]
    }
}

/// A picture as the encoder takes it.
#[derive(Debug)]
pub struct Prepared {
    pub(super) tensor: Tensor,
    pub(super) frame: Frame,
}

impl Layout {
    /// Scales and normalises a picture for the encoder; pure, and best done on another thread than
    /// the one that runs the network.
    ///
    /// Scaling is Pillow's bilinear, antialiased, as `torchvision.transforms.Resize` in
    /// facebookresearch/sam2's `SAM2Transforms` and segment-anything's `ResizeLongestSide`.
    pub fn prepare(self, image: &RgbImage) -> Result<Prepared> {
        let frame = Frame::new(self, image.width(), image.height());
        let scaled = pil(image, frame.across, frame.down, PilFilter::Bilinear)
            .context("a picture for the segmenter")?;
        let side = FRAME as usize;
        let tensor = match self {
            Self::Sam1Raw => {
                let levels = scaled.as_raw().iter().map(|level| f32::from(*level));
                let shape = [frame.down as usize, frame.across as usize, 3];
                Tensor::floats(&shape, levels.collect())?
            }
            _ => Tensor::floats(&[1, 3, side, side], planes(&scaled, &self.levels()))?,
        };
        Ok(Prepared { tensor, frame })
    }

    /// What each of the 256 levels becomes, by channel.
    fn levels(self) -> [[f32; 256]; 3] {
        let rounded = |value: f64, by: f64| (value * by).round() / by;
        std::array::from_fn(|channel| {
            let (mut mean, mut deviation) = (MEAN[channel] * 255.0, DEVIATION[channel] * 255.0);
            if self.is_padded() {
                (mean, deviation) = (rounded(mean, 100.0), rounded(deviation, 1000.0));
            }
            std::array::from_fn(|level| ((level as f64 - mean) / deviation) as f32)
        })
    }
}

/// Normalised planes of 1024x1024, red first; what the picture does not fill is 0.
fn planes(image: &RgbImage, levels: &[[f32; 256]; 3]) -> Vec<f32> {
    let side = FRAME as usize;
    let mut result = vec![0.0; 3 * side * side];
    for (plane, (channel, levels)) in result.chunks_exact_mut(side * side).zip((0..).zip(levels)) {
        let rows = image.as_raw().chunks_exact(3 * image.width() as usize);
        for (line, row) in plane.chunks_exact_mut(side).zip(rows) {
            let samples = row.iter().skip(channel).step_by(3);
            for (value, level) in line.iter_mut().zip(samples) {
                *value = levels[usize::from(*level)];
            }
        }
    }
    result
}
