//! Where a caption is looked for, and what is made of the file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Trainer;

/// The longest caption file that is read, in bytes: 1 MiB.
pub const MAX_BYTES: u64 = 1 << 20;

/// Why a caption file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It holds no byte, and the trainer stops at that.
    #[error("the file is empty, at which the trainer stops")]
    Empty,
    /// It is not UTF-8, and the trainer stops at that.
    #[error("not UTF-8 at byte {0}, at which the trainer stops")]
    Encoding(usize),
    /// It is too long to be a caption.
    #[error("longer than {MAX_BYTES} bytes")]
    TooLong,
    /// The operating system refused.
    #[error("{0}")]
    Refused(String),
}

/// Where a caption came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The file of the picture's own name.
    Own,
    /// sd-scripts: the file whose name lacks the last four parts between
    /// underscores, which it takes for a face detector's.
    Shortened,
}

/// What a trainer makes of a caption file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// The file.
    pub path: PathBuf,
    /// How it was found.
    pub origin: Origin,
    /// What stands in the file.
    pub written: String,
    /// What may be trained on: one text, or several of which one is drawn.
    pub texts: Vec<String>,
}

/// How captions are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<'a> {
    /// Whose rules.
    pub trainer: Trainer,
    /// The ending of caption files, with its dot.
    pub extension: &'a str,
    /// sd-scripts: `enable_wildcard`.
    pub wildcard: bool,
    /// ai-toolkit: `trigger_word`.
    pub trigger: Option<&'a str>,
}

impl<'a> Reading<'a> {
    /// The trainer's rules, for `.txt` files.
    pub fn new(trainer: Trainer) -> Reading<'a> {
        Self {
            trainer,
            extension: ".txt",
            wildcard: false,
            trigger: None,
        }
    }

    /// The caption of `image`; `None` where the trainer finds no file.
    ///
    /// `image` is the whole path, as the trainer is given it: sd-scripts
    /// counts the underscores of the folders, too.
    pub fn caption(&self, image: &Path) -> Result<Option<Caption>, (PathBuf, Unreadable)> {
        for (path, origin) in self.places(image) {
            if path.is_file() {
                return match self.read(&path) {
                    Ok((written, texts)) => Ok(Some(Caption {
                        path,
                        origin,
                        written,
                        texts,
                    })),
                    Err(cause) => Err((path, cause)),
                };
            }
        }
        Ok(None)
    }

    /// Where the caption of `image` is looked for, in order.
    pub fn places(&self, image: &Path) -> Vec<(PathBuf, Origin)> {
        let stem = image.with_extension("");
        let with = |stem: &str| PathBuf::from(format!("{stem}{}", self.extension));
        let stem = stem.to_string_lossy();
        let mut places = vec![(with(&stem), Origin::Own)];
        if matches!(self.trainer, Trainer::SdScripts | Trainer::KohyaFolder) {
            let parts: Vec<_> = stem.split('_').collect();
            if parts.len() >= 5 {
                let shortened = parts[..parts.len() - 4].join("_");
                places.push((with(&shortened), Origin::Shortened));
            }
        }
        places
    }

    fn read(&self, path: &Path) -> Result<(String, Vec<String>), Unreadable> {
        let refused = |cause: std::io::Error| Unreadable::Refused(cause.to_string());
        if fs::metadata(path).map_err(refused)?.len() > MAX_BYTES {
            return Err(Unreadable::TooLong);
        }
        let bytes = fs::read(path).map_err(refused)?;
        let texts = self.texts(&bytes)?;
        Ok((String::from_utf8_lossy(&bytes).into_owned(), texts))
    }

    /// What the trainer makes of the bytes of a caption file.
    ///
    /// ```
    /// use loaders::Trainer;
    /// use loaders::caption::Reading;
    /// let texts = |trainer| Reading::new(trainer).texts(b"a boy,\nrunning\n").unwrap();
    /// assert_eq!(texts(Trainer::SdScripts), ["a boy,"]);
    /// assert_eq!(texts(Trainer::OneTrainer), ["a boy,", "running"]);
    /// assert_eq!(texts(Trainer::MusubiTuner), ["a boy,\nrunning"]);
    /// ```
    pub fn texts(&self, bytes: &[u8]) -> Result<Vec<String>, Unreadable> {
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|cause| Unreadable::Encoding(cause.valid_up_to()))?;
        // Python reads every kind of line end as one newline, but for `SimpleTuner`, which reads
        // bytes.
        let text = match self.trainer {
            Trainer::SimpleTuner => text.to_owned(),
            _ => text.replace("\r\n", "\n").replace('\r', "\n"),
        };
        let lines = || {
            text.split('\n')
                .map(python_strip)
                .filter(|line| !line.is_empty())
        };
        let texts = match self.trainer {
            Trainer::SdScripts | Trainer::KohyaFolder if text.is_empty() => {
                return Err(Unreadable::Empty);
            }
            Trainer::SdScripts | Trainer::KohyaFolder if self.wildcard => {
                lines().map(str::to_owned).collect()
            }
            Trainer::SdScripts | Trainer::KohyaFolder => {
                vec![python_strip(text.split('\n').next().unwrap_or_default()).to_owned()]
            }
            Trainer::OneTrainer => lines().map(str::to_owned).collect(),
            Trainer::SimpleTuner if text.contains('\n') => {
                let lines = text.split('\n').filter(|line| !line.is_empty());
                lines.map(str::to_owned).collect()
            }
            Trainer::AiToolkit => vec![ai_toolkit(&text, self.trigger)],
            Trainer::MusubiTuner | Trainer::DiffusionPipe => vec![python_strip(&text).to_owned()],
            Trainer::SimpleTuner | Trainer::Diffusers | Trainer::WebDataset => vec![text],
        };
        Ok(if texts.is_empty() {
            vec![String::new()]
        } else {
            texts
        })
    }
}

/// ai-toolkit: split at commas, joined with a comma and a space without
/// stripping, the trigger put in where it is asked for or else in front.
fn ai_toolkit(text: &str, trigger: Option<&str>) -> String {
    let parts: Vec<_> = text.split(',').collect();
    let trigger = trigger.unwrap_or_default();
    let caption = parts.join(", ");
    let caption = caption
        .replace("[trigger]", trigger)
        .replace("[name]", trigger);
    if trigger.trim().is_empty() || caption.contains(trigger) {
        caption
    } else {
        format!("{trigger} {caption}")
    }
}

/// Without white space at the ends, as Python's `strip` has it: a byte order
/// mark is none, and stays.
fn python_strip(text: &str) -> &str {
    let separator = |letter: char| ('\u{1c}'..='\u{1f}').contains(&letter);
    text.trim_matches(|letter: char| letter.is_whitespace() || separator(letter))
}
