//! A whole set of captions: what fuses with the trigger, what betrays one shot.
//!
//! What stands in every caption, or in every caption of one shot, is not
//! controlled by its words afterwards. An [`Audit`] is given caption after
//! caption, in any order, and finds what is wrong with the set; what it finds
//! does not depend on the order.

mod finding;
mod phrases;
mod rules;
mod tally;

use std::collections::BTreeMap;

pub use finding::{Finding, Kind, Level};
use phrases::Sample;
pub use rules::{Forbidden, Item, Rules};
use serde::Serialize;
use tally::{Examples, Seen, Words};

use crate::text::{self, Flaw, Phrases};

/// A word in more than this share of the captions binds like the trigger.
pub const COMMON: f64 = 0.8;

/// Sets of fewer captions are not judged by shares.
pub const SMALLEST: usize = 5;

/// So many words of a caption are counted: more than any trainer reads.
const LONGEST: usize = 500;

/// One text of more than this share of the captions is no caption.
const SAME: f64 = 0.1;

/// What was found in a set of captions.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Captions.
    pub captions: usize,
    /// Captions that differ.
    pub distinct: usize,
    /// Findings, errors first, then by kind and by how many captions they touch.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether one of the findings is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|f| f.level == Level::Error)
    }
}

/// Captions that are being looked through.
pub struct Audit {
    rules: Rules,
    captions: usize,
    simple: BTreeMap<(Kind, String), Examples>,
    words: Words,
    texts: Seen,
    sample: Sample,
}

impl Audit {
    /// Begins with no captions.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            captions: 0,
            simple: BTreeMap::new(),
            words: Words::default(),
            texts: Seen::default(),
            sample: Sample::default(),
        }
    }

    /// Looks at one caption.
    pub fn add(&mut self, item: Item<'_>) {
        self.captions += 1;
        self.texts.add(item.caption, item.id);
        for flaw in text::flaws(item.caption) {
            self.note(kind_of(flaw), flaw.to_string(), item.id);
        }
        if let (Some(tokens), Some(budget)) = (item.tokens, self.rules.budget)
            && tokens > budget
        {
            let what = format!("has more than {budget} tokens");
            self.note(Kind::OverBudget, what, item.id);
        }
        for what in item.contradictions {
            self.note(Kind::Contradicts, what.clone(), item.id);
        }
        let rest = self.trigger(item);
        let mut words = text::words(rest);
        let judged = without(&words, item.allowed);
        let found: Vec<_> = { self.rules.forbidden.iter() }
            .filter_map(|family| {
                Some((
                    family.level(),
                    family.name().to_owned(),
                    family.find(&judged)?,
                ))
            })
            .collect();
        for (level, family, word) in found {
            let kind = match level {
                Level::Error => Kind::Forbidden,
                Level::Warning => Kind::Stock,
            };
            self.note(kind, format!("says `{word}` ({family})"), item.id);
        }
        words.truncate(LONGEST);
        self.words.add(&words, item.groups);
        self.sample.add(item.id, words);
    }

    /// Looks for the trigger, and returns what stands behind it.
    fn trigger<'a>(&mut self, item: Item<'a>) -> &'a str {
        let caption = item.caption.trim_start_matches('\u{feff}').trim();
        let Some(trigger) = item.trigger.filter(|trigger| !trigger.is_empty()) else {
            return caption;
        };
        if text::starts_with(caption, trigger) {
            return &caption[trigger.len()..];
        }
        if Phrases::new([trigger])
            .find(&text::words(caption))
            .is_some()
        {
            let what = format!("does not begin with the trigger `{trigger}`");
            self.note(Kind::TriggerNotFirst, what, item.id);
        } else {
            let what = format!("lacks the trigger `{trigger}`");
            self.note(Kind::TriggerMissing, what, item.id);
        }
        caption
    }

    fn note(&mut self, kind: Kind, what: String, id: &str) {
        self.simple.entry((kind, what)).or_default().add(id);
    }

    /// Everything that was found.
    pub fn report(&self) -> Report {
        let mut findings: Vec<Finding> = { self.simple.iter() }
            .map(|((kind, what), examples)| self.finding(*kind, what.clone(), examples))
            .collect();
        if self.captions >= SMALLEST {
            findings.extend(self.shares());
        }
        findings.sort_by(Finding::order);
        Report {
            captions: self.captions,
            distinct: self.texts.distinct(),
            findings,
        }
    }

    /// What a set of some size shows: phrases glued everywhere, words in most
    /// captions, words of one shot, texts that come again.
    fn shares(&self) -> Vec<Finding> {
        let glued = self.sample.glued(&self.rules.expected);
        let said: Vec<String> = glued
            .iter()
            .flat_map(|(phrase, _)| text::words(phrase))
            .collect();
        let mut findings: Vec<Finding> = { glued.iter() }
            .map(|(phrase, examples)| {
                let what = format!("says `{phrase}`, as nearly every caption does");
                self.finding(Kind::Glued, what, examples)
            })
            .collect();
        for (word, count) in self.words.common(self.captions) {
            if !said.contains(&word) && !self.rules.expected.contains(&word) {
                let what = format!("says `{word}`, as nearly every caption does");
                findings.push(Finding::new(
                    Kind::Common,
                    what,
                    count,
                    self.captions,
                    Vec::new(),
                ));
            }
        }
        for (what, count) in self.words.betraying(&self.rules.expected) {
            findings.push(Finding::new(
                Kind::Betrays,
                what,
                count,
                self.captions,
                Vec::new(),
            ));
        }
        for examples in self.texts.repeated(SAME * self.captions as f64) {
            let what = "is the same text, word for word, as the others'".to_owned();
            findings.push(self.finding(Kind::Duplicate, what, examples));
        }
        findings
    }

    fn finding(&self, kind: Kind, what: String, examples: &Examples) -> Finding {
        Finding::new(kind, what, examples.count(), self.captions, examples.ids())
    }
}

/// The words without those of `phrases`; an empty word stands where one was.
fn without(words: &[String], phrases: &[String]) -> Vec<String> {
    let mut left = words.to_vec();
    for phrase in phrases.iter().map(|phrase| text::words(phrase)) {
        let starts = words.windows(phrase.len().max(1)).enumerate();
        for (at, _) in starts.filter(|(_, window)| *window == phrase) {
            left[at..at + phrase.len()].fill(String::new());
        }
    }
    left
}

fn kind_of(flaw: Flaw) -> Kind {
    match flaw {
        Flaw::Empty => Kind::Empty,
        Flaw::Degenerate => Kind::Degenerate,
        _ => Kind::Untidy,
    }
}
