//! What reads captions, and how much of them.

use std::fs;
use std::path::PathBuf;

use captions::encoder::Encoder;
use captions::tokens::WINDOW;
use loaders::bases::Base;
use stage::{Context, Result, bail, log};

/// Flags of the text encoder's limit.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Count with this `tokenizer.json` of the base model's text encoder (T5, Gemma, Qwen); CLIP's
    /// is built in. Without it, caption length is not checked for base models with another encoder
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,

    /// Number of tokens of a caption that the trainer reads, without the start and end tokens; 0
    /// for any number [default: by --base; 75 for CLIP]
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
}

/// What reads captions, and how much of them.
pub(crate) struct Limit {
    /// The text encoder; none if its tokens cannot be counted.
    pub(crate) encoder: Option<Encoder>,
    /// The most tokens, 0 for any number.
    pub(crate) most: usize,
    /// Whether someone said that this is what reads them.
    pub(crate) named: bool,
}

impl Flags {
    /// Reads the tokenizer, and says how many of its tokens there may be.
    pub(crate) fn open(self, base: Option<&Base>) -> Result<Limit> {
        let file = self.tokenizer.as_ref().map(|path| {
            let json = fs::read(path).with_context(|| path.display().to_string())?;
            Encoder::parse(&json).with_context(|| path.display().to_string())
        });
        let named = base.is_some() || file.is_some();
        let (encoder, own) = match (base, file.transpose()?) {
            (None, None) => (Some(Encoder::clip()), Some(WINDOW)),
            (None, Some(encoder)) => (Some(encoder), None),
            (Some(base), _) if base.clip => (Some(Encoder::clip()), Some(WINDOW)),
            (Some(base), Some(encoder)) => {
                let own = base.budget(&encoder);
                (Some(encoder), Some(own))
            }
            (Some(base), None) => {
                log::warn!(
                    "--base {}: its text encoder is {}: without its tokenizer.json (--tokenizer) the length of captions is not checked",
                    base.name,
                    base.encoder
                );
                (None, Some(0))
            }
        };
        let Some(most) = self.max_tokens.or(own) else {
            bail!("--tokenizer: needs a limit: give --base or --max-tokens");
        };
        Ok(Limit {
            encoder,
            most,
            named,
        })
    }
}
