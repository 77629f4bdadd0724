//! What every face detector answers, and running one whatever its family.
//!
//! A detector's family is the registry's, or is recognised by what the graph gives. Pictures go
//! through one at a time, so that an answer does not depend on its neighbours.

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Model, Net, Outputs, Port, Provenance, Runtime, Tensor};
use serde::{Deserialize, Serialize};
use vision::RgbImage;

use crate::nms::{Area, nms};
use crate::{centerface, retinaface, scrfd, ultraface, yolo_face, yunet};

/// The most candidates that are compared with each other: `top_k` of the references.
pub const MOST_CANDIDATES: usize = 5000;

/// Eye on the left of the image, eye on the right, nose, corner of the mouth on the left, on the
/// right; x and y of each.
pub type Landmarks = [[f32; 2]; 5];

/// A face, in pixels of the picture that it was looked for in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Left, top, right, bottom; may reach beyond the picture.
    #[serde(rename = "box")]
    pub area: [f32; 4],
    /// How sure the detector is, 0 to 1.
    pub score: f32,
    /// Where its parts are, if the detector says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<Landmarks>,
}

impl Face {
    /// The same face where the picture is stretched `x` and `y` times.
    fn stretched(&self, [x, y]: [f32; 2]) -> Self {
        let [left, top, right, bottom] = self.area;
        let stretch = |points: Landmarks| points.map(|[px, py]| [px * x, py * y]);
        Self {
            area: [left * x, top * y, right * x, bottom * y],
            score: self.score,
            landmarks: self.landmarks.map(stretch),
        }
    }

    fn is_sound(&self) -> bool {
        let [left, top, right, bottom] = self.area;
        let known = self.landmarks.iter().flatten().flatten();
        let finite = self.area.iter().chain(known).all(|n| n.is_finite());
        finite && self.score.is_finite() && right > left && bottom > top
    }
}

/// Non-maximum suppression: the best faces, each overlapping a better one by at most `most`, with
/// boxes counted as `area` says. Best first; of equals the first comes first.
pub(crate) fn suppress(faces: Vec<Face>, most: f32, area: Area) -> Vec<Face> {
    let faces = strongest(faces);
    let boxes: Vec<_> = faces.iter().map(|face| face.area).collect();
    kept(faces, &boxes, most, area)
}

/// As [`suppress`], with left, top, width and height cut to whole numbers before they are compared,
/// as `OpenCV`'s detector does.
pub(crate) fn suppress_whole(faces: Vec<Face>, most: f32) -> Vec<Face> {
    let faces = strongest(faces);
    let whole = |face: &Face| {
        let [left, top, right, bottom] = face.area;
        let (x, y) = (left.trunc(), top.trunc());
        [x, y, x + (right - left).trunc(), y + (bottom - top).trunc()]
    };
    let boxes: Vec<_> = faces.iter().map(whole).collect();
    kept(faces, &boxes, most, Area::Plain)
}

/// The sound ones with the highest scores, best first.
fn strongest(mut faces: Vec<Face>) -> Vec<Face> {
    faces.retain(Face::is_sound);
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    faces.truncate(MOST_CANDIDATES);
    faces
}

fn kept(faces: Vec<Face>, boxes: &[[f32; 4]], most: f32, area: Area) -> Vec<Face> {
    let scores: Vec<_> = faces.iter().map(|face| face.score).collect();
    let places = nms(boxes, &scores, most, area);
    places.iter().map(|place| faces[*place].clone()).collect()
}

/// A picture as a network wants it.
#[derive(Debug)]
pub struct Input {
    /// Channels, rows, columns.
    pub numbers: Vec<f32>,
    /// Columns and rows.
    pub size: [usize; 2],
    /// How many of its pixels one of the picture takes up, across and down.
    pub scale: [f32; 2],
}

/// `picture` at `width` x `height` in the upper left corner of a black one of `canvas`.
pub(crate) fn placed(
    picture: &RgbImage,
    [width, height]: [u32; 2],
    canvas: [u32; 2],
) -> Result<RgbImage> {
    let small = vision::resize::opencv_linear(picture, width, height)?;
    if canvas == [width, height] {
        return Ok(small);
    }
    let mut whole = RgbImage::new(canvas[0], canvas[1]);
    let rows = small.as_raw().chunks_exact(3 * width as usize);
    let target: &mut [u8] = &mut whole;
    for (to, from) in target.chunks_exact_mut(3 * canvas[0] as usize).zip(rows) {
        to[..from.len()].copy_from_slice(from);
    }
    Ok(whole)
}

/// What kinds of face detectors there are; the words of the registry in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `CenterFace` (`centerface`).
    CenterFace,
    /// `RetinaFace` (`retinaface`).
    RetinaFace,
    /// SCRFD (`scrfd`).
    Scrfd,
    /// Ultra-Light-Fast-Generic-Face-Detector (`ultraface`).
    UltraFace,
    /// `YOLOv8` and its kin (`yolo_face`).
    Yolo,
    /// `YuNet` (`yunet`).
    YuNet,
}

const FAMILIES: [(Family, &str, u32); 6] = [
    (Family::CenterFace, "centerface", centerface::ANSWER),
    (Family::RetinaFace, "retinaface", retinaface::ANSWER),
    (Family::Scrfd, "scrfd", scrfd::ANSWER),
    (Family::UltraFace, "ultraface", ultraface::ANSWER),
    (Family::Yolo, "yolo_face", yolo_face::ANSWER),
    (Family::YuNet, "yunet", yunet::ANSWER),
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
            format!(
                "`{name}` is no family of face detectors: {}",
                words.join(", ")
            )
        });
        Ok(found?.0)
    }

    /// Its word, and the number of its answers.
    fn answer(self) -> (&'static str, u32) {
        let mut all = FAMILIES.iter();
        let own = all.find(|(family, ..)| *family == self);
        own.map_or(("", 0), |(_, word, answer)| (*word, *answer))
    }

    /// The family of a graph that gives `outputs`.
    ///
    /// ```
    /// use nets::face::Family;
    /// use onnx::{Kind, Port};
    /// let port = |last| Port { name: "x".into(), kind: Kind::F32, shape: vec![None, None, Some(last)] };
    /// assert_eq!(Family::of(&[port(4), port(2), port(10)]), Some(Family::RetinaFace));
    /// assert_eq!(Family::of(&[port(7)]), None);
    /// ```
    pub fn of(outputs: &[Port]) -> Option<Self> {
        let named = |name: &str| outputs.iter().any(|port| port.name == name);
        let lasts: Vec<_> = { outputs.iter() }
            .map(|port| port.shape.last().copied().flatten())
            .collect();
        let count = |size: usize| lasts.iter().filter(|last| **last == Some(size)).count();
        if named("cls_8") && named("kps_32") {
            return Some(Self::YuNet);
        }
        if named("537") && named("540") {
            return Some(Self::CenterFace);
        }
        match outputs.len() {
            1 if named("output0") => Some(Self::Yolo),
            2 if named("scores") && named("boxes") => Some(Self::UltraFace),
            3 if count(4) == 1 && count(2) == 1 && count(10) == 1 => Some(Self::RetinaFace),
            6 | 9 if count(1) == 3 && count(4) == 3 => Some(Self::Scrfd),
            _ => None,
        }
    }

    fn contract(self) -> Contract {
        match self {
            Self::CenterFace => centerface::contract(),
            Self::UltraFace => ultraface::contract(),
            Self::Yolo => yolo_face::contract(),
            Self::YuNet => yunet::contract(),
            // The names of these differ from export to export.
            Self::RetinaFace | Self::Scrfd => Contract::new(),
        }
    }
}

/// What a graph takes and gives, in words.
pub(crate) fn ports(net: &Net) -> String {
    let list = |ports: &[Port]| {
        let listed: Vec<_> = ports.iter().map(ToString::to_string).collect();
        listed.join(", ")
    };
    format!(
        "takes {} and gives {}",
        list(net.inputs()),
        list(net.outputs())
    )
}

/// How a detector wants its pictures; for use on any thread.
#[derive(Debug, Clone)]
pub struct Plan {
    family: Family,
    /// Columns and rows, where the graph has them fixed.
    fixed: Option<[u32; 2]>,
}

impl Plan {
    /// The family of the detector.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Whether it can look at a picture at several scales; those that squeeze every picture into
    /// one size cannot.
    pub fn has_scales(&self) -> bool {
        match self.family {
            Family::UltraFace => false,
            Family::Yolo => self.fixed.is_none(),
            _ => true,
        }
    }

    /// Makes the network's input of `picture`, with a long side of `side` pixels as far as the
    /// graph lets it.
    pub fn prepare(&self, picture: &RgbImage, side: u32) -> Result<Input> {
        match self.family {
            Family::CenterFace => centerface::prepare(picture, side, self.fixed),
            Family::RetinaFace => retinaface::prepare(picture, side, self.fixed),
            Family::Scrfd => scrfd::prepare(picture, side, self.fixed),
            Family::UltraFace => ultraface::prepare(picture, self.fixed),
            Family::Yolo => yolo_face::prepare(picture, side, self.fixed),
            Family::YuNet => yunet::prepare(picture, side, self.fixed),
        }
    }
}

/// A face detector that is ready to run.
#[derive(Debug)]
pub struct Detector {
    net: Net,
    input: String,
    plan: Plan,
}

impl Detector {
    /// Opens the face detector of `model`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let unknown = || {
            format!(
                "{}: no face detector that is known: {}",
                model.name(),
                ports(&net)
            )
        };
        let family = match model.family() {
            Some(name) => Family::named(name).with_context(|| model.name().to_owned())?,
            None => Family::of(net.outputs()).with_context(unknown)?,
        };
        let contract = family.contract();
        contract
            .check(net.inputs(), net.outputs())
            .with_context(|| model.name().to_owned())?;
        let [input] = net.inputs() else {
            bail!(unknown());
        };
        let (channels, fixed) = match input.shape[..] {
            [_, channels, rows, columns] => (channels, columns.zip(rows)),
            _ => (None, None),
        };
        ensure!(channels.is_none_or(|channels| channels == 3), unknown());
        let fixed = fixed.map(|(columns, rows)| [columns as u32, rows as u32]);
        let input = input.name.clone();
        let (word, answer) = family.answer();
        net.read_by(word, answer);
        Ok(Self {
            input,
            plan: Plan { family, fixed },
            net,
        })
    }

    /// How it wants its pictures.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// The faces of at least `threshold` in a picture that [`Plan::prepare`] has made ready, best
    /// first, in pixels of the picture.
    pub fn run(&mut self, input: Input, threshold: f32) -> Result<Vec<Face>> {
        let Input {
            numbers,
            size,
            scale,
        } = input;
        let tensor = Tensor::floats(&[1, 3, size[1], size[0]], numbers)?;
        let outputs = self.net.run(&[(self.input.as_str(), &tensor)])?;
        let faces = decode(self.plan.family, &outputs, size, threshold);
        let faces = faces.with_context(|| self.net.provenance().model.clone())?;
        let back = scale.map(f32::recip);
        Ok(faces.iter().map(|face| face.stretched(back)).collect())
    }
}

fn decode(
    family: Family,
    outputs: &Outputs,
    size: [usize; 2],
    threshold: f32,
) -> Result<Vec<Face>> {
    match family {
        Family::CenterFace => centerface::read(outputs, size, threshold),
        Family::RetinaFace => retinaface::read(outputs, size, threshold),
        Family::Scrfd => scrfd::read(outputs, size, threshold),
        Family::UltraFace => ultraface::read(outputs, size, threshold),
        Family::Yolo => yolo_face::read(outputs, threshold),
        Family::YuNet => yunet::read(outputs, size, threshold),
    }
}
