//! Changes of a text, made at once.

use std::ops::Range;

use super::tokens::{Sentence, Token};
use super::{Corrected, DETERMINERS};

/// Changes of a text, in its order.
pub(super) struct Edits<'a> {
    text: &'a str,
    word: &'a str,
    changes: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    /// Of `text`, with `word` for what is replaced.
    pub(super) fn new(text: &'a str, word: &'a str) -> Self {
        let changes = Vec::new();
        Self {
            text,
            word,
            changes,
        }
    }

    /// Puts the word in the place of a noun phrase, with its article.
    pub(super) fn replace(&mut self, phrase: &[Token<'_>]) {
        let (Some(first), Some(last)) = (phrase.first(), phrase.last()) else {
            return;
        };
        let article = Some(first.lower.as_str()).filter(|first| DETERMINERS.contains(first));
        let word = self.word;
        let mut new = match article {
            Some("a" | "an") => format!("{} {word}", article_of(word)),
            Some(other) => format!("{other} {word}"),
            None => word.to_owned(),
        };
        if first.text.starts_with(char::is_uppercase) {
            let mut signs = new.chars();
            let upper = signs.next().into_iter().flat_map(char::to_uppercase);
            new = upper.chain(signs).collect();
        }
        if last.possessive {
            new.push_str("'s");
        }
        self.changes.push((first.start..last.end(), new));
    }

    /// Leaves out all words but the first, with what stands before them.
    pub(super) fn leave_out(&mut self, words: &[Token<'_>]) {
        if let [first, .., last] = words {
            self.changes.push((first.end()..last.end(), String::new()));
        }
    }

    /// Leaves out a sentence, and what was to be changed in it.
    pub(super) fn cut(&mut self, sentence: &Sentence<'_>) {
        let start = { sentence.tokens.first() }.map_or(sentence.end, |first| first.start);
        self.changes.push((start..sentence.end, String::new()));
    }

    /// The text with its changes.
    pub(super) fn made(self) -> Corrected {
        let mut text = String::new();
        let mut from = 0;
        let mut said = Vec::new();
        for (range, new) in self.changes {
            text.push_str(&self.text[from..range.start]);
            text.push_str(&new);
            let old = &self.text[range.clone()];
            let old = old.trim_matches(|sign: char| sign == ',' || sign.is_whitespace());
            said.push(old.to_lowercase());
            from = range.end;
        }
        text.push_str(&self.text[from..]);
        said.dedup();
        Corrected {
            text: text.trim().to_owned(),
            said,
        }
    }
}

fn article_of(word: &str) -> &'static str {
    let vowel = word.to_lowercase().starts_with(['a', 'e', 'i', 'o', 'u']);
    if vowel { "an" } else { "a" }
}
