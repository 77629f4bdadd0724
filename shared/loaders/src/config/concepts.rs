//! `OneTrainer`: `concepts.json`. What it does not know or like takes the
//! default, at most with a line on the terminal.

use serde_json::{Map, Value};

use super::Problem;

/// One folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Concept {
    /// Where it stands in the file.
    pub place: String,
    /// `path`.
    pub path: String,
    /// `include_subdirectories`.
    pub include_subdirectories: bool,
    /// `balancing`: repeats, or with the strategy `SAMPLES` pictures an epoch.
    pub balancing: f64,
    /// `text_variations`: how many captions are drawn of each image, and cached for all epochs
    /// unless the text encoder is trained.
    pub text_variations: u32,
    /// `image.enable_crop_jitter`, on unless switched off.
    pub enable_crop_jitter: bool,
}

const KNOWN: &[&str] = &[
    "__version",
    "balancing",
    "balancing_strategy",
    "concept_stats",
    "enabled",
    "image",
    "image_variations",
    "include_subdirectories",
    "loss_weight",
    "name",
    "path",
    "seed",
    "text",
    "text_variations",
    "type",
];

/// Keys whose values are words, and the words; the first is the default.
const WORDS: &[(&str, &[&str])] = &[
    ("type", &["STANDARD", "VALIDATION", "PRIOR_PREDICTION"]),
    ("balancing_strategy", &["REPEATS", "SAMPLES"]),
];

/// Reads a list of concepts.
pub fn read(text: &str) -> (Vec<Concept>, Vec<Problem>) {
    let concepts: Vec<Map<String, Value>> = match serde_json::from_str(text) {
        Ok(concepts) => concepts,
        Err(cause) => {
            let text = format!("not a list of objects: {cause}");
            return (Vec::new(), vec![Problem::fatal("config-syntax", "", text)]);
        }
    };
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (number, concept) in concepts.iter().enumerate() {
        let place = format!("[{number}]");
        check(concept, &place, &mut problems);
        if concept.get("enabled") == Some(&Value::Bool(false)) {
            continue;
        }
        let Some(path) = concept.get("path").and_then(Value::as_str) else {
            problems.push(Problem::fatal("config-missing", place, "`path` is missing"));
            continue;
        };
        found.push(Concept {
            place,
            path: path.to_owned(),
            include_subdirectories: concept.get("include_subdirectories")
                == Some(&Value::Bool(true)),
            balancing: concept
                .get("balancing")
                .and_then(Value::as_f64)
                .unwrap_or(1.0),
            text_variations: concept
                .get("text_variations")
                .and_then(Value::as_u64)
                .map_or(1, |count| u32::try_from(count).unwrap_or(u32::MAX)),
            enable_crop_jitter: concept
                .get("image")
                .and_then(|image| image.get("enable_crop_jitter"))
                != Some(&Value::Bool(false)),
        });
    }
    (found, problems)
}

fn check(concept: &Map<String, Value>, place: &str, problems: &mut Vec<Problem>) {
    let mut astray = |code, key: &str, text: String| {
        problems.push(Problem {
            code,
            place: format!("{place}.{key}"),
            text,
            fatal: false,
        });
    };
    // Files from before `__version` called the number of repeats `repeats`.
    let old = concept.get("__version").is_none_or(|version| version == 0);
    for key in concept.keys().map(String::as_str) {
        match key {
            "repeats" if old => {}
            "repeats" => astray(
                "config-key",
                key,
                "is not read: `balancing` is meant".into(),
            ),
            _ if KNOWN.contains(&key) => {}
            _ => astray("config-key", key, "is not read".into()),
        }
    }
    for (key, words) in WORDS {
        let wrong = |value: &&Value| !words.iter().any(|word| value.as_str() == Some(word));
        if let Some(value) = concept.get(*key).filter(wrong) {
            let text = format!(
                "is {value}, which is none of {words:?}: {} is taken",
                words[0]
            );
            astray("config-word", key, text);
        }
    }
    let source = concept
        .get("text")
        .and_then(|text| text.get("prompt_source"));
    let sources = ["sample", "concept", "filename"];
    if let Some(source) =
        source.filter(|source| !source.as_str().is_some_and(|s| sources.contains(&s)))
    {
        let text = format!("is {source}, which is none of {sources:?}");
        astray("config-word", "text.prompt_source", text);
    }
}
