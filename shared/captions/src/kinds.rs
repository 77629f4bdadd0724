//! A description that calls an animal a man, or a person a dog: the right noun in its place.
//!
//! Captioners learned on photographs, in which most of what stands upright is a person. Of a text that names none of the
//! right kind, the first noun of the other kind is taken for the character, and so is what refers back to it (`the man`).
//! A second one with an article of its own is another character, and stays.

mod adjectives;
mod costumes;
mod edits;
mod tags;
mod tokens;
mod words;

use cast::{Kind, nouns};

use self::edits::Edits;
pub use self::tags::is_tag_of_persons;
use self::tokens::{Sentence, Token, sentences};
use self::words::{
    BESIDE, DENIALS, DEPICTIONS, DETERMINERS, ELSEWHERE, ENDS, NEUTRAL, OPENING, PLACES, PRONOUNS,
    SEXES, SHOWING,
};

/// A description with other nouns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// The text; empty if nothing of it could stay.
    pub text: String,
    /// What it said, in lower case.
    pub said: Vec<String>,
}

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
    let text = costumes::without(text, kind);
    let (text, tags) = if kind == Kind::Animal {
        tags::without(&text)
    } else {
        (text.into_owned(), Vec::new())
    };
    let found = in_sentences(&text, kind, wrong, word);
    if tags.is_empty() {
        return found;
    }
    let found = found.unwrap_or(Corrected {
        text,
        said: Vec::new(),
    });
    Some(Corrected {
        said: tags.into_iter().chain(found.said).collect(),
        ..found
    })
}

fn in_sentences(text: &str, kind: Kind, wrong: Kind, word: &str) -> Option<Corrected> {
    let sentences = sentences(text);
    let mut all = sentences.iter().flat_map(|sentence| &sentence.tokens);
    // Its own word names it, whatever kind of being the lists take that for.
    let own = word.rsplit(' ').next().unwrap_or(word).to_lowercase();
    let own = |noun: &str| noun == own || noun.strip_suffix('s') == Some(&own);
    if all.any(|token| token.names(kind) || own(&token.noun)) {
        return predicates(text, &sentences, wrong, word).filter(|_| kind == Kind::Animal);
    }
    let mut edits = Edits::new(text, word);
    let mut known = false;
    for sentence in &sentences {
        let mut last = None;
        for at in sentence.nouns(wrong) {
            let noun = &sentence.tokens[at];
            let one = nouns::is_one(&noun.noun, wrong);
            let from = sentence.phrase(at);
            if known {
                let article = sentence.tokens[from].lower.as_str();
                let again = one && ["the", "this", "that"].contains(&article);
                if last.is_some_and(|last| one && sentence.is_apposition(last, from, at)) {
                    edits.leave_out(sentence.words(from - 1, at));
                    last = Some(at);
                } else if again && !sentence.is_elsewhere(at) || one && sentence.is_predicate(from)
                {
                    edits.replace(sentence.words(from, at));
                }
            } else if sentence.is_another(from, kind) {
                return None;
            } else if one {
                edits.replace(sentence.words(from, at));
                (known, last) = (true, Some(at));
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

/// A text that names the right kind too, with other nouns where it says of someone what they are; `None` where it has
/// other nouns of the wrong kind, any of which may be the one that it speaks of.
fn predicates(
    text: &str,
    sentences: &[Sentence<'_>],
    wrong: Kind,
    word: &str,
) -> Option<Corrected> {
    let mut edits = Edits::new(text, word);
    let mut any = false;
    for sentence in sentences {
        for at in sentence.nouns(wrong) {
            let from = sentence.phrase(at);
            if !nouns::is_one(&sentence.tokens[at].noun, wrong) || !sentence.is_predicate(from) {
                return None;
            }
            edits.replace(sentence.words(from, at));
            any = true;
        }
    }
    any.then(|| edits.made())
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
        let denied =
            |at: usize| { at.checked_sub(1) }.is_some_and(|at| self.tokens[at].is(&[DENIALS]));
        // `Men's shoes` show no men.
        let of_several =
            move |token: &Token<'_>| token.possessive && !nouns::is_one(&token.noun, kind);
        let named = move |at: &usize| {
            let token = &self.tokens[*at];
            token.names(kind) && !of_several(token) && !denied(*at) && !self.is_like_adjective(*at)
        };
        (0..self.tokens.len()).filter(named)
    }

    /// The words of the noun phrase from `from` to the noun at `at`, to which the `being` of `human being` belongs.
    fn words(&self, from: usize, at: usize) -> &[Token<'_>] {
        let next = self.tokens.get(at + 1);
        let being =
            self.tokens[at].noun == "human" && next.is_some_and(|next| next.noun == "being");
        &self.tokens[from..=at + usize::from(being)]
    }

    /// Whether the noun phrase from `from` on says what someone is: `he is a fisherman`.
    fn is_predicate(&self, from: usize) -> bool {
        let lower = |token: &Token<'_>| token.lower.clone();
        let before: Vec<String> = self.tokens[..from].iter().map(lower).collect();
        match &before[..] {
            [.., who, is] if is == "is" || is == "was" => PRONOUNS.contains(&who.as_str()),
            [.., is] => { is.strip_suffix("'s") }.is_some_and(|who| PRONOUNS.contains(&who)),
            [] => false,
        }
    }

    /// Whether the noun phrase from `from` to the noun at `at` says in other words what the noun at `noun` is: `a warrior, an
    /// old hero`, but not `a man, a woman and a child`.
    fn is_apposition(&self, noun: usize, from: usize, at: usize) -> bool {
        let rest = &self.tokens[at + 1..];
        let beside = rest
            .iter()
            .any(|token| ["and", "or"].contains(&token.lower.as_str()));
        let both = [noun, at]
            .iter()
            .all(|at| SEXES.contains(&self.tokens[*at].noun.as_str()));
        noun + 1 == from
            && self.tokens[from].signs == ","
            && ["a", "an", "the"].contains(&self.tokens[from].lower.as_str())
            && rest.first().is_none_or(|next| next.after_sign)
            && !beside
            && !both
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

    /// Whether the noun phrase from `from` on is another character than the one that the sentence is about, which is the
    /// first that it speaks of, and not one that something is done to or that something belongs to.
    fn is_another(&self, from: usize, kind: Kind) -> bool {
        let before = &self.tokens[..from];
        let opened = { before.iter() }.all(|token| token.is(&[OPENING, DEPICTIONS, SHOWING]));
        if kind == Kind::Person {
            return !opened;
        }
        let own = self.tokens[from].lower.as_str();
        let neutral = { before.iter() }.rposition(|token| token.is(&[NEUTRAL]));
        let shown = match before {
            [.., of, last] if last.lower == "of" => of.is(&[DEPICTIONS]),
            [.., last] => last.is(&[SHOWING]),
            [] => true,
        };
        let placed = before.first().is_some_and(|first| first.is(&[PLACES]))
            && self.tokens[from].signs == ",";
        own == "another"
            || !(opened || shown || placed)
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
    fn whatever_the_word_for_a_person_is() {
        for (said, corrected) in [
            ("A businessman waits", "A beast waits"),
            ("A caveman throws a rock", "A beast throws a rock"),
            ("A dad", "A beast"),
            ("A dude", "A beast"),
            ("A female", "A beast"),
            ("A female in a red coat", "A beast in a red coat"),
            ("A human stands.", "A beast stands."),
            ("The human stands.", "The beast stands."),
            ("A human being stands.", "A beast stands."),
            ("A knight hides under a tree", "A beast hides under a tree"),
            ("A fisherman dressed in yellow", "A beast dressed in yellow"),
            ("The fisherman casts a net.", "The beast casts a net."),
            ("The fireman grins.", "The beast grins."),
            ("The knight swings a sword.", "The beast swings a sword."),
            ("The cowboy lifts a hat.", "The beast lifts a hat."),
            ("A warrior, an old hero", "A beast"),
            ("A warrior, an old hero, waits.", "A beast, waits."),
            (
                "A man walks. He is a fisherman.",
                "A beast walks. He is a beast.",
            ),
            (
                "The beast's hat is red, he is a fisherman",
                "The beast's hat is red, he is a beast",
            ),
            (
                "The beast waits. She's an old woman.",
                "The beast waits. She's a beast.",
            ),
            ("1boy, male focus, outdoors", "outdoors"),
            ("2girls, multiple girls, smile", "smile"),
            ("1boy, dragon, outdoors", "dragon, outdoors"),
        ] {
            assert_eq!(beast(said).as_deref(), Some(corrected), "{said}");
        }
        let found = corrected("1boy, male_focus", Kind::Animal, "beast").unwrap();
        assert_eq!(
            (found.text.as_str(), found.said),
            ("", vec!["1boy".to_owned(), "male_focus".to_owned()])
        );
    }

    #[test]
    fn words_that_are_like_persons_stay() {
        for text in [
            "A Roman statue beside a German car.",
            "An ottoman and a talisman on a shelf.",
            "A doberman on a lawn.",
            "A superhuman leap over the sea.",
            "A pirate ship on the sea.",
            "The pirate ships on the sea.",
            "A cowboy hat on a chair.",
            "A male voice sings, unseen.",
            "A human belly.",
            "A baby octopus.",
            "An omen of rain; a specimen in a jar.",
            "A dragon next to a man. He is a soldier.",
            "outdoors, no humans, sky",
        ] {
            assert_eq!(beast(text), None, "{text}");
        }
        assert_eq!(
            beast("A man, a woman and a child wait.").unwrap(),
            "A beast, a woman and a child wait."
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
            "A bat flies over a man.",
            "The character sits on a man's shoulder.",
            "It stands beside a boy.",
            "A winged figure looks at a child.",
            "A poster of a woman behind the character.",
            "A statue of a man.",
            "A character of the movie \"The Little Prince\".",
            "A street with shops and a policeman in the background.",
            "The Chairman Building.",
            "A women's clothing store.",
            "THE MEN'S ROOM.",
        ] {
            assert_eq!(beast(text), None, "{text}");
        }
        // What is called by its own word is named, whatever kind of being that is.
        for text in [
            "A robot walks toward a woman.",
            "Two robots sit on a man's shoulder.",
        ] {
            assert_eq!(corrected(text, Kind::Animal, "small robot"), None, "{text}");
        }
    }

    #[test]
    fn what_a_sentence_shows_may_stand_behind_where_it_is() {
        for (said, corrected) in [
            (
                "In a dark forest, a man waits.",
                "In a dark forest, a beast waits.",
            ),
            ("A faded photo of a man.", "A faded photo of a beast."),
            (
                "The scene clearly shows a boy.",
                "The scene clearly shows a beast.",
            ),
        ] {
            assert_eq!(beast(said).as_deref(), Some(corrected), "{said}");
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
