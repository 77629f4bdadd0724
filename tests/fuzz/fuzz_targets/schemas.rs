//! Any JSON is refused as a schema, or any answer is checked by it without a crash.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../../tools/vlm-caption/src/shape.rs"]
mod shape;

fuzz_target!(|given: (&str, &str)| {
    let (schema, answer) = given;
    let Ok(schema) = serde_json::from_str::<Value>(schema) else { return };
    if shape::known(&schema).is_err() {
        return;
    }
    let Ok(answer) = serde_json::from_str::<Value>(answer) else { return };
    let _ = shape::check(&schema, &answer, "answer");
});
