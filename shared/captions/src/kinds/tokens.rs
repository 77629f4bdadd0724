//! A text as sentences of words that know where they stand.

use cast::{Kind, nouns};

/// One word.
#[derive(Debug)]
pub(super) struct Token<'a> {
    /// As it stands, and its first byte.
    pub(super) text: &'a str,
    pub(super) start: usize,
    /// In lower case.
    pub(super) lower: String,
    /// In lower case, without the `'s` of a possessive.
    pub(super) noun: String,
    pub(super) possessive: bool,
    /// Whether it is a part of another word: `man-made`, `teddy bear`.
    pub(super) compound: bool,
    /// Whether a comma or another sign stands before it.
    pub(super) after_sign: bool,
    /// The signs that do.
    pub(super) signs: &'a str,
}

/// One sentence.
#[derive(Debug)]
pub(super) struct Sentence<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    /// Where the next one begins.
    pub(super) end: usize,
}

/// What makes a thing of an animal: `a stuffed bear`, `a rocking horse`.
const OF_THINGS: [&str; 4] = ["toy", "stuffed", "rocking", "plush"];

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The sentences of a text, none of which is without words.
pub(super) fn sentences(text: &str) -> Vec<Sentence<'_>> {
    let mut found: Vec<Sentence<'_>> = Vec::new();
    let mut before = 0;
    let inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '\'' | '’' | '_');
    let mut begins = true;
    for part in text.split_inclusive(|sign| !inside(sign)) {
        let start = before;
        before += part.len();
        let word = part.trim_end_matches(|sign| !inside(sign));
        let sign = part[word.len()..].chars().next();
        if !word.is_empty() {
            if begins {
                let (tokens, end) = (Vec::new(), text.len());
                if let Some(last) = found.last_mut() {
                    last.end = start;
                }
                found.push(Sentence { tokens, end });
            }
            begins = false;
            if let Some(sentence) = found.last_mut() {
                let token = token(text, word, start, &sentence.tokens);
                sentence.tokens.push(token);
            }
        }
        let after = text[before..].chars().next();
        let stop = matches!(sign, Some('.' | '!' | '?')) && after.is_none_or(char::is_whitespace);
        begins |= stop || sign == Some('\n');
    }
    found
}

fn token<'a>(text: &'a str, word: &'a str, start: usize, before: &[Token<'_>]) -> Token<'a> {
    let lower = word.to_lowercase().replace('’', "'");
    let noun = lower.strip_suffix("'s").unwrap_or(&lower).to_owned();
    let last = before.last();
    let two = last.map(|last| format!("{} {noun}", last.lower));
    let thing = two.is_some_and(|two| nouns::is(&two, Kind::Thing))
        || last.is_some_and(|last| OF_THINGS.contains(&last.lower.as_str()));
    let between = last.map_or("", |last| &text[last.end()..start]);
    Token {
        text: word,
        start,
        possessive: noun.len() < lower.len(),
        compound: thing || text[start + word.len()..].starts_with('-') || between.ends_with('-'),
        after_sign: !between.trim().is_empty(),
        signs: between.trim(),
        noun,
        lower,
    }
}
