//! What a family of segmenters is: how published files cut SAM into graphs, what their ports are
//! called, how the encoder takes an image and the decoder prompts.

use std::fmt::Debug;

use anyhow::{Context, Result, ensure};
use onnx::{Contract, Dim, Net, Port, Tensor};
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

use super::logits::Candidate;
use crate::family::Family;

/// The side of the square that the encoder sees, pixels.
pub const FRAME: u32 = 1024;

/// Mean of each channel of `ImageNet`, 0..=255: `(0.485, 0.456, 0.406)` of 255, which SAM 1 rounds
/// (`Sam.pixel_mean` in facebookresearch/segment-anything).
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of each channel.
const DEVIATION: [f64; 3] = [0.229, 0.224, 0.225];

/// An embedding: its name, as the encoder gives it and the decoder takes it, and its size along each axis.
pub type Feature = (&'static str, &'static [Dim]);

/// A family of segmenters.
pub trait Segments: Debug + Send + Sync {
    /// What the encoder takes.
    fn encoder(&self) -> Contract;

    /// What the decoder takes beside the embeddings, and what it gives.
    fn decoder(&self) -> Contract;

    /// Whether graphs that take these are of the family.
    fn recognises(&self, encoder: &[Port], decoder: &[Port]) -> bool;

    /// The embeddings.
    fn features(&self) -> &'static [Feature];

    /// Whether images are padded, as SAM 1 does, and not stretched.
    fn is_padded(&self) -> bool {
        false
    }

    /// The encoder's input of an image that is scaled to the frame already.
    fn prepare(&self, scaled: &RgbImage) -> Result<Tensor> {
        normalised(scaled, FRAME as usize, self.is_padded())
    }

    /// The decoder's answers to prompts of as many points each, all or none with a box: for each the masks
    /// that it offers.
    fn decode(
        &self,
        decoder: &mut Net,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>>;
}

/// What to segment, in pixels of the image; a box, points, or points in a box.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prompt {
    /// Points on it, or beside it.
    pub points: Vec<Point>,
    /// A box round it.
    pub rect: Option<Rect<f64>>,
}

/// A point of a prompt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Pixels from the left and from the top.
    pub at: [f64; 2],
    /// Whether it is on the thing; if not, it says where the thing is not.
    pub inside: bool,
}

impl Prompt {
    /// What is in a box.
    pub fn of_box(rect: Rect<f64>) -> Self {
        Self {
            points: Vec::new(),
            rect: Some(rect),
        }
    }

    /// What is at a point.
    pub fn at(at: [f64; 2]) -> Self {
        Self {
            points: vec![Point { at, inside: true }],
            rect: None,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let numbers = self.points.iter().flat_map(|point| point.at);
        let numbers = numbers.chain(self.rect.into_iter().flat_map(Rect::edges));
        let (mut count, mut sane) = (0, true);
        for number in numbers {
            count += 1;
            sane &= number.abs() < 1e6;
        }
        ensure!(count > 0, "the prompt has no box and no points");
        ensure!(
            sane,
            "the prompt has a number that is not a position in an image"
        );
        Ok(())
    }
}

/// An image that the encoder has seen.
#[derive(Debug)]
pub struct Embedding {
    /// In the order of the family's names.
    pub(super) tensors: Vec<Tensor>,
    pub(super) frame: Frame,
}

/// Where the pixels of an image lie in the frame of 1024x1024 that the network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Columns of the image.
    pub width: u32,
    /// Rows of the image.
    pub height: u32,
    /// Columns of the frame that it fills.
    pub across: u32,
    /// Rows of the frame that it fills.
    pub down: u32,
}

impl Frame {
    /// The frame of an image of `width` x `height`. SAM 2 stretches it to fill all; SAM 1 keeps its
    /// aspect, at the upper left, `padded` (`ResizeLongestSide.get_preprocess_shape`).
    ///
    /// ```
    /// use nets::sam::Frame;
    /// let stretched = Frame::new(false, 1920, 804);
    /// assert_eq!((stretched.across, stretched.down), (1024, 1024));
    /// let padded = Frame::new(true, 1920, 804);
    /// assert_eq!((padded.across, padded.down), (1024, 429));
    /// assert_eq!(padded.place([960.0, 402.0]), [512.0, 214.5]);
    /// ```
    pub fn new(padded: bool, width: u32, height: u32) -> Self {
        let scale = f64::from(FRAME) / f64::from(width.max(height).max(1));
        let side = |side: u32| {
            if padded {
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

    /// A point of the image, in the frame. Nothing is added for the middle of a pixel: the
    /// decoders do that by themselves.
    pub fn place(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        [
            (x * (f64::from(self.across) / f64::from(self.width))) as f32,
            (y * (f64::from(self.down) / f64::from(self.height))) as f32,
        ]
    }

    /// The upper left and the lower right corner of a box of the image, in the frame.
    pub(super) fn corners(&self, rect: Rect<f64>) -> [[f32; 2]; 2] {
        [
            self.place([rect.left, rect.top]),
            self.place([rect.right, rect.bottom]),
        ]
    }
}

/// An image as the encoder takes it.
#[derive(Debug)]
pub struct Prepared {
    pub(super) tensor: Tensor,
    pub(super) frame: Frame,
}

/// One of the families: how a SAM's files are laid out.
pub type Layout = Family<dyn Segments>;

impl Layout {
    /// Scales and normalises an image for the encoder; pure, and best done on another thread than
    /// the one that runs the network.
    ///
    /// Scaling is Pillow's bilinear, antialiased, as `torchvision.transforms.Resize` in
    /// facebookresearch/sam2's `SAM2Transforms` and segment-anything's `ResizeLongestSide`.
    pub fn scaled(&self, image: &RgbImage) -> Result<Prepared> {
        let frame = Frame::new(self.is_padded(), image.width(), image.height());
        let scaled = pil(image, frame.across, frame.down, PilFilter::Bilinear)
            .context("an image for the segmenter")?;
        let tensor = self.prepare(&scaled)?;
        Ok(Prepared { tensor, frame })
    }
}

/// An image as most encoders take it: normalised planes of the whole frame of `side` x `side`.
pub(crate) fn normalised(scaled: &RgbImage, side: usize, rounded: bool) -> Result<Tensor> {
    Tensor::floats(&[1, 3, side, side], planes(scaled, side, &levels(rounded)))
}

/// What each of the 256 levels becomes, by channel; SAM 1 rounds mean and deviation.
fn levels(rounded: bool) -> [[f32; 256]; 3] {
    let round = |value: f64, by: f64| (value * by).round() / by;
    std::array::from_fn(|channel| {
        let (mut mean, mut deviation) = (MEAN[channel] * 255.0, DEVIATION[channel] * 255.0);
        if rounded {
            (mean, deviation) = (round(mean, 100.0), round(deviation, 1000.0));
        }
        std::array::from_fn(|level| ((level as f64 - mean) / deviation) as f32)
    })
}

/// Normalised planes of `side` x `side`, red first; what the image does not fill is 0.
fn planes(image: &RgbImage, side: usize, levels: &[[f32; 256]; 3]) -> Vec<f32> {
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
