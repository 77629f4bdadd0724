//! `A man in a dinosaur costume`: a captioner that has seen both, and believes its eyes only half.

use std::borrow::Cow;

use cast::{Kind, nouns};

use super::tokens::{Token, sentences};

const COSTUMES: [&str; 6] = ["costume", "suit", "outfit", "mask", "onesie", "mascot"];

/// So many words of a costume at most: `in a big green dinosaur costume`.
const LONGEST: usize = 7;

/// The text without the costumes of an animal that one wears; of a person the text as it is.
pub(super) fn without(text: &str, kind: Kind) -> Cow<'_, str> {
    if kind != Kind::Animal {
        return text.into();
    }
    let mut left = String::new();
    let mut from = 0;
    for sentence in sentences(text) {
        let tokens = &sentence.tokens;
        for end in 0..tokens.len() {
            let Some(start) = costume(tokens, end) else {
                continue;
            };
            if let Some(before) = start.checked_sub(1).map(|before| tokens[before].end())
                && before >= from
            {
                left.push_str(&text[from..before]);
                from = tokens[end].end();
            }
        }
    }
    left.push_str(&text[from..]);
    left.into()
}

/// Where a costume begins that ends with the word at `end`.
fn costume(tokens: &[Token<'_>], end: usize) -> Option<usize> {
    let is_animal = |token: &Token<'_>| nouns::is(&token.noun, Kind::Animal);
    let is = |at: usize, words: &[&str]| words.contains(&tokens[at].lower.as_str());
    let mut starts = (end.saturating_sub(LONGEST)..end).rev();
    if COSTUMES.contains(&tokens[end].noun.as_str()) {
        let start = starts.find(|at| is(*at, &["in", "wearing"]))?;
        return tokens[start..end].iter().any(is_animal).then_some(start);
    }
    let dressed = |at: &usize| is(*at, &["dressed"]) && is(at + 1, &["as", "like", "up"]);
    is_animal(&tokens[end])
        .then(|| starts.find(dressed))
        .flatten()
}
