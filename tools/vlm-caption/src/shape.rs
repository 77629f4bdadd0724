//! The part of JSON Schema that describes an image's facts: objects with properties, lists,
//! texts, numbers, truth values, and choices.

use serde_json::Value;

/// The keywords that are understood.
const KNOWN: [&str; 12] = [
    "$schema",
    "additionalProperties",
    "description",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "minItems",
    "properties",
    "required",
    "title",
    "type",
];

/// Whether every keyword of a schema is understood: one that is not would not be looked at.
pub(crate) fn known(schema: &Value) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else {
        return Err("a schema must be an object".to_owned());
    };
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "properties" => value
                .as_object()
                .into_iter()
                .flatten()
                .try_for_each(|(_, inner)| known(inner))?,
            "items" => known(value)?,
            other if KNOWN.contains(&other) => {}
            other => {
                return Err(format!(
                    "`{other}` is not supported: only {}",
                    KNOWN.join(", ")
                ));
            }
        }
    }
    Ok(())
}

/// Holds `value`, which stands at `place`, to `schema`.
pub(crate) fn check(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let at = || {
        if place.is_empty() {
            "the answer"
        } else {
            place
        }
    };
    if let Some(kind) = schema["type"].as_str().filter(|kind| !is(value, kind)) {
        return Err(format!("{} is not a {kind}", at()));
    }
    if let Some(choices) = schema["enum"]
        .as_array()
        .filter(|choices| !choices.contains(value))
    {
        let choices: Vec<String> = choices.iter().map(ToString::to_string).collect();
        return Err(format!("{} is not one of {}", at(), choices.join(", ")));
    }
    let length = value.as_array().map(Vec::len).unwrap_or_default() as u64;
    let signs = value
        .as_str()
        .map(|text| text.chars().count())
        .unwrap_or_default() as u64;
    let over =
        |keyword: &str, found: u64| schema[keyword].as_u64().is_some_and(|most| found > most);
    if over("maxItems", length) || over("maxLength", signs) {
        return Err(format!("{} is too long", at()));
    }
    if value.is_array()
        && schema["minItems"]
            .as_u64()
            .is_some_and(|least| length < least)
    {
        return Err(format!("{} is too short", at()));
    }
    let elements = value.as_array().into_iter().flatten().enumerate();
    if let Some(items) = schema.get("items") {
        for (number, element) in elements {
            check(items, element, &format!("{place}/{number}"))?;
        }
    }
    properties(schema, value, place)
}

fn properties(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let Some(members) = value.as_object() else {
        return Ok(());
    };
    let required = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    if let Some(missing) = { required }.find(|name| !members.contains_key(*name)) {
        return Err(format!("`{missing}` is missing"));
    }
    for (name, member) in members {
        match schema["properties"].get(name) {
            Some(inner) => check(inner, member, &format!("{place}/{name}"))?,
            None if schema["additionalProperties"] == false => {
                return Err(format!("`{name}` is not in the schema"));
            }
            None => {}
        }
    }
    Ok(())
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_held_to_their_schema() {
        let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {
            "a": {"type": "array", "items": {"enum": ["x", 1]}, "minItems": 1, "maxItems": 2},
            "b": {"type": "string", "maxLength": 3}, "c": {"type": "integer"}}});
        assert_eq!(known(&schema), Ok(()));
        assert_eq!(
            check(&schema, &json!({"a": ["x", 1], "b": "äöü", "c": 3}), ""),
            Ok(())
        );
        for (value, why) in [
            (json!([]), "the answer is not a object"),
            (json!({}), "`a` is missing"),
            (json!({"a": []}), "/a is too short"),
            (json!({"a": [1, 1, 1]}), "/a is too long"),
            (json!({"a": ["x", "y"]}), "/a/1 is not one of \"x\", 1"),
            (json!({"a": ["x"], "b": "long"}), "/b is too long"),
            (json!({"a": ["x"], "c": 1.5}), "/c is not a integer"),
            (json!({"a": ["x"], "d": 1}), "`d` is not in the schema"),
        ] {
            assert_eq!(check(&schema, &value, ""), Err(why.to_owned()));
        }
    }

    #[test]
    fn a_keyword_that_would_not_be_looked_at_is_an_error() {
        let schema =
            json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "^x"}}});
        assert!(
            known(&schema)
                .unwrap_err()
                .starts_with("`pattern` is not supported")
        );
    }
}
