//! Bringing models: `models/fetch.py` on a server of this machine, and what `make models` says.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::process::Command;

use end_to_end::root;

#[test]
fn fetching_goes_on_and_verifies() {
    let ran = Command::new("python3")
        .args(["-B", "-m", "unittest", "test_fetch"])
        .current_dir(root().join("models"))
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn make_brings_models_from_a_mirror() {
    let empty = tempfile::tempdir().unwrap();
    let mirror = format!("MODELS_FROM={}", empty.path().display());
    let make = |arguments: &[&str]| {
        let ran = Command::new("make")
            .arg("models")
            .args(arguments)
            .current_dir(root())
            .output();
        let ran = ran.unwrap();
        (
            ran.status.success(),
            String::from_utf8_lossy(&ran.stderr).into_owned(),
        )
    };
    let (well, said) = make(&["MODEL=no-such-model", &mirror]);
    assert!(
        !well && said.contains("no-such-model: no model of the registry"),
        "{said}"
    );
    let (well, said) = make(&["ROLE=smell", &mirror]);
    assert!(!well && said.contains("smell: no role"), "{said}");
    // Not there, so that nothing is brought and nothing changes.
    let (well, said) = make(&["MODEL=scrfd-10g", &mirror]);
    if !well {
        assert!(said.contains("NOTICE: "), "{said}");
        assert!(said.contains("the mirror has no such file"), "{said}");
    }
}
