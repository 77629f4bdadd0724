//! A description that calls an animal a man, or a person a dog: the right noun in its place.
//!
//! Captioners learned on photographs, in which most of what stands upright is a person. Of a text that names none of the
//! right kind, the first noun of the other kind is taken for the character, and so is what refers back to it (`the man`).
//! A second one with an article of its own is another character, and stays.

mod costumes;
mod edits;
mod tokens;

use cast::{Kind, nouns};

use self::edits::Edits;
use self::tokens::{Sentence, Token, sentences};

/// A description with other nouns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// The text; empty if nothing of it could stay.
    pub text: String,
    /// What it said, in lower case.
    pub said: Vec<String>,
}

/// What a noun phrase begins with.
const DETERMINERS: &[&str] = &["a", "an", "the", "one", "this", "that"];

/// Nouns for beings of any kind: what stands beside one of them is another character.
const NEUTRAL: &[&str] = &[
    "character",
    "figure",
    "figurine",
    "being",
    "toy",
    "doll",
    "puppet",
    "statue",
    "sculpture",
    "robot",
    "blob",
    "something",
];

/// Words that put one character beside another.
const BESIDE: &[&str] = &[
    "and", "with", "near", "beside", "behind", "next", "by", "to", "toward", "towards", "holding",
    "carrying", "riding", "watching", "front", "between", "against", "around", "facing",
];

/// To the left of these, with [`BESIDE`], no noun phrase goes on.
const ENDS: &[&str] = &[
    "is",
    "are",
    "was",
    "shows",
    "show",
    "see",
    "depicts",
    "features",
    "of",
    "in",
    "on",
    "at",
    "as",
    "like",
    "there",
    "showing",
    "depicting",
    "featuring",
    "seen",
    "looks",
    "who",
    "which",
    "that's",
    "there's",
];

/// All that may stand before an animal that a person is taken for: `The image shows`, `A drawing of`.
const OPENING: &[&str] = &[
    "the",
    "a",
    "an",
    "this",
    "image",
    "picture",
    "photo",
    "scene",
    "drawing",
    "painting",
    "cartoon",
    "illustration",
    "rendering",
    "render",
    "3d",
    "cgi",
    "animated",
    "animation",
    "still",
    "screenshot",
    "frame",
    "shows",
    "show",
    "depicts",
    "features",
    "showing",
    "depicting",
    "featuring",
    "of",
    "is",
    "there",
    "there's",
    "we",
    "can",
    "see",
    "in",
    "it",
    "close",
    "up",
    "view",
    "portrait",
    "character",
    "figure",
];

/// Nouns that may say what another one is like: `a human face`, `a baby carriage`.
const LIKE_ADJECTIVES: &[&str] = &["human", "adult", "baby", "teen", "infant", "pet", "child"];

/// What `the man` is followed by if he is not the one of whom the text speaks.
const ELSEWHERE: &[&str] = &[
    "in the background",
    "in the foreground",
    "behind",
    "beside",
    "next to",
    "on the left",
    "on the right",
    "to the left",
    "to the right",
];

/// The most words before the noun of a noun phrase.
const LONGEST: usize = 6;

/// `text` with `word`, a noun without its article, in place of what contradicts `kind`; `None` where nothing does, or
/// nothing that is surely the character and not another one.
///
/// ```
/// use captions::kinds::corrected;
/// use cast::Kind;
/// let text = |text| corrected(text, Kind::Animal, "sea monster").map(|found| found.text);
/// assert_eq!(text("A young man stands on a wall.").unwrap(), "A sea monster stands on a wall.");
/// assert_eq!(text("A dragon next to a man."), None);
/// ```
pub fn corrected(text: &str, kind: Kind, word: &str) -> Option<Corrected> {
    let wrong = match kind {
        Kind::Person => Kind::Animal,
        Kind::Animal => Kind::Person,
        Kind::Thing => return None,
    };
    let text = &costumes::without(text, kind);
    let sentences = sentences(text);
    let mut all = sentences.iter().flat_map(|sentence| &sentence.tokens);
    if all.any(|token| token.names(kind)) {
        return None;
    }
    let mut edits = Edits::new(text, word);
    let mut known = false;
    for sentence in &sentences {
        for at in sentence.nouns(wrong) {
            let noun = &sentence.tokens[at];
            let one = nouns::is_one(&noun.noun, wrong);
            let from = sentence.phrase(at);
            if known {
                let article = sentence.tokens[from].lower.as_str();
                let again = one && ["the", "this", "that"].contains(&article);
                if again && !sentence.is_elsewhere(at) {
                    edits.replace(&sentence.tokens[from..=at]);
                }
            } else if sentence.is_another(from, kind) {
                return None;
            } else if one {
                edits.replace(&sentence.tokens[from..=at]);
                known = true;
            } else if kind == Kind::Animal {
                // Of several persons none is the one animal.
                edits.cut(sentence);
                known = true;
                break;
            } else {
                return None;
            }
        }
    }
    known.then(|| edits.made())
}

impl Token<'_> {
    fn names(&self, kind: Kind) -> bool {
        !self.compound && nouns::is(&self.noun, kind)
    }

    fn is(&self, lists: &[&[&str]]) -> bool {
        lists.iter().any(|list| list.contains(&self.lower.as_str()))
    }
}

impl Sentence<'_> {
    /// Where the nouns of a kind stand.
    fn nouns(&self, kind: Kind) -> impl Iterator<Item = usize> {
        let named = move |at: &usize| self.tokens[*at].names(kind) && !self.is_like_adjective(*at);
        (0..self.tokens.len()).filter(named)
    }

    /// Whether the noun at `at` says what the next one is like.
    fn is_like_adjective(&self, at: usize) -> bool {
        let noun = &self.tokens[at];
        let next = self.tokens.get(at + 1).filter(|next| !next.after_sign);
        LIKE_ADJECTIVES.contains(&noun.noun.as_str())
            && !noun.possessive
            && next.is_some_and(|next| !next.lower.ends_with("ing") && !next.is(&[ENDS, BESIDE]))
    }

    /// Where the noun phrase begins whose noun is at `at`: at its article, or at the beginning of `Young man standing`.
    fn phrase(&self, at: usize) -> usize {
        let mut crossed = self.tokens[at].after_sign;
        for from in (at.saturating_sub(LONGEST)..at).rev() {
            let token = &self.tokens[from];
            if token.is(&[DETERMINERS]) {
                // `a tall, bald man`, but not `in a field, man standing`.
                let before = from.checked_sub(1).map(|before| &self.tokens[before]);
                let alone = before.is_none_or(|before| before.lower == "of" || !before.is(&[ENDS]));
                let ours = !crossed || token.lower.starts_with('a') && alone;
                return if ours { from } else { at };
            }
            if token.is(&[ENDS, BESIDE]) {
                return at;
            }
            crossed |= token.after_sign;
        }
        if at <= 2 && !crossed { 0 } else { at }
    }

    /// Whether the noun phrase from `from` on is another character than the one that the sentence is about.
    fn is_another(&self, from: usize, kind: Kind) -> bool {
        let before = &self.tokens[..from];
        if kind == Kind::Person {
            return !before.iter().all(|token| token.is(&[OPENING]));
        }
        let own = self.tokens[from].lower.as_str();
        let neutral = { before.iter() }.rposition(|token| token.is(&[NEUTRAL]));
        own == "another"
            || neutral.is_some_and(|at| before[at..].iter().any(|token| token.is(&[BESIDE])))
    }

    /// Whether what follows the noun at `at` says that it is somewhere else.
    fn is_elsewhere(&self, at: usize) -> bool {
        let rest = self.tokens[at + 1..].iter().take(3);
        let rest: Vec<&str> = rest.map(|token| token.lower.as_str()).collect();
        let rest = rest.join(" ");
        ELSEWHERE.iter().any(|place| rest.starts_with(place))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn beast(text: &str) -> Option<String> {
        corrected(text, Kind::Animal, "beast").map(|found| found.text)
    }

    fn boy(text: &str) -> Option<String> {
        corrected(text, Kind::Person, "boy").map(|found| found.text)
    }

    #[test]
    fn short_sentences_as_blip_writes_them() {
        for (said, corrected) in [
            ("a man standing on a rock", "a beast standing on a rock"),
            (
                "there is a man that is standing on a rock",
                "there is a beast that is standing on a rock",
            ),
            (
                "an older woman with a long tail walking",
                "a beast with a long tail walking",
            ),
            (
                "a cartoon of a man with a long tail",
                "a cartoon of a beast with a long tail",
            ),
            (
                "arafed man in a blue suit standing",
                "beast in a blue suit standing",
            ),
            (
                "a person in a dinosaur costume is standing",
                "a beast is standing",
            ),
            ("a close up of a man's face", "a close up of a beast's face"),
        ] {
            assert_eq!(beast(said).as_deref(), Some(corrected), "{said}");
        }
    }

    #[test]
    fn paragraphs_as_florence_writes_them() {
        assert_eq!(
            beast(
                "The image shows a man standing in a field. The man is wearing a green scarf, and a woman stands \
                 behind him. The man in the background holds a lantern."
            )
            .unwrap(),
            "The image shows a beast standing in a field. The beast is wearing a green scarf, and a woman stands behind \
             him. The man in the background holds a lantern."
        );
        assert_eq!(
            beast("In this image we can see a person. In the background there are houses.")
                .unwrap(),
            "In this image we can see a beast. In the background there are houses."
        );
        assert_eq!(
            beast("Two men are walking along a quay. The sea is calm.").unwrap(),
            "The sea is calm."
        );
    }

    #[test]
    fn appositions_as_qwen_writes_them() {
        assert_eq!(
            beast("The image depicts a 3D animated character, a tall, bald man with a tail, standing still.")
                .unwrap(),
            "The image depicts a 3D animated character, a beast with a tail, standing still."
        );
        assert_eq!(
            beast("A young boy dressed as a dragon sits at a table.").unwrap(),
            "A beast sits at a table."
        );
    }

    #[test]
    fn another_character_stays() {
        for text in [
            "A large blue creature stands next to a man.",
            "A man riding a horse.",
            "A toy on a shelf next to a man.",
            "A cartoon character and a woman look at the sea.",
            "A strange figure with a long tail. Waves in the distance.",
            "The human face of a statue",
            "A man-made wall by the sea.",
            "A snowman in a garden",
        ] {
            assert_eq!(beast(text), None, "{text}");
        }
    }

    #[test]
    fn a_person_is_no_dog_and_may_have_one() {
        assert_eq!(
            boy("A cartoon dog sitting on a bench. The dog has a scarf.").unwrap(),
            "A boy sitting on a bench. The boy has a scarf."
        );
        assert_eq!(
            boy("a drawing of an old bear").unwrap(),
            "a drawing of a boy"
        );
        for text in [
            "A harbour with a cat on a wall.",
            "Birds fly over the sea.",
            "He feeds a dog.",
            "A boy in a dog costume.",
            "A girl and a dog.",
            "A teddy bear on a bed.",
        ] {
            assert_eq!(boy(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_said_is_told_and_articles_fit() {
        let found = corrected("One man stands. An old man sits.", Kind::Animal, "otter").unwrap();
        assert_eq!(found.text, "One otter stands. An old man sits.");
        assert_eq!(found.said, ["one man"]);
        let found = corrected("A Man", Kind::Animal, "otter").unwrap();
        assert_eq!(found.text, "An otter");
        assert_eq!(corrected("A man", Kind::Thing, "crate"), None);
        assert_eq!(corrected("", Kind::Animal, "otter"), None);
    }
}
