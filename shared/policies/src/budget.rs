//! How many tokens a caption may have, by the base model that reads it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use captions::encoder::Encoder;
use captions::tokens::WINDOW;
use clap::ValueEnum;
use loaders::bases::{Base, base};
use serde::Serialize;

/// Form of the captions
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Words and short phrases between commas
    #[default]
    Tags,
    /// A sentence, and the description after it
    Sentence,
    /// The tag line, and the sentence after it
    Both,
}

/// Flags of the limit on captions.
#[derive(Debug, clap::Args)]
pub struct Lengths {
    /// Keep within what the trainers of this base model read: sd15, sdxl, illustrious, sd3, flux,
    /// flux-schnell, flux2, lumina, qwen-image, z-image, chroma, hidream, krea2, ideogram, anima,
    /// hunyuan-image, wan or wan-5b; FORM=MODEL, with tags or sentence, is for captions of that form only (may be
    /// repeated) [default: sdxl]
    #[arg(long, value_name = "[FORM=]MODEL", value_parser = of_form::<&'static Base>)]
    base: Vec<(Option<Form>, &'static Base)>,

    /// Count with this `tokenizer.json` of the base model's text encoder (T5,
    /// Gemma, Qwen); CLIP's is built in
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,

    /// Number of tokens that the trainer reads, without the start and end tokens; FORM=TOKENS is
    /// for captions of that form only (may be repeated) [default: by --base; 75 for CLIP]
    #[arg(long, value_name = "[FORM=]TOKENS", value_parser = of_form::<usize>)]
    budget: Vec<(Option<Form>, usize)>,
}

/// The tokens of captions of each form.
pub struct Budget {
    tags: Limit,
    sentence: Limit,
}

/// How many tokens a text may have, and whose.
#[derive(Clone)]
pub struct Limit {
    encoder: Arc<Encoder>,
    /// The most that a text may have.
    pub tokens: usize,
}

impl Limit {
    /// Whether a text is within it.
    pub fn holds(&self, text: &str) -> bool {
        self.encoder.count(text).fits(self.tokens)
    }

    /// The tokens of a text.
    pub fn count(&self, text: &str) -> usize {
        self.encoder.count(text).tokens
    }
}

impl Budget {
    /// The limit of captions of a form; both in one are read by what reads sentences.
    pub fn of(&self, form: Form) -> &Limit {
        match form {
            Form::Tags => &self.tags,
            Form::Sentence | Form::Both => &self.sentence,
        }
    }
}

impl Lengths {
    /// Reads the tokenizer, and says how many of its tokens there may be.
    pub fn open(&self) -> Result<Budget> {
        let clip = Arc::new(Encoder::clip());
        let file = self.tokenizer.as_ref().map(|path| {
            let json = fs::read(path).with_context(|| path.display().to_string())?;
            let encoder = Encoder::parse(&json).with_context(|| path.display().to_string())?;
            Ok::<_, anyhow::Error>(Arc::new(encoder))
        });
        let file = file.transpose()?;
        Ok(Budget {
            tags: self.limit(Form::Tags, &clip, file.as_ref())?,
            sentence: self.limit(Form::Sentence, &clip, file.as_ref())?,
        })
    }

    fn limit(&self, form: Form, clip: &Arc<Encoder>, file: Option<&Arc<Encoder>>) -> Result<Limit> {
        let base = said(&self.base, form);
        let encoder = match (base, file) {
            (Some(base), _) if base.clip => clip,
            (_, Some(file)) => file,
            (None, None) => clip,
            (Some(base), None) => bail!(
                "--base {name}: its text encoder is {encoder}: give its tokenizer.json with --tokenizer",
                name = base.name,
                encoder = base.encoder
            ),
        };
        let own = base.map(|base| base.budget(encoder));
        let clips = Arc::ptr_eq(encoder, clip).then_some(WINDOW);
        let Some(tokens) = said(&self.budget, form).or(own).or(clips) else {
            bail!("--tokenizer: needs a limit: give --base or --budget");
        };
        Ok(Limit {
            encoder: Arc::clone(encoder),
            tokens,
        })
    }
}

/// What was said last for a form, or for all.
fn said<T: Copy>(all: &[(Option<Form>, T)], form: Form) -> Option<T> {
    let of = |wanted: Option<Form>| {
        let mut said = all.iter().rev().filter(move |(form, _)| *form == wanted);
        said.next().map(|(_, value)| *value)
    };
    of(Some(form)).or_else(|| of(None))
}

/// A value of a command line.
trait Value: Sized {
    fn read(text: &str) -> Result<Self, String>;
}

impl Value for &'static Base {
    fn read(text: &str) -> Result<Self, String> {
        base(text).map_err(|error| error.to_string())
    }
}

impl Value for usize {
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("`{text}` is not a number of tokens"))
    }
}

fn of_form<T: Value>(text: &str) -> Result<(Option<Form>, T), String> {
    let Some((form, value)) = text.split_once('=') else {
        return Ok((None, T::read(text)?));
    };
    let form = match form {
        "tags" => Form::Tags,
        "sentence" => Form::Sentence,
        other => {
            return Err(format!(
                "`{other}` is not a form of captions: use tags or sentence"
            ));
        }
    };
    Ok((Some(form), T::read(value)?))
}
