//! Images as vectors of unit length, by any of the families that do so, and texts in their space.

mod clip;
mod dino;
mod family;
mod processing;
mod siglip;
pub mod text;

use anyhow::{Context, Result, ensure};
use onnx::{Contract, Model, Net, Runtime};

use crate::batch::Batch;
use crate::family::{Family, Role};

pub use family::{Embeds, Logits, Texts};
pub use processing::{Crops, Processing, Resize};

/// The families of image encoders. `SigLIP` cannot be told from `SigLIP` 2 by what a graph gives, and is
/// taken for the latter.
pub const ROLE: Role<dyn Embeds> = Role {
    what: "image encoder",
    signs: "; CLIP gives `image_embeds`, SigLIP `pooler_output` and DINOv2 `last_hidden_state`; a graph that gives both \
            of the latter may be DINOv2, or CLIP without its projection, which cannot be used: name the family with --family",
    families: &[
        Family::new("clip", clip::ANSWER, &clip::Clip),
        Family::new("siglip2", siglip::ANSWER, &siglip::SIGLIP_2),
        Family::new("siglip", siglip::ANSWER, &siglip::SIGLIP),
        Family::new("dinov2", dino::ANSWER, &dino::Dino),
    ],
};

/// One of them.
pub type Encoder = Family<dyn Embeds>;

/// A network that makes vectors of images, ready to run.
#[derive(Debug)]
pub struct Embedder {
    net: Net,
    family: &'static Encoder,
    side: u32,
    batch: Batch,
}

impl Embedder {
    /// Opens the image network of `model`: its file for `vision`, or its only one. `batch` views go
    /// into one run on a GPU, one on the CPU.
    ///
    /// `family` and `side` go before what the registry says, and that before what the graph says.
    pub fn open(
        model: &Model,
        family: Option<&'static Encoder>,
        side: Option<u32>,
        batch: usize,
        runtime: &Runtime,
    ) -> Result<Self> {
        let part = if model.has("vision") {
            "vision"
        } else {
            "model"
        };
        let mut net = Net::open(model, part, runtime, &Contract::new())?;
        let family = match family {
            Some(family) => {
                let held = ROLE.hold(family, &mut net);
                held.map(|()| family)
                    .with_context(|| model.name().to_owned())?
            }
            None => ROLE.of(model, &mut net)?,
        };
        let fixed = net.inputs().first().and_then(|port| *port.shape.get(2)?);
        let side = match (side, model.parameter("side")?) {
            (Some(side), _) | (None, Some(side)) => side,
            (None, None) => fixed.map_or(family.side(), |fixed| fixed as u32),
        };
        ensure!(
            fixed.is_none_or(|fixed| fixed == side as usize),
            "{}: takes images of {} pixels, not of {side}",
            model.name(),
            fixed.unwrap_or_default()
        );
        Ok(Self {
            batch: Batch::alone_on_cpu(&net, batch),
            net,
            family,
            side,
        })
    }

    /// How images are made ready for it.
    pub fn processing(&self) -> Processing {
        self.family.processing(self.side)
    }

    /// How many views go into one run.
    pub fn batch(&self) -> usize {
        self.batch.size()
    }

    /// The network itself.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The vector of each view, as the network gives it: not of unit length.
    pub fn embed(&mut self, views: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let (shape, family) = ([3, self.side as usize, self.side as usize], self.family);
        let decode = |outputs: &_, _: &[_]| family.decode(outputs);
        self.batch.run(
            &mut self.net,
            "pixel_values",
            &shape,
            views,
            Vec::as_slice,
            decode,
        )
    }
}

/// The vector brought to length 1.
///
/// # Errors
/// One without a length: zeros, or numbers that are none.
///
/// ```
/// assert_eq!(nets::embed::unit(&[3.0, 4.0]).unwrap(), [0.6, 0.8]);
/// assert!(nets::embed::unit(&[0.0, 0.0]).is_err());
/// ```
pub fn unit(vector: &[f32]) -> Result<Vec<f32>> {
    let squares: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum();
    let length = squares.sqrt();
    ensure!(
        length.is_normal(),
        "the network gave a vector of length zero"
    );
    Ok(vector
        .iter()
        .map(|x| (f64::from(*x) / length) as f32)
        .collect())
}

/// The mean direction of vectors: each brought to length 1, their mean brought to it again.
///
/// # Errors
/// None, vectors of different lengths of list, or without a direction.
///
/// ```
/// let mean = nets::embed::mean_direction(&[vec![5.0, 0.0], vec![0.0, 1.0]]).unwrap();
/// assert!((mean[0] - mean[1]).abs() < 1e-7);
/// ```
pub fn mean_direction(vectors: &[Vec<f32>]) -> Result<Vec<f32>> {
    let mut sum = vec![0.0_f32; vectors.first().map_or(0, Vec::len)];
    for vector in vectors {
        ensure!(
            vector.len() == sum.len(),
            "vectors of {} and {} numbers cannot be compared",
            sum.len(),
            vector.len()
        );
        for (sum, number) in sum.iter_mut().zip(unit(vector)?) {
            *sum += number;
        }
    }
    unit(&sum)
}
