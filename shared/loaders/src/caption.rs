//! Where a caption is looked for, and what is made of the file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::set::Set;

/// The longest caption file that is read, in bytes: 1 MiB.
pub const MAX_BYTES: u64 = 1 << 20;

/// Why a caption file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It holds no byte, and the trainer stops at that.
    #[error("the file is empty: the trainer stops")]
    Empty,
    /// It is not UTF-8, and the trainer stops at that.
    #[error("not UTF-8 at byte {0}: the trainer stops")]
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
    /// The file of the image's own name.
    Own,
    /// A file of another name: see [`Trainer::other_stem`](crate::Trainer::other_stem).
    Other,
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

/// How a trainer reads captions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Captions {
    /// Whether one can choose the ending of their files; if not, it is `.txt`.
    pub any_ending: bool,
    /// Whether files are read as bytes, so that carriage returns stay. Else every kind of line end
    /// is one newline, as Python reads text.
    pub bytes: bool,
    /// What becomes of several lines.
    pub lines: Lines,
    /// What becomes of an image that has none.
    pub missing: Missing,
    /// Whether CLIP reads them in most of the base models that it trains.
    pub clip: bool,
    /// The stem of a file that older versions give to every image without a caption.
    pub for_all: Option<&'static str>,
    /// The file that has the captions of all images of its folder, and stands for all others.
    pub list: Option<&'static str>,
}

impl Default for Captions {
    fn default() -> Self {
        Self {
            any_ending: true,
            bytes: false,
            lines: Lines::Kept { end: false },
            missing: Missing::Empty,
            clip: true,
            for_all: None,
            list: None,
        }
    }
}

/// What becomes of the lines of a caption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// The first is read, unless the set says that each counts.
    First,
    /// Each is a caption, and one is drawn.
    Drawn,
    /// They are one caption, line breaks and all.
    Kept {
        /// Whether the line end behind the last line stays, too.
        end: bool,
    },
    /// Captions stand in no file of their own.
    Listed,
}

/// What becomes of an image without a caption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The set's class tokens are its caption; if there are none, an empty one.
    Class,
    /// It is trained on with an empty one.
    Empty,
    /// It is left out.
    LeftOut,
    /// The trainer stops.
    Stops,
}

impl Set {
    /// The caption of `image`; `None` where the trainer finds no file.
    ///
    /// `image` is the whole path, as the trainer is given it: some count the underscores of the
    /// folders, too.
    pub fn caption(&self, image: &Path) -> Result<Option<Caption>, (PathBuf, Unreadable)> {
        let stem = image.with_extension("");
        let stem = stem.to_string_lossy();
        let other = self.trainer.other_stem(&stem);
        let own = Some((stem.into_owned(), Origin::Own));
        let other = other.map(|stem| (stem, Origin::Other));
        for (stem, origin) in own.into_iter().chain(other) {
            let path = PathBuf::from(format!("{stem}{}", self.extension));
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

    fn read(&self, path: &Path) -> Result<(String, Vec<String>), Unreadable> {
        let refused = |cause: std::io::Error| Unreadable::Refused(cause.to_string());
        if fs::metadata(path).map_err(refused)?.len() > MAX_BYTES {
            return Err(Unreadable::TooLong);
        }
        let bytes = fs::read(path).map_err(refused)?;
        let texts = self.texts(&bytes)?;
        Ok((String::from_utf8_lossy(&bytes).into_owned(), texts))
    }

    /// What the trainer makes of the bytes of a caption file: one text, or several of which one is
    /// drawn.
    ///
    /// ```
    /// use std::path::Path;
    /// use loaders::set::{Set, Settings};
    /// use loaders::trainers::named;
    /// let texts = |name| {
    ///     let set = Set::folder(named(name).unwrap(), Path::new("img"), &Settings::default());
    ///     set.texts(b"a boy,\nrunning\n").unwrap()
    /// };
    /// assert_eq!(texts("sd-scripts"), ["a boy,"]);
    /// assert_eq!(texts("onetrainer"), ["a boy,", "running"]);
    /// assert_eq!(texts("musubi-tuner"), ["a boy,\nrunning"]);
    /// ```
    pub fn texts(&self, bytes: &[u8]) -> Result<Vec<String>, Unreadable> {
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|cause| Unreadable::Encoding(cause.valid_up_to()))?;
        let mut texts = if self.trainer.profile().captions.bytes {
            self.trainer.texts(text, self)?
        } else {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            self.trainer.texts(&text, self)?
        };
        if texts.is_empty() {
            texts.push(String::new());
        }
        Ok(texts)
    }
}

/// The lines that are not empty, each stripped.
pub(crate) fn stripped_lines(text: &str) -> Vec<String> {
    let lines = text.split('\n').map(python_strip);
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// Without white space at the ends, as Python's `strip` has it: a byte order
/// mark is none, and stays.
pub(crate) fn python_strip(text: &str) -> &str {
    let separator = |letter: char| ('\u{1c}'..='\u{1f}').contains(&letter);
    text.trim_matches(|letter: char| letter.is_whitespace() || separator(letter))
}
