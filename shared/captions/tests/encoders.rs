//! The tokens of text encoders other than CLIP, against the library that trainers count with (see
//! `encoders/make.py`).
#![allow(clippy::unwrap_used, reason = "tests may")]

use captions::encoder::Encoder;
use serde_json::Value;

const FILES: [(&str, &str); 2] = [
    ("unigram", include_str!("encoders/unigram.json")),
    ("bytes", include_str!("encoders/bytes.json")),
];

#[test]
fn tokens_are_those_of_the_library_that_trainers_use() {
    let expected: Value = serde_json::from_str(include_str!("encoders/expected.json")).unwrap();
    let texts: Vec<String> = serde_json::from_value(expected["texts"].clone()).unwrap();
    for (name, json) in FILES {
        let encoder = Encoder::parse(json.as_bytes()).unwrap();
        assert_eq!(expected[name]["marks"], encoder.marks(), "{name}");
        let tokens: Vec<usize> = serde_json::from_value(expected[name]["tokens"].clone()).unwrap();
        for (text, tokens) in texts.iter().zip(tokens) {
            let count = encoder.count(text);
            assert_eq!(
                (count.tokens, count.exact),
                (tokens, true),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn what_is_read_is_within_the_limit_and_one_word_more_is_not() {
    let text = "lucap boy, running along the harbour in the evening";
    for (name, json) in FILES {
        let encoder = Encoder::parse(json.as_bytes()).unwrap();
        let all = encoder.count(text).tokens;
        for limit in 0..=all {
            let (read, lost) = encoder.cut(text, limit);
            assert_eq!(format!("{read}{lost}"), text, "{name}: {limit}");
            assert!(encoder.count(read).fits(limit), "{name}: {limit}: {read}");
            assert_eq!(lost.is_empty(), limit == all, "{name}: {limit}");
            if let Some(word) = lost.split_whitespace().next() {
                let more = format!("{} {word}", read.trim_end());
                assert!(
                    !encoder.count(more.trim()).fits(limit),
                    "{name}: {limit}: {more}"
                );
            }
        }
    }
}

#[test]
fn a_file_that_is_no_tokenizer_says_so() {
    for json in ["", "{}", "[1]", "{\"model\": 7}"] {
        let error = Encoder::parse(json.as_bytes()).err().unwrap();
        assert!(
            error.to_string().starts_with("not a tokenizer.json: "),
            "{error}"
        );
    }
}
