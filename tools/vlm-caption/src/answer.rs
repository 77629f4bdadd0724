//! What a model answered, and what the record says of it.

use captions::answer::description;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::{Outcome, Record, Result};

use crate::schema::Schema;

/// What a model answered, as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Its words, without its thoughts.
    pub(crate) raw: String,
    /// Why it ended: `eos`, `length`, `loop`, or what a server calls it.
    pub(crate) finish: String,
    /// Tokens written, where that is known.
    pub(crate) tokens: Option<u64>,
}

/// What the key `captioner` holds.
#[derive(Debug, Serialize)]
struct Captioner<'a> {
    model: &'a str,
    raw: &'a str,
    finish: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Map<String, Value>>,
}

impl Answer {
    /// Writes the answer into the record; drops the record if the answer is no description.
    pub(crate) fn finish(
        &self,
        mut record: Record,
        model: &str,
        schema: Option<&Schema>,
    ) -> Result<Outcome> {
        let facts = schema.map(|schema| schema.facts(&self.raw)).transpose();
        let (text, facts, wrong) = match facts {
            Ok(None) => (self.raw.clone(), None, None),
            Ok(Some(facts)) => (crate::schema::sentence(&facts), Some(facts), None),
            Err(why) => (
                String::new(),
                None,
                Some(format!("the answer is not by the schema: {why}")),
            ),
        };
        let captioner = Captioner {
            model,
            raw: &self.raw,
            finish: &self.finish,
            tokens: self.tokens,
            facts,
        };
        record.put("captioner", &captioner)?;
        let reason = match (wrong, description(&text, self.finish == "length")) {
            (Some(wrong), _) => Some(wrong),
            (None, Err(fault)) => Some(fault.to_string()),
            (None, Ok(_)) if self.finish == "loop" => Some("the answer repeats itself".to_owned()),
            (None, Ok(_)) if self.finish == "refusal" => Some("the answer refuses".to_owned()),
            (None, Ok(caption)) => {
                record.put("caption", &caption)?;
                None
            }
        };
        Ok(Outcome::judge(record, reason))
    }
}
