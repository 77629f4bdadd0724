//! What is measured of a checkpoint.

/// The number of measures.
pub(crate) const COUNT: usize = 7;

/// Their names, in their order.
pub(crate) const MEASURES: [&str; COUNT] = [
    "identity",
    "prompt",
    "style",
    "variety",
    "copies",
    "sharpness",
    "empty",
];

/// The share of the wanted characters that the images show.
pub(crate) const IDENTITY: usize = 0;
/// The share of the other wanted facts that they show, of those that could be measured.
pub(crate) const PROMPT: usize = 1;
/// How far their embeddings are from those of the training images: CMMD.
pub(crate) const STYLE: usize = 2;
/// How much they vary, where the training images are 1.
pub(crate) const VARIETY: usize = 3;
/// The share of images that are copies of training images.
pub(crate) const COPIES: usize = 4;
/// The share of images that are at least as sharp as 95 of 100 training images.
pub(crate) const SHARPNESS: usize = 5;
/// The share of images in which no character was detected, of prompts that name none.
pub(crate) const EMPTY: usize = 6;

/// The value of each measure; `None` where it could not be measured.
pub(crate) type Values = [Option<f64>; COUNT];

/// What the numbers mean, for people.
pub(crate) const MEANINGS: [&str; COUNT] = [
    "share of the wanted characters that the images show",
    "share of the other wanted facts that the images show, of those that could be measured",
    "CMMD, the distance between the images and the training images: 0 is the same distribution",
    "how much the images vary beside the training images, which are 1 (Vendi score of order 2)",
    "share of images that are nearer to a training image than images of different shots are to each other",
    "share of images that are at least as sharp as 95 of 100 training images, whatever their sizes",
    "share of images in which no character was detected, where the prompt names none",
];
