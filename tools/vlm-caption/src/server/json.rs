//! JSON as servers write it.

use std::borrow::Cow;

use serde_json::Value;

/// Reads JSON, with a byte order mark before it, and with numbers in it that are none (`NaN`,
/// `Infinity`), which Python writes, and which become `null`.
pub(crate) fn read(body: &[u8]) -> Result<Value, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    serde_json::from_str(text).or_else(|error| match repaired(text) {
        Cow::Borrowed(_) => Err(error.to_string()),
        Cow::Owned(text) => serde_json::from_str(&text).map_err(|error| error.to_string()),
    })
}

/// The text with `null` for numbers that are none, outside of its quoted texts.
fn repaired(text: &str) -> Cow<'_, str> {
    let mut repaired = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        let from = &rest[at..];
        let none = ["NaN", "-Infinity", "Infinity", "-NaN"]
            .into_iter()
            .find(|none| from.starts_with(none));
        let length = none.map_or_else(|| quoted(from), str::len);
        repaired.push_str(&rest[..at]);
        repaired.push_str(if none.is_some() {
            "null"
        } else {
            &from[..length]
        });
        rest = &from[length..];
    }
    repaired.push_str(rest);
    if repaired == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(repaired)
    }
}

/// The length of a quoted text, or of one sign.
fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return 1;
    }
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_servers_write_beside_json_is_read() {
        for (body, expected) in [
            ("\u{feff}{\"a\": 1}", json!({"a": 1})),
            (" \n\n [1] \n", json!([1])),
            (
                r#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" Infinity", "d": -1}"#,
                json!({"a": null, "b": [null, null], "c": "NaN \" Infinity", "d": -1}),
            ),
        ] {
            assert_eq!(read(body.as_bytes()), Ok(expected), "{body}");
        }
        for body in [
            &b"{\"a\": NaN"[..],
            b"",
            b"<html>",
            b"\"caf\xe9\"",
            b"\"a\\",
        ] {
            assert!(read(body).is_err(), "{body:?}");
        }
    }
}
