//! What is asked: a text with places for what is known of the image.

use std::fs;
use std::path::Path;

use serde_json::Value;
use stage::{Context, Record, Result, ensure};

/// What is asked where nothing else is.
const OWN: &str = "Describe this picture in two or three plain sentences: who or what it shows, what they do, \
    where they are, and the light. Begin with the subject itself. Do not speak of the picture, its style or its quality, \
    and do not guess at what it does not show.";

/// What stands for "no tool could find out".
const UNKNOWN: &str = "unknown";

/// The longest value that is put in, in characters.
const LONGEST: usize = 200;

/// A prompt, line by line.
#[derive(Debug)]
pub(crate) struct Prompt(String);

impl Prompt {
    /// The text given, or that in `file`, or the tool's own.
    pub(crate) fn open(text: Option<&str>, file: Option<&Path>) -> Result<Self> {
        let prompt = match (text, file) {
            (Some(text), _) => text.to_owned(),
            (None, Some(file)) => fs::read_to_string(file)
                .with_context(|| format!("--prompt-file {}", file.display()))?,
            (None, None) => OWN.to_owned(),
        };
        let prompt = prompt.trim().to_owned();
        ensure!(!prompt.is_empty(), "the prompt is empty");
        Ok(Self(prompt))
    }

    /// The prompt for one record: `{/light/time}` becomes what the record says there, and a line
    /// with a place of which nothing is known is left out.
    pub(crate) fn of(&self, record: &Record) -> Result<String> {
        let lines: Vec<Option<String>> = self
            .0
            .lines()
            .map(|line| filled(line, record))
            .collect::<Result<_>>()?;
        Ok(lines.into_iter().flatten().collect::<Vec<_>>().join("\n"))
    }
}

fn filled(line: &str, record: &Record) -> Result<Option<String>> {
    let mut filled = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("{/") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        let pointer = &rest[start + 1..start + length];
        let Some(value) = known(record, pointer)? else {
            return Ok(None);
        };
        filled.push_str(&rest[..start]);
        filled.push_str(&value);
        rest = &rest[start + length + 1..];
    }
    filled.push_str(rest);
    Ok(Some(filled))
}

fn known(record: &Record, pointer: &str) -> Result<Option<String>> {
    let text = match record.at::<Value>(pointer)? {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Array(values)) => values
            .iter()
            .filter_map(word)
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    };
    let text: String = captions::text::clean(&text).chars().take(LONGEST).collect();
    Ok((!text.is_empty() && text != UNKNOWN).then_some(text))
}

/// A text, or the label of a label with its score.
fn word(value: &Value) -> Option<&str> {
    value
        .as_str()
        .or_else(|| value.get(0)?.as_str())
        .filter(|word| *word != UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_put_in_and_what_is_not_leaves_its_line_out() {
        let mut record = Record::new("a", "a.png").unwrap();
        let light = serde_json::json!({"time": "evening", "weather": "unknown"});
        record.put("light", &light).unwrap();
        record
            .put(
                "tags",
                &serde_json::json!({"location": [["harbour", 0.9], ["quay", 0.4]]}),
            )
            .unwrap();
        let prompt = "Describe it.\nIt is {/light/time}.\nThe weather: {/light/weather}.\nIt may show {/tags/location}.";
        let prompt = Prompt::open(Some(prompt), None).unwrap();
        assert_eq!(
            prompt.of(&record).unwrap(),
            "Describe it.\nIt is evening.\nIt may show harbour, quay."
        );
    }

    #[test]
    fn braces_that_are_no_place_stay() {
        let record = Record::new("a", "a.png").unwrap();
        let prompt = Prompt::open(Some("Write {\"a\": 1} or {/"), None).unwrap();
        assert_eq!(prompt.of(&record).unwrap(), "Write {\"a\": 1} or {/");
        assert!(Prompt::open(Some(" \n"), None).is_err());
    }
}
