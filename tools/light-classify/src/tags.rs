//! What clip-tag says of the light, beside what the colours say.

use std::collections::HashMap;

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

/// Gives each question the label whose score is the best on the mean of the colours and of the group
/// of `tags` that is named like it, or `unknown` where that mean is below `threshold`; names the
/// questions whose answer changed in `light.tagged`.
///
/// A group that says `unknown` is not asked. A `light` without scores, as a user may write it, keeps what
/// it says, and gets the best label where it says `unknown`.
pub(crate) fn join(record: &mut Record, threshold: f64) -> Result<()> {
    let mut tagged = Vec::new();
    for (question, labels) in QUESTIONS {
        let tags: Scores = record.labels(question)?.into_iter().flatten().collect();
        let Some(best) = best(labels, |label| tags.get(label).copied()) else {
            continue;
        };
        let said: Option<String> = record.at(&format!("/light/{question}"))?;
        let said = said.unwrap_or_else(|| UNKNOWN.to_owned());
        let colours: Option<Scores> = record.at(&format!("/light/scores/{question}"))?;
        let label = match colours {
            Some(colours) => {
                let of = |scores: &Scores, label: &str| scores.get(label).copied().unwrap_or(0.0);
                let mean = |label: &str| f64::midpoint(of(&colours, label), of(&tags, label));
                self::best(labels, |label| Some(mean(label)))
                    .filter(|label| mean(label) >= threshold)
                    .unwrap_or(UNKNOWN)
            }
            None if said == UNKNOWN => best,
            None => continue,
        };
        if label != said {
            record.put_member("light", question, &label)?;
            tagged.push(question);
        }
    }
    if !tagged.is_empty() {
        record.put_member("light", "tagged", &tagged)?;
    }
    Ok(())
}

/// A score of each label.
type Scores = HashMap<String, f64>;

/// The label with the best of the scores that there are.
fn best<'a>(labels: &[&'a str], score: impl Fn(&str) -> Option<f64>) -> Option<&'a str> {
    let scored = labels
        .iter()
        .filter_map(|label| Some((*label, score(label)?)));
    scored
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(label, _)| label)
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
        join(&mut record, 0.5).unwrap();
        record.get("light").unwrap()
    }

    /// What is said of the weather, and what changed, where the colours and the tags say this.
    fn weather(said: &str, colours: &str, tags: &str) -> String {
        let light = light_of(&format!(
            r#"{{"id":"a","light":{{"weather":"{said}","scores":{{"weather":{colours}}}}},"tags":{{"weather":{tags}}}}}"#
        ));
        format!("{} {}", light["weather"], light["tagged"])
    }

    #[test]
    fn the_mean_of_both_decides() {
        let colours = r#"{"sunny":0.4,"cloudy":0.5,"rainy":0.1}"#;
        // 0.45, 0.45 + 0.05 of rainy; then 0.65 of sunny.
        let tags = r#"[["cloudy",0.4],["sunny",0.5]]"#;
        assert_eq!(weather("unknown", colours, tags), r#""unknown" null"#);
        let tags = r#"[["sunny",0.9],["cloudy",0.1]]"#;
        assert_eq!(weather("unknown", colours, tags), r#""sunny" ["weather"]"#);
    }

    #[test]
    fn where_they_contradict_each_other_nothing_is_said() {
        let colours = r#"{"sunny":0.95,"cloudy":0.05,"rainy":0.0}"#;
        let tags = r#"[["rainy",0.95],["cloudy",0.05]]"#;
        assert_eq!(weather("sunny", colours, tags), r#""unknown" ["weather"]"#);
    }

    #[test]
    fn what_both_say_stays_and_is_not_named() {
        let colours = r#"{"sunny":0.8,"cloudy":0.1,"rainy":0.1}"#;
        let tags = r#"[["sunny",0.7],["cloudy",0.3]]"#;
        assert_eq!(weather("sunny", colours, tags), r#""sunny" null"#);
    }

    #[test]
    fn tags_that_are_no_answer_change_nothing() {
        let colours = r#"{"sunny":0.8,"cloudy":0.1,"rainy":0.1}"#;
        for tags in [r#"[["unknown",0.3]]"#, r#"[["foggy",1]]"#, "[]"] {
            assert_eq!(weather("sunny", colours, tags), r#""sunny" null"#, "{tags}");
        }
    }

    #[test]
    fn light_without_scores_is_only_filled() {
        let light = light_of(
            r#"{"id":"a","light":{"time":"unknown","weather":"rainy","setting":"unknown"},"tags":{"time":[["night",0.8]],"weather":[["sunny",0.9]]}}"#,
        );
        assert_eq!(
            light,
            serde_json::json!({"time": "night", "weather": "rainy", "setting": "unknown", "tagged": ["time"]})
        );
    }
}
