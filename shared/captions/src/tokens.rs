//! CLIP's tokens: how many a caption has, and what a trainer cuts off.
//!
//! Stable Diffusion 1.5 and XL, and the trainers for them, read a caption
//! through CLIP's byte pair encoding. A window holds 77 tokens, of which two
//! are the marks of start and end; what passes the [`WINDOW`] is cut off
//! without a word unless the trainer is told to take two or three windows.
//!
//! The vocabulary is part of the program, so counting needs no file. Text is
//! first mended as `ftfy` does in the trainers: composed (NFC), quotes made
//! straight, ligatures and full-width forms taken apart, control characters
//! taken out. Two things of `ftfy` are left out, HTML entities and text that
//! was decoded as the wrong encoding: both have more tokens as they stand, so
//! that the count is never too low.

use instant_clip_tokenizer::{Token, Tokenizer as Bpe};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// The tokens of a caption that one window of CLIP holds, without the marks
/// of start and end.
pub const WINDOW: usize = 75;

/// The longest word that is encoded, in bytes. Encoding takes time with the
/// square of a word's length, and no word of a caption is that long.
const LONGEST_WORD: usize = 512;

/// Written out, the encoder takes these for marks, which they are not: a space
/// inside, where words part anyway, keeps it from that.
const NO_MARKS: [(&str, &str); 2] = [
    ("<start_of_text>", "<start_ of_text>"),
    ("<end_of_text>", "<end_ of_text>"),
];

/// How many tokens a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Tokens, without the marks of start and end.
    pub tokens: usize,
    /// Whether that is exact. If not, there are at most so many: a word was
    /// too long to encode, and was counted as one token a byte.
    pub exact: bool,
}

impl Count {
    /// Whether a window of `limit` tokens holds the text.
    pub fn fits(self, limit: usize) -> bool {
        self.tokens <= limit
    }
}

/// CLIP's tokenizer.
pub struct Tokenizer(Bpe);

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl Tokenizer {
    /// Reads the vocabulary, which takes some hundredths of a second.
    pub fn new() -> Self {
        Self(Bpe::new())
    }

    /// The number of tokens of `text`.
    ///
    /// ```
    /// let tokenizer = captions::tokens::Tokenizer::new();
    /// let count = tokenizer.count("lucap boy, running");
    /// assert_eq!((count.tokens, count.exact), (5, true));
    /// ```
    pub fn count(&self, text: &str) -> Count {
        let mut whole = Count {
            tokens: 0,
            exact: true,
        };
        for word in text.split_whitespace() {
            let count = self.count_word(word);
            whole.tokens += count.tokens;
            whole.exact &= count.exact;
        }
        whole
    }

    /// The ids of the tokens of `text`, without the marks of start and end;
    /// `None` where a word is too long to encode.
    pub fn ids(&self, text: &str) -> Option<Vec<u16>> {
        let mut ids = Vec::new();
        for word in text.split_whitespace() {
            ids.extend(self.encode(&mended(word))?.into_iter().map(Token::to_u16));
        }
        Some(ids)
    }

    /// Parts `text` where a window of `limit` tokens ends: what is read, and
    /// the words that are cut off in whole or in part.
    ///
    /// ```
    /// let tokenizer = captions::tokens::Tokenizer::new();
    /// assert_eq!(tokenizer.cut("lucap boy, running, happy", 5), ("lucap boy, ", "running, happy"));
    /// ```
    pub fn cut<'a>(&self, text: &'a str, limit: usize) -> (&'a str, &'a str) {
        let mut tokens = 0;
        for word in text.split_whitespace() {
            tokens += self.count_word(word).tokens;
            if tokens > limit {
                // The word is a part of the text, so its distance from the start is its place.
                return text.split_at(word.as_ptr().addr() - text.as_ptr().addr());
            }
        }
        (text, "")
    }

    fn count_word(&self, word: &str) -> Count {
        let word = mended(word);
        let tokens = self.encode(&word);
        Count {
            tokens: tokens.as_ref().map_or_else(|| bound(&word), Vec::len),
            exact: tokens.is_some(),
        }
    }

    fn encode(&self, word: &str) -> Option<Vec<Token>> {
        let mut tokens = Vec::new();
        if word.len() > LONGEST_WORD {
            return None;
        }
        self.0.encode(word, &mut tokens);
        Some(tokens)
    }
}

/// More tokens than this a text cannot have: every token stands for at least
/// one byte of it, in lower case, and none for white space.
fn bound(text: &str) -> usize {
    text.split_whitespace()
        .map(|word| word.to_lowercase().len())
        .sum()
}

/// The text as `ftfy` with its defaults gives it to the tokenizer.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let visible = without_escapes(text);
    for character in visible.chars() {
        match character {
            '\u{2bc}' | '\u{2018}'..='\u{201b}' => mended.push('\''),
            '\u{201c}'..='\u{201f}' => mended.push('"'),
            'Ĳ' | 'ĳ' | 'ŉ' | 'Ǆ'..='ǌ' | 'Ǳ'..='ǳ' => mended.extend(character.nfkd()),
            'ﬅ' => mended.push_str("ſt"),
            'ﬀ'..='ﬆ' | '\u{ff01}'..='\u{ffef}' => mended.extend(character.nfkc()),
            _ if is_control(character) => {}
            _ => mended.push(character),
        }
    }
    let composed: String = mended.nfc().collect();
    without_marks(composed)
}

/// What `ftfy` takes for a control character that nobody meant.
fn is_control(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}'
    )
}

/// The text with nothing in it that the encoder takes for a mark.
fn without_marks(text: String) -> String {
    let mut lower = text.to_lowercase();
    if !NO_MARKS.iter().any(|(mark, _)| lower.contains(mark)) {
        return text;
    }
    for (mark, apart) in NO_MARKS {
        lower = lower.replace(mark, apart);
    }
    lower
}

/// The text without a terminal's colour codes, as `ESC [ 31 m`.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match end.strip_prefix(|c: char| c.is_ascii_alphabetic()) {
            Some(rest) => clean.push_str(rest),
            None => clean.extend(["[", part]),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_never_below_the_count() {
        let tokenizer = Tokenizer::new();
        for text in ["İstanbul", "ﬃ ŉ", "港 the harbour", "😀😀", "a b c", ""] {
            assert!(bound(text) >= tokenizer.count(text).tokens, "{text}");
        }
    }

    #[test]
    fn a_word_without_end_is_bounded_and_said_to_be() {
        let tokenizer = Tokenizer::new();
        let count = tokenizer.count(&format!("boy {}", "x".repeat(100_000)));
        assert_eq!(
            (count.tokens, count.exact, count.fits(WINDOW)),
            (100_001, false, false)
        );
    }

    #[test]
    fn nothing_is_cut_where_all_fits() {
        let tokenizer = Tokenizer::new();
        assert_eq!(tokenizer.cut("lucap boy", 3), ("lucap boy", ""));
        assert_eq!(tokenizer.cut(" lucap boy", 0), (" ", "lucap boy"));
        assert_eq!(tokenizer.cut("", 0), ("", ""));
    }
}
