//! Landmarks of a face, more of them than a face detector gives, by any of the families that find them.
//!
//! A family names its points by a [`Scheme`]. Faces go through one at a time, so that an answer does
//! not depend on its neighbours.

mod anime_face;
mod family;
pub mod heatmap;

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Model, Net, Provenance, Runtime, Tensor};
use vision::{Rect, RgbImage};

use crate::family::{Family, Role};

pub use family::{Crop, Eye, Locates, Scheme};

/// The families of landmark estimators.
pub const ROLE: Role<dyn Locates> = Role {
    what: "landmark estimator",
    signs: "; hysts' anime-face-detector takes f32[?,3,256,256] and gives f32[?,28,64,64]",
    families: &[Family::new(
        "anime_face",
        anime_face::ANSWER,
        &anime_face::AnimeFace,
    )],
};

/// How a network sees its faces; for use on any thread.
#[derive(Debug, Clone)]
pub struct Plan {
    family: &'static Family<dyn Locates>,
}

impl Plan {
    /// What its points are.
    pub fn scheme(&self) -> &'static Scheme {
        self.family.scheme()
    }

    /// What the network sees of the face in `rect`, in pixels of `image`.
    ///
    /// # Errors
    /// An invalid box.
    pub fn crop(&self, image: &RgbImage, rect: Rect<f64>) -> Result<Crop> {
        self.family.crop(image, rect)
    }
}

/// A landmark estimator that is ready to run.
#[derive(Debug)]
pub struct Estimator {
    net: Net,
    input: String,
    plan: Plan,
    flip: bool,
}

impl Estimator {
    /// Opens the landmark estimator of `model`. With `flip` it also looks at each face mirrored, and
    /// takes the mean of both answers, as the reference does; this takes twice as long.
    ///
    /// # Errors
    /// A graph of no family.
    pub fn open(model: &Model, flip: bool, runtime: &Runtime) -> Result<Self> {
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let family = ROLE.of(model, &mut net)?;
        let input = net.inputs().first().context("the network takes nothing")?;
        Ok(Self {
            input: input.name.clone(),
            plan: Plan { family },
            net,
            flip,
        })
    }

    /// How it sees its faces.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// The points of a face that [`Plan::crop`] has cut: column, row (pixels of the image, 2
    /// decimals) and score (4 decimals) of each, in the order of the family's scheme.
    ///
    /// # Errors
    /// Those of the runtime; an answer that does not have the shape of the family's.
    pub fn run(&mut self, crop: &Crop) -> Result<Vec<[f64; 3]>> {
        let family = self.plan.family;
        let mut maps = self.maps(crop.numbers(false))?;
        if self.flip {
            let mirrored = self.maps(crop.numbers(true))?;
            let swapped = family.scheme().mirrored;
            heatmap::add_mirrored(&mut maps, &mirrored, swapped);
        }
        Ok(family.decode(&maps, crop))
    }

    /// The heat maps of one input.
    fn maps(&mut self, numbers: Vec<f32>) -> Result<heatmap::Maps> {
        let (columns, rows) = self.plan.family.input();
        let tensor = Tensor::floats(&[1, 3, rows as usize, columns as usize], numbers)?;
        let outputs = self.net.run(&[(self.input.as_str(), &tensor)])?;
        let (_, answer) = outputs.iter().next().context("the network gave nothing")?;
        let points = self.plan.scheme().points;
        let shape = answer.shape();
        let [1, given, high, wide] = shape[..] else {
            bail!("gave {shape:?} instead of heat maps");
        };
        ensure!(
            given == points && high > 0 && wide > 0,
            "gave {given} heat maps of {wide}x{high} instead of {points}"
        );
        let levels = answer.as_floats()?.into_owned();
        let finite = levels.iter().all(|level| level.is_finite());
        ensure!(finite, "the answer has values that are not finite");
        Ok(heatmap::Maps {
            levels,
            size: [wide, high],
        })
    }
}
