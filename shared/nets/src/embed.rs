//! Pictures as vectors of unit length, by any of the families that do so.
//!
//! [`clip`], [`siglip`] and [`dino`] say what each wants; here is what they have in common: the
//! picture's way into the network, and out of it.

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Model, Net, Outputs, Port, Runtime, Tensor, halving};

use crate::{clip, dino, siglip};

mod processing;

pub use processing::{Crops, Processing, Resize};

/// A family of networks that make vectors of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// CLIP.
    Clip,
    /// `SigLIP`.
    Siglip,
    /// `SigLIP` 2.
    Siglip2,
    /// `DINOv2`.
    Dinov2,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Clip, Self::Siglip, Self::Siglip2, Self::Dinov2];

    /// What the registry and flags call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::Siglip => "siglip",
            Self::Siglip2 => "siglip2",
            Self::Dinov2 => "dinov2",
        }
    }

    /// The number of its answers, of pictures and of texts.
    pub fn answer(self) -> u32 {
        match self {
            Self::Clip => clip::ANSWER,
            Self::Siglip | Self::Siglip2 => siglip::ANSWER,
            Self::Dinov2 => dino::ANSWER,
        }
    }

    /// The family of a name.
    ///
    /// ```
    /// assert_eq!(nets::embed::Family::named("siglip2").unwrap().name(), "siglip2");
    /// assert!(nets::embed::Family::named("vgg").is_err());
    /// ```
    pub fn named(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|family| family.name() == name);
        known.with_context(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{name}` is no family of embeddings: there are {names}")
        })
    }

    /// The family of a graph of which nothing is known but what it gives, `outputs`.
    ///
    /// `SigLIP` cannot be told from `SigLIP` 2 this way, and is taken for the latter.
    pub fn recognised(outputs: &[Port]) -> Result<Self> {
        let gives = |name| outputs.iter().find(|port| port.name == name);
        if gives("image_embeds").is_some() {
            return Ok(Self::Clip);
        }
        let tokens = gives("last_hidden_state").and_then(|port| *port.shape.get(1)?);
        let has_class_token = tokens.map(|tokens| tokens.isqrt().pow(2) != tokens);
        match (gives("pooler_output"), gives("last_hidden_state")) {
            (Some(_), Some(_)) if has_class_token == Some(true) => bail!(
                "may be DINOv2, or CLIP without its projection, which does not do: say which with --family"
            ),
            (Some(_), _) => Ok(Self::Siglip2),
            (None, Some(_)) => Ok(Self::Dinov2),
            (None, None) => bail!(
                "not a network that makes vectors of pictures: it gives none of `image_embeds`, `pooler_output`, `last_hidden_state`"
            ),
        }
    }

    /// How a picture is made ready, `side` pixels wide and high.
    pub fn processing(self, side: u32) -> Processing {
        match self {
            Self::Clip => clip::processing(side),
            Self::Siglip => siglip::processing(side),
            Self::Siglip2 => siglip::processing_2(side),
            Self::Dinov2 => dino::processing(side),
        }
    }

    fn contract(self) -> Contract {
        match self {
            Self::Clip => clip::picture_contract(),
            Self::Siglip | Self::Siglip2 => siglip::picture_contract(),
            Self::Dinov2 => dino::contract(),
        }
    }

    fn side(self) -> u32 {
        match self {
            Self::Clip => clip::SIDE,
            Self::Siglip | Self::Siglip2 => siglip::SIDE,
            Self::Dinov2 => dino::SIDE,
        }
    }

    fn decode(self, outputs: &Outputs) -> Result<Vec<Vec<f32>>> {
        match self {
            Self::Clip => rows(outputs.get("image_embeds")?),
            Self::Siglip | Self::Siglip2 => rows(outputs.get("pooler_output")?),
            Self::Dinov2 => dino::decode(outputs.get("last_hidden_state")?),
        }
    }
}

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    Family::ALL.map(|one| (one.name(), one.answer())).to_vec()
}

/// A network that makes vectors of pictures, ready to run.
#[derive(Debug)]
pub struct Embedder {
    net: Net,
    family: Family,
    side: u32,
    /// How many views go into one run; where the graph fixes it, exactly so many do.
    batch: usize,
}

impl Embedder {
    /// Opens the picture network of `model`: its file for `vision`, or its only one. `batch` views go
    /// into one run on a GPU, one on the CPU.
    ///
    /// `family` and `side` go before what the registry says, and that before what the graph says.
    pub fn open(
        model: &Model,
        family: Option<Family>,
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
        let name = || model.name().to_owned();
        let family = match (family, model.family()) {
            (Some(family), _) => family,
            (None, Some(named)) => Family::named(named).with_context(name)?,
            (None, None) => Family::recognised(net.outputs()).with_context(name)?,
        };
        let contract = family.contract();
        contract
            .check(net.inputs(), net.outputs())
            .with_context(name)?;
        let fixed = net.inputs().first().and_then(|port| *port.shape.get(2)?);
        let side = match (side, model.parameter("side")?) {
            (Some(side), _) | (None, Some(side)) => side,
            (None, None) => fixed.map_or(family.side(), |fixed| fixed as u32),
        };
        ensure!(
            fixed.is_none_or(|fixed| fixed == side as usize),
            "{}: takes pictures of {} pixels, not of {side}",
            model.name(),
            fixed.unwrap_or_default()
        );
        let batch = net.fixed_batch().unwrap_or_else(|| at_once(&net, batch));
        net.read_by(family.name(), family.answer());
        Ok(Self {
            net,
            family,
            side,
            batch,
        })
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// How pictures are made ready for it.
    pub fn processing(&self) -> Processing {
        self.family.processing(self.side)
    }

    /// How many views go into one run.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The network itself.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The vector of each view, as the network gives it: not of unit length.
    pub fn embed(&mut self, views: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let mut size = self.batch;
        let vectors = halving(views, &mut size, |views| self.run(views))?;
        if self.net.fixed_batch().is_none() {
            self.batch = size;
        }
        Ok(vectors)
    }

    fn run(&mut self, views: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let side = self.side as usize;
        let rows = self.net.fixed_batch().unwrap_or(views.len());
        let mut numbers = Vec::with_capacity(rows * 3 * side * side);
        // A graph of a fixed batch is given its last picture again, and the answer not looked at.
        let last = views.last().context("no pictures")?;
        for view in views.iter().chain(std::iter::repeat(last)).take(rows) {
            numbers.extend_from_slice(view);
        }
        let pixels = Tensor::floats(&[rows, 3, side, side], numbers)?;
        let outputs = self.net.run(&[("pixel_values", &pixels)])?;
        let mut vectors = self.family.decode(&outputs)?;
        vectors.truncate(views.len());
        Ok(vectors)
    }
}

/// How many pictures go into one run where the graph leaves it open: on the CPU one, for how a matrix
/// product is rounded there depends on how many rows it has, and a vector must not depend on what else
/// is in its batch, nor on what was remembered of it. It costs little: one picture keeps all threads busy.
pub(crate) fn at_once(net: &Net, batch: usize) -> usize {
    if net.provenance().device == "cpu" {
        1
    } else {
        batch.max(1)
    }
}

/// The rows of a tensor `[rows, numbers]`.
pub(crate) fn rows(tensor: &Tensor) -> Result<Vec<Vec<f32>>> {
    let shape = tensor.shape();
    let &[_, numbers] = &shape[..] else {
        bail!("vectors have the shape {shape:?}");
    };
    ensure!(numbers > 0, "vectors have the shape {shape:?}");
    let all = tensor.as_floats()?;
    Ok(all.chunks_exact(numbers).map(<[f32]>::to_vec).collect())
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
        "the network gave a vector without a length"
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
            "vectors of {} and of {} numbers",
            sum.len(),
            vector.len()
        );
        for (sum, number) in sum.iter_mut().zip(unit(vector)?) {
            *sum += number;
        }
    }
    unit(&sum)
}
