//! Caption hygiene: one clean line, its fragments and words, and what is wrong with it.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

pub use crate::phrases::{Phrases, starts_with};

/// A sign that stands so many times in a row is no punctuation any more.
const SAME_SIGN: usize = 4;
/// A word that stands so many times in a row is a loop.
const SAME_WORD: usize = 4;
/// A fragment that stands so many times in one caption is a loop.
const SAME_FRAGMENT: usize = 3;

/// What is wrong with a caption, whatever it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// Nothing but white space and signs.
    Empty,
    /// A byte order mark, which becomes a part of the caption.
    ByteOrderMark,
    /// More than one line: trainers drop the second, or draw one at random.
    SeveralLines,
    /// White space or a newline before or after the text, which some trainers keep.
    Untrimmed,
    /// Control characters, or others that are not seen, as those that turn the direction of text.
    ControlCharacters,
    /// Two commas with nothing between them, or one before or after all.
    EmptyTags,
    /// `!!!!`, or words that go round in circles.
    Degenerate,
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "is empty",
            Self::ByteOrderMark => "has a byte order mark",
            Self::SeveralLines => "has more than one line",
            Self::Untrimmed => "has white space before or after the text",
            Self::ControlCharacters => "has control or invisible characters",
            Self::EmptyTags => "has commas with nothing between them",
            Self::Degenerate => "repeats itself",
        })
    }
}

/// Everything that is wrong with `caption`, as it stands in the file.
///
/// ```
/// use captions::text::{Flaw, flaws};
/// assert_eq!(flaws("lucap boy, running"), []);
/// assert_eq!(flaws("lucap boy,, running\n"), [Flaw::Untrimmed, Flaw::EmptyTags]);
/// assert_eq!(flaws("!!!!!!!!"), [Flaw::Empty, Flaw::Degenerate]);
/// ```
pub fn flaws(caption: &str) -> Vec<Flaw> {
    let text = caption.trim_start_matches('\u{feff}');
    let trimmed = text.trim();
    let control =
        |c: char| c.is_control() && !c.is_whitespace() || c != '\u{feff}' && is_invisible(c);
    let mut parts = trimmed.split([',', '，']).map(str::trim);
    [
        (!trimmed.contains(char::is_alphanumeric), Flaw::Empty),
        (caption.contains('\u{feff}'), Flaw::ByteOrderMark),
        (trimmed.lines().nth(1).is_some(), Flaw::SeveralLines),
        (trimmed.len() < text.len(), Flaw::Untrimmed),
        (text.contains(control), Flaw::ControlCharacters),
        (
            !trimmed.is_empty() && parts.any(str::is_empty),
            Flaw::EmptyTags,
        ),
        (is_degenerate(trimmed), Flaw::Degenerate),
    ]
    .into_iter()
    .filter_map(|(wrong, flaw)| wrong.then_some(flaw))
    .collect()
}

/// Whether the text is what a language model gives that has lost its way:
/// one sign, one word or one fragment over and over.
pub fn is_degenerate(text: &str) -> bool {
    let signs: Vec<char> = text.chars().collect();
    let sign = |run: &&[char]| !run[0].is_alphanumeric() && !run[0].is_whitespace();
    let mut runs = signs.chunk_by(|a, b| a == b).filter(sign);
    let words = words(text);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for fragment in fragments(text) {
        *counts.entry(fragment.to_lowercase()).or_default() += 1;
    }
    runs.any(|run| run.len() >= SAME_SIGN)
        || words
            .chunk_by(|a, b| a == b)
            .any(|run| run.len() >= SAME_WORD)
        || counts.values().any(|&count| count >= SAME_FRAGMENT)
}

/// Whether a character is never seen, and does not join letters either as U+200C and U+200D do:
/// soft hyphens, spaces of no width, marks of direction, tags.
pub fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffc}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The text as one line: no marks, no control characters, single spaces, and
/// commas that each have something before and after them.
///
/// ```
/// assert_eq!(captions::text::clean("\u{feff} lucap boy ,,running,\n 1,000 boats , "), "lucap boy, running, 1,000 boats");
/// ```
pub fn clean(text: &str) -> String {
    let visible = text.replace(is_invisible, "");
    let visible = visible.replace(|c: char| c.is_control(), " ");
    let parts = split(&visible, is_comma);
    let parts = parts.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// The parts of a caption between commas, semicolons and the ends of lines and
/// sentences, trimmed; none is empty.
///
/// ```
/// let parts: Vec<_> = captions::text::fragments("lucap boy, 3.5 m up. He runs.").collect();
/// assert_eq!(parts, ["lucap boy", "3.5 m up", "He runs"]);
/// ```
pub fn fragments(text: &str) -> impl Iterator<Item = &str> {
    split(text, |before, sign, after| {
        is_comma(before, sign, after)
            || matches!(sign, ';' | '\n' | '\r')
            || matches!(sign, '.' | '!' | '?') && after.is_none_or(char::is_whitespace)
            || matches!(sign, '。' | '！' | '？' | '；')
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

/// A comma, unless it is one inside a number.
fn is_comma(before: Option<char>, sign: char, after: Option<char>) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    match sign {
        ',' => !(digit(before) && digit(after)),
        _ => matches!(sign, '，' | '、'),
    }
}

/// Parts `text` at the signs that `ends` finds between what is before and after them.
fn split(
    text: &str,
    ends: impl Fn(Option<char>, char, Option<char>) -> bool,
) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut before = None;
        let mut signs = text.char_indices().peekable();
        while let Some((at, sign)) = signs.next() {
            if ends(before, sign, signs.peek().map(|&(_, next)| next)) {
                rest = Some(&text[at + sign.len_utf8()..]);
                return Some(&text[..at]);
            }
            before = Some(sign);
        }
        rest = None;
        Some(text)
    })
}

/// The words of a text, in lower case: letters and digits, and the
/// apostrophes and underscores inside them. A hyphen parts words.
///
/// ```
/// assert_eq!(captions::text::words("The boy's half-open Door"), ["the", "boy's", "half", "open", "door"]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '_');
    text.split(|c| !inside(c))
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().replace('’', "'"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flaws_are_found_and_good_captions_have_none() {
        for good in [
            "lucap boy",
            "portorosso, evening, a boat... and a wall!",
            "he ran and ran and ran, 1,000 times",
        ] {
            assert_eq!(flaws(good), [], "{good}");
        }
        for (bad, flaw) in [
            ("", Flaw::Empty),
            ("  ", Flaw::Empty),
            (", . ,", Flaw::Empty),
            ("\u{feff}lucap boy", Flaw::ByteOrderMark),
            ("lucap boy\nrunning", Flaw::SeveralLines),
            ("lucap boy\n", Flaw::Untrimmed),
            ("lucap boy\u{7}", Flaw::ControlCharacters),
            ("lucap \u{202e}boy", Flaw::ControlCharacters),
            ("lucap boy,, running", Flaw::EmptyTags),
            ("lucap boy, running,", Flaw::EmptyTags),
            ("lucap boy!!!!!!", Flaw::Degenerate),
            ("a boy boy boy boy", Flaw::Degenerate),
            (
                "the sea is blue. The sea is blue. the sea is blue.",
                Flaw::Degenerate,
            ),
        ] {
            assert!(flaws(bad).contains(&flaw), "{bad:?}: {:?}", flaws(bad));
        }
    }

    #[test]
    fn cleaning_twice_changes_nothing_more() {
        for text in ["", "a,b", " ,a, ,b\r\nc,", "1,000, 2,3", "\u{feff}x\0y"] {
            let once = clean(text);
            assert_eq!(clean(&once), once, "{text:?}");
            assert!(!flaws(&once).contains(&Flaw::EmptyTags), "{once:?}");
        }
    }
}
