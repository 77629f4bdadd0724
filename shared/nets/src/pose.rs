//! Key points of one figure: the window around it, and the network that looks into it.
//!
//! A network for key points sees one figure at a time, in a window of its own shape. [`Window`] is
//! that window in the image, [`Crop`] the image in it, [`Pose`] what was found, in pixels of the
//! image again. [`Estimator`] runs any family.

mod family;
mod movenet;
pub mod simcc;

use anyhow::{Context, Result, ensure};
use onnx::{Contract, Model, Net, Runtime};
use vision::Skeleton;

use crate::family::{Family, Role};

pub use family::{Crop, Estimates, PADDING, Pose, View, Window};

/// The key points of a person in COCO's order, and of an animal in AP-10K's.
const JOINTS: usize = simcc::COCO;

/// The families of pose estimators.
pub const ROLE: Role<dyn Estimates> = Role {
    what: "pose estimator",
    signs: "; SimCC takes f32[?,3,height,width] and gives `simcc_x` and `simcc_y` for 17, 26 or 133 points, \
            and MoveNet for one person takes u8[1,side,side,3] and gives f32[1,1,17,3]",
    families: &[
        Family::new("movenet", movenet::ANSWER, &movenet::MoveNet),
        Family::new("simcc", simcc::ANSWER, &simcc::Simcc),
    ],
};

/// A network that finds the key points of figures.
#[derive(Debug)]
pub struct Estimator {
    net: Net,
    family: &'static Family<dyn Estimates>,
    view: View,
    skeleton: Skeleton,
}

impl Estimator {
    /// Opens `model`, whichever family it is of. `swapped` gives it blue for red and red for blue, as
    /// rtmlib does.
    ///
    /// # Errors
    /// A graph of no family; one that rtmlib does not run, where colours are to be swapped.
    pub fn open(model: &Model, swapped: bool, runtime: &Runtime) -> Result<Self> {
        // The archives of RTMPose call the graph `end2end`.
        let part = ["model", "end2end"]
            .into_iter()
            .find(|part| model.has(part));
        let part = part
            .with_context(|| format!("{}: has no file for `model` or `end2end`", model.name()))?;
        let mut net = Net::open(model, part, runtime, &Contract::new())?;
        let family = ROLE.of(model, &mut net)?;
        let view = family.view(&net, model);
        let mut view = view.with_context(|| model.name().to_owned())?;
        let name = family.name;
        ensure!(
            !swapped || family.is_of_rtmlib(),
            "rtmlib does not run `{name}`"
        );
        view.swapped ^= swapped;
        let skeleton: Skeleton = model.parameter("skeleton")?.unwrap_or_default();
        let estimator = Self {
            net,
            family,
            view,
            skeleton,
        };
        Ok(if skeleton.is_coco() {
            estimator
        } else {
            estimator
                .of(skeleton)
                .with_context(|| model.name().to_owned())?
        })
    }

    /// The same network, whose key points are those of `skeleton`: a graph does not say whose it finds.
    ///
    /// # Errors
    /// A network of another number of key points.
    pub fn of(self, skeleton: Skeleton) -> Result<Self> {
        let points = self.points();
        ensure!(
            points.is_none_or(|points| points == JOINTS),
            "gives {} key points instead of the {JOINTS} of an animal",
            points.unwrap_or_default()
        );
        Ok(Self { skeleton, ..self })
    }

    /// Which joints it finds.
    pub fn skeleton(&self) -> Skeleton {
        self.skeleton
    }

    /// How many key points the graph gives, where it says so.
    fn points(&self) -> Option<usize> {
        let mut ports = self.net.outputs().iter();
        ports.find_map(|port| port.shape.get(1).copied().flatten())
    }

    /// How it is fed.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// How many key points the network gives beyond the body's, which are not read, if any.
    pub fn left_out(&self) -> Option<usize> {
        let points = self.points()?;
        (points == simcc::WHOLE_BODY).then_some(simcc::WHOLE_BODY - simcc::COCO)
    }

    /// The network.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// How many figures go into one run of `batch`: one, where the graph takes a fixed number.
    pub fn at_once(&self, batch: usize) -> usize {
        self.net.fixed_batch().map_or(batch, |_| 1).max(1)
    }

    /// The pose in each crop, in order. Where the graph takes a fixed number at once, they go in
    /// one by one.
    ///
    /// # Errors
    /// Those of the runtime; outputs that do not have the shape of the family's.
    pub fn run(&mut self, crops: &[Crop]) -> Result<Vec<Pose>> {
        let most = self.at_once(crops.len()).min(self.family.most());
        let mut poses = Vec::with_capacity(crops.len());
        for part in crops.chunks(most) {
            let input = self.family.prepare(&self.view, part)?;
            let outputs = self.net.run(&[(&self.view.name, &input)])?;
            poses.extend(self.family.decode(&outputs, part)?);
        }
        for pose in &mut poses {
            pose.skeleton = self.skeleton;
        }
        Ok(poses)
    }
}
