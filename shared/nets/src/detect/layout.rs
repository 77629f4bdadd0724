//! How a detector's tensors are read: recognised once, then pure.

use anyhow::{Context, Result, bail, ensure};
use onnx::{Model, Net, Outputs, Port};
use serde::Serialize;
use vision::RgbImage;

use super::family::{Asked, Candidate, Detects, View};
use super::labels;
use super::{Detection, ROLE, Settings};
use crate::family::Family;

/// The side of the input where the graph leaves it open and the registry says nothing.
const SIDE: u32 = 640;

/// The largest side of an input that a graph may ask for.
const LARGEST: u32 = 4096;

/// How the tensors of one detector are read.
#[derive(Debug, Clone, Serialize)]
pub struct Layout {
    #[serde(skip)]
    family: &'static Family<dyn Detects>,
    width: u32,
    height: u32,
    labels: Vec<String>,
    #[serde(skip)]
    input: String,
}

impl Layout {
    /// Recognises a detector by the registry's family or, of a user's own file, by what it takes
    /// and gives.
    pub(super) fn of(model: &Model, net: &mut Net) -> Result<Self> {
        let named = || model.name().to_owned();
        image(net).with_context(named)?;
        let family = ROLE.of(model, net)?;
        // The ports of all families are known, so that what was said of a graph can be held to them.
        ensure!(
            family.recognises(net.inputs(), net.outputs()),
            "{}: is not `{}`: {}",
            model.name(),
            family.name,
            ROLE.unknown(net.inputs(), net.outputs())
        );
        let input = image(net).with_context(named)?;
        let side = model.parameter::<u32>("size")?.unwrap_or(SIDE);
        let given = |axis: usize| match input.shape.get(axis).copied().flatten() {
            Some(fixed) => u32::try_from(fixed).unwrap_or(u32::MAX),
            None => side,
        };
        let (height, width) = (given(2), given(3));
        for size in [width, height] {
            ensure!(
                (1..=LARGEST).contains(&size),
                "{}: an input of {width}x{height} pixels is not usable",
                model.name()
            );
        }
        let labels = match model.parameter::<Vec<String>>("labels")? {
            Some(labels) => labels,
            None => labels::of_count(family.classes(net.outputs())),
        };
        Ok(Self {
            family,
            width,
            height,
            labels,
            input: input.name.clone(),
        })
    }

    /// The name of the input.
    pub(super) fn input(&self) -> &str {
        &self.input
    }

    /// The shape of one image in it.
    pub(super) fn shape(&self) -> [usize; 3] {
        [3, self.height as usize, self.width as usize]
    }

    /// From an image, or a part of one, to the network's numbers.
    pub fn prepare(&self, image: &RgbImage) -> Result<View> {
        self.family.prepare(image, (self.width, self.height))
    }

    /// What the outputs of a run say of the image at `place` of its batch: in pixels of the
    /// image or part that was prepared, by descending score, not clipped.
    pub(super) fn decode(
        &self,
        outputs: &Outputs,
        place: usize,
        view: &View,
        settings: &Settings,
    ) -> Result<Vec<Detection>> {
        let wanted = self.wanted(settings)?;
        let asked = Asked {
            size: (self.width, self.height),
            threshold: settings.threshold,
            nms: settings.nms,
            wanted: &|class: usize| wanted.get(class).copied().unwrap_or(settings.all()),
        };
        let mut found = self.family.decode(outputs, place, view, &asked)?;
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let detection = |found: Candidate| Detection {
            rect: found.rect,
            score: found.score,
            label: self.label(found.class),
            second: None,
        };
        Ok(found.into_iter().map(detection).collect())
    }

    /// Whether each known class is asked for; a class that is asked for by a name that the
    /// detector does not have is an error.
    pub fn wanted(&self, settings: &Settings) -> Result<Vec<bool>> {
        let person = |label: &String| label == "person";
        if settings.classes.is_empty() {
            let has = self.labels.iter().any(person);
            return Ok(self
                .labels
                .iter()
                .map(|label| !has || person(label))
                .collect());
        }
        if settings.all() {
            return Ok(vec![true; self.labels.len()]);
        }
        for class in &settings.classes {
            ensure!(
                self.labels.contains(class),
                "`{class}`: the detector has no such class, only {}",
                self.labels.join(", ")
            );
        }
        let asked = |label: &String| settings.classes.contains(label);
        Ok(self.labels.iter().map(asked).collect())
    }

    fn label(&self, class: usize) -> String {
        let known = self.labels.get(class).cloned();
        known.unwrap_or_else(|| format!("class_{class}"))
    }
}

/// The one input of a detector: images of three planes.
fn image(net: &Net) -> Result<&Port> {
    match net.inputs() {
        [one] if one.shape.len() == 4 && one.shape[1].is_none_or(|planes| planes == 3) => Ok(one),
        _ => bail!("{}", ROLE.unknown(net.inputs(), net.outputs())),
    }
}
