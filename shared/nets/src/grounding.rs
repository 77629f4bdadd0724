//! Detectors that are asked in words: an image and phrases in, boxes out, each with the phrase that fits best.
//!
//! | family | files |
//! |---|---|
//! | `grounding_dino` | Grounding DINO, as transformers has it |
//! | `owlv2` | OWLv2, a second opinion: it is slower, and bare names suit it |
//!
//! A model is the graph and its vocabulary: `vocab.txt` or `tokenizer.json`. Some exports know only the first of
//! several phrases; they are recognised, and asked for one phrase at a time.

mod choice;
mod dino;
mod family;
mod frozen;
mod guided;
mod initializers;
mod owl;
mod prompt;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use onnx::{Model, Net, Outputs, Port, Provenance, Runtime, Tensor};
use serde::Serialize;
use vision::{Rect, RgbImage};

use crate::detect::Detection;
use crate::family::{Family, Role};
use crate::words::Phrase;

use choice::{Query, chosen};
pub use family::{Grounds, Pass, Texts};
use guided::{Guide, Patches};

/// The largest side of an input that a graph may ask for.
const LARGEST: usize = 4096;

/// What is looked for, and what counts as found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// What to look for.
    pub phrases: Vec<Phrase>,
    /// The score from which a box counts, 0 to 1, for phrases without a threshold of their own; `None` for the
    /// family's.
    pub threshold: Option<f32>,
    /// Of two boxes of a phrase that overlap by more, intersection over union, the better one counts; `None` for the
    /// family's share. Boxes of different phrases stay beside each other.
    pub nms: Option<f32>,
    /// A box of a larger share of the image does not count, 0 to 1: such boxes show the place, not what is in it.
    pub largest: f32,
}

impl Settings {
    /// The settings for `phrases`.
    pub fn of(phrases: Vec<Phrase>) -> Self {
        Self {
            phrases,
            threshold: None,
            nms: None,
            largest: 0.95,
        }
    }
}

/// The families of detectors that are asked in words.
pub const ROLE: Role<dyn Grounds> = Role {
    what: "detector by words",
    signs: "; Grounding DINO and OWLv2 take `pixel_values` and `input_ids`, and give `logits` and `pred_boxes` [1,Q,4]; \
            OWLv2 gives `image_embeds`, too",
    families: &[
        Family::new("owlv2", owl::ANSWER, &owl::Owl),
        Family::new("grounding_dino", dino::ANSWER, &dino::Dino),
    ],
};

/// An image, ready to go in.
#[derive(Debug, Clone)]
pub struct Prepared {
    numbers: Vec<f32>,
    /// Of the image, pixels.
    width: u32,
    height: u32,
}

impl Prepared {
    fn size(&self) -> [f32; 2] {
        [self.width as f32, self.height as f32]
    }
}

/// How images are made ready: for any thread.
#[derive(Debug, Clone)]
pub struct Plan {
    family: &'static Family<dyn Grounds>,
    size: (u32, u32),
}

impl Plan {
    /// From an image to what goes in.
    pub fn prepare(&self, image: &RgbImage) -> Result<Prepared> {
        let (width, height) = image.dimensions();
        Ok(Prepared {
            numbers: self.family.prepare(image, self.size)?,
            width,
            height,
        })
    }
}

/// A detector that is ready to look for its phrases.
#[derive(Debug)]
pub struct Detector {
    net: Net,
    plan: Plan,
    passes: Vec<Pass>,
    settings: Settings,
    /// The file of the graph.
    path: PathBuf,
    /// By what else than phrases it looks.
    guide: Option<Guide>,
}

/// What a detector finds in an image, each by descending score.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// By phrases.
    pub by_words: Vec<Detection>,
    /// By examples, under their labels.
    pub by_example: Vec<Detection>,
}

impl Detector {
    /// Opens a model of the role `words`, to look for what `settings` say.
    ///
    /// # Errors
    /// A model of no family, or without its vocabulary; a phrase that the vocabulary has no word of, or that is too long.
    pub fn open(model: &Model, mut settings: Settings, runtime: &Runtime) -> Result<Self> {
        let named = || model.name().to_owned();
        let mut net = Net::open(model, "model", runtime, &onnx::Contract::new())?;
        let family = ROLE.of(model, &mut net)?;
        let size = size(net.inputs(), family.side()).with_context(named)?;
        let several = settings.phrases.len() > 1;
        let apart = several && family.apart(model.path("model")?)?;
        if apart {
            log::warn!(
                "{}: this export knows only the first phrase of a prompt: it runs once for each of the {} phrases",
                model.name(),
                settings.phrases.len()
            );
        }
        settings.threshold.get_or_insert(family.threshold());
        settings.nms.get_or_insert(family.nms());
        let texts = Texts {
            tokenizer: &family.tokenizer(model).with_context(named)?,
            phrases: &settings.phrases,
            inputs: net.inputs(),
            size,
            apart,
        };
        Ok(Self {
            passes: family.passes(&texts)?,
            plan: Plan { family, size },
            settings,
            path: model.path("model")?.to_owned(),
            guide: None,
            net,
        })
    }

    /// How images are made ready for it.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What it looks for, and from which score.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How often the network runs for one image.
    pub fn passes(&self) -> usize {
        self.passes.len()
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// Whether it can be shown examples: its graph gives what it makes of each patch of an image, and its file has
    /// the class head in floats. Warns if the file alone is in the way, as an 8-bit one is.
    pub fn takes_examples(&mut self) -> bool {
        let mut outputs = self.net.outputs().iter();
        if self.guide.is_none() && outputs.any(|port| port.name == "image_embeds") {
            match Guide::read(&self.path) {
                Ok(guide) => self.guide = Some(guide),
                Err(error) => log::warn!("{error:#}: it cannot be shown examples"),
            }
        }
        self.guide.is_some()
    }

    /// Shows it an example under a label: what `area` of an image shows, in pixels, or the largest box that its phrases
    /// find there, or all of the image where they find none.
    ///
    /// # Errors
    /// A network that takes none.
    pub fn learn(&mut self, label: &str, image: &Prepared, area: Option<Rect<f32>>) -> Result<()> {
        ensure!(
            self.takes_examples(),
            "the network cannot be shown examples"
        );
        let (queries, patches) = self.run(image, true)?;
        let area = area.unwrap_or_else(|| {
            let [width, height] = image.size();
            let boxes = chosen(&queries, &self.settings, image.size()).into_iter();
            let largest = boxes.max_by(|a, b| a.rect.area().total_cmp(&b.rect.area()));
            largest.map_or(Rect::whole(width, height), |found| found.rect)
        });
        match (&mut self.guide, patches) {
            (Some(guide), Some(patches)) => guide.add(label, &patches, area),
            _ => Ok(()),
        }
    }

    /// The examples that it was shown, as vectors by their labels.
    pub fn examples(&self) -> Vec<(&str, &[Vec<f32>])> {
        let shown = self.guide.iter().flat_map(Guide::shown);
        shown
            .map(|(label, classes)| (label.as_str(), &classes[..]))
            .collect()
    }

    /// What is in an image by its phrases, by descending score, in pixels of the image and within it.
    pub fn detect(&mut self, image: &Prepared) -> Result<Vec<Detection>> {
        let (queries, _) = self.run(image, false)?;
        Ok(chosen(&queries, &self.settings, image.size()))
    }

    /// The same, and what is like the examples with at least the score `threshold`, 0 to 1.
    pub fn detect_like(&mut self, image: &Prepared, threshold: f32) -> Result<Found> {
        let (queries, patches) = self.run(image, self.guide.is_some())?;
        let by_example = match (&self.guide, patches) {
            (Some(guide), Some(patches)) => guide.found(&patches, threshold, image.size())?,
            _ => Vec::new(),
        };
        Ok(Found {
            by_words: chosen(&queries, &self.settings, image.size()),
            by_example,
        })
    }

    /// The boxes of all passes, and what the network gives of each patch, if that is asked for.
    fn run(&mut self, image: &Prepared, by_example: bool) -> Result<(Vec<Query>, Option<Patches>)> {
        let (width, height) = self.plan.size;
        let shape = [1, 3, height as usize, width as usize];
        let pixels = Tensor::floats(&shape, image.numbers.clone())?;
        let span = self.plan.family.span(image.size());
        let (mut queries, mut patches) = (Vec::new(), None);
        for pass in &self.passes {
            let texts = pass.inputs.iter().map(|(name, tensor)| (*name, tensor));
            let inputs: Vec<_> = std::iter::once(("pixel_values", &pixels))
                .chain(texts)
                .collect();
            let outputs = self.net.run(&inputs)?;
            queries.extend(read(&outputs, pass, span)?);
            if by_example && patches.is_none() {
                patches = Some(Patches::of(&outputs, span)?);
            }
        }
        Ok((queries, patches))
    }
}

/// The width and height of a graph's images, each `side` where it leaves that open.
fn size(inputs: &[Port], side: u32) -> Result<(u32, u32)> {
    let pixels = inputs.iter().find(|port| port.name == "pixel_values");
    let shape = &pixels.context("takes no `pixel_values`")?.shape;
    let given = |axis: usize| {
        let fixed = shape.get(axis).copied().flatten();
        let given = fixed.unwrap_or(side as usize);
        ensure!(
            (1..=LARGEST).contains(&given),
            "an input of {given} pixels is not usable"
        );
        Ok(given as u32)
    };
    Ok((given(3)?, given(2)?))
}

/// What a run says: each box in pixels of the image, with the score of each phrase of the pass.
///
/// The score of a phrase is that of the surest of its tokens; boxes are middle and size, as shares of `span`.
fn read(outputs: &Outputs, pass: &Pass, span: [f32; 2]) -> Result<Vec<Query>> {
    let (logits, boxes) = (outputs.get("logits")?, outputs.get("pred_boxes")?);
    let shape = logits.shape();
    let columns = shape.last().copied().unwrap_or_default();
    let (logits, boxes) = (logits.as_floats()?, boxes.as_floats()?);
    let (boxes, _) = boxes.as_chunks::<4>();
    let needed = pass.phrases.iter().map(|(_, tokens)| tokens.end).max();
    ensure!(
        columns > 0
            && needed.unwrap_or_default() <= columns
            && logits.len() == boxes.len() * columns,
        "logits of the shape {shape:?} do not match {} boxes and the phrases",
        boxes.len()
    );
    let query = |(row, area): (&[f32], &[f32; 4])| {
        let score = |(phrase, tokens): &(usize, std::ops::Range<usize>)| {
            let own = row[tokens.clone()].iter().copied();
            (*phrase, sigmoid(own.fold(f32::NEG_INFINITY, f32::max)))
        };
        Query {
            rect: corners(*area, span),
            scores: pass.phrases.iter().map(score).collect(),
        }
    };
    Ok(logits.chunks_exact(columns).zip(boxes).map(query).collect())
}

/// The edges of a box that is given as middle and size, in shares of `span`.
fn corners([x, y, width, height]: [f32; 4], span: [f32; 2]) -> Rect<f32> {
    Rect {
        left: (x - width / 2.0) * span[0],
        top: (y - height / 2.0) * span[1],
        right: (x + width / 2.0) * span[0],
        bottom: (y + height / 2.0) * span[1],
    }
}

/// The logistic function.
fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
