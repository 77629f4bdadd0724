//! What a record says of its image, by the words that templates use.

use serde_json::Value;
use stage::{Record, Result};

/// The words for facts, and the keys that they are looked for under, first
/// to last. Any other word is a path of keys: `light.time` is `/light/time`.
const WORDS: &[(&str, &[&str])] = &[
    ("action", &["/pose/action"]),
    ("angle", &["/pose/angle"]),
    ("character", &["/character", "/identity/name"]),
    ("emotion", &["/emotion/label"]),
    ("intensity", &["/emotion/intensity"]),
    ("location", &["/location", "/tags/location", "/tags/place"]),
    ("setting", &["/light/setting"]),
    ("shot", &["/source/shot"]),
    ("style", &["/style", "/tags/style"]),
    ("time", &["/light/time", "/tags/time"]),
    ("weather", &["/light/weather", "/tags/weather"]),
];

/// The facts of one record.
pub(crate) struct Facts<'a> {
    /// The record.
    pub(crate) record: &'a Record,
    /// The trigger word, if there is one.
    pub(crate) trigger: Option<&'a str>,
    /// What the whole set is of, if that was said: a character, a style. It
    /// is said of every image, whatever its record says.
    pub(crate) subject: Option<&'a str>,
    /// What stands for it where neither that nor the record says so.
    pub(crate) otherwise: Option<&'a str>,
}

impl<'a> Facts<'a> {
    /// What the record alone says, of whatever it shows.
    pub(crate) fn alone(record: &'a Record) -> Self {
        Self {
            record,
            trigger: None,
            subject: None,
            otherwise: None,
        }
    }

    /// The fact that `word` stands for; `None` where it is unknown.
    pub(crate) fn value(&self, word: &str) -> Result<Option<String>> {
        let whole = matches!(word, "character" | "style" | "subject");
        match (word, self.subject) {
            ("trigger", _) => return Ok(self.trigger.map(str::to_owned)),
            ("condition", _) => return self.condition(),
            (_, Some(subject)) if whole => return Ok(Some(subject.to_owned())),
            _ => {}
        }
        let pointers = WORDS.iter().find(|(name, _)| *name == word);
        let path = format!("/{}", word.replace('.', "/"));
        let pointers = pointers.map_or(vec![path.as_str()], |(_, keys)| keys.to_vec());
        for pointer in pointers {
            let value = self.record.at::<Value>(pointer)?;
            if let Some(known) = value.as_ref().and_then(text) {
                return Ok(Some(known));
            }
        }
        Ok(self.otherwise.filter(|_| whole).map(str::to_owned))
    }

    /// The light in one word: the weather, or that there is none indoors.
    fn condition(&self) -> Result<Option<String>> {
        match self.value("setting")? {
            Some(setting) if setting == "indoor" => Ok(Some(setting)),
            _ => self.value("weather"),
        }
    }
}

/// The text of a value: of a list, as of labels with scores, the first.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.replace('_', " ").trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(values) => return values.first().and_then(text),
        Value::Null | Value::Object(_) => return None,
    };
    Some(text).filter(|text| !text.is_empty() && text != "unknown")
}
