//! What every face detector answers, and running one whatever its family.
//!
//! A detector's family is the registry's, or is recognised by what the graph gives. Images go
//! through one at a time, so that an answer does not depend on its neighbours.

pub mod centerface;
mod family;
pub mod retinaface;
pub mod scrfd;
pub mod ultraface;
pub mod yolo_face;
pub mod yunet;

use anyhow::{Context, Result, bail};
use onnx::{Contract, Model, Net, Provenance, Runtime, Tensor};
use vision::RgbImage;

use crate::family::{Family, Role};

pub use family::{Detects, Face, Input, Landmarks, MOST_CANDIDATES};

/// The families of face detectors.
pub const ROLE: Role<dyn Detects> = Role {
    what: "face detector",
    signs: "",
    families: &[
        Family::new("centerface", centerface::ANSWER, &centerface::CenterFace),
        Family::new("retinaface", retinaface::ANSWER, &retinaface::RetinaFace),
        Family::new("scrfd", scrfd::ANSWER, &scrfd::Scrfd),
        Family::new("ultraface", ultraface::ANSWER, &ultraface::UltraFace),
        Family::new("yolo_face", yolo_face::ANSWER, &yolo_face::YoloFace),
        Family::new("yunet", yunet::ANSWER, &yunet::YuNet),
    ],
};

/// How a detector wants its images; for use on any thread.
#[derive(Debug, Clone)]
pub struct Plan {
    family: &'static Family<dyn Detects>,
    /// Columns and rows, where the graph has them fixed.
    fixed: Option<[u32; 2]>,
}

impl Plan {
    /// Whether it can look at an image at several scales; those that squeeze every image into
    /// one size cannot.
    pub fn has_scales(&self) -> bool {
        self.family.has_scales(self.fixed)
    }

    /// Makes the network's input of `image`, with a long side of `side` pixels as far as the
    /// graph lets it.
    pub fn prepare(&self, image: &RgbImage, side: u32) -> Result<Input> {
        self.family.prepare(image, side, self.fixed)
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
        let family = ROLE.of(model, &mut net)?;
        let [input] = net.inputs() else {
            bail!(
                "{}: {}",
                model.name(),
                ROLE.unknown(net.inputs(), net.outputs())
            );
        };
        let fixed = match input.shape[..] {
            [_, None | Some(3), rows, columns] => columns.zip(rows),
            _ => bail!(
                "{}: {}",
                model.name(),
                ROLE.unknown(net.inputs(), net.outputs())
            ),
        };
        let fixed = fixed.map(|(columns, rows)| [columns as u32, rows as u32]);
        Ok(Self {
            input: input.name.clone(),
            plan: Plan { family, fixed },
            net,
        })
    }

    /// How it wants its images.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// The faces of at least `threshold` in an image that [`Plan::prepare`] has made ready, best
    /// first, in pixels of the image.
    pub fn run(&mut self, input: Input, threshold: f32) -> Result<Vec<Face>> {
        let Input {
            numbers,
            size,
            scale,
        } = input;
        let tensor = Tensor::floats(&[1, 3, size[1], size[0]], numbers)?;
        let outputs = self.net.run(&[(self.input.as_str(), &tensor)])?;
        let faces = self.plan.family.decode(&outputs, size, threshold);
        let faces = faces.with_context(|| self.net.provenance().model.clone())?;
        let back = scale.map(f32::recip);
        Ok(faces.iter().map(|face| face.stretched(back)).collect())
    }
}
