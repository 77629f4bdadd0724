//! What a graph must take and give.

use std::fmt;

use anyhow::{Result, bail};

/// What the numbers of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Floats of 32 bits.
    F32,
    /// Floats of 16 bits; taken wherever `F32` is asked for.
    F16,
    /// Integers of 64 bits.
    I64,
    /// Integers of 32 bits; taken wherever `I64` is asked for.
    I32,
    /// Bytes.
    U8,
    /// Truth values.
    Bool,
    /// Anything else.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::U8 => "u8",
            Self::Bool => "bool",
            Self::Other => "something else",
        })
    }
}

/// The size along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// Exactly this many, or left open by the graph.
    Is(usize),
    /// Any number.
    Any,
}

/// One input or output of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name in the file.
    pub name: String,
    /// What its numbers are.
    pub kind: Kind,
    /// Its size along each axis; `None` where the graph leaves it open.
    pub shape: Vec<Option<usize>>,
}

impl fmt::Display for Port {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "`{}` {}[", self.name, self.kind)?;
        for (axis, size) in self.shape.iter().enumerate() {
            let comma = if axis == 0 { "" } else { "," };
            match size {
                Some(size) => write!(to, "{comma}{size}")?,
                None => write!(to, "{comma}?")?,
            }
        }
        to.write_str("]")
    }
}

/// One input or output that a contract asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    name: &'static str,
    kind: Kind,
    shape: &'static [Dim],
}

/// What a graph must take and give, checked when it is opened.
///
/// A graph may have more outputs than asked for, and no other inputs.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    inputs: Vec<Wanted>,
    outputs: Vec<Wanted>,
    more_inputs: bool,
}

impl Contract {
    /// A contract that asks for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for an input.
    #[must_use]
    pub fn input(mut self, name: &'static str, kind: Kind, shape: &'static [Dim]) -> Self {
        self.inputs.push(Wanted { name, kind, shape });
        self
    }

    /// Asks for an output.
    #[must_use]
    pub fn output(mut self, name: &'static str, kind: Kind, shape: &'static [Dim]) -> Self {
        self.outputs.push(Wanted { name, kind, shape });
        self
    }

    /// Takes inputs that are not named, such as caches of which there is a
    /// pair for each layer.
    #[must_use]
    pub fn and_more_inputs(mut self) -> Self {
        self.more_inputs = true;
        self
    }

    /// Compares what a graph has with what is asked for; the error lists what
    /// the graph has.
    pub fn check(&self, inputs: &[Port], outputs: &[Port]) -> Result<()> {
        let problem = self
            .inputs
            .iter()
            .find_map(|wanted| wanted.problem("input", inputs))
            .or_else(|| self.unasked(inputs))
            .or_else(|| {
                self.outputs
                    .iter()
                    .find_map(|wanted| wanted.problem("output", outputs))
            });
        if let Some(problem) = problem {
            bail!(
                "{problem}: the graph takes {} and gives {}",
                listed(inputs),
                listed(outputs)
            );
        }
        Ok(())
    }

    fn unasked(&self, inputs: &[Port]) -> Option<String> {
        if self.more_inputs || self.inputs.is_empty() {
            return None;
        }
        let known = |port: &&Port| !self.inputs.iter().any(|wanted| wanted.name == port.name);
        let port = inputs.iter().find(known)?;
        Some(format!("input `{}` is not known", port.name))
    }
}

impl Wanted {
    fn problem(&self, what: &str, ports: &[Port]) -> Option<String> {
        let Some(port) = ports.iter().find(|port| port.name == self.name) else {
            return Some(format!("there is no {what} `{}`", self.name));
        };
        let same_kind = match (self.kind, port.kind) {
            (Kind::F32, Kind::F16) | (Kind::I64, Kind::I32) => true,
            (wanted, has) => wanted == has,
        };
        if !same_kind {
            return Some(format!(
                "{what} `{}` is {} instead of {}",
                self.name, port.kind, self.kind
            ));
        }
        let fits = |(wanted, has): (&Dim, &Option<usize>)| match (wanted, has) {
            (Dim::Is(wanted), Some(has)) => wanted == has,
            _ => true,
        };
        let shape_fits =
            self.shape.len() == port.shape.len() && self.shape.iter().zip(&port.shape).all(fits);
        if !shape_fits && !port.shape.is_empty() {
            let wanted: Vec<_> = self.shape.iter().map(ToString::to_string).collect();
            return Some(format!(
                "{what} {port} does not have the shape [{}]",
                wanted.join(",")
            ));
        }
        None
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(size) => write!(to, "{size}"),
            Self::Any => to.write_str("?"),
        }
    }
}

/// Ports in words, for errors.
pub fn listed(ports: &[Port]) -> String {
    let listed: Vec<_> = ports.iter().map(ToString::to_string).collect();
    listed.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn port(name: &str, kind: Kind, shape: &[Option<usize>]) -> Port {
        Port {
            name: name.to_owned(),
            kind,
            shape: shape.to_vec(),
        }
    }

    fn contract() -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("images", Kind::F32, &[Any, Is(3), Is(416), Is(416)])
            .output("output", Kind::F32, &[Any, Any, Is(85)])
    }

    #[test]
    fn takes_what_fits() {
        let images = port(
            "images",
            Kind::F32,
            &[Some(1), Some(3), Some(416), Some(416)],
        );
        let open = port("images", Kind::F16, &[None, None, None, None]);
        let output = port("output", Kind::F32, &[Some(1), None, Some(85)]);
        contract()
            .check(&[images], std::slice::from_ref(&output))
            .unwrap();
        contract()
            .check(&[open], &[port("more", Kind::F32, &[]), output])
            .unwrap();
    }

    #[test]
    fn says_what_is_wrong_and_what_there_is() {
        let images = port(
            "images",
            Kind::F32,
            &[Some(1), Some(3), Some(416), Some(416)],
        );
        let output = port("output", Kind::F32, &[Some(1), None, Some(85)]);
        let say = |inputs: &[Port], outputs: &[Port]| {
            contract().check(inputs, outputs).unwrap_err().to_string()
        };
        assert_eq!(
            say(
                &[port("data", Kind::F32, &[None])],
                std::slice::from_ref(&output)
            ),
            "there is no input `images`: the graph takes `data` f32[?] and gives `output` f32[1,?,85]"
        );
        let small = port("images", Kind::F32, &[Some(1), Some(3), Some(64), Some(64)]);
        assert!(
            say(&[small], std::slice::from_ref(&output))
                .contains("does not have the shape [?,3,416,416]")
        );
        let whole = port("images", Kind::I64, &[None, None, None, None]);
        assert!(
            say(&[whole], std::slice::from_ref(&output))
                .starts_with("input `images` is i64 instead of f32")
        );
        let two = [images.clone(), port("mask", Kind::F32, &[None])];
        assert!(say(&two, std::slice::from_ref(&output)).starts_with("input `mask` is not known"));
        let narrow = port("output", Kind::F32, &[Some(1), None, Some(6)]);
        assert!(say(&[images], &[narrow]).contains("[?,?,85]"));
    }
}
