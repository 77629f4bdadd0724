//! What reads captions, and how much of them.

use std::fs;
use std::path::PathBuf;

use captions::bases::{Base, base};
use captions::encoder::Encoder;
use captions::tokens::WINDOW;
use stage::{Context, Result, bail};

/// The flags that say what reads captions.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Judge the length of captions by what trainers of this base model read:
    /// sd15, sdxl, sd3, flux, flux-schnell, lumina, qwen-image or wan [default:
    /// CLIP's 75 tokens, for trainers that mostly train models of CLIP]
    #[arg(long, value_name = "MODEL", value_parser = base)]
    base: Option<&'static Base>,

    /// Count with this `tokenizer.json` of the base model's text encoder (T5,
    /// Gemma, Qwen); CLIP's is built in
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,

    /// Tokens that the trainer reads of a caption, without marks of start and
    /// end; 0 for any number [default: by --base; 75 for CLIP]
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
}

/// What reads captions, and how much of them.
pub(crate) struct Limit {
    /// The text encoder.
    pub(crate) encoder: Encoder,
    /// The most tokens, 0 for any number.
    pub(crate) most: usize,
    /// Whether somebody said that this is what reads them.
    pub(crate) named: bool,
}

impl Flags {
    /// Reads the tokenizer, and says how many of its tokens there may be.
    pub(crate) fn open(self) -> Result<Limit> {
        let file = self.tokenizer.as_ref().map(|path| {
            let json = fs::read(path).with_context(|| path.display().to_string())?;
            Encoder::parse(&json).with_context(|| path.display().to_string())
        });
        let named = self.base.is_some() || file.is_some();
        let (encoder, own) = match (self.base, file.transpose()?) {
            (None, None) => (Encoder::clip(), Some(WINDOW)),
            (None, Some(encoder)) => (encoder, None),
            (Some(base), Some(encoder)) if !base.clip => {
                let own = base.budget(&encoder);
                (encoder, Some(own))
            }
            (Some(base), _) if base.clip => (Encoder::clip(), Some(WINDOW)),
            (Some(base), _) => bail!(
                "--base {}: it reads captions with {}: give its tokenizer.json with --tokenizer",
                base.name,
                base.encoder
            ),
        };
        let Some(most) = self.max_tokens.or(own) else {
            bail!("--tokenizer: say what reads so: give --base or --max-tokens");
        };
        Ok(Limit {
            encoder,
            most,
            named,
        })
    }
}
