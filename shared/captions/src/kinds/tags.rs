//! Tags of image boards that are said of persons: `1boy, male focus, outdoors`.

use cast::{Kind, nouns};

/// Tags that are said of one person or several, beside `1boy` and `2girls`.
const OF_PERSONS: [&str; 6] = [
    "male focus",
    "female focus",
    "mature male",
    "mature female",
    "multiple boys",
    "multiple girls",
];

/// Whether a tag is said of persons: `1boy`, `male_focus`, `man`.
///
/// ```
/// use captions::kinds::is_tag_of_persons;
/// assert!(is_tag_of_persons("6+girls") && is_tag_of_persons("male_focus"));
/// assert!(!is_tag_of_persons("outdoors") && !is_tag_of_persons("no humans"));
/// ```
pub fn is_tag_of_persons(tag: &str) -> bool {
    is_of_board(tag) || nouns::is(&tag.trim().to_lowercase(), Kind::Person)
}

/// Whether no sentence has such words, so that they are a tag.
fn is_of_board(tag: &str) -> bool {
    let tag = tag
        .trim()
        .trim_end_matches('.')
        .to_lowercase()
        .replace('_', " ");
    let noun = tag.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '+');
    let counted = noun.len() < tag.len() && nouns::is(noun, Kind::Person);
    counted || OF_PERSONS.contains(&tag.as_str())
}

/// A text without tags of persons, and these in lower case.
pub(super) fn without(text: &str) -> (String, Vec<String>) {
    let (tags, rest): (Vec<&str>, Vec<&str>) = text.split(',').partition(|part| is_of_board(part));
    if tags.is_empty() {
        return (text.to_owned(), Vec::new());
    }
    let said = tags.iter().map(|tag| tag.trim().to_lowercase()).collect();
    (rest.join(",").trim().to_owned(), said)
}
