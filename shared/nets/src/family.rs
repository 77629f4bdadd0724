//! What the network families of all roles have in common, and how a model's family is found.
//!
//! A role has a trait of its own for its families, with `prepare` (from an image to a graph's input)
//! and `decode` (from a graph's outputs to the answer), and a table of them, a [`Role`]. A family is
//! one file and one line of that table.

use std::fmt::Debug;
use std::ops::Deref;

use anyhow::{Context, Result};
use onnx::{Contract, Model, Net, Port, listed};

/// A line of a role's table: a network family, and the code that prepares its inputs and reads its
/// outputs.
#[derive(Debug)]
pub struct Family<F: ?Sized + 'static> {
    /// Its word in the registry.
    pub name: &'static str,
    /// The number of its answers, which is raised whenever the same image would be answered otherwise.
    pub answer: u32,
    code: &'static F,
}

impl<F: ?Sized> Family<F> {
    /// The line of `code`.
    pub(crate) const fn new(name: &'static str, answer: u32, code: &'static F) -> Self {
        Self { name, answer, code }
    }
}

impl<F: ?Sized> Deref for Family<F> {
    type Target = F;

    fn deref(&self) -> &F {
        self.code
    }
}

/// What a family of one graph says of it.
pub trait Graph: Debug + Send + Sync {
    /// What the graph takes and gives, as far as that is the same in all of them.
    fn contract(&self) -> Contract {
        Contract::new()
    }

    /// Whether a graph that takes `inputs` and gives `outputs`, and of which nothing else is known, is
    /// of this family: one that keeps its contract is, unless the names differ from file to file.
    fn recognises(&self, inputs: &[Port], outputs: &[Port]) -> bool {
        self.contract().check(inputs, outputs).is_ok()
    }
}

/// The families of one role. Of several that recognise a graph the first one has it.
#[derive(Debug)]
pub struct Role<F: ?Sized + 'static> {
    /// What a network of the role is called: `face detector`.
    pub what: &'static str,
    /// What is said of a graph that no family recognises: by what it could have been told.
    pub signs: &'static str,
    /// The families.
    pub families: &'static [Family<F>],
}

impl<F: ?Sized> Role<F> {
    /// The families, each with the number of its answers.
    pub fn answers(&self) -> Vec<(&'static str, u32)> {
        let all = self.families.iter();
        let mut answers: Vec<_> = all.map(|family| (family.name, family.answer)).collect();
        answers.dedup();
        answers
    }

    /// The first family of a name.
    ///
    /// # Errors
    /// No such family; says which there are.
    pub fn named(&self, name: &str) -> Result<&'static Family<F>> {
        let found = self.families.iter().find(|family| family.name == name);
        found.with_context(|| {
            let names: Vec<_> = self.answers().iter().map(|(name, _)| *name).collect();
            let (what, names) = (self.what, names.join(", "));
            format!("`{name}` is not a family of {what}s: the families are {names}")
        })
    }
}

impl<F: Graph + ?Sized> Role<F> {
    /// The family of the open graph `net` of `model`: the one that the registry names, or the one that
    /// recognises it. The graph is held to the family's contract, and its answers to the family's number.
    ///
    /// # Errors
    /// A family that is not of this role; a graph that is of none, or not of the one that it is said to be of.
    pub fn of(&self, model: &Model, net: &mut Net) -> Result<&'static Family<F>> {
        let named = || model.name().to_owned();
        let family = match model.family() {
            Some(name) => self.named(name).with_context(named)?,
            None => { self.recognised(net.inputs(), net.outputs()) }.with_context(named)?,
        };
        self.hold(family, net).with_context(named)?;
        Ok(family)
    }

    /// Holds a graph to the contract of `family`, and its answers to the family's number.
    pub fn hold(&self, family: &Family<F>, net: &mut Net) -> Result<()> {
        let kept = family.contract().check(net.inputs(), net.outputs());
        kept.with_context(|| format!("not a {} of the family `{}`", self.what, family.name))?;
        net.read_by(family.name, family.answer);
        Ok(())
    }

    /// The first family that recognises a graph.
    ///
    /// # Errors
    /// A graph of no family; says what it takes and gives.
    pub fn recognised(&self, inputs: &[Port], outputs: &[Port]) -> Result<&'static Family<F>> {
        let mut families = self.families.iter();
        let found = families.find(|family| family.recognises(inputs, outputs));
        found.with_context(|| self.unknown(inputs, outputs))
    }

    /// What is said of a graph that is of no family.
    pub fn unknown(&self, inputs: &[Port], outputs: &[Port]) -> String {
        let (takes, gives) = (listed(inputs), listed(outputs));
        let Self { what, signs, .. } = self;
        format!("not a known {what}: the graph takes {takes} and gives {gives}{signs}")
    }
}

/// How many of the ports have `size` along their last axis.
pub(crate) fn ending_in(ports: &[Port], size: usize) -> usize {
    let ends = |port: &&Port| port.shape.last().copied().flatten() == Some(size);
    ports.iter().filter(ends).count()
}
