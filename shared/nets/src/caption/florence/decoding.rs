//! The decoder of Florence-2, token after token, with what it has worked out before.

use anyhow::Result;
use onnx::Tensor;

use super::Florence;
use crate::caption::cache::{gathered, last_logits};
use crate::caption::generate::Step;

/// The input for which positions of image and question count.
const MASK: &str = "encoder_attention_mask";

/// The input for image and question as the encoder sees them.
const STATES: &str = "encoder_hidden_states";

/// A text under way for several rows.
pub(super) struct Decoding<'a> {
    florence: &'a mut Florence,
    mask: Tensor,
    states: Tensor,
    /// Keys and values of the text so far, two a layer; they go from run to run uncopied.
    own: Vec<Tensor>,
    /// Those of image and question. Only the first run gives them: with the branch of the cache
    /// the graph gives useless ones.
    cross: Vec<Tensor>,
}

impl<'a> Decoding<'a> {
    /// Runs the tokens that texts begin with, one a row; the logits of the first.
    pub(super) fn begin(
        florence: &'a mut Florence,
        mask: Tensor,
        states: Tensor,
        start: &[i64],
    ) -> Result<(Self, Vec<f32>)> {
        let [heads, width] = florence.heads;
        let empty = || Tensor::floats(&[start.len(), heads, 0, width], Vec::new());
        let none = || {
            (0..2 * florence.layers)
                .map(|_| empty())
                .collect::<Result<Vec<_>>>()
        };
        let (own, cross) = (none()?, none()?);
        let mut decoding = Self {
            florence,
            mask,
            states,
            own,
            cross,
        };
        let logits = decoding.run(start, true)?;
        Ok((decoding, logits))
    }

    /// Makes `beams` rows of each, and puts what stays the same from word to word near the network.
    pub(super) fn spread(&mut self, rows: usize, beams: usize) -> Result<()> {
        if beams > 1 {
            let order: Vec<usize> = (0..rows * beams).map(|row| row / beams).collect();
            self.mask = gathered(&self.mask, &order)?;
            self.states = gathered(&self.states, &order)?;
            for tensor in self.own.iter_mut().chain(&mut self.cross) {
                *tensor = gathered(tensor, &order)?;
            }
        }
        let names: Vec<_> = (0..self.florence.layers).flat_map(names).collect();
        let cross = names.iter().map(|[_, cross]| cross.as_str());
        let held = cross.zip(&mut self.cross);
        let more = [(MASK, &mut self.mask), (STATES, &mut self.states)];
        for (name, tensor) in held.chain(more) {
            if let Some(near) = self.florence.decoder.near(name, tensor)? {
                *tensor = near;
            }
        }
        Ok(())
    }

    fn run(&mut self, next: &[i64], first: bool) -> Result<Vec<f32>> {
        let ids = Tensor::integers(&[next.len(), 1], next.to_vec())?;
        let embedded = self
            .florence
            .embed
            .run(&[("input_ids", &ids)])?
            .take("inputs_embeds")?;
        let branch = Tensor::truths(&[1], vec![!first])?;
        let names: Vec<[String; 2]> = (0..self.florence.layers).flat_map(names).collect();
        let mut inputs = vec![
            (MASK, &self.mask),
            (STATES, &self.states),
            ("inputs_embeds", &embedded),
            ("use_cache_branch", &branch),
        ];
        let past = names.iter().zip(self.own.iter().zip(&self.cross));
        for ([own_name, cross_name], (own, cross)) in past {
            inputs.push((own_name, own));
            inputs.push((cross_name, cross));
        }
        let mut outputs = self.florence.decoder.run(&inputs)?;
        for (number, [own, cross]) in names.iter().enumerate() {
            self.own[number] = outputs.take(&present(own))?;
            if first {
                self.cross[number] = outputs.take(&present(cross))?;
            }
        }
        last_logits(outputs.get("logits")?)
    }
}

impl Step for Decoding<'_> {
    fn step(&mut self, next: &[i64], from: &[usize]) -> Result<Vec<f32>> {
        if from.iter().enumerate().any(|(row, from)| row != *from) {
            for tensor in &mut self.own {
                *tensor = gathered(tensor, from)?;
            }
        }
        self.run(next, false)
    }
}

/// The names of a layer's keys and values: of the text, and of image and question.
fn names(layer: usize) -> [[String; 2]; 2] {
    ["key", "value"].map(|what| {
        ["decoder", "encoder"].map(|whose| format!("past_key_values.{layer}.{whose}.{what}"))
    })
}

fn present(name: &str) -> String {
    name.replacen("past_key_values", "present", 1)
}
