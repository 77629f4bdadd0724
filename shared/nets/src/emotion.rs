//! What every network of expressions answers, and running one whatever its family.
//!
//! Each network has classes of its own in an order of its own; here, at the edge, they become one
//! set. Faces go through one at a time, so that an answer does not depend on its neighbours.

mod family;
mod fer_mobilefacenet;
mod ferplus;
mod hsemotion;
mod mini_xception;

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Model, Net, Provenance, Runtime, Tensor};

use crate::family::{Family, Role};

pub use family::{Classifies, Columns, Emotion, FaceImage, GROWN};

/// The families of emotion classifiers.
pub const ROLE: Role<dyn Classifies> = Role {
    what: "emotion classifier",
    signs: "",
    families: &[
        Family::new(
            "fer_mobilefacenet",
            fer_mobilefacenet::ANSWER,
            &fer_mobilefacenet::MobileFaceNet,
        ),
        Family::new("ferplus", ferplus::ANSWER, &ferplus::FerPlus),
        Family::new("hsemotion", hsemotion::ANSWER, &hsemotion::HsEmotion),
        Family::new(
            "mini_xception",
            mini_xception::ANSWER,
            &mini_xception::MiniXception,
        ),
    ],
};

/// How a network wants its faces; for use on any thread.
#[derive(Debug, Clone)]
pub struct Plan {
    family: &'static Family<dyn Classifies>,
    columns: Columns,
    /// Shape of one input, without the first axis.
    shape: [usize; 3],
}

impl Plan {
    /// What the columns of its answer are.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Makes the network's input.
    pub fn prepare(&self, face: &FaceImage<'_>) -> Result<Vec<f32>> {
        self.family.prepare(face, self.shape)
    }
}

/// A network of expressions that is ready to run.
#[derive(Debug)]
pub struct Classifier {
    net: Net,
    input: String,
    plan: Plan,
}

impl Classifier {
    /// Opens the network of expressions of `model`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let family = ROLE.of(model, &mut net)?;
        let unknown = || {
            format!(
                "{}: {}",
                model.name(),
                ROLE.unknown(net.inputs(), net.outputs())
            )
        };
        let ([input], [output]) = (net.inputs(), net.outputs()) else {
            bail!(unknown());
        };
        let [_, Some(first), Some(second), Some(third)] = input.shape[..] else {
            bail!(unknown());
        };
        let width = output.shape.last().copied().flatten();
        Ok(Self {
            input: input.name.clone(),
            plan: Plan {
                family,
                columns: columns(&**family, model, width)?,
                shape: [first, second, third],
            },
            net,
        })
    }

    /// How it wants its faces.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// The numbers that the network says of a face that [`Plan::prepare`] has made ready, for
    /// [`Columns::decode`].
    pub fn run(&mut self, numbers: Vec<f32>) -> Result<Vec<f32>> {
        let [first, second, third] = self.plan.shape;
        let tensor = Tensor::floats(&[1, first, second, third], numbers)?;
        let outputs = self.net.run(&[(self.input.as_str(), &tensor)])?;
        let (_, tensor) = outputs.iter().next().context("the network gave nothing")?;
        Ok(tensor.as_floats()?.into_owned())
    }
}

/// What the columns of `model` are: as the registry says, or as its family has them.
fn columns(family: &dyn Classifies, model: &Model, width: Option<usize>) -> Result<Columns> {
    let named: Option<Vec<Emotion>> = model.parameter("classes")?;
    let mut columns = match (family.columns(model.name()), named) {
        (Ok(columns), None) => columns,
        (Ok(columns), Some(classes)) => Columns { classes, ..columns },
        (Err(_), Some(classes)) => Columns::of(&classes, true),
        (Err(error), None) => return Err(error),
    };
    if let Some(more) = model.parameter("more_columns")? {
        columns.more = more;
    }
    let wanted = columns.classes.len() + columns.more;
    ensure!(
        width.is_none_or(|width| width == wanted),
        "{}: gives {} columns, but its name says {wanted}",
        model.name(),
        width.unwrap_or(0)
    );
    Ok(columns)
}
