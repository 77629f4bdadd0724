//! What a family of image encoders is: how it wants its images, what it reads in the answer, and how it
//! takes texts.

use anyhow::Result;
use onnx::{Contract, Outputs};

use super::processing::Processing;
use crate::family::Graph;

/// A family of image encoders. Its contract is that of the graph for images, whose input is
/// `pixel_values`.
pub trait Embeds: Graph {
    /// Columns and rows of an image where the graph does not say.
    fn side(&self) -> u32 {
        224
    }

    /// How an image is made ready, `side` pixels wide and high.
    fn processing(&self, side: u32) -> Processing;

    /// The vector of each image of a run.
    fn decode(&self, outputs: &Outputs) -> Result<Vec<Vec<f32>>>;

    /// How it takes texts; `None` for a family that was not taught by them.
    fn texts(&self) -> Option<&'static Texts> {
        None
    }
}

/// How a family takes texts, and compares them with images.
#[derive(Debug)]
pub struct Texts {
    /// The token that every text ends with; a tokenizer that has it is the family's.
    pub end: &'static str,
    /// The token that fills a text up.
    pub padding: &'static str,
    /// Cuts and fills tokens to what the graph takes, given those of `end` and `padding`.
    ///
    /// # Errors
    /// Tokens without the end that the family's tokenizer puts behind a text.
    pub fit: fn(&mut Vec<i64>, i64, i64) -> Result<()>,
    /// What the graph takes and gives, with `attention_mask` or without.
    pub contract: fn(bool) -> Contract,
    /// The output that holds the vector.
    pub output: &'static str,
    /// Whether each pair of image and text is judged by itself; if not, one text of several holds.
    pub alone: bool,
    /// How it makes logits of cosines; `None` where that differs from file to file.
    pub logits: Option<Logits>,
}

/// How logits are made of cosines: `factor * cosine + bias`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logits {
    /// What cosines are multiplied by.
    pub factor: f64,
    /// What is then added.
    pub bias: f64,
    /// The length of the vectors of the one checkpoint that these are of; `None` where they hold for all.
    pub width: Option<usize>,
}
