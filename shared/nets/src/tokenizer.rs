//! The `tokenizer.json` of a model, for texts of any length.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use tokenizers::Tokenizer;

/// Reads a `tokenizer.json` without its own padding and truncation: each family pads and cuts tokens itself.
///
/// # Errors
/// A file that cannot be read, or is no tokenizer.
pub(crate) fn tokenizer(path: &Path) -> Result<Tokenizer> {
    let named = || path.display().to_string();
    let said = |error: tokenizers::Error| anyhow!("{error}");
    let read = Tokenizer::from_file(path).map_err(said);
    let mut tokenizer = read.with_context(named)?;
    tokenizer.with_padding(None);
    let whole = tokenizer.with_truncation(None).map(|_| ());
    whole.map_err(said).with_context(named)?;
    Ok(tokenizer)
}
