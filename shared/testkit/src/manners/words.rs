//! What a tool says of itself, and of a wrong command line.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{Shape, name};
use crate::run::run;

/// Help, version and usage, which every tool has.
pub(super) fn words(shape: &Shape<'_>) {
    let help = run(shape.tool, &["--help"], "");
    assert_eq!(help.code, Some(0), "--help is no error");
    for part in ["Usage:", "Examples:", "--quiet"] {
        assert!(help.stdout.contains(part), "--help has `{part}`");
    }
    assert!(!help.stdout.contains('\x1b'), "no colour in a pipe");
    let version = run(shape.tool, &["--version"], "");
    assert_eq!(version.code, Some(0), "--version is no error");
    let name = name(shape.tool);
    assert!(
        version.stdout.starts_with(&format!("{name} ")),
        "{}",
        version.stdout
    );
    strange_words(shape.tool);
    let usage = run(shape.tool, &["--no-such-flag"], "");
    assert_eq!(usage.code, Some(2), "a wrong command line is 2");
    assert!(
        usage.stdout.is_empty(),
        "complaints stay off standard output"
    );
}

/// Words that are no text, and words that would speak to a terminal.
fn strange_words(tool: &str) {
    let bytes: [&[u8]; 4] = [
        b"--no-such-\xff",
        b"caf\xe9.jsonl",
        b"--generate=\xff",
        b"\xff\xfe",
    ];
    for word in bytes {
        let ran = run(tool, &[OsStr::from_bytes(word)], "");
        assert!(
            matches!(ran.code, Some(1 | 2)),
            "{:?}: {}",
            ran.code,
            ran.stderr
        );
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    for word in [
        "--no\u{1b}[2Jflag",
        "no\u{1b}]0;x\u{7}\u{202e}\u{9b}such.jsonl",
    ] {
        let ran = run(tool, &[word], "");
        assert!(
            matches!(ran.code, Some(1 | 2)),
            "{:?}: {}",
            ran.code,
            ran.stderr
        );
        let speaks = ['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}'];
        assert!(!ran.stderr.contains(speaks), "{:?}", ran.stderr);
    }
}

/// Man page and completions.
pub(super) fn manual(shape: &Shape<'_>) {
    for (kind, part) in [
        ("man", ".SH NAME"),
        ("bash", "complete"),
        ("zsh", "#compdef"),
        ("fish", "complete -c"),
    ] {
        let page = run(shape.tool, &["--generate", kind], "");
        assert_eq!(page.code, Some(0), "--generate {kind}");
        assert!(page.stdout.contains(part), "--generate {kind} has `{part}`");
    }
}
