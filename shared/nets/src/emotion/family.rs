//! What a family of emotion classifiers is: what it makes of a face, and of what its graph gives.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use vision::{Rect, RgbImage};

use crate::face::Landmarks;
use crate::family::Graph;

/// An expression of a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emotion {
    /// Happiness.
    Happy,
    /// Sadness.
    Sad,
    /// Surprise.
    Surprised,
    /// Anger.
    Angry,
    /// None to be seen.
    Neutral,
    /// Fear.
    Fear,
    /// Disgust.
    Disgust,
    /// Contempt.
    Contempt,
}

impl Emotion {
    /// All, in the order in which scores are written.
    pub const ALL: [Self; 8] = [
        Self::Happy,
        Self::Sad,
        Self::Surprised,
        Self::Angry,
        Self::Neutral,
        Self::Fear,
        Self::Disgust,
        Self::Contempt,
    ];

    /// Its word in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Happy => "happy",
            Self::Sad => "sad",
            Self::Surprised => "surprised",
            Self::Angry => "angry",
            Self::Neutral => "neutral",
            Self::Fear => "fear",
            Self::Disgust => "disgust",
            Self::Contempt => "contempt",
        }
    }
}

/// A face in an image, in the image's pixels.
#[derive(Debug, Clone, Copy)]
pub struct FaceImage<'a> {
    /// The image.
    pub image: &'a RgbImage,
    /// The box of the face.
    pub rect: Rect<f32>,
    /// Its landmarks, if they are known.
    pub landmarks: Option<Landmarks>,
}

impl FaceImage<'_> {
    /// The face's box grown by a tenth of its width and height, or the square round that, in whole
    /// pixels of the image and within it.
    pub(super) fn cut(&self, square: bool) -> Result<RgbImage> {
        let rect = self.rect.map(f64::from);
        ensure!(rect.is_sound(), "a face box without pixels: {}", self.rect);
        let (mut width, mut height) = (rect.width() * GROWN, rect.height() * GROWN);
        if square {
            (width, height) = (width.max(height), width.max(height));
        }
        let range = |middle: f64, length: f64| {
            let edge = |place: f64| place.round().max(0.0) as u32;
            (edge(middle - length / 2.0), edge(middle + length / 2.0))
        };
        let [x, y] = rect.middle();
        let ((left, right), (top, bottom)) = (range(x, width), range(y, height));
        let part = Rect {
            left,
            top,
            right,
            bottom,
        };
        let outside = || format!("a face box without pixels in the image: {}", self.rect);
        vision::crop::rgb(self.image, part).with_context(outside)
    }
}

/// How much wider and higher than the detector's box the cut is.
pub const GROWN: f64 = 1.1;

/// What the columns of an answer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The expressions, in the network's order.
    pub classes: Vec<Emotion>,
    /// Columns behind them that are something else.
    pub more: usize,
    /// Whether they are logarithms still to be scaled to a sum of 1.
    pub logits: bool,
}

impl Columns {
    /// Columns that are all expressions.
    pub(super) fn of(classes: &[Emotion], logits: bool) -> Self {
        Self {
            classes: classes.to_vec(),
            more: 0,
            logits,
        }
    }

    /// The scores of all expressions that the network knows, in the order of [`Emotion::ALL`];
    /// they add up to 1.
    ///
    /// # Errors
    /// Another number of columns; numbers that are not finite.
    ///
    /// ```
    /// use nets::emotion::{Columns, Emotion::{Angry, Happy}};
    /// let columns = Columns { classes: vec![Angry, Happy], more: 1, logits: true };
    /// let scores = columns.decode(&[0.0, 3.0_f32.ln(), 9.0]).unwrap();
    /// assert_eq!(scores[0].0, Happy);
    /// assert!((scores[0].1 - 0.75).abs() < 1e-6 && (scores[1].1 - 0.25).abs() < 1e-6);
    /// ```
    pub fn decode(&self, numbers: &[f32]) -> Result<Vec<(Emotion, f32)>> {
        let count = self.classes.len();
        ensure!(
            numbers.len() == count + self.more,
            "the network gave {} columns instead of {}",
            numbers.len(),
            count + self.more
        );
        let numbers = &numbers[..count];
        ensure!(
            numbers.iter().all(|number| number.is_finite()),
            "the answer has values that are not finite"
        );
        let most = numbers.iter().copied().fold(f32::MIN, f32::max);
        let weights: Vec<f32> = { numbers.iter() }
            .map(|number| {
                if self.logits {
                    (number - most).exp()
                } else {
                    number.max(0.0)
                }
            })
            .collect();
        let sum: f32 = weights.iter().sum();
        ensure!(sum > 0.0, "the answer has no score above 0");
        let mut scores: Vec<_> = { self.classes.iter().zip(weights) }
            .map(|(class, weight)| (*class, weight / sum))
            .collect();
        scores.sort_by_key(|(class, _)| *class);
        Ok(scores)
    }
}

/// A family of emotion classifiers.
pub trait Classifies: Graph {
    /// What the columns of the graph of the model `name` are.
    ///
    /// # Errors
    /// A name that does not tell them, where they differ from file to file.
    fn columns(&self, name: &str) -> Result<Columns>;

    /// The graph's input of a face. `shape` is that of one input, without the first axis.
    fn prepare(&self, face: &FaceImage<'_>, shape: [usize; 3]) -> Result<Vec<f32>>;
}
