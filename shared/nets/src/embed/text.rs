//! Texts as vectors of unit length, in the space of the images of the same model.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use onnx::{Contract, Model, Net, Runtime, Tensor};
use tokenizers::Tokenizer;

use super::{Encoder, ROLE, Texts, unit};
use crate::batch::rows;
use crate::tokenizer::tokenizer;

/// A network that makes vectors of texts, ready to run.
pub struct TextEncoder {
    net: Net,
    words: Words,
}

impl TextEncoder {
    /// Opens the text network of `model` and its tokenizer: the files for `text` and `tokenizer`.
    ///
    /// `family` goes before what the registry says, and that before what the tokenizer says.
    pub fn open(
        model: &Model,
        family: Option<&'static Encoder>,
        runtime: &Runtime,
    ) -> Result<Self> {
        let named = || model.name().to_owned();
        let family = match (family, model.family()) {
            (None, Some(word)) => Some(ROLE.named(word).with_context(named)?),
            (family, _) => family,
        };
        let words = Words::read(model.path("tokenizer")?, family).with_context(named)?;
        let mut net = Net::open(model, "text", runtime, &Contract::new())?;
        let masked = net
            .inputs()
            .iter()
            .any(|port| port.name == "attention_mask");
        let contract = (words.texts.contract)(masked);
        contract
            .check(net.inputs(), net.outputs())
            .with_context(named)?;
        net.read_by(words.family.name, words.family.answer);
        Ok(Self { net, words })
    }

    /// How its family compares texts with images.
    pub fn texts(&self) -> &'static Texts {
        self.words.texts
    }

    /// The network itself.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The vector of a text, of unit length. Texts go one by one, so that one's vector does not
    /// depend on which others there are.
    pub fn encode(&mut self, text: &str) -> Result<Vec<f32>> {
        let mut ids = self.words.ids(text)?;
        let tokens = ids.len();
        let ports = self.net.inputs();
        let wanted = ports.first().and_then(|port| *port.shape.get(1)?);
        if let (Some(wanted), Some(last)) = (wanted, ids.last().copied()) {
            ids.resize(wanted.max(tokens), last);
        }
        let shape = [1, ids.len()];
        let mask = (0..ids.len()).map(|at| i64::from(at < tokens)).collect();
        let (ids, mask) = (
            Tensor::integers(&shape, ids)?,
            Tensor::integers(&shape, mask)?,
        );
        let mut inputs = vec![("input_ids", &ids)];
        if ports.iter().any(|port| port.name == "attention_mask") {
            inputs.push(("attention_mask", &mask));
        }
        let outputs = self.net.run(&inputs)?;
        let vectors = rows(outputs.get(self.words.texts.output)?)?;
        unit(vectors.first().context("the network gave no vector")?)
    }
}

/// A tokenizer, and what its family makes of its tokens.
pub struct Words {
    tokenizer: Tokenizer,
    family: &'static Encoder,
    texts: &'static Texts,
    end: i64,
    padding: i64,
}

impl Words {
    /// Reads a `tokenizer.json`. The family is recognised by the tokens if it is not given.
    pub fn read(path: &Path, family: Option<&'static Encoder>) -> Result<Self> {
        let tokenizer = tokenizer(path)?;
        let id = |token: &str| tokenizer.token_to_id(token).map(i64::from);
        let reads = |family: &&Encoder| family.texts().is_some_and(|texts| id(texts.end).is_some());
        let family = family.or_else(|| ROLE.families.iter().find(reads));
        let family = family.with_context(|| {
            let path = path.display();
            format!("{path}: does not have the tokens of CLIP or SigLIP")
        })?;
        let Some(texts) = family.texts() else {
            bail!("{} has no text encoder: use CLIP or SigLIP", family.name);
        };
        let token = |name: &str| {
            id(name).with_context(|| format!("{}: has no token `{name}`", path.display()))
        };
        let (end, padding) = (token(texts.end)?, token(texts.padding)?);
        Ok(Self {
            tokenizer,
            family,
            texts,
            end,
            padding,
        })
    }

    /// The tokens of a text as the family's network takes them: of CLIP between start and end and
    /// at most 77, of `SigLIP` exactly 64.
    pub fn ids(&self, text: &str) -> Result<Vec<i64>> {
        let text = text.to_lowercase();
        let encoding = self
            .tokenizer
            .encode(text.as_str(), true)
            .map_err(|error| anyhow!("`{text}`: {error}"))?;
        let mut ids: Vec<i64> = encoding.get_ids().iter().copied().map(i64::from).collect();
        (self.texts.fit)(&mut ids, self.end, self.padding)?;
        Ok(ids)
    }
}
