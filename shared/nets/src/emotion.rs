//! What every network of expressions answers, and running one whatever its family.
//!
//! Each network has classes of its own in an order of its own; here, at the edge, they become one
//! set. Faces go through one at a time, so that an answer does not depend on its neighbours.

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Model, Net, Port, Provenance, Runtime, Tensor};
use serde::{Deserialize, Serialize};
use vision::RgbImage;
use vision::mask::Bounds;

use crate::face::{Landmarks, ports};
use crate::{fer_mobilefacenet, ferplus, hsemotion, mini_xception};

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

/// A face in a picture, in the picture's pixels.
#[derive(Debug, Clone, Copy)]
pub struct Sitter<'a> {
    /// The picture.
    pub picture: &'a RgbImage,
    /// Left, top, right, bottom of the face.
    pub area: [f32; 4],
    /// Its landmarks, if they are known.
    pub landmarks: Option<Landmarks>,
}

impl Sitter<'_> {
    /// The face's box grown by a tenth of its width and height, or the square round that, in whole
    /// pixels of the picture and within it.
    pub(crate) fn cut(&self, square: bool) -> Result<RgbImage> {
        let [left, top, right, bottom] = self.area.map(f64::from);
        let finite = [left, top, right, bottom].iter().all(|n| n.is_finite());
        ensure!(
            finite && right > left && bottom > top,
            "a face box without pixels: {:?}",
            self.area
        );
        let (mut width, mut height) = ((right - left) * GROWN, (bottom - top) * GROWN);
        if square {
            (width, height) = (width.max(height), width.max(height));
        }
        let range = |middle: f64, length: f64| {
            let edge = |place: f64| place.round().max(0.0) as u32;
            (edge(middle - length / 2.0), edge(middle + length / 2.0))
        };
        let (left, right) = range(f64::midpoint(left, right), width);
        let (top, bottom) = range(f64::midpoint(top, bottom), height);
        let bounds = Bounds {
            left,
            top,
            right,
            bottom,
        };
        let outside = || format!("a face box without pixels in the picture: {:?}", self.area);
        vision::crop::rgb(self.picture, bounds).with_context(outside)
    }
}

/// How much wider and higher than the detector's box the cut is.
pub const GROWN: f64 = 1.1;

/// What kinds of networks of expressions there are; the words of the registry in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `MobileFaceNet` of `opencv_zoo` (`fer_mobilefacenet`).
    MobileFaceNet,
    /// FER+ of onnx/models (`ferplus`).
    FerPlus,
    /// `HSEmotion` (`hsemotion`).
    HsEmotion,
    /// mini-XCEPTION (`mini_xception`).
    MiniXception,
}

const FAMILIES: [(Family, &str, u32); 4] = [
    (
        Family::MobileFaceNet,
        "fer_mobilefacenet",
        fer_mobilefacenet::ANSWER,
    ),
    (Family::FerPlus, "ferplus", ferplus::ANSWER),
    (Family::HsEmotion, "hsemotion", hsemotion::ANSWER),
    (Family::MiniXception, "mini_xception", mini_xception::ANSWER),
];

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    let numbers = FAMILIES.iter().map(|(_, word, answer)| (*word, *answer));
    numbers.collect()
}

impl Family {
    fn named(name: &str) -> Result<Self> {
        let found = FAMILIES.iter().find(|(_, word, _)| *word == name);
        let words: Vec<_> = FAMILIES.iter().map(|(_, word, _)| *word).collect();
        let found = found.with_context(|| {
            let words = words.join(", ");
            format!("`{name}` is no family of networks of expressions: {words}")
        });
        Ok(found?.0)
    }

    /// Its word, and the number of its answers.
    fn answer(self) -> (&'static str, u32) {
        let mut all = FAMILIES.iter();
        let own = all.find(|(family, ..)| *family == self);
        own.map_or(("", 0), |(_, word, answer)| (*word, *answer))
    }

    /// The family of a graph that takes `inputs`.
    pub fn of(inputs: &[Port]) -> Option<Self> {
        let [input] = inputs else {
            return None;
        };
        match (input.name.as_str(), &input.shape[..]) {
            ("Input3", [_, Some(1), Some(64), Some(64)]) => Some(Self::FerPlus),
            ("data", [_, Some(3), Some(112), Some(112)]) => Some(Self::MobileFaceNet),
            (_, [_, Some(64), Some(64), Some(1)]) => Some(Self::MiniXception),
            ("input", [_, Some(3), ..]) => Some(Self::HsEmotion),
            _ => None,
        }
    }

    fn contract(self) -> Contract {
        match self {
            Self::MobileFaceNet => fer_mobilefacenet::contract(),
            Self::FerPlus => ferplus::contract(),
            Self::HsEmotion => hsemotion::contract(),
            // The names of these differ with the converter.
            Self::MiniXception => Contract::new(),
        }
    }
}

/// What the columns of an answer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The expressions, in the network's order.
    pub classes: Vec<Emotion>,
    /// Columns behind them that are something else.
    pub more: usize,
    /// Whether they are logarithms still to be brought to a sum of 1.
    pub logits: bool,
}

impl Columns {
    /// Columns that are all expressions.
    pub(crate) fn of(classes: &[Emotion], logits: bool) -> Self {
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
            "{} columns came out where {} were expected",
            numbers.len(),
            count + self.more
        );
        let numbers = &numbers[..count];
        ensure!(
            numbers.iter().all(|number| number.is_finite()),
            "the answer is not of numbers"
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
        ensure!(sum > 0.0, "the answer is nothing at all");
        let mut scores: Vec<_> = { self.classes.iter().zip(weights) }
            .map(|(class, weight)| (*class, weight / sum))
            .collect();
        scores.sort_by_key(|(class, _)| *class);
        Ok(scores)
    }
}

/// How a network wants its faces; for use on any thread.
#[derive(Debug, Clone)]
pub struct Plan {
    family: Family,
    columns: Columns,
    /// Shape of its input.
    shape: [usize; 4],
}

impl Plan {
    /// Whether it needs landmarks.
    pub fn needs_landmarks(&self) -> bool {
        self.family == Family::MobileFaceNet
    }

    /// What the columns of its answer are.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Makes the network's input.
    pub fn prepare(&self, sitter: &Sitter<'_>) -> Result<Vec<f32>> {
        match self.family {
            Family::MobileFaceNet => fer_mobilefacenet::prepare(sitter),
            Family::FerPlus => ferplus::prepare(sitter),
            Family::HsEmotion => hsemotion::prepare(sitter, self.shape[2] as u32),
            Family::MiniXception => mini_xception::prepare(sitter),
        }
    }
}

/// A network of expressions that is ready to run.
#[derive(Debug)]
pub struct Classifier {
    net: Net,
    input: String,
    plan: Plan,
}

impl Classifier {
    /// Opens the network of expressions of `model`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let unknown = || {
            let ports = ports(&net);
            format!(
                "{}: no network of expressions that is known: {ports}",
                model.name()
            )
        };
        let family = match model.family() {
            Some(name) => Family::named(name).with_context(|| model.name().to_owned())?,
            None => Family::of(net.inputs()).with_context(unknown)?,
        };
        { family.contract().check(net.inputs(), net.outputs()) }.with_context(unknown)?;
        let ([input], [output]) = (net.inputs(), net.outputs()) else {
            bail!(unknown());
        };
        let shape: Vec<usize> = { input.shape.iter().skip(1) }
            .filter_map(|size| *size)
            .collect();
        let [first, second, third] = shape[..] else {
            bail!(unknown());
        };
        let width = output.shape.last().copied().flatten();
        let columns = columns(family, model, width)?;
        let input = input.name.clone();
        let (word, answer) = family.answer();
        net.read_by(word, answer);
        Ok(Self {
            input,
            plan: Plan {
                family,
                columns,
                shape: [1, first, second, third],
            },
            net,
        })
    }

    /// How it wants its faces.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// The numbers that the network says of a face that [`Plan::prepare`] has made ready, for
    /// [`Columns::decode`].
    pub fn run(&mut self, numbers: Vec<f32>) -> Result<Vec<f32>> {
        let tensor = Tensor::floats(&self.plan.shape, numbers)?;
        let outputs = self.net.run(&[(self.input.as_str(), &tensor)])?;
        let (_, tensor) = outputs.iter().next().context("the network gave nothing")?;
        Ok(tensor.as_floats()?.into_owned())
    }
}

/// What the columns of `model` are: as the registry says, or as its family has them.
fn columns(family: Family, model: &Model, width: Option<usize>) -> Result<Columns> {
    let mut columns = match family {
        Family::MobileFaceNet => Columns::of(&fer_mobilefacenet::CLASSES, true),
        Family::FerPlus => Columns::of(&ferplus::CLASSES, true),
        Family::HsEmotion => hsemotion::columns(model.name()).or_else(|error| {
            match model.parameter::<Vec<Emotion>>("classes")? {
                Some(classes) => Ok(Columns::of(&classes, true)),
                None => Err(error),
            }
        })?,
        Family::MiniXception => Columns::of(&mini_xception::CLASSES, false),
    };
    if let Some(classes) = model.parameter("classes")? {
        columns.classes = classes;
    }
    if let Some(more) = model.parameter("more_columns")? {
        columns.more = more;
    }
    let wanted = columns.classes.len() + columns.more;
    ensure!(
        width.is_none_or(|width| width == wanted),
        "{}: gives {} columns where its name says {wanted}",
        model.name(),
        width.unwrap_or(0)
    );
    Ok(columns)
}
