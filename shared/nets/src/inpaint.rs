//! Inpainters: an image and a hole in, the image with something made up for the hole out.
//!
//! | family | files |
//! |---|---|
//! | `lama` | `LaMa`: 512x512, or any size |
//! | `migan` | MI-GAN's pipeline, with cropping and blending inside |
//!
//! A user's own file is recognised by what it takes. `crops` says which squares of a frame go through a network.

mod crops;
mod family;
pub mod lama;
pub mod migan;

use anyhow::Result;
use onnx::{Contract, Model, Net, Options, Provenance, Runtime};
use vision::RgbImage;
use vision::mask::Mask;

use crate::family::{Family, Role};

pub use crops::{Crop, LEAST_MARGIN, LEAST_SIDE, MARGIN, crops};
pub use family::Inpaints;

/// The families of inpainters.
pub const ROLE: Role<dyn Inpaints> = Role {
    what: "inpainter",
    signs: "; LaMa takes `image` f32 [1,3,H,W] and `mask` f32 [1,1,H,W], and MI-GAN's pipeline the same as bytes",
    families: &[
        Family::new("lama", lama::ANSWER, &lama::Lama),
        Family::new("migan", migan::ANSWER, &migan::MiGan),
    ],
};

/// An inpainter that is ready to run.
#[derive(Debug)]
pub struct Inpainter {
    net: Net,
    family: &'static Family<dyn Inpaints>,
}

impl Inpainter {
    /// Opens a model of the role `inpaint`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let options = Options {
            changing_shapes: true,
            ..Options::default()
        };
        let mut net = Net::open_with(model, "model", runtime, &Contract::new(), options)?;
        let family = ROLE.of(model, &mut net)?;
        Ok(Self { net, family })
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// A crop with its hole inpainted, in its own size. Outside the hole it is what came through the network, not the
    /// crop itself. Without a hole it is the crop, and no network runs.
    pub fn fill(&mut self, crop: &RgbImage, hole: &Mask) -> Result<RgbImage> {
        if hole.area() == 0 {
            return Ok(crop.clone());
        }
        self.family.fill(&mut self.net, crop, hole)
    }
}
