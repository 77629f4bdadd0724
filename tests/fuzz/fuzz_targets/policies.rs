//! Any file is an error or a policy, whose trigger makes of any record a caption's beginning or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policies::{Policy, Trigger};

fuzz_target!(|given: (&str, &[u8])| {
    let (policy, record) = given;
    let path = std::env::temp_dir().join(format!("policy.{}.toml", std::process::id()));
    std::fs::write(&path, policy).expect("the temporary folder can be written");
    let Ok(policy) = Policy::open(None, Some(&path)) else { return };
    let Ok(trigger) = Trigger::new(&policy, &["word".to_owned()], "person") else { return };
    let line = manifest::Line { number: 1, bytes: record.to_vec() };
    let Ok(record) = line.parse() else { return };
    let _ = trigger.of(&record);
});
