//! Phrases by which networks that know no fixed classes are asked for what to find.
//!
//! `a boy. a sea monster=0.4. a cat.` is three phrases: each ends with a full stop or at the end of its line,
//! and may carry the score from which it counts.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

/// The file of a character's phrases in its folder.
pub const FILE: &str = "words.txt";

/// The words before a noun that no class word has.
const ARTICLES: [&str; 3] = ["a ", "an ", "the "];

/// What a network is asked to find, in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Phrase {
    /// The words, in lower case with single spaces and without the full stop.
    pub text: String,
    /// The score from which an answer counts, 0 to 1; `None` for that of the other phrases.
    pub threshold: Option<f32>,
}

impl Phrase {
    /// The words without an article: `sea monster` of `a sea monster`.
    pub fn class_word(&self) -> &str {
        class_word(&self.text)
    }
}

/// Words without the article before them.
///
/// ```
/// assert_eq!(nets::words::class_word("a sea monster"), "sea monster");
/// assert_eq!(nets::words::class_word("person"), "person");
/// ```
pub fn class_word(words: &str) -> &str {
    let bare = { ARTICLES.iter() }.find_map(|article| words.strip_prefix(article));
    bare.unwrap_or(words)
}

/// The phrases of a text, each once.
///
/// A full stop before a digit ends no phrase. Of a phrase that stands there twice the first counts.
///
/// # Errors
/// A text without a phrase, or a threshold that is not from 0 to 1.
///
/// ```
/// let phrases = nets::words::phrases("A boy. a  sea monster=0.4.").unwrap();
/// assert_eq!((phrases[0].text.as_str(), phrases[0].threshold), ("a boy", None));
/// assert_eq!((phrases[1].text.as_str(), phrases[1].threshold), ("a sea monster", Some(0.4)));
/// ```
pub fn phrases(text: &str) -> Result<Vec<Phrase>> {
    let mut found = Vec::new();
    for part in text.lines().flat_map(sentences) {
        if !part.trim().is_empty() {
            let phrase = phrase(&part)?;
            add(&mut found, phrase);
        }
    }
    ensure!(
        !found.is_empty(),
        "`{text}`: no phrase: write what to find, as in `a boy. a sea monster.`"
    );
    Ok(found)
}

/// Adds a phrase unless it is among the others.
pub fn add(phrases: &mut Vec<Phrase>, phrase: Phrase) {
    if !phrases.iter().any(|other| other.text == phrase.text) {
        phrases.push(phrase);
    }
}

/// The phrases of each character that has some: those of `words.txt` in each folder of `cast`, by the folder's name.
///
/// Lines that begin with `#`, indented or not, are comments, and a byte order mark is skipped. Hidden folders are no
/// characters.
///
/// # Errors
/// A folder or file that cannot be read, also a link that leads nowhere; a file without a phrase.
pub fn of_cast(cast: &Path) -> Result<Vec<(String, Vec<Phrase>)>> {
    let named = |path: &Path| path.display().to_string();
    let mut folders = Vec::new();
    for entry in fs::read_dir(cast).with_context(|| named(cast))? {
        folders.push(entry.with_context(|| named(cast))?.path());
    }
    folders.sort();
    let mut found = Vec::new();
    for folder in folders {
        let path = folder.join(FILE);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || !folder.is_dir() || path.symlink_metadata().is_err() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| named(&path))?;
        let lines = text.trim_start_matches('\u{feff}').lines();
        let lines = lines.filter(|line| !line.trim_start().starts_with('#'));
        let phrases = phrases(&lines.collect::<Vec<_>>().join("\n"));
        found.push((name.into_owned(), phrases.with_context(|| named(&path))?));
    }
    Ok(found)
}

/// The parts of a line that end with a full stop, without it.
fn sentences(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let decimal = letters.peek().is_some_and(char::is_ascii_digit);
        match parts.last_mut() {
            Some(part) if letter != '.' || decimal => part.push(letter),
            _ => parts.push(String::new()),
        }
    }
    parts
}

/// One phrase, with the score behind its last `=`.
fn phrase(part: &str) -> Result<Phrase> {
    let (words, score) = match part.rsplit_once('=') {
        Some((words, score)) => (words, Some(score.trim())),
        None => (part, None),
    };
    let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.to_lowercase();
    ensure!(
        !text.is_empty(),
        "`{}`: no words before the score",
        part.trim()
    );
    let threshold = match score.map(|score| (score, score.parse::<f32>())) {
        None => None,
        Some((_, Ok(score))) if (0.0..=1.0).contains(&score) => Some(score),
        Some((score, _)) => bail!("`{text}`: `{score}` is not a score from 0 to 1"),
    };
    Ok(Phrase { text, threshold })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let phrases = phrases(text).unwrap().into_iter();
        phrases.map(|phrase| phrase.text).collect()
    }

    #[test]
    fn phrases_end_with_full_stops_or_lines() {
        assert_eq!(
            texts("a boy. a sea monster. a cat."),
            ["a boy", "a sea monster", "a cat"]
        );
        assert_eq!(texts("a boy.a cat"), ["a boy", "a cat"]);
        assert_eq!(texts("a boy\n\n  a   CAT..\n"), ["a boy", "a cat"]);
        assert_eq!(
            texts("a dog, a cat. a dog, a cat"),
            ["a dog, a cat"],
            "once"
        );
    }

    #[test]
    fn a_threshold_stands_behind_its_phrase() {
        let found = phrases("a boy=.3. robot r2.5 = 0.45. a cat=1").unwrap();
        let found: Vec<_> = { found.iter() }
            .map(|phrase| (phrase.text.as_str(), phrase.threshold))
            .collect();
        assert_eq!(
            found,
            [
                ("a boy", Some(0.3)),
                ("robot r2.5", Some(0.45)),
                ("a cat", Some(1.0))
            ]
        );
    }

    #[test]
    fn what_is_no_phrase_is_an_error() {
        for wrong in [
            "",
            " . ",
            "a boy=2",
            "a boy=high",
            "=0.4",
            "a boy=-0.1",
            "a boy=NaN",
        ] {
            assert!(phrases(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn class_words_have_no_article() {
        assert_eq!(class_word("an ant"), "ant");
        assert_eq!(class_word("the old man"), "old man");
        assert_eq!(class_word("another"), "another");
    }

    #[test]
    fn characters_have_the_words_of_their_folders() {
        let cast = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("monster", "# its looks\na sea monster.\nsea creature=0.5"),
            ("luca", "a boy"),
        ] {
            fs::create_dir(cast.path().join(name)).unwrap();
            fs::write(cast.path().join(name).join(FILE), text).unwrap();
        }
        fs::create_dir(cast.path().join("giulia")).unwrap();
        let editors = "\u{feff}# behind a byte order mark\n  # indented\na cat.";
        fs::create_dir(cast.path().join("felix")).unwrap();
        fs::write(cast.path().join("felix").join(FILE), editors).unwrap();
        fs::create_dir(cast.path().join(".git")).unwrap();
        fs::write(cast.path().join(".git").join(FILE), "# of no character").unwrap();
        let mut found = of_cast(cast.path()).unwrap();
        let (felix, own) = found.remove(0);
        assert_eq!((felix.as_str(), own), ("felix", phrases("a cat").unwrap()));
        let names: Vec<_> = found
            .iter()
            .map(|(name, phrases)| (name.as_str(), phrases.len()))
            .collect();
        assert_eq!(names, [("luca", 1), ("monster", 2)]);
        fs::write(cast.path().join("giulia").join(FILE), "# none yet").unwrap();
        let error = format!("{:#}", of_cast(cast.path()).unwrap_err());
        assert!(
            error.contains("giulia/words.txt") && error.contains("no phrase"),
            "{error}"
        );
        fs::remove_file(cast.path().join("giulia").join(FILE)).unwrap();
        fs::create_dir(cast.path().join("giulia").join(FILE)).unwrap();
        let error = format!("{:#}", of_cast(cast.path()).unwrap_err());
        assert!(error.contains("giulia/words.txt"), "{error}");
    }
}
