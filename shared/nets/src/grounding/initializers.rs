//! Constants of a linear layer in the file of a graph, for what the graph computes with them only for its own outputs.
//!
//! A reader of just these fields of onnx.proto: `ModelProto.graph` 7; `GraphProto.node` 1, `.initializer` 5;
//! `NodeProto.input` 1, `.output` 2, `.op_type` 4; `TensorProto.dims` 1, `.data_type` 2, `.float_data` 4, `.name` 8,
//! `.raw_data` 9.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

/// `TensorProto.DataType.FLOAT`.
const FLOAT: u64 = 1;

/// A linear layer: `outputs` sums of `inputs` weighted numbers each, and what is added to them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    /// `[outputs, inputs]`, row-major.
    pub(super) weights: Vec<f32>,
    /// As many as there are outputs.
    pub(super) bias: Vec<f32>,
}

impl Linear {
    /// What it makes of numbers.
    ///
    /// # Errors
    /// More or fewer numbers than it has inputs.
    pub(super) fn of(&self, numbers: &[f32]) -> Result<Vec<f32>> {
        let outputs = self.bias.len();
        ensure!(
            !numbers.is_empty() && self.weights.len() == outputs * numbers.len(),
            "{} numbers do not match the {} weights of {outputs} sums",
            numbers.len(),
            self.weights.len()
        );
        let rows = self.weights.chunks_exact(numbers.len()).zip(&self.bias);
        let sum = |(row, bias): (&[f32], &f32)| {
            bias + row.iter().zip(numbers).map(|(a, b)| a * b).sum::<f32>()
        };
        Ok(rows.map(sum).collect())
    }
}

/// The graph of a file, as far as it is needed.
#[derive(Debug, Default)]
pub(super) struct Constants<'a> {
    /// By name, the shape and the bytes of tensors of floats.
    tensors: BTreeMap<String, (Vec<usize>, &'a [u8])>,
    /// By each output, the type and the inputs of its node.
    nodes: BTreeMap<String, (String, Vec<String>)>,
}

impl<'a> Constants<'a> {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// The bytes are not an ONNX graph.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut all = Self::default();
        for field in fields(bytes) {
            if let (7, Value::Bytes(graph)) = field? {
                all.graph(graph)?;
            }
        }
        Ok(all)
    }

    fn graph(&mut self, graph: &'a [u8]) -> Result<()> {
        for field in fields(graph) {
            match field? {
                (1, Value::Bytes(node)) => self.node(node)?,
                (5, Value::Bytes(tensor)) => self.tensor(tensor)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &[u8]) -> Result<()> {
        let (mut inputs, mut outputs, mut kind) = (Vec::new(), Vec::new(), String::new());
        for field in fields(node) {
            match field? {
                (1, Value::Bytes(name)) => inputs.push(text(name)),
                (2, Value::Bytes(name)) => outputs.push(text(name)),
                (4, Value::Bytes(name)) => kind = text(name),
                _ => {}
            }
        }
        for output in outputs {
            self.nodes.insert(output, (kind.clone(), inputs.clone()));
        }
        Ok(())
    }

    fn tensor(&mut self, tensor: &'a [u8]) -> Result<()> {
        let (mut shape, mut kind, mut name, mut numbers) = (Vec::new(), 0, String::new(), &[][..]);
        for field in fields(tensor) {
            match field? {
                (1, Value::Number(size)) => shape.push(size as usize),
                (1, Value::Bytes(packed)) => {
                    let mut rest = packed;
                    while !rest.is_empty() {
                        shape.push(varint(&mut rest)? as usize);
                    }
                }
                (2, Value::Number(own)) => kind = own,
                (4 | 9, Value::Bytes(raw)) => numbers = raw,
                (8, Value::Bytes(own)) => name = text(own),
                _ => {}
            }
        }
        let bytes = { shape.iter() }.try_fold(4_usize, |bytes, side| bytes.checked_mul(*side));
        if kind == FLOAT && bytes == Some(numbers.len()) {
            self.tensors.insert(name, (shape, numbers));
        }
        Ok(())
    }

    /// The layer whose bias has a name that ends in `name.bias`: an `Add` to a `MatMul`, which is how exports write a
    /// layer of more than two axes. Its weights, `[inputs, outputs]`, have any name.
    ///
    /// # Errors
    /// A graph without it, or with weights in other numbers than floats of 32 bits.
    pub(super) fn linear(&self, name: &str) -> Result<Linear> {
        let ending = format!("{name}.bias");
        let bias = self.tensors.iter().find(|(own, _)| own.ends_with(&ending));
        let (bias_name, (_, bias)) =
            bias.with_context(|| format!("the graph has no `{ending}` in floats"))?;
        let bias = floats(bias);
        let outputs = bias.len();
        let sum = self
            .nodes
            .values()
            .find(|(_, inputs)| inputs.contains(bias_name));
        let (kind, inputs) =
            sum.with_context(|| format!("nothing in the graph takes `{bias_name}`"))?;
        ensure!(
            kind == "Add",
            "`{bias_name}` goes into a node of the type {kind} instead of Add"
        );
        let mut products = inputs.iter().filter_map(|input| self.nodes.get(input));
        let product = products.find(|(kind, _)| kind == "MatMul");
        let (_, factors) =
            product.with_context(|| format!("`{bias_name}` is added to no matrix product"))?;
        let weights = factors.iter().find_map(|input| self.tensors.get(input));
        let (shape, weights) =
            weights.with_context(|| format!("`{name}` has no weights in floats"))?;
        let &[first, second] = &shape[..] else {
            bail!("the weights of `{name}` have the shape {shape:?}");
        };
        let weights = floats(weights);
        ensure!(
            second == outputs && first > 0,
            "the weights of `{name}` have the shape {shape:?} for {outputs} outputs"
        );
        let column = |column: usize| weights.iter().skip(column).step_by(second).copied();
        Ok(Linear {
            weights: (0..second).flat_map(column).collect(),
            bias,
        })
    }
}

/// The floats of 32 bits in bytes.
fn floats(bytes: &[u8]) -> Vec<f32> {
    let (parts, _) = bytes.as_chunks::<4>();
    parts.iter().map(|part| f32::from_le_bytes(*part)).collect()
}

/// A field's value.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, by number.
fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u64, Value<'_>)>> {
    let mut rest = message;
    std::iter::from_fn(move || (!rest.is_empty()).then(|| field(&mut rest)))
}

/// The next field; nothing is left behind an error.
fn field<'a>(rest: &mut &'a [u8]) -> Result<(u64, Value<'a>)> {
    let bytes = std::mem::take(rest);
    let mut left = bytes;
    let key = varint(&mut left)?;
    let value = match key & 7 {
        0 => Value::Number(varint(&mut left)?),
        1 => Value::Bytes(take(&mut left, 8)?),
        2 => {
            let length = varint(&mut left)?;
            Value::Bytes(take(&mut left, usize::try_from(length)?)?)
        }
        5 => Value::Bytes(take(&mut left, 4)?),
        other => bail!("not an ONNX graph: a field of the kind {other}"),
    };
    *rest = left;
    Ok((key >> 3, value))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (own, left) = rest
        .split_at_checked(length)
        .context("not an ONNX graph: it ends early")?;
    *rest = left;
    Ok(own)
}

fn varint(rest: &mut &[u8]) -> Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    bail!("not an ONNX graph: a number without end")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn numbers_have_seven_bits_a_byte() {
        assert_eq!(varint(&mut &[0xac, 0x02][..]).unwrap(), 300);
        assert!(varint(&mut &[0x80][..]).is_err());
        assert!(varint(&mut &[0xff; 11][..]).is_err());
    }

    #[test]
    fn a_layer_weighs_its_inputs() {
        let linear = Linear {
            weights: vec![1.0, 2.0, 3.0, 4.0],
            bias: vec![0.5, -1.0],
        };
        assert_eq!(linear.of(&[1.0, 10.0]).unwrap(), [21.5, 42.0]);
        for wrong in [&[][..], &[1.0], &[1.0, 10.0, 100.0]] {
            assert!(linear.of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_graph_has_no_layer() {
        assert!(Constants::read(b"\x3a\xff\xff\xff").is_err());
        assert!(Constants::default().linear("class_head.dense0").is_err());
    }

    #[test]
    fn a_tensor_larger_than_memory_is_none() {
        // 2^62 floats, whose bytes are 0 in 64 bits.
        let tensor = b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40\x10\x01\x42\x01w";
        let mut constants = Constants::default();
        constants.tensor(tensor).unwrap();
        assert!(constants.tensors.is_empty());
    }

    #[test]
    fn weights_are_turned_over_and_only_those_of_a_product_are_read() {
        let bytes: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let linear = |kind: &str| {
            let node = |kind: &str, inputs: [&str; 2]| {
                (kind.to_owned(), inputs.map(str::to_owned).to_vec())
            };
            let constants = Constants {
                tensors: [
                    ("head.bias".to_owned(), (vec![2], &bytes[..8])),
                    ("7".to_owned(), (vec![2, 2], &bytes[..])),
                ]
                .into(),
                nodes: [
                    ("product".to_owned(), node("MatMul", ["features", "7"])),
                    ("sum".to_owned(), node(kind, ["head.bias", "product"])),
                ]
                .into(),
            };
            constants.linear("head")
        };
        let read = linear("Add").unwrap();
        assert_eq!(read.bias, [1.0, 2.0]);
        assert_eq!(read.weights, [1.0, 3.0, 2.0, 4.0], "turned over");
        let error = linear("Gemm").unwrap_err().to_string();
        assert!(error.contains("of the type Gemm"), "{error}");
    }
}
