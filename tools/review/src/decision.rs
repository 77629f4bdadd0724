//! What a decision makes of a record.

use serde_json::{Map, Value};
use stage::manifest::patch::{Choice, Decision};
use stage::{Outcome, Record, Result, bail, ensure};

/// Keys that say which image it is; a patch may not change them.
const FIXED: [&str; 2] = ["id", "image"];

/// Decimals that changed values keep.
const DIGITS: u32 = 9;

/// Refuses what can never be applied.
pub(crate) fn check(decision: &Decision) -> Result<()> {
    for pointer in decision.set.keys() {
        steps(pointer)?;
        ensure!(
            !is_fixed(pointer),
            "`set` of `{pointer}`: this key identifies the image and cannot be changed"
        );
    }
    Ok(())
}

/// Whether a pointer leads to what says which image it is.
pub(crate) fn is_fixed(pointer: &str) -> bool {
    steps(pointer).is_ok_and(|steps| FIXED.contains(&steps[0].as_str()))
}

/// The record as decided, passed or dropped.
pub(crate) fn apply(decision: &Decision, mut record: Record) -> Result<Outcome> {
    if let Some(caption) = &decision.caption {
        record.put("caption", caption)?;
    }
    for (pointer, value) in &decision.set {
        set(&mut record, pointer, value)?;
    }
    let mut review = Map::new();
    review.insert("decision".to_owned(), decision.choice.to_string().into());
    for (key, text) in [("by", &decision.by), ("at", &decision.at)] {
        if !text.is_empty() {
            review.insert(key.to_owned(), text.as_str().into());
        }
    }
    if let Some(caption) = &decision.caption {
        // caption-compose takes it for the last word.
        review.insert("caption".to_owned(), caption.as_str().into());
    }
    record.put("review", &review)?;
    let by = if decision.by.is_empty() {
        "somebody"
    } else {
        &decision.by
    };
    let dropped = decision.choice == Choice::Drop;
    Ok(Outcome::judge(
        record,
        dropped.then(|| format!("dropped in review by {by}")),
    ))
}

/// The steps of a JSON pointer (RFC 6901), of which there is one at least.
fn steps(pointer: &str) -> Result<Vec<String>> {
    let Some(path) = pointer.strip_prefix('/').filter(|path| !path.is_empty()) else {
        bail!("`set` of `{pointer}`: not a JSON pointer, such as `/light/time`");
    };
    let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
    Ok(path.split('/').map(unescape).collect())
}

/// Sets, or with null takes away, what a pointer leads to; objects on the way are made.
fn set(record: &mut Record, pointer: &str, value: &Value) -> Result<()> {
    let steps = steps(pointer)?;
    let (key, inner) = (&steps[0], &steps[1..]);
    if inner.is_empty() {
        if value.is_null() {
            record.remove(key);
        } else {
            record.put_rounded(key, value, DIGITS)?;
        }
        return Ok(());
    }
    let mut whole = record
        .find::<Value>(key)?
        .unwrap_or_else(|| Value::Object(Map::new()));
    inside(&mut whole, inner, value).ok_or_else(|| {
        stage::anyhow!("`set` of `{pointer}`: leads into a value that has no members")
    })?;
    record.put_rounded(key, &whole, DIGITS)?;
    Ok(())
}

fn inside(whole: &mut Value, steps: &[String], value: &Value) -> Option<()> {
    let (step, rest) = steps.split_first()?;
    match whole {
        Value::Object(members) if rest.is_empty() && value.is_null() => {
            members.shift_remove(step);
            Some(())
        }
        Value::Object(members) => {
            let member = members
                .entry(step.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if rest.is_empty() {
                *member = value.clone();
                return Some(());
            }
            inside(member, rest, value)
        }
        Value::Array(elements) => {
            let element = elements.get_mut(step.parse::<usize>().ok()?)?;
            if rest.is_empty() {
                *element = Some(value.clone()).filter(|value| !value.is_null())?;
                return Some(());
            }
            inside(element, rest, value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(record: &str, pointer: &str, value: Value) -> String {
        let mut record = stage::manifest::Line {
            number: 1,
            bytes: record.as_bytes().to_vec(),
        }
        .parse()
        .unwrap();
        match set(&mut record, pointer, &value) {
            Ok(()) => record.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn values_are_set_where_pointers_lead() {
        let record = r#"{"id":"a","light":{"time":"noon","scores":[1,2]},"n":1.50}"#;
        for (pointer, value, expected) in [
            (
                "/light/time",
                json!("night"),
                r#"{"id":"a","light":{"time":"night","scores":[1,2]},"n":1.50}"#,
            ),
            (
                "/light/scores/1",
                json!(5),
                r#"{"id":"a","light":{"time":"noon","scores":[1,5]},"n":1.50}"#,
            ),
            (
                "/tag/a~1b",
                json!(true),
                r#"{"id":"a","light":{"time":"noon","scores":[1,2]},"n":1.50,"tag":{"a/b":true}}"#,
            ),
            (
                "/light/time",
                Value::Null,
                r#"{"id":"a","light":{"scores":[1,2]},"n":1.50}"#,
            ),
            (
                "/n",
                Value::Null,
                r#"{"id":"a","light":{"time":"noon","scores":[1,2]}}"#,
            ),
        ] {
            assert_eq!(changed(record, pointer, value), expected, "{pointer}");
        }
        assert!(changed(record, "/n/x", json!(1)).contains("no members"));
        assert!(changed(record, "/light/scores/9", json!(1)).contains("no members"));
        assert!(changed(record, "light", json!(1)).contains("not a JSON pointer"));
    }

    #[test]
    fn who_an_image_is_stays() {
        for pointer in ["/id", "/image", "", "/"] {
            let set = Map::from_iter([(pointer.to_owned(), json!("x"))]);
            let decision = Decision {
                set,
                ..Decision::default()
            };
            assert!(check(&decision).is_err(), "{pointer}");
        }
    }
}
