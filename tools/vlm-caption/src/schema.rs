//! Answers by a schema: facts with names, of which captions are composed later.

use std::fs;
use std::path::Path;

use captions::text;
use serde_json::{Map, Value};
use stage::{Context, Result, ensure};

use crate::shape;

/// The schema that comes with the tool, and what it is called.
const OWN: (&str, &str) = ("image", include_str!("../schemas/image.json"));

/// The longest text that a fact may be, in characters.
const LONGEST: usize = 400;

/// The fact that is a whole description.
const DESCRIPTION: &str = "description";

/// What answers must be.
#[derive(Debug)]
pub(crate) struct Schema(Value);

impl Schema {
    /// The tool's own, `image`, or the one in a file.
    pub(crate) fn open(name: &str) -> Result<Self> {
        let text = if name == OWN.0 {
            OWN.1.to_owned()
        } else {
            fs::read_to_string(Path::new(name)).with_context(|| format!("--schema {name}"))?
        };
        let schema: Value =
            serde_json::from_str(&text).with_context(|| format!("--schema {name}"))?;
        ensure!(
            schema["type"] == "object" && schema["properties"].is_object(),
            "--schema {name}: answers must be objects with properties"
        );
        shape::known(&schema).map_err(|error| stage::anyhow!("--schema {name}: {error}"))?;
        Ok(Self(schema))
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.0
    }

    /// The prompt, with what the answer must be behind it.
    pub(crate) fn asked(&self, prompt: &str) -> String {
        format!(
            "{prompt}\nAnswer with one JSON object by this schema, and write \"unknown\" where the picture does not show it:\n{}",
            self.0
        )
    }

    /// The facts in an answer; or what is wrong with it.
    ///
    /// The object may stand in a code fence, and words may stand around it.
    pub(crate) fn facts(&self, answer: &str) -> Result<Map<String, Value>, String> {
        let facts = object(answer, |value| self.check(value))?;
        let kept = facts
            .into_iter()
            .filter_map(|(name, value)| Some((name, tidy(value)?)));
        Ok(kept.collect())
    }

    /// Whether a text is an answer and nothing else: no words stand around the object.
    pub(crate) fn is_alone(&self, text: &str) -> bool {
        serde_json::from_str(text).is_ok_and(|value| self.check(&value).is_ok())
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        // It says nothing, even where the schema asks for nothing.
        if value.as_object().is_some_and(Map::is_empty) {
            return Err("the JSON object is empty".to_owned());
        }
        shape::check(&self.0, value, "")
    }
}

/// The first JSON object in a text that passes a check: each from its brace to the brace that matches, and
/// none within another. An object that has no end takes all that follows.
fn object(
    answer: &str,
    check: impl Fn(&Value) -> Result<(), String>,
) -> Result<Map<String, Value>, String> {
    let mut unreadable = None;
    // Of the objects that fail the check the longest was meant.
    let mut wrong: Option<(usize, String)> = None;
    let mut next = 0;
    while let Some(start) = answer[next..].find('{').map(|at| next + at) {
        let mut values = serde_json::Deserializer::from_str(&answer[start..]).into_iter();
        let value = values.next().transpose();
        let length = values.byte_offset();
        match value {
            Ok(Some(value)) => {
                match (check(&value), value) {
                    (Ok(()), Value::Object(facts)) => return Ok(facts),
                    (Err(why), _) if wrong.as_ref().is_none_or(|(most, _)| length > *most) => {
                        wrong = Some((length, why));
                    }
                    _ => {}
                }
                next = start + length.max(1);
            }
            Err(error) if error.is_eof() => {
                return Err("the JSON object has no end".to_owned());
            }
            Err(error) => {
                unreadable.get_or_insert(error);
                next = start + 1;
            }
            Ok(None) => break,
        }
    }
    let unreadable = || unreadable.map(|error| error.to_string());
    let why = wrong.map(|(_, why)| why).or_else(unreadable);
    Err(why.unwrap_or_else(|| "there is no JSON object".to_owned()))
}

/// A fact without control characters, empty texts and null; not too long.
fn tidy(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => {
            let text: String = text::clean(&text).chars().take(LONGEST).collect();
            (!text.is_empty() && !text::is_degenerate(&text)).then_some(Value::String(text))
        }
        Value::Array(values) => {
            let values: Vec<Value> = values.into_iter().filter_map(tidy).collect();
            (!values.is_empty()).then_some(Value::Array(values))
        }
        other => Some(other),
    }
}

/// A sentence of the facts: the description, or subject, action and place.
pub(crate) fn sentence(facts: &Map<String, Value>) -> String {
    let known = |name: &str| {
        let text = facts.get(name).and_then(Value::as_str)?;
        (!text.eq_ignore_ascii_case("unknown")).then_some(text)
    };
    if let Some(description) = known(DESCRIPTION) {
        return description.to_owned();
    }
    let parts: Vec<&str> = ["subject", "action", "place", "light"]
        .into_iter()
        .filter_map(known)
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"subject": "a boy", "action": "running", "place": "a harbour", "light": "evening light",
        "clothing": ["a shirt"], "props": [], "objects": ["boats", " "], "expression": "unknown", "framing": "full body",
        "viewpoint": "eye level", "description": "A boy runs along the quay."}"#;

    #[test]
    fn facts_are_read_out_of_what_is_around_them() {
        let schema = Schema::open("image").unwrap();
        let facts = schema
            .facts(&format!("Here it is:\n```json\n{ANSWER}\n```"))
            .unwrap();
        assert_eq!(facts["objects"], serde_json::json!(["boats"]));
        assert!(!facts.contains_key("props"));
        assert_eq!(sentence(&facts), "A boy runs along the quay.");
        let among = format!("As {{asked}}:\n{ANSWER}\nI left out {{props}}.");
        assert_eq!(schema.facts(&among).unwrap(), facts);
    }

    #[test]
    fn mood_and_features_are_of_few_words() {
        let schema = Schema::open("image").unwrap();
        let with = |more: &str| ANSWER.replacen('{', &format!("{{{more}, "), 1);
        let said = r#""mood": "gloomy", "features": ["eyes closed", "smile"]"#;
        let facts = schema.facts(&with(said)).unwrap();
        assert_eq!(facts["mood"], "gloomy");
        assert_eq!(
            facts["features"],
            serde_json::json!(["eyes closed", "smile"])
        );
        for hollow in [
            r#""mood": "a sense of wonder""#,
            r#""features": ["captivating eyes"]"#,
        ] {
            assert!(schema.facts(&with(hollow)).is_err(), "{hollow}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_said() {
        let schema = Schema::open("image").unwrap();
        let wrong = |answer: &str| schema.facts(answer).unwrap_err();
        assert_eq!(wrong("A boy runs."), "there is no JSON object");
        assert_eq!(wrong("{\"subject\": "), "the JSON object has no end");
        assert_eq!(wrong("{\"subject\": \"a boy\"}"), "`action` is missing");
        let seven = ANSWER.replace("\"a boy\"", "7");
        assert_eq!(wrong(&seven), "/subject is not a string");
        let other = ANSWER.replace("full body", "from afar");
        assert!(wrong(&other).starts_with("/framing is not one of \"close-up\", "));
    }

    #[test]
    fn the_object_that_was_meant_is_found() {
        let schema = Schema::open("image").unwrap();
        let facts = schema.facts(ANSWER).unwrap();
        for around in [
            format!("I leave out {{}} and {{\"mood\": 1}}.\n{ANSWER}"),
            format!("{ANSWER}\nOr, in short: {{\"subject\": \"a girl\"}}, {{"),
        ] {
            assert_eq!(schema.facts(&around).as_ref(), Ok(&facts), "{around}");
        }
        let wrong = |answer: &str| schema.facts(answer).unwrap_err();
        assert_eq!(
            wrong("{} {\"subject\": \"a boy\"} {}"),
            "`action` is missing",
            "of the longest"
        );
    }

    #[test]
    fn a_part_of_an_object_that_is_cut_off_is_no_answer() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(
            file.path(),
            r#"{"type": "object", "properties": {"b": {"type": "integer"}}}"#,
        )
        .unwrap();
        let schema = Schema::open(file.path().to_str().unwrap()).unwrap();
        for cut in [
            r#"{"a": {"b": 1}, "c": "on and"#,
            r#"{"a": {"b": 1}, "c": "#,
        ] {
            assert_eq!(
                schema.facts(cut).unwrap_err(),
                "the JSON object has no end",
                "{cut}"
            );
        }
        assert_eq!(schema.facts(r#"{"b": 1}"#).unwrap()["b"], 1);
        assert_eq!(schema.facts(r#"{} {"b": 1}"#).unwrap()["b"], 1);
        assert_eq!(schema.facts("{}").unwrap_err(), "the JSON object is empty");
    }

    #[test]
    fn facts_make_a_sentence_where_there_is_none() {
        let facts =
            serde_json::json!({"subject": "a boy", "action": "unknown", "place": "a harbour"});
        assert_eq!(sentence(facts.as_object().unwrap()), "a boy, a harbour");
    }
}
