//! Words of commands, in which variables stand.

use serde::Serialize;

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Piece {
    /// What stands there.
    Text(String),
    /// The value of a variable.
    Variable(String),
    /// The value of a variable in the quotes of JSON, TOML and YAML.
    Quoted(&'static str),
    /// Epochs of so many images, which are as many steps as the variable `STEPS` says.
    Epochs(u32),
}

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As a shell has it.
    shell: String,
    /// What it is made of.
    pub(super) pieces: Vec<Piece>,
}

impl Word {
    /// A text.
    ///
    /// ```
    /// use loaders::training::Word;
    /// assert_eq!(Word::text("--name=lucap boy's").to_string(), r"'--name=lucap boy'\''s'");
    /// assert_eq!(Word::text("--name=lucap").to_string(), "--name=lucap");
    /// ```
    pub fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "_./:=,@%+-".contains(sign);
        let shell = if !text.is_empty() && text.chars().all(plain) {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', r"'\''"))
        };
        Self {
            shell,
            pieces: vec![Piece::Text(text.to_owned())],
        }
    }

    /// Text with variables in it, as `$MODEL`; the text itself has no signs of the shell's.
    pub fn with(text: &str) -> Self {
        let mut parts = text.split('$');
        let mut pieces = vec![Piece::Text(parts.next().unwrap_or_default().to_owned())];
        for part in parts {
            let of_name = |sign: char| sign.is_ascii_uppercase() || "_0123456789".contains(sign);
            let end = part.find(|sign| !of_name(sign)).unwrap_or(part.len());
            pieces.push(Piece::Variable(part[..end].to_owned()));
            pieces.push(Piece::Text(part[end..].to_owned()));
        }
        Self {
            shell: format!("\"{text}\""),
            pieces,
        }
    }

    /// A text, and behind it how many epochs of so many images are as many steps as the variable `STEPS` says.
    pub(crate) fn epochs(before: &str, images: u32) -> Self {
        let images = images.max(1);
        Self {
            shell: format!("\"{before}$(( (STEPS + {images} - 1) / {images} ))\""),
            pieces: vec![Piece::Text(before.to_owned()), Piece::Epochs(images)],
        }
    }

    /// The same with more on both sides.
    pub(crate) fn between(&self, before: &str, after: &str) -> Self {
        let [mut all, mut behind] = [before, after].map(Self::text);
        all.shell = format!("{}{self}{}", all.shell, behind.shell);
        all.pieces.extend(self.pieces.iter().cloned());
        all.pieces.append(&mut behind.pieces);
        all
    }

    /// The value of a variable, in the quotes that JSON, TOML and YAML share.
    pub(crate) fn quoted(variable: &'static str) -> Self {
        Self {
            shell: format!("\"$(quote \"${variable}\")\""),
            pieces: vec![Piece::Quoted(variable)],
        }
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.shell)
    }
}

/// What a trainer's file writes out: with a `$` it has variables.
impl From<&'static str> for Word {
    fn from(text: &'static str) -> Self {
        if text.contains('$') {
            Self::with(text)
        } else {
            Self::text(text)
        }
    }
}

/// What comes of a data set, which may have any sign.
impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// Words as a trainer's file writes them out.
pub(crate) fn words(all: &[&'static str]) -> impl Iterator<Item = Word> {
    all.iter().copied().map(Word::from)
}
