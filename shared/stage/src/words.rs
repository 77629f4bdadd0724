//! Words for people: errors told once, names that do not speak to the terminal.

use std::borrow::Cow;
use std::fmt::Write;

use anyhow::Error;

/// An error and its causes, from the outermost to the first, each told once: many libraries repeat the
/// cause at the end of their own words.
pub fn told(error: &Error) -> String {
    let mut told = String::new();
    for cause in error.chain() {
        let words = cause.to_string();
        if told.is_empty() {
            told = words;
        } else if !told.ends_with(&words) {
            told.push_str(": ");
            told.push_str(&words);
        }
    }
    told
}

/// `text` without characters that would do something to a terminal: those that control it, a newline
/// among them, and those that turn the direction of writing. Each is shown by its number, as `\u{1b}`.
///
/// ```
/// use stage::printable;
/// assert_eq!(printable("frames/Zoë 1.png"), "frames/Zoë 1.png");
/// assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d"), r"a\u{1b}[2Jb\nc\u{202e}d");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(speaks) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if speaks(character) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal would do something else with it than show it: controls (C0, delete and C1), ends
/// of lines and paragraphs, and the marks, embeddings, overrides and isolates of Unicode's bidirectional
/// algorithm (UAX 9).
fn speaks(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_is_repeated_is_told_once() {
        let error = anyhow::anyhow!("no space").context("a.png: no space");
        let error = error.context("stdin: line 3");
        assert_eq!(told(&error), "stdin: line 3: a.png: no space");
        assert_eq!(told(&anyhow::anyhow!("x").context("y")), "y: x");
    }

    #[test]
    fn every_character_that_speaks_to_a_terminal_is_shown_by_its_number() {
        let controls = (0..0x20).chain(0x7f..0xa0);
        for number in controls.chain(0x2028..0x202f).chain(0x2066..0x206a) {
            let character = char::from_u32(number).unwrap_or('x');
            let text = format!("a{character}b");
            let shown = printable(&text);
            assert!(!shown.contains(character), "{number:x}");
            assert!(shown.starts_with(r"a\") && shown.ends_with('b'), "{shown}");
        }
        assert_eq!(printable("אב 😀 é"), "אב 😀 é");
    }
}
