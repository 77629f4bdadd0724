//! The token ids of CLIP, against the Python tokenizers (see `clip/expected.py`).
#![allow(clippy::unwrap_used, reason = "tests may")]

use captions::tokens::Tokenizer;
use serde_json::Value;

#[test]
fn ids_are_those_of_transformers() {
    let cases: Value = serde_json::from_str(include_str!("clip/expected.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 50);
    let tokenizer = Tokenizer::new();
    let mut wrong = Vec::new();
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let expected: Vec<u16> = serde_json::from_value(case["ids"].clone()).unwrap();
        let ids = tokenizer.ids(text).unwrap();
        if ids != expected {
            wrong.push(format!("{text:?}\n   found {ids:?}\nexpected {expected:?}"));
        }
        assert_eq!(tokenizer.count(text).tokens, ids.len());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
