//! What a test needs that a machine may lack.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says that a test does nothing, as the machine lacks what `make setup` installs. Under CI, where the variable
/// `CI` is set, the test fails: what was not tested must not pass for tested.
#[expect(clippy::print_stderr, reason = "a test that does nothing must say so")]
pub fn lacking(what: &str) {
    let checked = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    assert!(
        !checked,
        "{what} is missing, and CI is set: `make setup` installs it"
    );
    eprintln!("skipped: {what} is missing; `make setup` installs it");
}

/// The ffmpeg that pipelines would use: from the environment, in `models/runtime` of the repository or on the
/// search path; `None`, and said, where there is none that runs.
pub fn ffmpeg() -> Option<PathBuf> {
    let brought = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/runtime/ffmpeg");
    let named = std::env::var_os("FFMPEG").map(PathBuf::from);
    let candidates = named.into_iter().chain([brought, "ffmpeg".into()]);
    let found = candidates
        .into_iter()
        .find(|program| runs(program, "-version"));
    if found.is_none() {
        lacking("ffmpeg");
    }
    found
}

/// Whether there is jq, which examples use; it is said where there is not.
pub fn jq() -> bool {
    let there = runs(Path::new("jq"), "--version");
    if !there {
        lacking("jq");
    }
    there
}

fn runs(program: &Path, flag: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(flag)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
