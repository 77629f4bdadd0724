//! What a trainer makes of an image's caption.

use std::path::Path;

use captions::text::{Flaw, flaws, words};
use captions::tokens::Tokenizer;
use loaders::Trainer;
use loaders::caption::{Caption, Origin, Unreadable};

use crate::finding::{Finding, Lint};
use crate::set::Set;

/// Words besides the trigger under which a caption says next to nothing.
const FEW: usize = 2;

/// What captions are measured by.
pub(crate) struct Measure {
    /// CLIP's tokenizer.
    pub(crate) tokenizer: Tokenizer,
    /// The most tokens, 0 for any number.
    pub(crate) most_tokens: usize,
    /// The trigger word.
    pub(crate) trigger: Option<String>,
}

impl Measure {
    /// Finds and judges the caption of `image`; `listed` is the one that a
    /// list gives it.
    pub(crate) fn caption(&self, set: &Set, image: &Path, listed: Option<&str>, lint: &mut Lint) {
        if set.rows.is_some() {
            match listed {
                Some(text) => self.text(set, text, lint),
                None => lint.add([Finding::error(
                    "caption-missing",
                    "the list has no caption for it",
                )]),
            }
            return;
        }
        match set.reading(self.trigger.as_deref()).caption(image) {
            Ok(Some(caption)) => {
                lint.caption_from = Some(caption.path.to_string_lossy().into_owned());
                lint.add(file(set, &caption));
                let first = caption.texts.first().map_or("", String::as_str);
                self.text(set, first, lint);
            }
            Ok(None) => {
                lint.caption.clone_from(&set.class_tokens);
                lint.add([missing(set, image)]);
            }
            Err((path, cause)) => {
                lint.caption_from = Some(path.to_string_lossy().into_owned());
                let code = match cause {
                    Unreadable::Empty => "caption-empty",
                    Unreadable::Encoding(_) => "caption-encoding",
                    Unreadable::TooLong | Unreadable::Refused(_) => "caption-unreadable",
                };
                lint.add([Finding::error(code, cause.to_string())]);
            }
        }
    }

    /// Judges the text that is trained on.
    pub(crate) fn text(&self, set: &Set, text: &str, lint: &mut Lint) {
        let count = self.tokenizer.count(text);
        lint.tokens = Some(count.tokens);
        lint.caption = Some(text.to_owned());
        if text.trim_matches('\u{feff}').trim().is_empty() {
            return lint.add([Finding::error("caption-empty", "the caption is empty")]);
        }
        lint.add(flaws(text).into_iter().filter_map(flaw));
        let clip = !matches!(
            set.trainer,
            Trainer::AiToolkit
                | Trainer::MusubiTuner
                | Trainer::DiffusionPipe
                | Trainer::SimpleTuner
        );
        if clip && self.most_tokens > 0 && !count.fits(self.most_tokens) {
            let (_, lost) = self.tokenizer.cut(text, self.most_tokens);
            let text = format!(
                "{} tokens, of which {} are read: `{}` is cut off",
                count.tokens,
                self.most_tokens,
                lost.trim()
            );
            lint.add([Finding::warning("caption-cut", text)]);
        }
        lint.add(self.trigger(text));
    }

    fn trigger(&self, text: &str) -> Option<Finding> {
        let few = |words: usize| {
            (words < FEW)
                .then(|| Finding::warning("caption-short", "the caption says next to nothing"))
        };
        let Some(trigger) = self.trigger.as_deref() else {
            return few(words(text).len());
        };
        if captions::text::starts_with(text, trigger) {
            return few(words(text).len().saturating_sub(words(trigger).len()));
        }
        let all = words(text);
        let wanted = words(trigger);
        if all.windows(wanted.len().max(1)).any(|part| part == wanted) {
            let text = format!("the trigger `{trigger}` is not in front");
            return Some(Finding::warning("trigger-late", text));
        }
        let text = format!("the trigger `{trigger}` is missing");
        Some(Finding::error("trigger-missing", text))
    }
}

/// What is wrong with the file, whatever its text says.
fn file(set: &Set, caption: &Caption) -> Vec<Finding> {
    let mut findings = Vec::new();
    if caption.origin == Origin::Shortened {
        let text = "there is no file of its own, and another is taken for it";
        findings.push(Finding::error("caption-fallback", text));
    }
    let lines = caption
        .written
        .lines()
        .filter(|line| !line.trim().is_empty());
    let lines: Vec<_> = lines.collect();
    if lines.len() > 1 {
        let lower = |line: &&str| line.trim_start().starts_with(char::is_lowercase);
        let wrapped = lines[1..].iter().any(lower);
        match set.trainer {
            Trainer::SdScripts | Trainer::KohyaFolder if !set.wildcard => {
                let text = format!("only the first of {} lines is read", lines.len());
                findings.push(Finding::error("caption-lines", text));
            }
            Trainer::OneTrainer | Trainer::SimpleTuner if wrapped => {
                let text =
                    "one line is drawn at random, and these look like one sentence in pieces";
                findings.push(Finding::error("caption-lines", text));
            }
            Trainer::AiToolkit | Trainer::MusubiTuner | Trainer::DiffusionPipe => {
                findings.push(Finding::warning(
                    "caption-lines",
                    "line breaks stay in the caption",
                ));
            }
            _ => {}
        }
    } else if set.trainer == Trainer::AiToolkit && caption.written.ends_with(['\n', '\r']) {
        let text = "the line end behind it stays in the caption";
        findings.push(Finding::warning("caption-newline", text));
    }
    findings
}

fn flaw(flaw: Flaw) -> Option<Finding> {
    let text = format!("the caption {flaw}");
    match flaw {
        Flaw::ByteOrderMark => Some(Finding::error("caption-bom", text)),
        Flaw::Degenerate => Some(Finding::error("caption-degenerate", text)),
        Flaw::ControlCharacters => Some(Finding::warning("caption-control", text)),
        Flaw::EmptyTags => Some(Finding::warning("caption-tags", text)),
        // Judged where the file is, by what the trainer makes of it.
        Flaw::Empty | Flaw::SeveralLines | Flaw::Untrimmed => None,
    }
}

/// What comes of there being no caption, and where one was perhaps meant.
fn missing(set: &Set, image: &Path) -> Finding {
    let folder = image.parent().unwrap_or(Path::new(""));
    let stem = image.file_stem().unwrap_or_default().to_string_lossy();
    let other = [".txt", ".caption", ".TXT", ".json"]
        .into_iter()
        .find(|ending| {
            *ending != set.extension && folder.join(format!("{stem}{ending}")).is_file()
        });
    if let Some(ending) = other {
        let text = format!(
            "no `{}` file, but there is a `{ending}`, which is not read",
            set.extension
        );
        return Finding::error("caption-extension", text);
    }
    for aside in ["captions", "caption", "text", "txt", "labels"] {
        if folder
            .join(aside)
            .join(format!("{stem}{}", set.extension))
            .is_file()
        {
            let text = format!("no caption beside it; the one in `{aside}` is not read");
            return Finding::error("caption-elsewhere", text);
        }
    }
    let kohya = matches!(set.trainer, Trainer::SdScripts | Trainer::KohyaFolder);
    match (&set.class_tokens, set.trainer) {
        (Some(class), _) if kohya => {
            Finding::warning("caption-class", format!("no caption: `{class}` is taken"))
        }
        (Some(_), _) => Finding::warning("caption-missing", "no caption: trained on without one"),
        (None, Trainer::DiffusionPipe | Trainer::MusubiTuner) => Finding::error(
            "caption-missing",
            "no caption: the picture is left out without a word",
        ),
        (None, Trainer::SimpleTuner) => {
            Finding::error("caption-missing", "no caption: the trainer stops")
        }
        _ => Finding::error(
            "caption-missing",
            "no caption: trained on with an empty one",
        ),
    }
}
