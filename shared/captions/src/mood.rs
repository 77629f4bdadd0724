//! The mood of an image, where a text says one that is a fact.
//!
//! Models like to end with what an image is to make one feel: `evoking a sense of wonder`. That says
//! nothing. But `the mood is gloomy` is as good as `it rains`, so of a phrase that is about the mood
//! the plain words for it are kept.

use crate::text::words;

/// What a phrase is about if one of these stands in it.
const ABOUT: [&str; 7] = [
    "mood",
    "moods",
    "atmosphere",
    "atmospheric",
    "ambience",
    "ambiance",
    "vibe",
];

/// What a phrase is about if it ends with this; before other words it says what someone feels.
const ABOUT_AT_END: &str = "feeling";

/// Plain words for the mood of a place or a scene. Words of light alone, such as `dark`, are none.
pub const MOODS: [&str; 48] = [
    "bleak",
    "bustling",
    "calm",
    "chaotic",
    "cheerful",
    "cold",
    "cosy",
    "cozy",
    "dangerous",
    "desolate",
    "dreary",
    "eerie",
    "festive",
    "foreboding",
    "frightening",
    "gloomy",
    "happy",
    "hopeful",
    "hostile",
    "intimate",
    "joyful",
    "lively",
    "lonely",
    "melancholic",
    "melancholy",
    "menacing",
    "mysterious",
    "nostalgic",
    "ominous",
    "peaceful",
    "playful",
    "quiet",
    "relaxed",
    "romantic",
    "sad",
    "scary",
    "serene",
    "solemn",
    "somber",
    "sombre",
    "spooky",
    "tense",
    "threatening",
    "tranquil",
    "uneasy",
    "warm",
    "welcoming",
    "wistful",
];

/// With one of these it is not the mood that is meant.
const NOT: [&str; 9] = [
    "not", "no", "never", "without", "less", "hardly", "nor", "despite", "far",
];

/// The most moods that are said of one phrase.
const MOST: usize = 2;

/// What a phrase says of the mood, in plain words; nothing if it is about something else, or says nothing
/// that is a fact.
///
/// ```
/// use captions::mood::fact;
/// assert_eq!(fact("The overall mood is gloomy"), Some("a gloomy mood".to_owned()));
/// assert_eq!(fact("creating a warm cosy atmosphere"), Some("a warm and cosy mood".to_owned()));
/// assert_eq!(fact("evoking a sense of wonder"), None);
/// ```
pub fn fact(phrase: &str) -> Option<String> {
    let words = words(phrase);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let about = has(&ABOUT) || words.last().is_some_and(|last| last == ABOUT_AT_END);
    if !about || has(&NOT) {
        return None;
    }
    let mut moods: Vec<&str> = Vec::new();
    for word in &words {
        let known = MOODS.iter().find(|mood| *mood == word);
        moods.extend(known.filter(|mood| !moods.contains(*mood)));
    }
    moods.truncate(MOST);
    let first = moods.first()?;
    let article = if first.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    Some(format!("{article} {} mood", moods.join(" and ")))
}

/// The parts of a sentence, in which one that ends in the middle of a list of moods (`a warm, cosy
/// atmosphere`) is one with what follows, if that goes on with the list.
pub fn parts<'a>(sentence: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in sentence {
        let is_mood = |word: String| MOODS.contains(&word.as_str());
        let begins = { words(part).into_iter() }.find(|word| word != "and");
        let goes_on = begins.is_some_and(is_mood) && fact(part).is_some();
        let last = parts
            .last_mut()
            .filter(|last| goes_on && words(last).pop().is_some_and(is_mood));
        match last {
            Some(last) => {
                last.push(' ');
                last.push_str(part);
            }
            None => parts.push(part.to_owned()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hollow_phrases_say_no_mood() {
        for phrase in [
            "evoking a sense of wonder and possibility",
            "an atmosphere that invites the viewer in",
            "The mood is not gloomy",
            "without a cheerful mood",
            "a warm coat",
            "A quiet street",
            "a boy feeling sad by the window",
        ] {
            assert_eq!(fact(phrase), None, "{phrase}");
        }
    }

    #[test]
    fn moods_are_said_once_and_in_order() {
        for (phrase, said) in [
            (
                "An eerie atmosphere hangs over the harbour",
                "an eerie mood",
            ),
            (
                "conveying a tense and tense, ominous, bleak mood",
                "a tense and ominous mood",
            ),
            (
                "with a sense of a peaceful, quiet feeling",
                "a peaceful and quiet mood",
            ),
        ] {
            assert_eq!(fact(phrase).as_deref(), Some(said));
        }
    }

    #[test]
    fn a_list_of_moods_is_one_part() {
        let sentence = [
            "A harbour",
            "creating a warm",
            "cosy atmosphere",
            "with boats",
        ];
        let found = parts(sentence);
        assert_eq!(
            found,
            ["A harbour", "creating a warm cosy atmosphere", "with boats"]
        );
        assert_eq!(parts(["a quiet", "red boat"]), ["a quiet", "red boat"]);
        assert_eq!(
            parts(["The mood is tense", "and ominous feeling"]),
            ["The mood is tense and ominous feeling"]
        );
    }

    #[test]
    fn what_a_character_is_like_is_no_part_of_the_mood() {
        for sentence in [
            ["The old man looks happy", "the mood is cheerful"],
            ["A girl is sad", "with a gloomy atmosphere"],
        ] {
            assert_eq!(parts(sentence), sentence);
        }
    }

    #[test]
    fn the_list_is_sorted_and_of_single_words() {
        assert!(MOODS.is_sorted());
        for mood in MOODS {
            assert_eq!(words(mood), [mood]);
        }
    }
}
