//! What a caption server answers is a description in one line or a named fault.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|given: (&str, bool)| {
    let (answer, cut) = given;
    if let Ok(text) = captions::answer::description(answer, cut) {
        assert!(!text.trim().is_empty());
        assert!(!text.contains('\n'));
    }
});
