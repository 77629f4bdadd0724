//! Phrases that are glued to nearly every caption.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::COMMON;
use super::tally::{Examples, is_grammar};

/// How many captions are looked at for phrases. In a larger set they are drawn
/// by the hash of their ids: a share of 80 % is then known to within 2 %.
const SAMPLE: usize = 2_000;

/// The words of the shortest phrase that counts as one.
const SHORTEST: usize = 5;
/// Of these, so many must mean something.
const MEANING: usize = 2;

/// A sample of captions, as words, the same in whatever order they come.
#[derive(Debug, Default)]
pub(super) struct Sample(BTreeSet<(u64, String, Vec<String>)>);

impl Sample {
    pub(super) fn add(&mut self, id: &str, words: Vec<String>) {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let caption = (hasher.finish(), id.to_owned(), words);
        if self.0.len() < SAMPLE || self.0.last().is_some_and(|last| caption < *last) {
            self.0.insert(caption);
        }
        if self.0.len() > SAMPLE {
            self.0.pop_last();
        }
    }

    /// Phrases in nearly all of the captions, as long as they go.
    pub(super) fn glued(&self, expected: &[String]) -> Vec<(String, Examples)> {
        let mut counts: HashMap<&[String], usize> = HashMap::new();
        for (.., words) in &self.0 {
            let distinct: BTreeSet<&[String]> = words.windows(SHORTEST).collect();
            for phrase in distinct {
                *counts.entry(phrase).or_default() += 1;
            }
        }
        let bound = COMMON * self.0.len() as f64;
        let means = |word: &&String| !is_grammar(word) && !expected.contains(*word);
        counts.retain(|phrase, count| {
            *count as f64 > bound && phrase.iter().filter(means).count() >= MEANING
        });
        let mut glued: BTreeMap<String, Examples> = BTreeMap::new();
        for (_, id, words) in &self.0 {
            for phrase in runs(words, |window| counts.contains_key(window)) {
                glued.entry(phrase).or_default().add(id);
            }
        }
        glued.retain(|_, examples| examples.count() as f64 > bound / 2.0);
        glued.into_iter().collect()
    }
}

/// The longest runs of `words` of which every window is common.
fn runs(words: &[String], common: impl Fn(&[String]) -> bool) -> BTreeSet<String> {
    let starts: Vec<usize> = { words.windows(SHORTEST).enumerate() }
        .filter_map(|(at, window)| common(window).then_some(at))
        .collect();
    starts
        .chunk_by(|a, b| a + 1 == *b)
        .map(|run| words[run[0]..run[run.len() - 1] + SHORTEST].join(" "))
        .collect()
}
