//! The decoder of `SmolVLM`, token after token, with what it has worked out before.

use anyhow::{Context, Result};
use onnx::Tensor;

use super::SmolVlm;
use crate::caption::cache::{gathered, last_logits};
use crate::caption::generate::Step;

/// A text under way for several rows.
pub(super) struct Decoding<'a> {
    model: &'a mut SmolVlm,
    /// Keys and values so far, two a layer; they go from run to run uncopied.
    past: Vec<Tensor>,
    rows: usize,
    /// Tokens so far.
    length: usize,
}

impl<'a> Decoding<'a> {
    /// Runs the prompt, `[rows, tokens, width]`; the logits of the first token behind it.
    pub(super) fn begin(model: &'a mut SmolVlm, embedded: &Tensor) -> Result<(Self, Vec<f32>)> {
        let rows = *embedded
            .shape()
            .first()
            .context("embeddings without axes")?;
        let [heads, width] = model.heads;
        let empty = || Tensor::floats(&[rows, heads, 0, width], Vec::new());
        let past = (0..2 * model.layers)
            .map(|_| empty())
            .collect::<Result<_>>()?;
        let mut decoding = Self {
            model,
            past,
            rows,
            length: 0,
        };
        let logits = decoding.run(embedded)?;
        Ok((decoding, logits))
    }

    fn run(&mut self, embedded: &Tensor) -> Result<Vec<f32>> {
        let more = embedded.shape()[1];
        let (rows, start, end) = (self.rows, self.length, self.length + more);
        let mask = Tensor::integers(&[rows, end], vec![1; rows * end])?;
        let places: Vec<i64> = (start..end).map(|place| i64::from(place as u32)).collect();
        let places = Tensor::integers(&[rows, more], places.repeat(rows))?;
        let names: Vec<String> = (0..self.model.layers)
            .flat_map(|layer| ["key", "value"].map(|what| format!("{layer}.{what}")))
            .collect();
        let ports: Vec<String> = names
            .iter()
            .map(|name| format!("past_key_values.{name}"))
            .collect();
        let mut inputs = vec![
            ("inputs_embeds", embedded),
            ("attention_mask", &mask),
            ("position_ids", &places),
        ];
        inputs.extend(ports.iter().map(String::as_str).zip(&self.past));
        let mut outputs = self.model.decoder.run(&inputs)?;
        for (past, name) in self.past.iter_mut().zip(&names) {
            *past = outputs.take(&format!("present.{name}"))?;
        }
        self.length = end;
        last_logits(outputs.get("logits")?)
    }
}

impl Step for Decoding<'_> {
    fn step(&mut self, next: &[i64], from: &[usize]) -> Result<Vec<f32>> {
        if from.iter().enumerate().any(|(row, from)| row != *from) {
            for tensor in &mut self.past {
                *tensor = gathered(tensor, from)?;
            }
        }
        let ids = Tensor::integers(&[next.len(), 1], next.to_vec())?;
        let embedded = self
            .model
            .embed
            .run(&[("input_ids", &ids)])?
            .take("inputs_embeds")?;
        self.run(&embedded)
    }
}
