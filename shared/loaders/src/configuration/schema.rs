//! Checking a TOML table against the keys and types that a reader allows.

use toml::{Table, Value};

use super::Configuration;
use crate::fit::Size;

/// The type that a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Integer,
    Float,
    Number,
    Text,
    Table,
    /// An integer, or a pair of them.
    Size,
    /// A pair of floats.
    Pair,
    /// A list of integers.
    Integers,
}

impl Type {
    fn holds(self, value: &Value) -> bool {
        // Python's `True` is an integer, and voluptuous takes it for one.
        let integer = |value: &Value| value.is_integer() || value.is_bool();
        let array = |each: &dyn Fn(&Value) -> bool, length: Option<usize>| {
            value.as_array().is_some_and(|all| {
                all.iter().all(each) && length.is_none_or(|length| all.len() == length)
            })
        };
        match self {
            Self::Bool => value.is_bool(),
            Self::Integer => integer(value),
            Self::Float => value.is_float(),
            Self::Number => integer(value) || value.is_float(),
            Self::Text => value.is_str(),
            Self::Table => value.is_table(),
            Self::Size => integer(value) || array(&integer, Some(2)),
            Self::Pair => array(&Value::is_float, Some(2)),
            Self::Integers => array(&integer, None),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Integer => "an integer",
            Self::Float => "a number with a decimal point",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Table => "a table",
            Self::Size => "an integer or two",
            Self::Pair => "two numbers with decimal points",
            Self::Integers => "a list of integers",
        }
    }
}

/// What is said of a key that a reader does not allow.
const UNKNOWN: &str = "not a key that is allowed here: the trainer stops";

/// Keys and their types.
pub(crate) type Keys = &'static [(&'static str, Type)];

/// Checks every key of `table` but those in `besides`.
pub(crate) fn check(
    table: &Table,
    place: &str,
    allowed: &[Keys],
    besides: &[&str],
    configuration: &mut Configuration<'_>,
) {
    for (key, value) in table {
        if besides.contains(&key.as_str()) {
            continue;
        }
        let place = format!("{place}.{key}");
        let mut known = allowed.iter().flat_map(|keys| keys.iter());
        match known.find(|(name, _)| name == key) {
            None => configuration.error("config-key", &place, UNKNOWN),
            Some((_, kind)) if !kind.holds(value) => {
                let text = format!("is {value}, and must be {}", kind.name());
                configuration.error("config-type", &place, text);
            }
            Some(_) => {}
        }
    }
}

/// The table `general`, beside which only `datasets` may stand; checked against `allowed`.
pub(crate) fn general(
    config: &Table,
    allowed: &[Keys],
    configuration: &mut Configuration<'_>,
) -> Table {
    let besides = ["general", "datasets"];
    for key in config.keys().filter(|key| !besides.contains(&key.as_str())) {
        configuration.error("config-key", key, UNKNOWN);
    }
    let general = config.get("general").and_then(Value::as_table).cloned();
    let general = general.unwrap_or_default();
    check(&general, "general", allowed, &[], configuration);
    general
}

/// The tables of the list `key`.
pub(crate) fn tables<'a>(table: &'a Table, key: &str) -> Vec<&'a Table> {
    let all = table.get(key).and_then(Value::as_array);
    let all = all.into_iter().flatten();
    all.filter_map(Value::as_table).collect()
}

/// The value of `key` in the first table that has it.
pub(crate) fn first<'a>(tables: &[&'a Table], key: &str) -> Option<&'a Value> {
    tables.iter().find_map(|table| table.get(key))
}

/// Reads values with defaults out of nested tables, the innermost first.
pub(crate) struct Values<'a>(pub(crate) Vec<&'a Table>);

impl Values<'_> {
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        first(&self.0, key)?.as_str().map(str::to_owned)
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        first(&self.0, key)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    pub(crate) fn number(&self, key: &str, default: u32) -> u32 {
        let value = first(&self.0, key).and_then(Value::as_integer);
        value
            .and_then(|value| value.try_into().ok())
            .unwrap_or(default)
    }

    pub(crate) fn size(&self, key: &str) -> Option<Size> {
        let pixels = |value: &Value| u32::try_from(value.as_integer()?).ok();
        let value = first(&self.0, key)?;
        let size = match value.as_array().map(Vec::as_slice) {
            None => Size::square(pixels(value)?),
            Some([width, height]) => Size::new(pixels(width)?, pixels(height)?),
            Some(_) => return None,
        };
        (size.area() > 0).then_some(size)
    }
}
