//! Any line is an error or a record that is written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::Line;

fuzz_target!(|bytes: &[u8]| {
    let line = Line { number: 1, bytes: bytes.to_vec() };
    let Ok(mut record) = line.parse() else { return };
    let mut text = Vec::new();
    record.write_line(&mut text);
    let again = Line { number: 1, bytes: text[..text.len() - 1].to_vec() };
    assert_eq!(again.parse().map(|again| again.to_string()).ok(), Some(record.to_string()));
    let _ = (record.id(), record.image(), record.source(), record.shot());
    let _ = record.at::<serde_json::Value>("/pose/keypoints/0");
    record.put("width", &1).expect("a number can be written");
    assert_eq!(record.get::<u32>("width").ok(), Some(1));
});
