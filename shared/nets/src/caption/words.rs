//! Texts to tokens and back, by the `tokenizer.json` of a model.

use std::path::Path;

use anyhow::{Result, anyhow};
use tokenizers::Tokenizer;

/// A model's tokenizer.
#[derive(Debug, Clone)]
pub struct Words(Box<Tokenizer>);

impl Words {
    /// Reads a `tokenizer.json`.
    pub fn open(path: &Path) -> Result<Self> {
        let tokenizer = Tokenizer::from_file(path);
        let tokenizer = tokenizer.map_err(|error| anyhow!("{}: {error}", path.display()))?;
        Ok(Self(Box::new(tokenizer)))
    }

    /// The tokens of `text`, `marked` with those of start and end as the file says.
    pub fn ids(&self, text: &str, marked: bool) -> Result<Vec<i64>> {
        let encoded = self
            .0
            .encode(text, marked)
            .map_err(|error| anyhow!("the tokenizer cannot be used: {error}"))?;
        Ok(encoded.get_ids().iter().map(|id| i64::from(*id)).collect())
    }

    /// The text that tokens stand for, without marks.
    pub fn text(&self, ids: &[i64]) -> Result<String> {
        let ids: Vec<u32> = ids
            .iter()
            .filter_map(|id| u32::try_from(*id).ok())
            .collect();
        let text = self
            .0
            .decode(&ids, true)
            .map_err(|error| anyhow!("the tokens cannot be decoded: {error}"))?;
        Ok(text.trim().to_owned())
    }

    /// The token of a mark.
    pub fn id(&self, mark: &str) -> Option<i64> {
        self.0.token_to_id(mark).map(i64::from)
    }
}
