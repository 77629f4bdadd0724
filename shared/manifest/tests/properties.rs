//! What holds for every record.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use manifest::{Line, Record};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Any JSON value, a few levels deep.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(any::<String>(), value(), 0..6).prop_map(|members| members.into_iter().collect())
}

fn parsed(bytes: impl Into<Vec<u8>>) -> manifest::Result<Record> {
    let line = Line {
        number: 1,
        bytes: bytes.into(),
    };
    line.parse()
}

proptest! {
    #[test]
    fn a_record_is_written_as_it_was_read(members in object()) {
        let text = Value::Object(members).to_string();
        let mut line = Vec::new();
        parsed(text.clone()).unwrap().write_line(&mut line);
        prop_assert_eq!(String::from_utf8(line).unwrap(), text + "\n");
    }

    #[test]
    fn a_key_that_is_put_leaves_all_others_alone(members in object(), key in "[a-z]{1,8}", number: i64) {
        let mut record = parsed(Value::Object(members.clone()).to_string()).unwrap();
        record.put(&key, &number).unwrap();
        let mut wanted = members;
        wanted.insert(key, Value::from(number));
        // Both were read from text, which may cost a float its last bit.
        let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        prop_assert_eq!(read(record.to_string()), read(Value::Object(wanted).to_string()));
    }

    #[test]
    fn no_bytes_stop_the_program(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(record) = parsed(bytes) {
            prop_assert!(parsed(record.to_string()).is_ok());
        }
    }
}
