//! Segment Anything: masks of whatever a box or a point is on.
//!
//! Reads the published ONNX files of SAM 2 (samexporter, with or without `orig_im_size`), SAM 2.1
//! (`onnx-community`), SAM 1 and `MobileSAM` (segment-anything's own export, samexporter, Acly), and
//! tells them apart by the names of their ports; see [`Layout`]. Each is two graphs: an encoder that
//! sees the picture once, and a decoder that answers prompts.
//!
//! The processing is that of facebookresearch/sam2 and facebookresearch/segment-anything.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! # let (flags, picture) = (onnx::ModelFlags::default(), vision::RgbImage::new(640, 360));
//! use nets::sam::{OFFSET, Prompt, Segmenter, best};
//! let model = flags.open("segment")?;
//! let mut segmenter = Segmenter::open(&model, &flags.runtime)?;
//! let embedding = segmenter.encode(&picture)?;
//! let prompts = [Prompt::of_box([100.0, 40.0, 220.0, 350.0])];
//! for candidates in segmenter.predict(&embedding, &prompts)? {
//!     let Some(candidate) = best(candidates) else { continue };
//!     let mask = candidate.logits.cut(0.0, OFFSET)?.mask; // of 640x360 pixels
//! }
//! # Ok(())
//! # }
//! ```

mod automatic;
mod layout;
mod logits;
mod prepare;
mod regions;
mod run;
mod suppress;

use anyhow::{Result, ensure};
use onnx::{Model, Net, Provenance, Runtime, Tensor};
use vision::RgbImage;

pub use automatic::{Automatic, Segment};
pub use layout::Layout;
pub use logits::{Candidate, Cut, Logits, best};
pub use prepare::{Frame, Prepared};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// The side of the square that the encoder sees, pixels.
pub const FRAME: u32 = 1024;

/// The offset of the stability of all references: [`Logits::cut`].
pub const OFFSET: f32 = 1.0;

/// How many prompts it is good to give at once: each answer takes 0.8 MB until it is cut.
pub const PROMPTS: usize = 64;

/// What to segment, in pixels of the picture; a box, points, or points in a box.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prompt {
    /// Points on it, or beside it.
    pub points: Vec<Point>,
    /// A box round it: left, top, right, bottom.
    pub rectangle: Option<[f64; 4]>,
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
    /// What is in a box: left, top, right, bottom.
    pub fn of_box(rectangle: [f64; 4]) -> Self {
        Self {
            points: Vec::new(),
            rectangle: Some(rectangle),
        }
    }

    /// What is at a point.
    pub fn at(at: [f64; 2]) -> Self {
        Self {
            points: vec![Point { at, inside: true }],
            rectangle: None,
        }
    }

    fn check(&self) -> Result<()> {
        let numbers = self.points.iter().flat_map(|point| point.at);
        let numbers = numbers.chain(self.rectangle.into_iter().flatten());
        let (mut count, mut sane) = (0, true);
        for number in numbers {
            count += 1;
            sane &= number.abs() < 1e6;
        }
        ensure!(count > 0, "a prompt without box and points");
        ensure!(sane, "a prompt with a number that is no place in a picture");
        Ok(())
    }
}

/// A picture that the encoder has seen.
#[derive(Debug)]
pub struct Embedding {
    /// In the order of the layout's names.
    tensors: Vec<Tensor>,
    frame: Frame,
}

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    ["sam1", "sam2", "sam21"]
        .map(|family| (family, ANSWER))
        .to_vec()
}

/// A SAM that is ready to run.
#[derive(Debug)]
pub struct Segmenter {
    encoder: Net,
    decoder: Net,
    layout: Layout,
    /// How many prompts go into one run of the decoder.
    together: usize,
}

impl Segmenter {
    /// Opens a model, and tries whether its decoder answers several prompts at once as it answers
    /// them one by one; if not, it is given one at a time.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let (mut encoder, decoder, layout) = layout::open(model, runtime)?;
        encoder.read_by(layout.family(), ANSWER);
        let mut segmenter = Self {
            encoder,
            decoder,
            layout,
            together: 1,
        };
        if segmenter.answers_together() {
            segmenter.together = PROMPTS;
        }
        Ok(segmenter)
    }

    /// How its files are laid out; [`Layout::prepare`] makes its input.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Which network this is.
    pub fn provenance(&self) -> &Provenance {
        self.encoder.provenance()
    }

    /// Shows the encoder a picture.
    pub fn encode(&mut self, image: &RgbImage) -> Result<Embedding> {
        let prepared = self.layout.prepare(image)?;
        self.encode_prepared(&prepared)
    }

    /// Shows the encoder a picture that is prepared already.
    pub fn encode_prepared(&mut self, picture: &Prepared) -> Result<Embedding> {
        let name = self.encoder.inputs().first().map(|port| port.name.clone());
        let name = name.unwrap_or_default();
        let mut outputs = self.encoder.run(&[(&name, &picture.tensor)])?;
        let names = self.layout.embeddings().iter();
        let tensors: Result<_> = names.map(|name| outputs.take(name)).collect();
        Ok(Embedding {
            tensors: tensors?,
            frame: picture.frame,
        })
    }

    /// Answers prompts on a picture: for each the masks that the network offers, one to three.
    ///
    /// Where a SAM 1 decoder gives four, these are the ones that its own single-mask export chooses
    /// among (`select_masks` of segment-anything's `SamOnnxModel`): the whole by itself for more
    /// than two points, the three others for less.
    pub fn predict(
        &mut self,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        prompts.iter().try_for_each(Prompt::check)?;
        let shape = |prompt: &Prompt| (prompt.points.len(), prompt.rectangle.is_some());
        let mut answers = Vec::with_capacity(prompts.len());
        for group in prompts.chunk_by(|first, second| shape(first) == shape(second)) {
            answers.extend(self.predict_alike(embedding, group)?);
        }
        Ok(answers)
    }
}
