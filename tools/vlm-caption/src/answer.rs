//! What a model answered, and what the record says of it.

use captions::answer::description;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::{Outcome, Record, Result};

use crate::schema::{Schema, sentence};

/// What a model answered, as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Its words, without its thoughts.
    pub(crate) raw: String,
    /// Why it ended: `eos`, `length`, `loop`, or what a server calls it.
    pub(crate) finish: String,
    /// Tokens written, where that is known.
    pub(crate) tokens: Option<u64>,
    /// Whether the server had put it among the model's thoughts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) from_reasoning: bool,
}

/// What the key `captioner` holds.
#[derive(Debug, Serialize)]
struct Captioner<'a> {
    model: &'a str,
    raw: &'a str,
    finish: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    from_reasoning: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Map<String, Value>>,
}

/// What an answer comes to.
struct Verdict {
    facts: Option<Map<String, Value>>,
    /// The caption, or why there is none.
    caption: Result<String, String>,
}

impl Answer {
    /// Whether the answer is a caption: nothing else is worth remembering.
    pub(crate) fn is_caption(&self, schema: Option<&Schema>) -> bool {
        self.verdict(schema).caption.is_ok()
    }

    /// Writes the answer into the record; drops the record if the answer is no description.
    pub(crate) fn finish(
        &self,
        mut record: Record,
        model: &str,
        schema: Option<&Schema>,
    ) -> Result<Outcome> {
        let Verdict { facts, caption } = self.verdict(schema);
        let captioner = Captioner {
            model,
            raw: &self.raw,
            finish: &self.finish,
            tokens: self.tokens,
            from_reasoning: self.from_reasoning,
            facts,
        };
        record.put("captioner", &captioner)?;
        let reason = match caption {
            Ok(caption) => {
                record.put("caption", &caption)?;
                None
            }
            Err(reason) => Some(reason),
        };
        Ok(Outcome::judge(record, reason))
    }

    fn verdict(&self, schema: Option<&Schema>) -> Verdict {
        let facts = match schema.map(|schema| schema.facts(&self.raw)).transpose() {
            Ok(facts) => facts,
            Err(why) => {
                return Verdict {
                    facts: None,
                    caption: Err(format!("the answer does not match the schema: {why}")),
                };
            }
        };
        let text = facts.as_ref().map_or_else(|| self.raw.clone(), sentence);
        let caption = match description(&text, self.finish == "length") {
            Ok(_) if self.finish == "loop" => Err("the answer repeats itself".to_owned()),
            Ok(_) if self.finish == "refusal" => Err(format!("the answer refuses: `{text}`")),
            Ok(caption) => Ok(caption),
            Err(fault) => Err(fault.to_string()),
        };
        Verdict { facts, caption }
    }
}
