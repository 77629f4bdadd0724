//! What `make models` says.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::path::Path;
use std::process::Command;

use end_to_end::{root, tools};

/// Runs `make models` with no network; whether it ended well, and what it said.
fn make(arguments: &[&str], mirror: &Path) -> (bool, String) {
    let ran = Command::new("make")
        .arg("models")
        .args(arguments)
        .arg(format!("MODELS_FROM={}", mirror.display()))
        .arg(format!("BIN={}", tools().display()))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    (ran.status.success(), said)
}

#[test]
fn make_downloads_models_from_a_mirror() {
    let empty = tempfile::tempdir().unwrap();
    let (well, said) = make(&["MODEL=no-such-model"], empty.path());
    assert!(
        !well && said.contains("no-such-model: not in the registry"),
        "{said}"
    );
    let (well, said) = make(&["ROLE=smell"], empty.path());
    assert!(!well && said.contains("smell: not a role"), "{said}");
    // Not there, so that nothing is downloaded and nothing changes.
    let (well, said) = make(&["MODEL=scrfd-10g"], empty.path());
    if !well {
        assert!(said.contains("NOTICE: "), "{said}");
        assert!(said.contains("the mirror has no such file"), "{said}");
    }
}
