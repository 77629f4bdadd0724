//! Tools whose records wait on the disk until all have been seen.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{Ran, fed, run_in};

/// Checks that records which wait on the disk come out of `tool` as those that wait in memory do; and that where the
/// folder for them is missing, or has no room, the run ends with 1, says so, and gives nothing out.
///
/// `input` has two records at least, and `tool` accepts all of it.
pub fn shelf(folder: &Path, tool: &str, arguments: &[&str], input: &str) {
    let in_memory = run_in(folder, tool, arguments, input);
    assert_eq!(in_memory.code, Some(0), "{}", in_memory.stderr);
    assert!(!in_memory.stdout.is_empty());
    let run = |limit: &str, temporary: &Path| -> Ran {
        let command = format!("trap '' XFSZ; {limit} exec \"$@\"");
        let mut command_line = Command::new("bash");
        command_line
            .args(["-c", &command, "bash", tool])
            .args(arguments)
            .env("FILM2LORA_SHELF_BYTES", "0")
            .env("TMPDIR", temporary)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        fed(&mut command_line, input)
    };
    let temporary = tempfile::tempdir().unwrap();
    let on_disk = run("", temporary.path());
    assert_eq!(on_disk.code, Some(0), "{}", on_disk.stderr);
    assert_eq!(on_disk.stdout, in_memory.stdout);
    let left = std::fs::read_dir(temporary.path()).unwrap();
    assert_eq!(left.count(), 0, "nothing stays behind");
    // With an ignored SIGXFSZ, files that may not grow make writes fail with EFBIG.
    let missing = temporary.path().join("missing");
    for (limit, temporary, cause) in [
        ("", missing.as_path(), "No such file"),
        ("ulimit -f 0;", temporary.path(), "File too large"),
    ] {
        let ran = run(limit, temporary);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert_eq!(ran.stdout, "", "nothing comes out by halves");
        for words in ["a temporary file", "TMPDIR", cause] {
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        }
    }
}
