//! Looking for words and phrases in a text.

use std::collections::HashMap;

use crate::text::words;

/// Whether `text` begins with `phrase`, as whole words; case counts.
pub fn starts_with(text: &str, phrase: &str) -> bool {
    let Some(rest) = text.strip_prefix(phrase) else {
        return false;
    };
    let mut rest = rest.chars();
    !rest.next().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// Phrases to look for, as whole words and in any case.
#[derive(Debug, Clone, Default)]
pub struct Phrases(HashMap<String, Vec<Vec<String>>>);

impl Phrases {
    /// Takes the phrases to look for.
    pub fn new<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_first: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for phrase in phrases {
            let words = words(phrase);
            if let Some(first) = words.first() {
                by_first.entry(first.clone()).or_default().push(words);
            }
        }
        Self(by_first)
    }

    /// The first of the phrases that stands in `words` (see [`words`]).
    pub fn find(&self, words: &[String]) -> Option<String> {
        (0..words.len()).find_map(|at| {
            let phrases = self.0.get(&words[at])?;
            let found = phrases
                .iter()
                .find(|phrase| words[at..].starts_with(phrase));
            found.map(|phrase| phrase.join(" "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words() {
        let phrases = Phrases::new(["hair", "blue eyes"]);
        assert_eq!(
            phrases.find(&words("a chair, Blue-eyes")),
            Some("blue eyes".into())
        );
        assert_eq!(
            phrases.find(&words("a chair, blue, eyes closed")),
            Some("blue eyes".into())
        );
        assert_eq!(phrases.find(&words("hairy chairs")), None);
    }

    #[test]
    fn a_start_is_a_whole_word() {
        assert!(starts_with("lucap boy, running", "lucap boy"));
        assert!(starts_with("lucap", "lucap"));
        assert!(!starts_with("lucapboy", "lucap"));
        assert!(!starts_with("a lucap", "lucap"));
    }
}
