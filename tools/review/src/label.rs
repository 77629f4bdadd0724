//! What the keys 1 to 9 set, and what images are grouped by.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Map, Value};
use stage::Record;

use crate::decision::is_fixed;

/// What images may be grouped by, beside the labels of the command line: what no key sets.
const GROUPS: [&str; 3] = ["/cluster/id", "/identity/name", "/source/shot"];

/// Keys that set a label.
const KEYS: usize = 9;

/// A JSON pointer, and the values that number keys set.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Label {
    pointer: String,
    values: Vec<String>,
    /// Whether any word may be its value: that of a place, or a name.
    open: bool,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pointer, values) = match text.split_once('=') {
            Some((pointer, values)) => (pointer, Some(values)),
            None => (text, None),
        };
        let open = values.is_none();
        let values: Vec<String> = values.map_or_else(Vec::new, |values| {
            values.split(',').map(str::to_owned).collect()
        });
        if is_fixed(pointer) {
            return Err(format!(
                "`{pointer}` identifies the image and cannot be changed"
            ));
        }
        let sound = is_pointer(pointer)
            && values.len() <= KEYS
            && values.iter().all(|value| !value.is_empty());
        sound
            .then(|| Self {
                pointer: pointer.to_owned(),
                values,
                open,
            })
            .ok_or_else(|| {
                "not a pointer, or a pointer and up to nine values, such as `/light/time=day,night`"
                    .to_owned()
            })
    }
}

fn is_pointer(text: &str) -> bool {
    text.len() > 1 && text.starts_with('/')
}

/// Reads a JSON pointer: the `value_parser` of such flags.
pub(crate) fn pointer(text: &str) -> Result<String, String> {
    let pointer = Some(text).filter(|text| is_pointer(text));
    { pointer.map(str::to_owned) }
        .ok_or_else(|| "not a JSON pointer, such as `/plate/original`".to_owned())
}

/// The labels of all images.
#[derive(Debug)]
pub(crate) struct Labels {
    /// Those that keys set, each with its values.
    pub(crate) labels: Vec<Label>,
    /// What of them the images have, and what else they may be grouped by.
    pub(crate) pointers: Vec<String>,
}

impl Labels {
    /// The pointers by which images may be grouped.
    pub(crate) fn asked(labels: &[Label]) -> Vec<String> {
        let named = labels.iter().map(|label| label.pointer.clone());
        let others = GROUPS.iter().map(|pointer| (*pointer).to_owned());
        let mut known = BTreeSet::new();
        named
            .chain(others)
            .filter(|pointer| known.insert(pointer.clone()))
            .collect()
    }

    /// Gives an open label the words that the most images have.
    pub(crate) fn new(
        labels: &[Label],
        asked: &[String],
        words: &[&HashMap<String, String>],
    ) -> Self {
        let labels = labels.iter().cloned().map(|label| {
            if !label.open {
                return label;
            }
            let mut counts = HashMap::<&str, usize>::new();
            let said = words.iter().filter_map(|words| words.get(&label.pointer));
            said.filter(|word| *word != "unknown")
                .for_each(|word| *counts.entry(word).or_default() += 1);
            let mut ranked: Vec<(&str, usize)> = counts.into_iter().collect();
            ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            let values = ranked.into_iter().take(KEYS);
            Label {
                values: values.map(|(word, _)| word.to_owned()).collect(),
                ..label
            }
        });
        let labels: Vec<Label> = labels.collect();
        let there = |pointer: &&String| {
            words.iter().any(|words| words.contains_key(*pointer))
                || labels.iter().any(|label| label.pointer == **pointer)
        };
        Self {
            pointers: asked.iter().filter(there).cloned().collect(),
            labels,
        }
    }
}

/// What a record says at each of `pointers`, as a word.
pub(crate) fn words(record: &Record, pointers: &[String]) -> HashMap<String, String> {
    let said = pointers.iter().filter_map(|pointer| {
        // A value of another kind is no label.
        let value = record.at::<Value>(pointer).ok().flatten()?;
        Some((pointer.clone(), word(&value)?))
    });
    said.collect()
}

/// A value as a word: a text, a number, or the best label of a list with scores.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(labels) => labels.first()?.get(0)?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// As [`words`], once a person has set some of it.
pub(crate) fn set_words(words: &HashMap<String, String>, set: &Map<String, Value>) -> Value {
    let mut all: Map<String, Value> = words
        .iter()
        .map(|(pointer, word)| (pointer.clone(), word.as_str().into()))
        .collect();
    for (pointer, value) in set {
        match word(value) {
            Some(word) => all.insert(pointer.clone(), word.into()),
            None => all.remove(pointer),
        };
    }
    all.sort_keys();
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_label_has_the_words_of_most_images() {
        let labels = [
            "/place".parse().unwrap(),
            "/time=day,night".parse().unwrap(),
        ];
        let said = ["sea", "hill", "hill", "unknown", "unknown", "unknown"];
        let words: Vec<HashMap<String, String>> = said
            .map(|word| HashMap::from([("/place".to_owned(), word.to_owned())]))
            .into();
        let words: Vec<&HashMap<String, String>> = words.iter().collect();
        let found = Labels::new(&labels, &Labels::asked(&labels), &words);
        assert_eq!(found.labels[0].values, ["hill", "sea"]);
        assert_eq!(found.labels[1].values, ["day", "night"]);
        assert_eq!(
            found.pointers,
            ["/place", "/time"],
            "no image has a cluster"
        );
    }

    #[test]
    fn a_label_is_a_pointer_and_at_most_nine_values() {
        for wrong in [
            "",
            "/",
            "place",
            "/a=",
            "/a=x,,y",
            "/a=1,2,3,4,5,6,7,8,9,10",
            "/id=a,b",
            "/id",
            "/image/x=a",
        ] {
            assert!(wrong.parse::<Label>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_beside_is_a_pointer() {
        assert_eq!(pointer("/plate/original").as_deref(), Ok("/plate/original"));
        for wrong in ["", "/", "x", "plate/original"] {
            assert!(pointer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_person_set_is_the_word() {
        let words = HashMap::from([("/tags/location".to_owned(), "sea".to_owned())]);
        let set = Map::from_iter([
            (
                "/tags/location".to_owned(),
                serde_json::json!([["quay", 1]]),
            ),
            ("/n".to_owned(), serde_json::json!(3)),
        ]);
        assert_eq!(
            set_words(&words, &set),
            serde_json::json!({"/n": "3", "/tags/location": "quay"})
        );
    }
}
