//! What a trainer makes of an image's caption.

use std::path::Path;

use captions::text::{Flaw, flaws, words};
use loaders::Finding;
use loaders::caption::{Caption, Lines, Missing, Origin, Unreadable};
use loaders::set::Set;
use loaders::view::Side;

use crate::limit::Limit;
use crate::lint::Lint;

/// Words besides the trigger under which a caption says next to nothing.
const FEW: usize = 2;

/// What captions are measured by.
pub(crate) struct Measure {
    /// What reads captions, and how much of them.
    pub(crate) limit: Limit,
    /// The trigger word.
    pub(crate) trigger: Option<String>,
}

impl Measure {
    /// Finds and judges the captions of `image`; `listed` are those that a
    /// list gives it.
    pub(crate) fn caption(&self, set: &Set, image: &Path, listed: &[String], lint: &mut Lint) {
        if set.rows.is_some() {
            if listed.is_empty() {
                let text = "the list has no caption for it";
                lint.add([Finding::error("caption-missing", text)]);
            }
            return self.texts(set, listed, lint);
        }
        if let Some(all) = &set.lists {
            let name = image.file_name().unwrap_or_default().to_string_lossy();
            return match all.captions.get(&*name).filter(|list| !list.is_empty()) {
                Some(captions) => {
                    lint.caption_from = Some(all.path.to_string_lossy().into_owned());
                    self.texts(set, captions, lint);
                }
                None => lint.add([unlisted(set)]),
            };
        }
        match set.caption(image) {
            Ok(Some(caption)) => {
                lint.caption_from = Some(caption.path.to_string_lossy().into_owned());
                lint.add(file(set, &caption));
                self.texts(set, &caption.texts, lint);
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

    /// Judges the texts that are trained on.
    fn texts(&self, set: &Set, texts: &[String], lint: &mut Lint) {
        lint.captions = Some(texts.len()).filter(|count| *count > 1);
        lint.add(frozen(set, texts.len()));
        for text in texts {
            self.text(set, text, lint);
        }
    }

    /// Judges a text that is trained on.
    pub(crate) fn text(&self, set: &Set, text: &str, lint: &mut Lint) {
        lint.caption.get_or_insert_with(|| text.to_owned());
        if text.trim_matches('\u{feff}').trim().is_empty() {
            return lint.add([Finding::error("caption-empty", "the caption is empty")]);
        }
        lint.add(flaws(text).into_iter().filter_map(flaw));
        self.length(set, text, lint);
        lint.add(self.trigger(set, text));
    }

    /// Counts the tokens, and says what is cut off.
    fn length(&self, set: &Set, text: &str, lint: &mut Lint) {
        let Limit { encoder, most, .. } = &self.limit;
        let Some(encoder) = encoder else { return };
        let count = encoder.count(text);
        lint.tokens = lint.tokens.max(Some(count.tokens));
        // Other encoders are judged where they were named.
        let read = self.limit.named || set.trainer.profile().captions.clip;
        if read && *most > 0 && !count.fits(*most) {
            let (_, lost) = encoder.cut(text, *most);
            let text = format!(
                "{} tokens, but only {most} are read: `{}` is cut off",
                count.tokens,
                lost.trim()
            );
            lint.add([Finding::warning("caption-cut", text)]);
        }
    }

    fn trigger(&self, set: &Set, text: &str) -> Option<Finding> {
        let few = |words: usize| {
            (words < FEW).then(|| Finding::warning("caption-short", "the caption is very short"))
        };
        let trigger = self.trigger.as_deref();
        if set.side == Side::Regularization {
            let named = trigger.is_some_and(|trigger| captions::text::starts_with(text, trigger));
            return named.then(|| {
                let text = "the trigger is in the caption of a regularization image";
                Finding::error("trigger-in-regularization", text)
            });
        }
        let Some(trigger) = trigger else {
            return few(words(text).len());
        };
        if captions::text::starts_with(text, trigger) {
            return few(words(text).len().saturating_sub(words(trigger).len()));
        }
        let all = words(text);
        let wanted = words(trigger);
        if all.windows(wanted.len().max(1)).any(|part| part == wanted) {
            let text = format!("the trigger `{trigger}` is not first");
            return Some(Finding::warning("trigger-late", text));
        }
        let text = format!("the trigger `{trigger}` is missing");
        Some(Finding::error("trigger-missing", text))
    }
}

/// What comes of drawing too few captions of several.
fn frozen(set: &Set, lines: usize) -> Option<Finding> {
    let draws = set
        .draws
        .filter(|draws| lines > 1 && (*draws as usize) < 2 * lines)?;
    let text = format!(
        "{draws} of {lines} captions are drawn and kept for all epochs (`text_variations`): some are never used, unless the text encoder is trained; draw at least {}",
        4 * lines
    );
    Some(Finding::of(draws == 1, "caption-frozen", text))
}

/// What comes of it that the file with all captions has none of an image.
fn unlisted(set: &Set) -> Finding {
    if set.class_tokens.is_some() {
        return Finding::warning("caption-missing", "no caption: trained on without one");
    }
    let text =
        "captions.json has no caption for it: the image is left out, even if it has other captions";
    Finding::error("caption-missing", text)
}

/// What is wrong with the file, whatever its text says.
fn file(set: &Set, caption: &Caption) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rules = set.trainer.profile().captions;
    if rules.bytes && caption.written.contains('\r') {
        let text = "the carriage returns of its line ends stay in the caption";
        findings.push(Finding::warning("caption-newline", text));
    }
    if caption.origin == Origin::Other {
        let text = "has no caption file of its own, and another file is used instead";
        findings.push(Finding::error("caption-fallback", text));
    }
    let lines = caption
        .written
        .lines()
        .filter(|line| !line.trim().is_empty());
    let lines: Vec<_> = lines.collect();
    if lines.len() > 1 {
        // Captions of their own begin alike, with the trigger, or with a capital.
        let first = words(lines[0]).into_iter().next();
        let lower = |line: &&str| {
            line.trim_start().starts_with(char::is_lowercase)
                && words(line).into_iter().next() != first
        };
        let wrapped = lines[1..].iter().any(lower);
        match rules.lines {
            Lines::First if !set.every_line => {
                let text = format!("only the first of {} lines is read", lines.len());
                findings.push(Finding::error("caption-lines", text));
            }
            Lines::Drawn if wrapped => {
                let text = "the trainer draws one line at random, but these lines look like parts of one sentence";
                findings.push(Finding::error("caption-lines", text));
            }
            Lines::Kept { .. } => {
                let text = "line breaks stay in the caption";
                findings.push(Finding::warning("caption-lines", text));
            }
            _ => {}
        }
    } else if rules.lines == (Lines::Kept { end: true }) && caption.written.ends_with(['\n', '\r'])
    {
        let text = "the line end after it stays in the caption";
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
            "no `{}` file; there is a `{ending}` file, which is not read",
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
            let text = format!("no caption file beside it; the one in `{aside}` is not read");
            return Finding::error("caption-elsewhere", text);
        }
    }
    let missing = set.trainer.profile().captions.missing;
    let text = match (&set.class_tokens, missing) {
        (Some(class), Missing::Class) => {
            return Finding::warning("caption-class", format!("no caption: `{class}` is used"));
        }
        (Some(_), _) => {
            return Finding::warning("caption-missing", "no caption: trained on without one");
        }
        (None, Missing::LeftOut) => "no caption: the image is left out without a warning",
        (None, Missing::Stops) => "no caption: the trainer stops",
        (None, Missing::Class | Missing::Empty) => "no caption: trained on with an empty one",
    };
    Finding::error("caption-missing", text)
}
