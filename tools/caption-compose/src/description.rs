//! Free text of a vision-language model, without what must not be said.

use captions::answer::without_opening;
use captions::mood;
use captions::text::{self, Phrases};

/// The longest part that is repeated in what was left out, in characters.
const REPEATED: usize = 60;

/// Families of words that say nothing, or nothing of what the image shows: a mood in the same phrase is a
/// fact all the same.
const HOLLOW: [&str; 3] = ["stock", "rendering", "quality"];

/// Words of one family that must not be said.
pub(crate) struct Unsaid {
    pub(crate) family: String,
    pub(crate) phrases: Phrases,
}

/// What remains of `description`, sentence by sentence, and why the rest does not.
///
/// A part between commas that names something unsaid is cut out; where it is
/// the first of a sentence, the sentence goes, as the rest hangs on it. Of a hollow
/// phrase about the mood, `the overall mood is gloomy`, the plain mood is kept.
pub(crate) fn sentences(description: &str, unsaid: &[Unsaid]) -> (Vec<String>, Vec<String>) {
    let mut kept = Vec::new();
    let mut why = Vec::new();
    for sentence in ended(&text::clean(description)) {
        let mut parts = Vec::new();
        for part in mood::parts(text::fragments(without_opening(sentence))) {
            let Some(unfit) = found(&part, unsaid) else {
                parts.push(part);
                continue;
            };
            let fact = mood::fact(&part).filter(|_| HOLLOW.contains(&unfit.family.as_str()));
            if let Some(fact) = fact.filter(|fact| found(fact, unsaid).is_none()) {
                parts.push(fact);
                continue;
            }
            why.push(unfit.reason);
            if parts.is_empty() {
                break;
            }
        }
        if !parts.is_empty() {
            kept.push(capitalised(&parts.join(", ")));
        }
    }
    (kept, why)
}

/// What of a part must not be said.
struct Found<'a> {
    family: &'a String,
    /// As it stands among what was left out.
    reason: String,
}

fn found<'a>(part: &str, unsaid: &'a [Unsaid]) -> Option<Found<'a>> {
    let words = text::words(part);
    unsaid.iter().find_map(|unsaid| {
        let word = unsaid.phrases.find(&words)?;
        let short: String = part.chars().take(REPEATED).collect();
        let reason = format!("says `{word}` ({}): {short}", unsaid.family);
        Some(Found {
            family: &unsaid.family,
            reason,
        })
    })
}

/// The sentences of a text.
fn ended(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(". ")
        .flat_map(|part| part.split_inclusive("! "))
        .flat_map(|part| part.split_inclusive("? "))
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
}

/// The text with a capital first letter.
pub(crate) fn capitalised(text: &str) -> String {
    let mut signs = text.chars();
    let first = signs.next().into_iter().flat_map(char::to_uppercase);
    first.chain(signs).collect()
}

/// The text with a small first letter, unless its first word is one of capitals.
pub(crate) fn uncapitalised(text: &str) -> String {
    let mut signs = text.chars();
    let first = signs.next();
    if signs.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first
        .into_iter()
        .flat_map(char::to_lowercase)
        .chain(signs)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(families: &[&str], description: &str) -> (Vec<String>, Vec<String>) {
        let unsaid = families.iter().map(|name| Unsaid {
            family: (*name).to_owned(),
            phrases: Phrases::new(captions::families::family(name).unwrap().phrases()),
        });
        sentences(description, &unsaid.collect::<Vec<_>>())
    }

    #[test]
    fn a_part_that_names_something_unsaid_goes() {
        let text = "The image shows a boy on a wall, with curly brown hair, eating ice cream. The sea is calm.";
        let (kept, why) = without(&["identity"], text);
        assert_eq!(
            kept,
            ["A boy on a wall, eating ice cream", "The sea is calm"]
        );
        assert_eq!(why, ["says `hair` (identity): with curly brown hair"]);
    }

    #[test]
    fn a_sentence_goes_with_its_first_part() {
        let (kept, why) = without(
            &["people"],
            "A woman walks by, in the rain. Boats lie at the quay.",
        );
        assert_eq!(kept, ["Boats lie at the quay"]);
        assert_eq!(why, ["says `woman` (people): A woman walks by"]);
    }

    #[test]
    fn a_mood_is_a_fact_and_what_it_evokes_is_none() {
        let text = "A harbour at dusk, evoking a sense of wonder. The overall mood is gloomy, and quiet. \
            Boats lie still, creating a warm, cosy atmosphere.";
        let (kept, why) = without(&["stock"], text);
        assert_eq!(
            kept,
            [
                "A harbour at dusk",
                "A gloomy mood, and quiet",
                "Boats lie still, a warm and cosy mood"
            ]
        );
        assert_eq!(why, ["says `evoking` (stock): evoking a sense of wonder"]);
        let (kept, _) = without(
            &["people", "stock"],
            "The boy has a cheerful mood about him.",
        );
        assert!(kept.is_empty(), "that is the boy's: {kept:?}");
    }

    #[test]
    fn nothing_is_left_of_nothing() {
        assert_eq!(without(&["people"], " \n"), (Vec::new(), Vec::new()));
        assert_eq!(uncapitalised("TV on a wall"), "TV on a wall");
        assert_eq!(capitalised("étude"), "Étude");
    }
}
