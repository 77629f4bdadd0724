//! Words into tag lines and sentences.

use captions::text;
use policies::Form;

use crate::description::capitalised;
use crate::pieces::Piece;

/// The caption of these pieces.
pub(crate) fn joined(form: Form, head: &str, pieces: &[&Piece]) -> String {
    match form {
        Form::Tags => {
            let tags = pieces.iter().map(|piece| piece.tag.as_str());
            text::clean(
                &[head]
                    .into_iter()
                    .chain(tags)
                    .collect::<Vec<_>>()
                    .join(", "),
            )
        }
        Form::Sentence => sentence(head, pieces),
        Form::Both => {
            let parts = [joined(Form::Tags, head, pieces), sentence("", pieces)];
            text::clean(&parts.join(". "))
                .trim_start_matches(". ")
                .to_owned()
        }
    }
}

/// One sentence of head and phrases, and the sentences that stand alone behind it.
fn sentence(head: &str, pieces: &[&Piece]) -> String {
    let phrases = pieces
        .iter()
        .filter(|piece| !piece.alone)
        .map(|piece| piece.phrase.as_str());
    let first = [head].into_iter().chain(phrases).collect::<String>();
    let first = first.trim_start_matches([',', ' ']);
    // A trigger is a word of its own making, and keeps its first letter.
    let first = if head.is_empty() {
        capitalised(first)
    } else {
        first.to_owned()
    };
    let alone = pieces
        .iter()
        .filter(|piece| piece.alone)
        .map(|piece| piece.phrase.clone());
    let all: Vec<String> = [first]
        .into_iter()
        .chain(alone)
        .filter(|part| !part.is_empty())
        .collect();
    if all.is_empty() {
        return String::new();
    }
    text::clean(&(all.join(". ") + "."))
}

/// A template with words in their place, `{a}` with an article.
pub(crate) fn filled(template: &str, words: &[String]) -> String {
    let listed = |words: &[String]| match words {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        all => all.join(""),
    };
    if !template.contains("{a}") {
        return template.replace("{}", &listed(words));
    }
    let words: Vec<String> = words.iter().map(|word| with_article(word)).collect();
    template.replace("{a}", &listed(&words))
}

/// The word with `a` or `an`, unless it needs none.
fn with_article(word: &str) -> String {
    let lower = word.to_lowercase();
    let first = lower.split_whitespace().next().unwrap_or_default();
    let none = [
        "a", "an", "the", "some", "no", "two", "three", "several", "many", "his", "her",
    ];
    if none.contains(&first) || lower.ends_with('s') && !lower.ends_with("ss") {
        return word.to_owned();
    }
    let article = if lower.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_articles_are_as_spoken() {
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let with = |list: &[&str]| filled(", with {a}", &words(list));
        assert_eq!(with(&["umbrella"]), ", with an umbrella");
        assert_eq!(with(&["hat", "oar"]), ", with a hat and an oar");
        assert_eq!(
            with(&["boats", "the sea", "dress"]),
            ", with boats, the sea and a dress"
        );
        assert_eq!(filled(", {}", &words(&["left arm up"])), ", left arm up");
    }
}
