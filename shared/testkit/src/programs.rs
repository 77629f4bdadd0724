//! Programs that a test puts somewhere and runs at once.
//!
//! Another process writes them. If this one did, a process that another test starts at that moment would inherit the
//! file while it is open for writing, and the system refuses to run a program that anyone may still write to.

use std::path::Path;
use std::process::Command;

/// Writes a script to `path`, as a program that can be run.
pub fn program(path: &Path, script: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"printf %s "$1" > "$0" && chmod 755 "$0""#]);
    done(shell.arg(path).arg(script));
}

/// Copies the program `tool` to `path`.
pub fn copy(tool: &str, path: &Path) {
    done(Command::new("cp").arg(tool).arg(path));
}

fn done(command: &mut Command) {
    let status = command.status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}
