//! What a model said of an image against what was measured of it.

use anyhow::Result;
use captions::claims::CLAIMS;
use captions::text::{self, Phrases};
use clap::ValueEnum;
use manifest::Record;
use serde::Serialize;
use serde_json::Value;

use crate::facts::{Fact, fact};
use crate::kinds::Known;

/// Where a model's words stand; the later ones only where the earlier are not.
const SAID: [&str; 2] = ["/captioner/facts", "/captioner/raw"];

/// So much of a model's words is compared, in characters.
const LONGEST: usize = 4_000;

/// What to do with records whose description contradicts a measurement
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Contradictions {
    /// Drop the record
    Drop,
    /// Leave the contradiction out of the caption, or put the right noun there, and note it under `facts`
    Flag,
    /// Compare nothing
    Ignore,
}

/// One contradiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// Where the measured value is; empty for a name.
    #[serde(skip_serializing_if = "String::is_empty")]
    at: String,
    /// What was measured, or that it is another character's name.
    is: String,
    /// What was said.
    pub says: String,
    /// Whether the description gets another noun there, and can be said.
    #[serde(skip)]
    pub mended: bool,
}

impl Contradiction {
    /// The contradiction in words.
    pub fn told(&self) -> String {
        let Self { at, is, says, .. } = self;
        if at.is_empty() {
            return format!("the model says `{says}`, {is}");
        }
        format!("the model says `{says}` where {at} is {is}")
    }
}

impl Contradictions {
    /// What there is to be compared, and contradicts; nothing where it is not asked for.
    pub fn found(
        self,
        record: &Record,
        others: &[String],
        known: Option<&Known>,
    ) -> Result<Vec<Contradiction>> {
        if self == Self::Ignore {
            return Ok(Vec::new());
        }
        let mut found = found(record, others)?;
        if let Some(known) = known
            && let Some(captioner) = record.at("/captioner")?
            && let Some((_, said)) = known.rewritten(&captioner)
        {
            found.extend(said.into_iter().map(|says| Contradiction {
                at: "/instance".to_owned(),
                is: known.kind.name().to_owned(),
                says,
                mended: true,
            }));
        }
        Ok(found)
    }
}

/// What was said of the image of `record` that contradicts what was measured, or names one of
/// the `others`.
fn found(record: &Record, others: &[String]) -> Result<Vec<Contradiction>> {
    let text = said(record)?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Contradiction> = Vec::new();
    for claims in CLAIMS {
        let Fact::Known(measured) = fact(record, claims.pointer, 1, 0.0)? else {
            continue;
        };
        let against = measured
            .first()
            .and_then(|measured| claims.against(measured, &text));
        found.extend(against.map(|against| Contradiction {
            at: against.pointer.to_owned(),
            is: against.measured,
            says: against.says,
            mended: false,
        }));
    }
    let words = text::words(&text);
    for name in others {
        if let Some(says) = Phrases::new([name.as_str()]).find(&words) {
            found.push(Contradiction {
                at: String::new(),
                is: "the name of another character".to_owned(),
                says,
                mended: false,
            });
        }
    }
    found.dedup();
    Ok(found)
}

fn said(record: &Record) -> Result<String> {
    for pointer in SAID {
        let text = match record.at::<Value>(pointer)? {
            Some(Value::String(text)) => text,
            Some(Value::Object(facts)) => {
                let texts = facts.values().filter_map(Value::as_str);
                texts.collect::<Vec<_>>().join(". ")
            }
            _ => continue,
        };
        return Ok(text.chars().take(LONGEST).collect());
    }
    Ok(String::new())
}
