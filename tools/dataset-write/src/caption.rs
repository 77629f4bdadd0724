//! The caption of an image: one line, the trigger first, never empty.

use stage::{Result, bail};

use crate::facts::Facts;
use crate::template::{Template, squeezed};

/// The caption of a record: its own, or what the template makes of its facts.
///
/// Trainers differ in what they do with a second line, so there is none.
pub(crate) fn caption(facts: &Facts<'_>, template: &Template) -> Result<String> {
    let own: Option<String> = facts.record.find("caption")?;
    let caption = match own.map(|own| squeezed(&clean(&own))) {
        Some(own) if !own.is_empty() => triggered(&own, facts.trigger),
        _ => squeezed(&clean(&template.caption(facts)?)),
    };
    if caption.is_empty() {
        bail!("caption is empty: write one into the key `caption`, or give --trigger");
    }
    Ok(caption)
}

/// Puts the trigger in front, unless the caption has it already.
fn triggered(caption: &str, trigger: Option<&str>) -> String {
    match trigger {
        Some(trigger) if !has_words(caption, trigger) => format!("{trigger}, {caption}"),
        _ => caption.to_owned(),
    }
}

/// Whether `words` stand in `text`, and not only as a part of longer words.
fn has_words(text: &str, words: &str) -> bool {
    let edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    text.match_indices(words).any(|(at, _)| {
        edge(text[..at].chars().next_back()) && edge(text[at + words.len()..].chars().next())
    })
}

/// Without byte order marks and control characters, which a tokenizer would
/// take for words.
fn clean(text: &str) -> String {
    let space = |letter: char| match letter {
        '\u{feff}' | '\u{200b}' => None,
        letter if letter.is_control() => Some(' '),
        letter => Some(letter),
    };
    text.chars().filter_map(space).collect()
}
