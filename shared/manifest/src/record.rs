//! One image and what is known of it.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::{Error, Result, renamed, write};

/// How many decimals [`Record::put`] keeps.
pub const DIGITS: u32 = 5;

/// So many decimals round no number.
const EVERY_DIGIT: u32 = f64::MAX_10_EXP as u32;

/// Keys of measurements and places that hold for the whole image, and not for a part of it.
const OF_THE_WHOLE: [&str; 12] = [
    "boxes",
    "masks",
    "crop",
    "cluster",
    "dedup",
    "embedding",
    "face",
    "features",
    "format",
    "pose",
    "quality",
    "text",
];

/// What a duplicate key's error starts with, so that it can be told apart.
const TWICE: &str = "key stands twice: ";

/// One image and what is known of it: an ordered map of key to raw JSON.
///
/// ```
/// # fn main() -> manifest::Result<()> {
/// let mut record = manifest::Line {
///     number: 1,
///     bytes: br#"{"id":"a","mine":1e400,"image":"a.png"}"#.to_vec(),
/// }
/// .parse()?;
/// record.put("width", &640)?;
/// assert_eq!(record.get::<String>("image")?, "a.png");
/// assert_eq!(
///     record.to_string(),
///     r#"{"id":"a","mine":1e400,"image":"a.png","width":640}"#
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Record {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// The key as JSON text, with its quotes and escapes.
    quoted: Box<RawValue>,
    /// The key itself, where it has escapes and `quoted` is not it already.
    unescaped: Option<String>,
    value: Box<RawValue>,
}

impl Entry {
    fn key(&self) -> &str {
        match &self.unescaped {
            Some(key) => key,
            None => self.quoted.get().trim_matches('"'),
        }
    }
}

impl Record {
    /// A record of an image: its `id` and the path in `image`.
    pub fn new(id: &str, image: &str) -> Result<Self> {
        let mut record = Self::default();
        record.put("id", id)?;
        record.put("image", image)?;
        Ok(record)
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(Entry::key)
    }

    /// The raw JSON of `key`.
    pub fn raw(&self, key: &str) -> Option<&RawValue> {
        let entry = self.entries.iter().find(|entry| entry.key() == key)?;
        Some(&entry.value)
    }

    /// Whether the record has `key`.
    pub fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Parses the value of `key`; it is an error if it is missing.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<T> {
        self.find(key)?
            .ok_or_else(|| Error::Missing(key.to_owned()))
    }

    /// Parses the value of `key`; `None` if it is missing or null.
    pub fn find<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.raw(key).map_or(Ok(None), |raw| parse(raw, key))
    }

    /// Parses the value that a JSON pointer (RFC 6901) leads to, as
    /// `/embedding/vector`; `None` if any step of it is missing or null.
    ///
    /// Only the values on the way are parsed. A pointer to what an earlier version called otherwise is
    /// an error, and so is a record of that version.
    pub fn at<T: DeserializeOwned>(&self, pointer: &str) -> Result<Option<T>> {
        renamed::check(pointer)?;
        let found = match self.value(pointer)? {
            Some(value) => parse(&value, pointer)?,
            None => None,
        };
        if found.is_none() {
            renamed::check_missing(self, pointer)?;
        }
        Ok(found)
    }

    /// The raw JSON that a JSON pointer leads to.
    pub(crate) fn value(&self, pointer: &str) -> Result<Option<Box<RawValue>>> {
        let wrong = || Error::Pointer(pointer.to_owned());
        let mut steps = pointer.strip_prefix('/').ok_or_else(wrong)?.split('/');
        let key = unescape(steps.next().ok_or_else(wrong)?);
        let Some(raw) = self.raw(&key) else {
            return Ok(None);
        };
        let mut value = raw.to_owned();
        for step in steps {
            match write::child(&value, &unescape(step)) {
                Some(child) => value = child,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    /// Sets `key`, in its place if it is there and at the end if not.
    ///
    /// Numbers that are not integers are rounded to [`DIGITS`] decimals.
    /// NaN, infinity and null anywhere in `value` are an error.
    pub fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<()> {
        self.put_rounded(key, value, DIGITS)
    }

    /// Sets the member `name` of the object under `key`, which is made if it
    /// is not there; its other members stay as they are.
    ///
    /// ```
    /// # fn main() -> manifest::Result<()> {
    /// let mut record = manifest::Record::new("a", "a.png")?;
    /// record.put_member("models", "rtmpose", &"small")?;
    /// record.put_member("models", "char-detect", &"large")?;
    /// record.put_member("models", "rtmpose", &"medium")?;
    /// assert_eq!(record.raw("models").map(|raw| raw.get()), Some(r#"{"rtmpose":"medium","char-detect":"large"}"#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_member<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        name: &str,
        value: &T,
    ) -> Result<()> {
        let mut object: serde_json::Map<String, serde_json::Value> =
            self.find(key)?.unwrap_or_default();
        let value = serde_json::to_value(value).map_err(|cause| Error::Value {
            key: format!("{key}.{name}"),
            cause,
        })?;
        object.insert(name.to_owned(), value);
        self.put(key, &object)
    }

    /// As [`Record::put`], with another number of decimals.
    pub fn put_rounded<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
        digits: u32,
    ) -> Result<()> {
        let value = write::raw(key, value, digits)?;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key() == key) {
            entry.value = value;
            return Ok(());
        }
        let quoted = write::raw(key, key, 0)?;
        self.entries.push(Entry {
            unescaped: unescaped(&quoted).map_err(Error::Syntax)?,
            quoted,
            value,
        });
        Ok(())
    }

    /// Sets `key` with all decimals of its numbers: for what was read and is only written again.
    ///
    /// ```
    /// let mut record = manifest::Record::new("a", "a.png").unwrap();
    /// record.put_unrounded("mine", &0.123_456_789).unwrap();
    /// assert_eq!(record.raw("mine").map(|raw| raw.get()), Some("0.123456789"));
    /// ```
    pub fn put_unrounded<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<()> {
        self.put_rounded(key, value, EVERY_DIGIT)
    }

    /// Removes what holds for the whole image alone, as before a record becomes that of a part of it.
    ///
    /// ```
    /// let mut record = manifest::Record::new("a", "a.png").unwrap();
    /// record.put("quality", &1).unwrap();
    /// record.forget_the_whole();
    /// assert_eq!(record.keys().collect::<Vec<_>>(), ["id", "image"]);
    /// ```
    pub fn forget_the_whole(&mut self) {
        for key in OF_THE_WHOLE {
            self.remove(key);
        }
    }

    /// Sets `key` to what it is in `other`, byte for byte; where that has no
    /// such key nothing changes.
    pub fn copy(&mut self, other: &Self, key: &str) {
        let Some(taken) = other.entries.iter().find(|entry| entry.key() == key) else {
            return;
        };
        match self.entries.iter_mut().find(|entry| entry.key() == key) {
            Some(entry) => entry.value.clone_from(&taken.value),
            None => self.entries.push(taken.clone()),
        }
    }

    /// Takes `key` away.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|entry| entry.key() != key);
    }

    /// The record's `id`, checked: 1 to 200 bytes, no `/`, no backslash, no
    /// control characters, no dot in front, so that a file can carry it.
    pub fn id(&self) -> Result<String> {
        let id: String = self.get("id")?;
        let bad = |c: char| c == '/' || c == '\\' || c.is_control();
        if id.is_empty() || id.len() > 200 || id.starts_with('.') || id.contains(bad) {
            return Err(Error::UnsafeId(id));
        }
        Ok(id)
    }

    /// The path in `image`.
    pub fn image(&self) -> Result<std::path::PathBuf> {
        self.get("image")
    }

    /// Appends the record to `line` as one line of JSON, with its newline.
    pub fn write_line(&self, line: &mut Vec<u8>) {
        line.push(b'{');
        for (number, entry) in self.entries.iter().enumerate() {
            if number > 0 {
                line.push(b',');
            }
            line.extend_from_slice(entry.quoted.get().as_bytes());
            line.push(b':');
            line.extend_from_slice(entry.value.get().as_bytes());
        }
        line.extend_from_slice(b"}\n");
    }

    /// The key that stood twice, if that is what `cause` complains of.
    pub(crate) fn duplicate(cause: &serde_json::Error) -> Option<String> {
        let text = cause.to_string();
        let key = text.strip_prefix(TWICE)?;
        Some(key.split(" at line ").next().unwrap_or(key).to_owned())
    }
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = Vec::new();
        self.write_line(&mut line);
        formatter.write_str(String::from_utf8_lossy(&line).trim_end())
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Record;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut record = Record::default();
        while let Some((quoted, value)) = map.next_entry::<Box<RawValue>, Box<RawValue>>()? {
            let entry = Entry {
                unescaped: unescaped(&quoted).map_err(A::Error::custom)?,
                quoted,
                value,
            };
            if record.has(entry.key()) {
                return Err(A::Error::custom(format!("{TWICE}{}", entry.key())));
            }
            record.entries.push(entry);
        }
        Ok(record)
    }
}

/// The key behind its JSON text, if it has escapes.
fn unescaped(quoted: &RawValue) -> Result<Option<String>, serde_json::Error> {
    if quoted.get().contains('\\') {
        return serde_json::from_str(quoted.get()).map(Some);
    }
    Ok(None)
}

/// A step of a JSON pointer, with `~1` for `/` and `~0` for `~`.
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

fn parse<T: DeserializeOwned>(raw: &RawValue, key: &str) -> Result<Option<T>> {
    serde_json::from_str(raw.get()).map_err(|cause| Error::Value {
        key: key.to_owned(),
        cause,
    })
}
