//! What clip-tag says of the light, for what the colours do not tell.

use stage::{Record, Result};

use crate::model::UNKNOWN;

/// The questions and the labels that answer them; labels of other words are for other purposes.
const QUESTIONS: [(&str, &[&str]); 3] = [
    (
        "time",
        &["morning", "noon", "afternoon", "evening", "night"],
    ),
    ("weather", &["sunny", "cloudy", "rainy"]),
    ("setting", &["indoor", "outdoor"]),
];

/// Puts the best label of the group of `tags` that is named like a question where `light` says
/// `unknown`, and the names of those questions into `light.tagged`.
pub(crate) fn fill(record: &mut Record) -> Result<()> {
    let mut tagged = Vec::new();
    for (question, labels) in QUESTIONS {
        let said: Option<String> = record.at(&format!("/light/{question}"))?;
        if said.is_some_and(|said| said != UNKNOWN) {
            continue;
        }
        let best: Option<String> = record.at(&format!("/tags/{question}/0/0"))?;
        if let Some(label) = best.filter(|label| labels.contains(&label.as_str())) {
            record.put_member("light", question, &label)?;
            tagged.push(question);
        }
    }
    if !tagged.is_empty() {
        record.put_member("light", "tagged", &tagged)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light_of(text: &str) -> serde_json::Value {
        let line = stage::manifest::Line {
            number: 1,
            bytes: text.as_bytes().to_vec(),
        };
        let mut record = line.parse().unwrap();
        fill(&mut record).unwrap();
        record.get("light").unwrap()
    }

    #[test]
    fn only_what_the_colours_do_not_tell_is_taken() {
        let light = light_of(
            r#"{"id":"a","light":{"time":"unknown","weather":"rainy","setting":"unknown"},"tags":{"time":[["night",0.8]],"weather":[["sunny",0.9]]}}"#,
        );
        assert_eq!(
            light,
            serde_json::json!({"time": "night", "weather": "rainy", "setting": "unknown", "tagged": ["time"]})
        );
    }

    #[test]
    fn a_label_that_is_no_answer_is_not_taken() {
        let light = light_of(
            r#"{"id":"a","light":{"time":"unknown"},"tags":{"time":[["unknown",0.3]],"weather":[["foggy",1]]}}"#,
        );
        assert_eq!(light, serde_json::json!({"time": "unknown"}));
    }
}
