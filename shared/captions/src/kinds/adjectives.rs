//! `A human face`, `a pirate ship`: nouns that say what another one is like.

use cast::{Kind, nouns};

use super::tokens::{Sentence, Token};
use super::words::{BESIDE, DETERMINERS, ENDS};

/// Nouns that may say what another one is like, whatever their kind.
const LIKE_ADJECTIVES: [&str; 9] = [
    "human", "adult", "baby", "teen", "infant", "pet", "child", "male", "female",
];

/// Persons that seldom do, so that what follows them need not be looked at: `a man outdoors`.
const NEVER: [&str; 17] = [
    "person",
    "man",
    "woman",
    "boy",
    "girl",
    "kid",
    "toddler",
    "teenager",
    "guy",
    "dude",
    "lad",
    "lady",
    "gentleman",
    "fellow",
    "youngster",
    "businessman",
    "caveman",
];

/// What may follow a noun that stands for itself, beside verbs that [`is_verb`] knows by their ends.
const AFTER: [&str; 61] = [
    "that", "has", "have", "had", "does", "did", "can", "could", "may", "might", "must", "will",
    "would", "shall", "should", "stand", "stood", "sit", "sat", "lay", "ran", "wore", "held",
    "kept", "made", "seen", "shown", "drawn", "rode", "threw", "took", "went", "came", "fell",
    "swam", "flew", "sang", "spoke", "ate", "drank", "slept", "fought", "hid", "into", "onto",
    "from", "over", "under", "up", "down", "through", "across", "along", "inside", "outside",
    "alone", "outdoors", "indoors", "without", "or", "but",
];

/// Of what ends as they do, these are no plurals: of `the knight stands` and `the pirate ships` the ends do not tell which
/// is a verb.
const VERBS: [&str; 58] = [
    "stands", "sits", "walks", "runs", "looks", "holds", "wears", "waits", "jumps", "leans",
    "lies", "kneels", "smiles", "appears", "seems", "moves", "turns", "throws", "rides", "carries",
    "stares", "gazes", "points", "raises", "plays", "sleeps", "eats", "drinks", "swims", "flies",
    "flees", "falls", "climbs", "crouches", "watches", "reaches", "gets", "takes", "goes", "comes",
    "makes", "talks", "speaks", "shouts", "laughs", "cries", "sings", "dances", "fights", "works",
    "rests", "hides", "waves", "bows", "nods", "floats", "hangs", "gives",
];

/// Nouns that end as adverbs do.
const NO_ADVERBS: [&str; 8] = [
    "belly",
    "family",
    "fly",
    "butterfly",
    "jelly",
    "lily",
    "bully",
    "doily",
];

impl Sentence<'_> {
    /// Whether the noun at `at` says what the next one is like.
    pub(super) fn is_like_adjective(&self, at: usize) -> bool {
        let noun = &self.tokens[at];
        let own = noun.noun.as_str();
        let may = LIKE_ADJECTIVES.contains(&own)
            || nouns::is_one(own, Kind::Person) && !NEVER.contains(&own);
        let next = self.tokens.get(at + 1).filter(|next| !next.after_sign);
        may && !noun.possessive
            && next.is_some_and(|next| !next.is(&[ENDS, BESIDE, DETERMINERS, &AFTER]))
            && next.is_some_and(|next| is_name(next) || !self.is_verb(next, at))
    }

    /// Whether what stands behind the noun at `at` says what it does.
    fn is_verb(&self, next: &Token<'_>, at: usize) -> bool {
        let next = next.lower.as_str();
        if VERBS.contains(&next) || next.ends_with("ing") || next.ends_with("ed") {
            return true;
        }
        if next.ends_with("ly") {
            return !NO_ADVERBS.contains(&next);
        }
        if !next.ends_with('s') || ["ss", "us", "is"].iter().any(|end| next.ends_with(end)) {
            return false;
        }
        // `A knight hides`, but `a baby bus`: behind `a` no noun is in the plural.
        let article = self.tokens[self.phrase(at)].lower.as_str();
        let one = ["a", "an", "one", "another"].contains(&article);
        // `The knight swings a sword`; and `the fireman grins`, as few such words say what something is like.
        let object = self
            .tokens
            .get(at + 2)
            .is_some_and(|object| !object.after_sign && object.is(&[DETERMINERS]));
        one || object
            || ["man", "woman"]
                .iter()
                .any(|end| self.tokens[at].noun.ends_with(end))
    }
}

/// `The Chairman Building`: a name that goes on.
fn is_name(next: &Token<'_>) -> bool {
    let mut letters = next.text.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.any(char::is_lowercase)
}
