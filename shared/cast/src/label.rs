//! What kind the label of a detector means: a class, or the phrase that it was asked for.

use crate::{Kind, nouns};

/// What follows the noun that a label is about: `a boy riding a horse` is a boy.
const AFTER_NOUN: [&str; 22] = [
    "and", "at", "behind", "beside", "by", "carrying", "for", "from", "holding", "in", "near",
    "next", "of", "on", "over", "riding", "to", "under", "walking", "wearing", "with", "without",
];

/// What any character may be.
const UNSURE: &str = "creature";

/// What another noun begins with: `a girl petting a dog` is a girl.
const BEFORE_NOUN: [&str; 7] = ["a", "an", "the", "her", "his", "its", "their"];

/// The words of a label up to its first noun, which is the last of them; in lower case, without punctuation.
///
/// ```
/// assert_eq!(cast::label::noun("A walking Cat with a boy."), "a walking cat");
/// ```
pub fn noun(label: &str) -> String {
    let label = label.to_lowercase();
    let mut words: Vec<&str> = Vec::new();
    for word in label.split_whitespace() {
        let begun = words.iter().any(|word| !BEFORE_NOUN.contains(word));
        if begun && (AFTER_NOUN.contains(&word) || BEFORE_NOUN.contains(&word)) {
            break;
        }
        words.push(word.trim_matches(|sign: char| sign.is_ascii_punctuation()));
    }
    words.join(" ")
}

/// Whether `noun`, as [`noun`] gives it, is `of`, in whole words: `a small dog` is a dog, `hotdog` is none.
pub fn ends(noun: &str, of: &str) -> bool {
    let before = noun.strip_suffix(of);
    before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
}

/// A phrase as a noun without its article, as it stands in a sentence behind another one.
pub fn without_article(phrase: &str) -> String {
    let noun = noun(phrase);
    let rest = { ["a ", "an ", "the "].iter() }.find_map(|article| noun.strip_prefix(article));
    rest.unwrap_or(&noun).to_owned()
}

/// The kind that a label means; `None` of what says nothing of it: the name of a file, or
/// `creature`, which every film is asked for, and which is said of persons with odd heads too.
///
/// ```
/// use cast::{Kind, label};
/// assert_eq!(label::kind("a boy riding a horse"), Some(Kind::Person));
/// assert_eq!(label::kind("a furry blue monster"), Some(Kind::Animal));
/// assert_eq!(label::kind("teddy bear"), Some(Kind::Thing));
/// assert_eq!(label::kind("luca_01.jpg"), None);
/// ```
pub fn kind(label: &str) -> Option<Kind> {
    let noun = noun(label);
    let words: Vec<&str> = noun.split(' ').collect();
    let kinds = [Kind::Person, Kind::Animal, Kind::Thing];
    if words.last() == Some(&UNSURE) {
        return None;
    }
    let of = |words: &[&str]| {
        let words = words.join(" ");
        kinds.into_iter().find(|kind| nouns::is(&words, *kind))
    };
    // Of two words first, as a hot dog is no dog; what no list has is a verb, or says nothing.
    (1..=words.len()).rev().find_map(|end| {
        let two = end.checked_sub(2).and_then(|from| of(&words[from..end]));
        two.or_else(|| of(&words[end - 1..end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noun_of_a_label_decides() {
        for (label, expected) in [
            ("dog", Some(Kind::Animal)),
            ("A Dog with a boy", Some(Kind::Animal)),
            ("their old dog", Some(Kind::Animal)),
            ("hot dog", Some(Kind::Thing)),
            ("a girl petting a dog", Some(Kind::Person)),
            ("a boy hugs his dog", Some(Kind::Person)),
            ("an old fisherman", Some(Kind::Person)),
            ("a ball.", Some(Kind::Thing)),
            ("class_3", None),
            ("creature", None),
            ("", None),
        ] {
            assert_eq!(kind(label), expected, "{label}");
        }
    }
}
