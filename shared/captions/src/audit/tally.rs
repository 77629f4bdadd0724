//! Counting over a set: words, words within groups, texts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::COMMON;

/// How many examples a finding names.
const EXAMPLES: usize = 5;

/// A group of fewer captions betrays nothing.
const SMALLEST_GROUP: u32 = 3;
/// This share of a word's captions lies in one group, if it betrays the group.
const EXCLUSIVE: f64 = 0.9;
/// This share of what is uncertain about "is it of this group" must the word
/// take away (mutual information over the entropy of the group).
const TELLING: f64 = 0.5;
/// A group of more than this share of the set is no single shot.
const LARGEST_SHARE: f64 = 0.5;

/// Words of grammar, which bind to nothing.
const GRAMMAR: &str = "a an the of in on at by to from with without and or as is are was be its it \
    his her their he she they this that there into onto over under up down near behind before \
    beside between through while who which has have";

/// Whether the word is one of grammar.
pub(super) fn is_grammar(word: &str) -> bool {
    GRAMMAR.split_whitespace().any(|other| other == word)
}

/// How many captions, and the first few of them by id.
#[derive(Debug, Clone, Default)]
pub(super) struct Examples {
    count: usize,
    ids: BTreeSet<String>,
}

impl Examples {
    pub(super) fn add(&mut self, id: &str) {
        self.count += 1;
        if self.ids.len() < EXAMPLES || self.ids.last().is_some_and(|last| id < last.as_str()) {
            self.ids.insert(id.to_owned());
        }
        if self.ids.len() > EXAMPLES {
            self.ids.pop_last();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.ids.iter().cloned().collect()
    }
}

/// Texts, and how often each was there.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<u64, Examples>);

impl Seen {
    pub(super) fn add(&mut self, text: &str, id: &str) {
        let mut hasher = DefaultHasher::new();
        text.trim().hash(&mut hasher);
        self.0.entry(hasher.finish()).or_default().add(id);
    }

    pub(super) fn distinct(&self) -> usize {
        self.0.len()
    }

    /// The texts of more than `bound` captions, and of three at least.
    pub(super) fn repeated(&self, bound: f64) -> Vec<&Examples> {
        let many = |e: &&Examples| e.count as f64 > bound && e.count >= SMALLEST_GROUP as usize;
        self.0.values().filter(many).collect()
    }
}

/// In how many captions each word stands, in all and within each group.
#[derive(Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<String, u32>,
    captions: Vec<u32>,
    groups: BTreeMap<(String, String), Group>,
}

#[derive(Debug, Default)]
struct Group {
    captions: u32,
    words: HashMap<u32, u32>,
}

impl Words {
    pub(super) fn add(&mut self, words: &[String], groups: &[(&str, String)]) {
        let distinct: BTreeSet<&String> = words.iter().filter(|word| !is_grammar(word)).collect();
        let mut present = Vec::with_capacity(distinct.len());
        for word in distinct {
            let next = self.captions.len() as u32;
            let number = *self.numbers.entry(word.clone()).or_insert(next);
            if number == next {
                self.captions.push(0);
            }
            self.captions[number as usize] += 1;
            present.push(number);
        }
        for (name, value) in groups {
            let key = ((*name).to_owned(), value.clone());
            let group = self.groups.entry(key).or_default();
            group.captions += 1;
            for number in &present {
                *group.words.entry(*number).or_default() += 1;
            }
        }
    }

    /// Words in nearly all of `captions`, by name, with their counts.
    pub(super) fn common(&self, captions: usize) -> Vec<(String, usize)> {
        let bound = COMMON * captions as f64;
        let mut common: Vec<_> = { self.numbers.iter() }
            .map(|(word, &number)| (word.clone(), self.captions[number as usize] as usize))
            .filter(|&(_, count)| count as f64 > bound)
            .collect();
        common.sort();
        common
    }

    /// What to say of each group that some words betray, and how many captions it has.
    pub(super) fn betraying(&self, expected: &[String]) -> Vec<(String, usize)> {
        let mut totals: BTreeMap<&str, u32> = BTreeMap::new();
        for ((name, _), group) in &self.groups {
            *totals.entry(name).or_default() += group.captions;
        }
        let mut names: Vec<&str> = vec![""; self.captions.len()];
        for (word, &number) in &self.numbers {
            names[number as usize] = word;
        }
        let mut findings = Vec::new();
        for ((name, value), group) in &self.groups {
            let all = totals[name.as_str()];
            // A place may be called by its name.
            let own_name = |word: &str| value.to_lowercase().contains(word);
            let mut words: Vec<_> = { group.words.iter() }
                .filter(|&(&word, &here)| self.tells(word, here, group.captions, all))
                .map(|(&word, _)| names[word as usize])
                .filter(|&word| !own_name(word) && !expected.iter().any(|other| other == word))
                .collect();
            words.sort_unstable();
            if !words.is_empty() {
                let words = words.join("`, `");
                let what = format!("says `{words}`, which reveals that it is of {name} {value}");
                findings.push((what, group.captions as usize));
            }
        }
        findings
    }

    /// Whether `word`, which stands in `here` of the `group` captions of a
    /// group, and the group is one of `all` captions, gives the group away.
    fn tells(&self, word: u32, here: u32, group: u32, all: u32) -> bool {
        let everywhere = self.captions[word as usize];
        let large = f64::from(group) > LARGEST_SHARE * f64::from(all);
        let exclusive = f64::from(here) >= EXCLUSIVE * f64::from(everywhere);
        let enough = here >= SMALLEST_GROUP && group >= SMALLEST_GROUP;
        enough && exclusive && !large && uncertainty_taken(here, everywhere, group, all) >= TELLING
    }
}

/// The mutual information of "has the word" and "is of the group" over the
/// entropy of the latter (Theil's U): 0 tells nothing, 1 everything.
fn uncertainty_taken(here: u32, word: u32, group: u32, all: u32) -> f64 {
    let [here, word, group, all] = [here, word.min(all), group, all].map(f64::from);
    let part = |count: f64, row: f64, column: f64| {
        if count <= 0.0 {
            return 0.0;
        }
        count / all * (count * all / (row * column)).log2()
    };
    let mutual = part(here, word, group)
        + part(word - here, word, all - group)
        + part(group - here, all - word, group)
        + part(all - word - group + here, all - word, all - group);
    let entropy =
        -(group / all * (group / all).log2() + (1.0 - group / all) * (1.0 - group / all).log2());
    if entropy > 0.0 { mutual / entropy } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutual_information_is_as_worked_out_by_hand() {
        // A word that stands in just the 10 captions of the group tells everything.
        assert!((uncertainty_taken(10, 10, 10, 100) - 1.0).abs() < 1e-9);
        // One that is spread evenly tells nothing.
        assert!(uncertainty_taken(5, 50, 10, 100).abs() < 1e-9);
        // 8 of the 10 and nowhere else: 0.330 of 0.469 bit.
        assert!((uncertainty_taken(8, 8, 10, 100) - 0.7035).abs() < 1e-3);
    }

    #[test]
    fn examples_are_the_same_in_any_order() {
        let mut ids: Vec<String> = (0..20).map(|n| format!("frame_{n:02}")).collect();
        let mut forth = Examples::default();
        for id in &ids {
            forth.add(id);
        }
        ids.reverse();
        let mut back = Examples::default();
        for id in &ids {
            back.add(id);
        }
        assert_eq!((forth.ids(), forth.count()), (back.ids(), 20));
        assert_eq!(forth.ids()[4], "frame_04");
    }
}
