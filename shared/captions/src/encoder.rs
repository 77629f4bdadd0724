//! The tokens of a text encoder: CLIP's, or those of a model's `tokenizer.json`.
//!
//! Of a `tokenizer.json` (T5 of Stable Diffusion 3 and FLUX, Gemma of Lumina, Qwen of Qwen-Image,
//! umT5 of Wan) the tokens are those that the `tokenizers` library gives, as in the trainers.

use tokenizers::Tokenizer as File;

use crate::tokens::{Count, Tokenizer};

/// The marks that CLIP puts around a text, for its start and its end.
const CLIP_MARKS: usize = 2;

/// Why a file is not the tokenizer of a text encoder.
#[derive(Debug, thiserror::Error)]
#[error("not a tokenizer.json: {0}")]
pub struct NoTokenizer(String);

/// What a text encoder makes of a caption.
pub struct Encoder {
    kind: Kind,
    marks: usize,
}

enum Kind {
    Clip(Tokenizer),
    File(Box<File>),
}

impl Default for Encoder {
    fn default() -> Self {
        Self::clip()
    }
}

impl Encoder {
    /// CLIP's, whose vocabulary is a part of the program.
    pub fn clip() -> Self {
        Self {
            kind: Kind::Clip(Tokenizer::new()),
            marks: CLIP_MARKS,
        }
    }

    /// That of the content of a `tokenizer.json`.
    pub fn parse(json: &[u8]) -> Result<Self, NoTokenizer> {
        let wrong = |cause: tokenizers::Error| NoTokenizer(cause.to_string());
        let mut file = File::from_bytes(json).map_err(wrong)?;
        // Files keep the padding and the limit of whoever saved them.
        file.with_padding(None);
        file.with_truncation(None).map_err(wrong)?;
        let marks = file.encode("", true).map_err(wrong)?.len();
        Ok(Self {
            kind: Kind::File(Box::new(file)),
            marks,
        })
    }

    /// The marks that it puts around every text, which count for the limits that models have.
    pub fn marks(&self) -> usize {
        self.marks
    }

    /// The number of tokens of `text`, without marks.
    pub fn count(&self, text: &str) -> Count {
        match &self.kind {
            Kind::Clip(clip) => clip.count(text),
            Kind::File(file) => match file.encode(text, false) {
                Ok(encoding) => Count {
                    tokens: encoding.len(),
                    exact: true,
                },
                Err(_) => Count {
                    tokens: text.len(),
                    exact: false,
                },
            },
        }
    }

    /// Parts `text` where a window of `limit` tokens ends: what is read, and the words that are
    /// cut off in whole or in part.
    pub fn cut<'a>(&self, text: &'a str, limit: usize) -> (&'a str, &'a str) {
        let file = match &self.kind {
            Kind::Clip(clip) => return clip.cut(text, limit),
            Kind::File(file) => file,
        };
        let Ok(encoding) = file.encode(text, false) else {
            return (text, "");
        };
        let Some((at, _)) = encoding.get_offsets().get(limit) else {
            return (text, "");
        };
        let before = text.get(..*at).unwrap_or(text);
        // A token may begin with the space before its word.
        let word = before.rfind(char::is_whitespace).map_or(0, |space| {
            space + before[space..].chars().next().map_or(0, char::len_utf8)
        });
        let starts = text[before.len()..].starts_with(char::is_whitespace);
        text.split_at(if starts { before.len() } else { word })
    }
}
