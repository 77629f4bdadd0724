//! What a family of detectors by words is: what it makes of an image, and of phrases.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use onnx::{Model, Port, Tensor};
use tokenizers::Tokenizer;
use vision::RgbImage;

use crate::family::Graph;
use crate::words::Phrase;

/// A family of detectors by words. Its graphs take images as `pixel_values`, and give `logits` `[1, queries, columns]`
/// and `pred_boxes` `[1, queries, 4]`, middle and size.
pub trait Grounds: Graph {
    /// Columns and rows of an image where the graph does not say.
    fn side(&self) -> u32;

    /// Default of the score from which a box counts, 0 to 1.
    fn threshold(&self) -> f32;

    /// Default of the overlap above which only the better of two boxes of a phrase counts, intersection over union.
    fn nms(&self) -> f32;

    /// From an image to the numbers of an input of this width and height, `[3, height, width]`.
    fn prepare(&self, image: &RgbImage, size: (u32, u32)) -> Result<Vec<f32>>;

    /// How many pixels of an image of `size`, width and height, a box of width and height 1 has.
    fn span(&self, size: [f32; 2]) -> [f32; 2];

    /// Reads the vocabulary of a model.
    fn tokenizer(&self, model: &Model) -> Result<Tokenizer>;

    /// Whether a graph knows only the first phrase of several, and is asked for each by itself.
    fn apart(&self, _graph: &Path) -> Result<bool> {
        Ok(false)
    }

    /// What goes in beside the image, for each run of the network.
    ///
    /// # Errors
    /// A phrase without a word of the vocabulary, or too long for a run.
    fn passes(&self, texts: &Texts<'_>) -> Result<Vec<Pass>>;
}

/// The phrases, and for whom.
#[derive(Debug)]
pub struct Texts<'a> {
    /// The vocabulary.
    pub tokenizer: &'a Tokenizer,
    /// What is looked for.
    pub phrases: &'a [Phrase],
    /// What the graph takes.
    pub inputs: &'a [Port],
    /// Width and height of its images.
    pub size: (u32, u32),
    /// Whether each phrase must have a run of its own.
    pub apart: bool,
}

impl Texts<'_> {
    /// The input of a name, if the graph has it.
    pub(super) fn input(&self, name: &str) -> Option<&Port> {
        self.inputs.iter().find(|port| port.name == name)
    }
}

/// One run: the inputs beside the image, and where in the answer the phrases are.
#[derive(Debug)]
pub struct Pass {
    /// By name.
    pub inputs: Vec<(&'static str, Tensor)>,
    /// The place of each phrase among all, and the columns of its tokens in `logits`.
    pub phrases: Vec<(usize, Range<usize>)>,
}
