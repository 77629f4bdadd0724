//! The trigger: one word for all, one for each value, or a pattern.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use manifest::Record;

use crate::facts::{Fact, UNKNOWN, fact};
use crate::policy::{Need, Policy};

/// What stands for the value in a pattern.
const PLACE: &str = "{}";

/// A value that is the rest of all others: what its records share is no word for.
const OTHER: &str = "other";

/// The triggers of a run.
#[derive(Debug)]
pub struct Trigger {
    by_value: BTreeMap<String, String>,
    any: Option<String>,
    by: Vec<String>,
    need: Need,
    class: String,
}

/// The trigger of one record.
#[derive(Debug, PartialEq)]
pub enum Chosen {
    /// It begins with this.
    Word(String),
    /// It begins with nothing, as no trigger was asked for.
    None,
    /// It should begin with a trigger and has none, for this reason.
    Lacking(String),
}

impl Trigger {
    /// The triggers of `words`, each WORD or VALUE=WORD as on a command line, with the class word
    /// behind them. It is an error if the policy needs a trigger and there is none, or has no
    /// values that one could stand for.
    pub fn new(policy: &Policy, words: &[String], class: &str) -> Result<Self> {
        let mut trigger = Self {
            by_value: BTreeMap::new(),
            any: None,
            by: policy.trigger_by.clone(),
            need: policy.trigger,
            class: captions::text::clean(class),
        };
        for text in words {
            let (value, word) = text.split_once('=').unwrap_or(("", text));
            let word = captions::text::clean(word);
            ensure!(!word.is_empty(), "--trigger {text}: is empty");
            let varies = !value.is_empty() || word.contains(PLACE);
            ensure!(
                !varies || !trigger.by.is_empty(),
                "--trigger {text}: a policy for {} has one trigger for all records",
                policy.name
            );
            if value.is_empty() {
                trigger.any = Some(word);
            } else {
                trigger.by_value.insert(value.to_owned(), word);
            }
        }
        if policy.trigger == Need::Required && words.is_empty() {
            bail!(
                "captions for {} need a trigger: give one with --trigger",
                policy.name
            );
        }
        Ok(trigger)
    }

    /// The class word, which may be empty.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The trigger with the class word.
    pub fn with_class(&self, word: &str) -> String {
        format!("{word} {}", self.class).trim_end().to_owned()
    }

    /// The trigger of a record, without the class word.
    pub fn of(&self, record: &Record) -> Result<Chosen> {
        let value = self.value(record)?;
        let named = value.as_deref().unwrap_or(UNKNOWN);
        if let Some(word) = self.by_value.get(named) {
            return Ok(Chosen::Word(word.clone()));
        }
        Ok(match (&self.any, value) {
            (Some(word), _) if !word.contains(PLACE) => Chosen::Word(word.clone()),
            (Some(word), Some(value)) if value == OTHER => Chosen::Lacking(format!(
                "{word} cannot stand for `{OTHER}`: give --trigger {OTHER}=WORD"
            )),
            (Some(word), Some(value)) => {
                Chosen::Word(word.replace(PLACE, &captions::text::words(&value).join("_")))
            }
            (None, _) if self.by_value.is_empty() => Chosen::None,
            (None, Some(_)) if self.need == Need::Optional => Chosen::None,
            (None, Some(value)) => Chosen::Lacking(format!("no --trigger for `{value}`")),
            (_, None) => Chosen::Lacking(format!("{} is not known", self.by.join(", "))),
        })
    }

    /// The value that the trigger stands for.
    fn value(&self, record: &Record) -> Result<Option<String>> {
        for pointer in &self.by {
            if let Fact::Known(values) = fact(record, pointer, 1, 0.0)? {
                return Ok(values.into_iter().next());
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(triggers: &[&str], action: &str) -> Chosen {
        let policy = Policy::open(Some("pose"), None).unwrap();
        let words: Vec<String> = triggers.iter().map(|&word| word.into()).collect();
        let mut record = Record::new("a", "a.png").unwrap();
        record
            .put("pose", &serde_json::json!({"action": action}))
            .unwrap();
        Trigger::new(&policy, &words, "")
            .unwrap()
            .of(&record)
            .unwrap()
    }

    #[test]
    fn a_trigger_is_one_for_all_one_a_value_or_a_pattern() {
        let word = |word: &str| Chosen::Word(word.to_owned());
        assert_eq!(of(&["pse"], "running"), word("pse"));
        assert_eq!(
            of(&["running=run_pse", "sitting=sit_pse"], "sitting"),
            word("sit_pse")
        );
        assert_eq!(of(&["running=run_pse", "pse"], "sitting"), word("pse"));
        assert_eq!(of(&["{}_pse"], "lying down"), word("lying_down_pse"));
        let rest = ["{}_pse", "other=any_pse", "unknown=some_pse"];
        assert_eq!(of(&rest, "other"), word("any_pse"));
        assert_eq!(of(&rest, "unknown"), word("some_pse"));
        assert_eq!(of(&rest, "lying"), word("lying_pse"));
    }

    #[test]
    fn an_unknown_value_has_no_trigger() {
        assert!(matches!(of(&["{}_pse"], "unknown"), Chosen::Lacking(_)));
        assert!(
            matches!(of(&["{}_pse"], "other"), Chosen::Lacking(_)),
            "other actions have nothing in common that a word could stand for"
        );
        assert!(matches!(
            of(&["running=run_pse"], "sitting"),
            Chosen::Lacking(_)
        ));
    }

    #[test]
    fn a_policy_that_needs_a_trigger_asks_for_it() {
        let policy = Policy::open(Some("character"), None).unwrap();
        assert!(Trigger::new(&policy, &[], "").is_err());
        let policy = Policy::open(Some("style"), None).unwrap();
        assert!(
            Trigger::new(&policy, &["a=b".to_owned()], "").is_err(),
            "a style has no values"
        );
    }
}
