//! What a family of captioners is: how it sees an image, and how it writes of it.

use std::fmt::Debug;

use anyhow::Result;
use onnx::{Model, Net, Runtime};
use vision::RgbImage;

use super::generate::{Rules, Written};
use super::words::Words;

/// An image as a network takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tiles {
    /// Its parts, each `[3, side, side]`, row by row and the whole image last.
    pub tiles: Vec<Vec<f32>>,
    /// Rows and columns of parts, without the whole image; none where that is all.
    pub grid: [u32; 2],
}

/// An image, and what is asked of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The image.
    pub image: Tiles,
    /// The question.
    pub question: String,
}

/// What is asked of an image.
#[derive(Debug)]
pub struct Task {
    /// The question that stands for it.
    pub question: &'static str,
    /// Tokens that an answer may have where nothing else is said.
    pub tokens: usize,
}

/// How captions are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// What networks are asked that understand no prompt.
    pub task: &'static Task,
    /// Tokens that a caption may have, where not the family decides.
    pub most: Option<usize>,
    /// Texts that are followed at a time, by families that do; 1 is greedy.
    pub beams: usize,
    /// Whether large images are shown in tiles too, to families that take them.
    pub split: bool,
}

/// A family of captioners.
pub trait Writes: Debug + Send + Sync {
    /// Whether the files of `model`, of which nothing else is known, are of this family.
    fn has_files(&self, model: &Model) -> bool;

    /// The question that is asked whatever the prompt says, by a family that understands none.
    fn question(&self, _settings: &Settings) -> Option<&'static str> {
        None
    }

    /// How tokens of the vocabulary `words` are chosen.
    fn rules(&self, settings: &Settings, words: &Words) -> Result<Rules>;

    /// An image as a network whose tiles have `side` pixels takes it, `split` or whole alone.
    fn prepare(&self, image: &RgbImage, side: u32, split: bool) -> Result<Tiles>;

    /// Opens the graphs of `model`.
    fn open(&self, model: &Model, runtime: &Runtime) -> Result<Box<dyn Writer>>;
}

/// The graphs of a captioner.
pub trait Writer {
    /// The one that writes.
    fn decoder(&self) -> &Net;

    /// Side of a tile, pixels.
    fn side(&self) -> u32;

    /// What is written of each image, in tokens of `words`.
    fn write(&mut self, asked: &[Asked], words: &Words, rules: &Rules) -> Result<Vec<Written>>;
}
