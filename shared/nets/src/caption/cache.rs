//! Tensors of decoders: rows in another order, and the logits of the last token.

use anyhow::{Context, Result, ensure};
use onnx::{Kind, Net, Tensor};

/// The rows of `tensor` that `order` names, in that order; its first axis is rows.
pub(crate) fn gathered(tensor: &Tensor, order: &[usize]) -> Result<Tensor> {
    let mut shape = tensor.shape();
    let rows = *shape.first().context("a tensor without rows")?;
    ensure!(
        order.iter().all(|row| *row < rows),
        "the row does not exist"
    );
    let size: usize = shape[1..].iter().product();
    shape[0] = order.len();
    if tensor.kind() == Kind::I64 {
        let numbers = tensor.as_integers()?;
        let rows = order
            .iter()
            .flat_map(|row| &numbers[row * size..(row + 1) * size]);
        return Tensor::integers(&shape, rows.copied().collect());
    }
    let numbers = tensor.as_floats()?;
    let mut gathered = Vec::with_capacity(order.len() * size);
    for row in order {
        gathered.extend_from_slice(&numbers[row * size..(row + 1) * size]);
    }
    Tensor::floats(&shape, gathered)
}

/// The logits of the last token of each row, of `[rows, tokens, vocabulary]`.
pub(crate) fn last_logits(logits: &Tensor) -> Result<Vec<f32>> {
    let shape = logits.shape();
    let [rows, tokens, width] = shape[..] else {
        anyhow::bail!("logits of the shape {shape:?}");
    };
    ensure!(tokens > 0 && width > 0, "no logits");
    let numbers = logits.as_floats()?;
    let mut last = Vec::with_capacity(rows * width);
    for row in numbers.chunks(tokens * width) {
        last.extend_from_slice(&row[(tokens - 1) * width..]);
    }
    Ok(last)
}

/// How many layers a decoder keeps keys and values of, and the heads and the numbers a head of
/// them. `key` is what their names end with, as `.decoder.key`.
pub(super) fn kept(decoder: &Net, key: &str) -> Result<(usize, [usize; 2])> {
    let named = |name: &str| {
        name.strip_prefix("past_key_values.")
            .is_some_and(|rest| rest.ends_with(key))
    };
    let ports: Vec<_> = { decoder.inputs().iter() }
        .filter(|port| named(&port.name))
        .collect();
    let shape = ports
        .first()
        .map(|port| &port.shape[..])
        .unwrap_or_default();
    let &[_, Some(heads), _, Some(width)] = shape else {
        anyhow::bail!("the decoder takes no `past_key_values.0{key}` with a fixed number of heads");
    };
    Ok((ports.len(), [heads, width]))
}
