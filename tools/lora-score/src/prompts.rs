//! Prompts, and the facts that an image made with each is to show.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stage::manifest::Reader;
use stage::{Context, Record, Result, bail, ensure};

use crate::facts::{Fact, word};

/// The members of a prompt that are no facts, besides `identity`.
const OWN: [&str; 8] = [
    "id", "prompt", "seed", "cell", "of", "type", "trigger", "negative",
];

/// What an image was made with, and what it is to show.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// What the names of its images begin with.
    pub(crate) id: String,
    /// What the generator was told.
    pub(crate) text: String,
    /// The `id` of the image of the film that shows the same, if there is one.
    pub(crate) of: Option<String>,
    /// The characters that it names.
    pub(crate) names: Vec<String>,
    /// Its other facts.
    pub(crate) facts: Vec<Fact>,
}

/// All prompts, in their order.
#[derive(Debug)]
pub(crate) struct Prompts(pub(crate) Vec<Prompt>);

impl Prompts {
    /// Reads the prompts of manifests, whose ids must differ.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut all = Vec::new();
        let mut ids = BTreeSet::new();
        for path in paths {
            for prompt in read(path)? {
                let prompt = prompt?;
                ensure!(
                    ids.insert(prompt.id.clone()),
                    "{}: {}: two prompts have this id: give each its own",
                    path.display(),
                    prompt.id
                );
                all.push(prompt);
            }
        }
        if all.is_empty() {
            bail!(
                "{}: there is no prompt: hold images back with dataset-write --validation 10%",
                paths.first().map_or("", |path| path.to_str().unwrap_or(""))
            );
        }
        Ok(Self(all))
    }

    /// The prompt that an image was made with, by the id of its record: the longest id of a prompt that stands in it
    /// between other signs than letters and digits.
    pub(crate) fn of(&self, image: &str) -> Option<usize> {
        let edge = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
        let stands = |prompt: &Prompt| {
            image.match_indices(&prompt.id).any(|(at, id)| {
                edge(image[..at].chars().next_back()) && edge(image[at + id.len()..].chars().next())
            })
        };
        let found = self.0.iter().enumerate().filter(|(_, one)| stands(one));
        let found = found.max_by_key(|(number, one)| (one.id.len(), usize::MAX - number));
        found.map(|(number, _)| number)
    }
}

fn read(path: &Path) -> Result<impl Iterator<Item = Result<Prompt>>> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    let records = Reader::new(&name, BufReader::new(file)).records();
    Ok(records.map(move |record| {
        let record = record?;
        prompt(&record).with_context(|| {
            let id = record.get::<String>("id").unwrap_or_default();
            format!("{name}: {id}")
        })
    }))
}

fn prompt(record: &Record) -> Result<Prompt> {
    let names = match record.at::<Value>("/identity/name")? {
        Some(Value::Array(names)) => names.iter().filter_map(word).collect(),
        Some(name) => word(&name).into_iter().collect(),
        None => Vec::new(),
    };
    let mut facts = Vec::new();
    for key in record.keys().filter(|key| !OWN.contains(key)) {
        let value = record.get::<Value>(key)?;
        collect(&format!("/{}", escaped(key)), &value, &mut facts);
    }
    facts.retain(|fact| !fact.at.starts_with("/identity"));
    Ok(Prompt {
        id: record.id()?,
        text: record.find("prompt")?.unwrap_or_default(),
        of: record.find("of")?,
        names,
        facts,
    })
}

/// A step of a JSON pointer (RFC 6901).
fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// Every word, or list of words, in a value.
fn collect(at: &str, value: &Value, facts: &mut Vec<Fact>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect(&format!("{at}/{}", escaped(name)), value, facts);
            }
        }
        Value::Array(values) => {
            let wanted: Vec<_> = values.iter().filter_map(word).collect();
            facts.extend(Fact::new(at, wanted));
        }
        other => facts.extend(Fact::new(at, word(other).into_iter().collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(ids: &[&str]) -> Prompts {
        let one = |id: &&str| Prompt {
            id: (*id).to_owned(),
            text: String::new(),
            of: None,
            names: Vec::new(),
            facts: Vec::new(),
        };
        Prompts(ids.iter().map(one).collect())
    }

    #[test]
    fn an_image_is_of_the_longest_prompt_in_its_name() {
        let prompts = prompts(&["a_1", "a_1_b", "style_scene0001"]);
        assert_eq!(prompts.of("step100_a_1.i0"), Some(0));
        assert_eq!(prompts.of("step100_a_1_b_seed7"), Some(1));
        assert_eq!(prompts.of("base_style_scene0001.i0.f1"), Some(2));
        assert_eq!(prompts.of("base_style_scene00011"), None, "another number");
        assert_eq!(prompts.of("xa_1"), None);
    }

    #[test]
    fn facts_are_the_words_under_the_keys_of_records() {
        let line = br#"{"id":"p","prompt":"x","seed":3,"identity":{"name":["luca","pia"]},"emotion":{"label":"happy","intensity":"unknown"},"tags":{"place":[["beach",0.9],["pier",0.1]]},"pose":{"action":["running","walking"]}}"#;
        let record = stage::manifest::Line {
            number: 1,
            bytes: line.to_vec(),
        };
        let prompt = prompt(&record.parse().unwrap()).unwrap();
        assert_eq!(prompt.names, ["luca", "pia"]);
        let facts: Vec<_> = prompt
            .facts
            .iter()
            .map(|f| (f.at.as_str(), f.wanted.join("|")))
            .collect();
        assert_eq!(
            facts,
            [
                ("/emotion/label", "happy".to_owned()),
                ("/tags/place", "beach|pier".to_owned()),
                ("/pose/action", "running|walking".to_owned()),
            ]
        );
    }
}
