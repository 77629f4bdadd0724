//! How a detector's tensors are read: recognised once, then pure.

use anyhow::{Context, Result, bail, ensure};
use onnx::{Model, Net, Outputs, Port};
use serde::Serialize;
use vision::RgbImage;

use super::labels;
use super::{Detection, Settings};
use crate::detr;
use crate::nms::{Area, nms};
use crate::yolox::{self, Candidate, Form, Normalisation};

/// The side of the input where the graph leaves it open and the registry says nothing.
const SIDE: u32 = 640;

/// The largest side of an input that a graph may ask for.
const LARGEST: u32 = 4096;

/// Which network family reads and answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
enum Family {
    Yolox {
        form: Form,
        normalisation: Normalisation,
    },
    Detr,
}

/// How the tensors of one detector are read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    family: Family,
    width: u32,
    height: u32,
    labels: Vec<String>,
    #[serde(skip)]
    input: String,
}

/// One picture, ready to go in.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Shape `[3, height, width]`.
    pub(super) numbers: Vec<f32>,
    /// Pixels of the picture for one of the input, across and down.
    scale: [f64; 2],
}

impl Layout {
    /// Recognises a detector by the registry's family or, of a user's own file, by what it takes
    /// and gives.
    pub(super) fn of(model: &Model, net: &Net) -> Result<Self> {
        let input = picture(net).with_context(|| model.name().to_owned())?;
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
        let family = family(model, net, width, height)?;
        let labels = match model.parameter::<Vec<String>>("labels")? {
            Some(labels) => labels,
            None => labels::of_count(classes(family, net)),
        };
        Ok(Self {
            family,
            width,
            height,
            labels,
            input: input.name.clone(),
        })
    }

    /// The family, and the number of its answers.
    pub(super) fn answer(&self) -> (&'static str, u32) {
        match self.family {
            Family::Yolox { normalisation, .. } if normalisation == yolox::RTMDET => {
                ("rtmdet", yolox::ANSWER)
            }
            Family::Yolox { .. } => ("yolox", yolox::ANSWER),
            Family::Detr => ("rtdetr", detr::ANSWER),
        }
    }

    /// The name of the input.
    pub(super) fn input(&self) -> &str {
        &self.input
    }

    /// Its size along each axis, for so many pictures.
    pub(super) fn shape(&self, pictures: usize) -> [usize; 4] {
        [pictures, 3, self.height as usize, self.width as usize]
    }

    /// From a picture, or a part of one, to the network's numbers.
    pub fn prepare(&self, image: &RgbImage) -> Result<View> {
        let (width, height) = (self.width, self.height);
        Ok(match &self.family {
            Family::Yolox { normalisation, .. } => {
                let (numbers, ratio) = yolox::prepare(image, width, height, normalisation)?;
                let scale = [1.0 / ratio; 2];
                View { numbers, scale }
            }
            Family::Detr => View {
                numbers: detr::prepare(image, width, height)?,
                scale: [
                    f64::from(image.width()) / f64::from(width),
                    f64::from(image.height()) / f64::from(height),
                ],
            },
        })
    }

    /// What the outputs of a run say of the picture at `place` of its batch: in pixels of the
    /// picture or part that was prepared, by descending score, not clipped.
    pub(super) fn decode(
        &self,
        outputs: &Outputs,
        place: usize,
        view: &View,
        settings: &Settings,
    ) -> Result<Vec<Detection>> {
        let wanted = self.wanted(settings)?;
        let wanted = |class: usize| wanted.get(class).copied().unwrap_or(settings.all());
        let mut found = self.candidates(outputs, place, settings.threshold, wanted)?;
        let [across, down] = view.scale.map(|scale| scale as f32);
        for Candidate { corners, .. } in &mut found {
            let [x0, y0, x1, y1] = *corners;
            *corners = [x0 * across, y0 * down, x1 * across, y1 * down];
        }
        // In pixels of the picture, as the reference has it: areas count one pixel more.
        if let Family::Yolox {
            form: Form::Grid, ..
        } = self.family
        {
            found = suppress(&found, settings.nms);
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let detection = |found: Candidate| Detection {
            corners: found.corners,
            score: found.score,
            label: self.label(found.class),
        };
        Ok(found.into_iter().map(detection).collect())
    }

    fn candidates(
        &self,
        outputs: &Outputs,
        place: usize,
        threshold: f32,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Vec<Candidate>> {
        let size = (self.width, self.height);
        match self.family {
            Family::Yolox {
                form: Form::Grid, ..
            } => {
                let Some((_, grid)) = outputs.iter().next() else {
                    bail!("the network gave nothing");
                };
                let columns = grid.shape().last().copied().unwrap_or_default();
                let numbers = grid.as_floats()?;
                let rows = part(&numbers, &grid.shape(), place)?;
                yolox::decode_grid(rows, columns, size, threshold, wanted)
            }
            Family::Yolox { .. } => {
                let dets = outputs.get("dets")?;
                let labels = outputs.get("labels").ok();
                let all = labels.map(onnx::Tensor::as_integers).transpose()?;
                let own = match (&all, labels) {
                    (Some(all), Some(labels)) => Some(part(all, &labels.shape(), place)?),
                    _ => None,
                };
                let numbers = dets.as_floats()?;
                let rows = part(&numbers, &dets.shape(), place)?;
                Ok(yolox::decode_suppressed(rows, own, threshold, wanted))
            }
            Family::Detr => {
                let (logits, boxes) = (outputs.get("logits")?, outputs.get("pred_boxes")?);
                let (all_logits, all_boxes) = (logits.as_floats()?, boxes.as_floats()?);
                let own = part(&all_logits, &logits.shape(), place)?;
                let rows = part(&all_boxes, &boxes.shape(), place)?;
                detr::decode(own, rows, size, threshold, wanted)
            }
        }
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
                "`{class}`: the detector knows no such class, only {}",
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

/// The one input of a detector: pictures of three planes.
fn picture(net: &Net) -> Result<&Port> {
    match net.inputs() {
        [one] if one.shape.len() == 4 && one.shape[1].is_none_or(|planes| planes == 3) => Ok(one),
        _ => bail!("{}", unknown(net)),
    }
}

fn family(model: &Model, net: &Net, width: u32, height: u32) -> Result<Family> {
    let normalisation = match model.family() {
        Some("rtmdet") => yolox::RTMDET,
        _ => yolox::LEVELS,
    };
    let form = yolox::recognise(net.outputs(), width, height);
    let is_detr = detr::contract().check(&[], net.outputs()).is_ok();
    match (model.family(), form) {
        (None | Some("yolox" | "rtmdet"), Some(form)) => Ok(Family::Yolox {
            form,
            normalisation,
        }),
        (None | Some("rtdetr"), None) if is_detr => Ok(Family::Detr),
        (Some(family), _) if !["yolox", "rtmdet", "rtdetr"].contains(&family) => {
            bail!(
                "{}: `{family}` is no family of detectors: yolox, rtmdet and rtdetr are",
                model.name()
            )
        }
        (Some(family), _) => bail!("{}: is no `{family}`: {}", model.name(), unknown(net)),
        (None, _) => bail!("{}: {}", model.name(), unknown(net)),
    }
}

/// What is said of a graph that is no known detector.
fn unknown(net: &Net) -> String {
    let list = |ports: &[Port]| {
        let listed: Vec<_> = ports.iter().map(ToString::to_string).collect();
        listed.join(", ")
    };
    format!(
        "no detector that is known: the graph takes {} and gives {}, where YOLOX gives one grid \
         [N,cells,5+classes], or `dets` [N,M,5] as RTMDet does, and RT-DETR and D-FINE give \
         `logits` [N,Q,classes] and `pred_boxes` [N,Q,4]",
        list(net.inputs()),
        list(net.outputs())
    )
}

/// How many classes a graph says that it has.
fn classes(family: Family, net: &Net) -> Option<usize> {
    let columns = |port: &Port| port.shape.last().copied().flatten();
    match family {
        Family::Yolox {
            form: Form::Grid, ..
        } => columns(net.outputs().first()?).map(yolox::classes),
        Family::Yolox { .. } => None,
        Family::Detr => columns(net.outputs().iter().find(|port| port.name == "logits")?),
    }
}

/// The numbers of one picture of a batch.
fn part<'a, T>(numbers: &'a [T], shape: &[usize], place: usize) -> Result<&'a [T]> {
    let size: usize = shape.iter().skip(1).product();
    let own = numbers.get(place * size..(place + 1) * size);
    own.ok_or_else(|| anyhow::anyhow!("the network answered for fewer pictures than it was given"))
}

/// Suppresses boxes of one class by each other, class by class.
fn suppress(found: &[Candidate], threshold: f32) -> Vec<Candidate> {
    let mut classes: Vec<usize> = found.iter().map(|found| found.class).collect();
    classes.sort_unstable();
    classes.dedup();
    let mut kept = Vec::new();
    for class in classes {
        let own: Vec<&Candidate> = found.iter().filter(|found| found.class == class).collect();
        let boxes: Vec<_> = own.iter().map(|found| found.corners).collect();
        let scores: Vec<_> = own.iter().map(|found| found.score).collect();
        let best = nms(&boxes, &scores, threshold, Area::PlusOne);
        kept.extend(best.into_iter().map(|place| *own[place]));
    }
    kept
}
