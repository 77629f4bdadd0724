//! Inputs of one shape through a graph, as many at once as it takes.

use anyhow::{Context, Result};
use onnx::{Net, Outputs, Tensor, halving};

/// How many inputs go into one run.
#[derive(Debug)]
pub(crate) struct Batch {
    size: usize,
    /// Whether the graph says how many.
    is_fixed: bool,
}

impl Batch {
    /// As many as the graph says, or up to `size` where it leaves that open.
    pub(crate) fn of(net: &Net, size: usize) -> Self {
        let fixed = net.fixed_batch();
        Self {
            size: fixed.unwrap_or(size).max(1),
            is_fixed: fixed.is_some(),
        }
    }

    /// As [`Batch::of`], where an answer must be the same whatever else is in its batch: on the CPU one
    /// at a time, for how a matrix product is rounded there depends on how many rows it has. It costs
    /// little: one image keeps all threads busy.
    pub(crate) fn alone_on_cpu(net: &Net, size: usize) -> Self {
        let on_cpu = net.provenance().device == "cpu";
        Self::of(net, if on_cpu { 1 } else { size })
    }

    /// How many go into one run, unless memory runs out.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Runs `items`, each of which has the `numbers` of an input of `shape`, and gives what `decode` reads
    /// of each run: an answer for each of its items.
    pub(crate) fn run<T, A>(
        &mut self,
        net: &mut Net,
        input: &str,
        shape: &[usize],
        items: &[T],
        numbers: impl Fn(&T) -> &[f32],
        decode: impl Fn(&Outputs, &[T]) -> Result<Vec<A>>,
    ) -> Result<Vec<A>> {
        let mut size = self.size;
        let answers = halving(items, &mut size, |part| {
            let rows = if self.is_fixed { self.size } else { part.len() };
            // A graph of a fixed batch is given its last item again, and the answer not looked at.
            let last = part.last().context("no images")?;
            let filled = part.iter().chain(std::iter::repeat(last)).take(rows);
            let all: Vec<f32> = filled.flat_map(&numbers).copied().collect();
            let tensor = Tensor::floats(&[&[rows], shape].concat(), all)?;
            let outputs = net.run(&[(input, &tensor)])?;
            let mut answers = decode(&outputs, part)?;
            answers.truncate(part.len());
            Ok(answers)
        })?;
        if !self.is_fixed {
            self.size = size;
        }
        Ok(answers)
    }
}

/// The rows of a tensor `[rows, numbers]`.
pub(crate) fn rows(tensor: &Tensor) -> Result<Vec<Vec<f32>>> {
    let shape = tensor.shape();
    let &[_, numbers @ (1..)] = &shape[..] else {
        anyhow::bail!("vectors have the shape {shape:?}");
    };
    let all = tensor.as_floats()?;
    Ok(all.chunks_exact(numbers).map(<[f32]>::to_vec).collect())
}
