//! What `film2lora` does, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit::{Ran, run, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_film2lora");

#[test]
fn has_the_manners_of_a_tool() {
    testkit::help_and_manual(TOOL);
}

/// A prefix with the front, one tool, and one program of the user's own, which say how they were called.
fn installed() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let libexec = folder.path().join("libexec/film2lora");
    let bin = folder.path().join("bin");
    fs::create_dir_all(&libexec).unwrap();
    fs::create_dir(&bin).unwrap();
    for name in ["blur-filter", "mine"] {
        script(
            &libexec.join(name),
            "echo \"$(basename \"$0\"):$*\"; exit 3",
        );
    }
    // Beside the installed one, and none of ours.
    script(&bin.join("other"), "echo other");
    let front = bin.join("film2lora");
    testkit::copy(TOOL, &front);
    (folder, front)
}

fn script(path: &Path, text: &str) {
    testkit::program(path, &format!("#!/bin/sh\n{text}\n"));
}

fn call(front: &Path, words: &[&str]) -> Ran {
    run(front.to_str().unwrap(), words, "")
}

#[test]
fn a_tool_gets_all_words_as_they_stand_and_its_status_is_the_status() {
    let (_folder, front) = installed();
    for name in ["blur-filter", "mine"] {
        let ran = call(&front, &[name, "--help", "-q", "--", "a b", "--rejects=x"]);
        assert_eq!(ran.stdout, format!("{name}:--help -q -- a b --rejects=x\n"));
        assert_eq!(ran.code, Some(3));
    }
}

#[test]
fn a_link_to_it_finds_the_same_tools() {
    let (folder, front) = installed();
    let link = folder.path().join("a link");
    symlink(&front, &link).unwrap();
    assert_eq!(call(&link, &["mine", "x"]).stdout, "mine:x\n");
}

#[test]
fn beside_one_that_was_not_installed_tools_are_found_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let front = folder.path().join("film2lora");
    testkit::copy(TOOL, &front);
    for name in ["blur-filter", "mine"] {
        script(&folder.path().join(name), "echo ran");
    }
    assert_eq!(call(&front, &["blur-filter"]).stdout, "ran\n");
    let ran = call(&front, &["mine"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}

#[test]
fn a_name_that_is_unknown_is_an_error_with_the_nearest() {
    let (_folder, front) = installed();
    for (typed, said) in [
        (
            "blur-fitler",
            "blur-fitler: there is no such tool: did you mean blur-filter?",
        ),
        ("other", "other: there is no such tool: "),
        (
            "../../bin/other",
            "../../bin/other: there is no such tool: ",
        ),
        (
            "qqqqqq",
            "qqqqqq: there is no such tool: `film2lora help` lists the tools",
        ),
    ] {
        let ran = call(&front, &[typed]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    let ran = call(&front, &["sam-mask"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("sam-mask: not found in "),
        "{}",
        ran.stderr
    );
}

#[test]
fn help_lists_the_tools_and_shows_the_flags_of_one() {
    let (_folder, front) = installed();
    let list = call(&front, &["help"]);
    assert_eq!(list.code, Some(0), "{}", list.stderr);
    let frames = list.stdout.find("Frames:\n").unwrap();
    let characters = list.stdout.find("Characters:\n").unwrap();
    let line = list
        .stdout
        .find("  blur-filter       Measure sharpness")
        .unwrap();
    assert!(frames < line && line < characters, "{}", list.stdout);
    assert_eq!(list.stdout, call(&front, &["--help"]).stdout);
    assert_eq!(
        call(&front, &["help", "blur-filter"]).stdout,
        "blur-filter:--help\n"
    );
    assert_eq!(call(&front, &["help", "qqqqqq"]).code, Some(2));
    let nothing = call(&front, &[]);
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("Frames:"), "{}", nothing.stderr);
}

#[test]
fn make_runs_the_installed_makefile_for_the_folder_that_it_is_called_in() {
    let (folder, front) = installed();
    let ran = call(&front, &["make", "style"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("has no Makefile of film2lora"),
        "{}",
        ran.stderr
    );
    let share = folder.path().join("share/film2lora");
    fs::create_dir_all(share.join("models")).unwrap();
    fs::write(share.join("models/registry.toml"), "").unwrap();
    fs::write(
        share.join("Makefile"),
        "style help: ; @echo '$@ $(FILM)'; echo '$(BIN)'; echo '$(CALLED_FROM)'; pwd\n",
    )
    .unwrap();
    let here = fs::canonicalize(folder.path()).unwrap();
    let ran = run_in(
        &here,
        front.to_str().unwrap(),
        &["make", "style", "FILM=a b.mkv"],
        "",
    );
    let shown = |path: &str| here.join(path).display().to_string();
    let expected = [
        "style a b.mkv".to_owned(),
        shown("libexec/film2lora"),
        here.display().to_string(),
        shown("share/film2lora"),
    ];
    assert_eq!(
        ran.stdout.lines().collect::<Vec<_>>(),
        expected,
        "{}",
        ran.stderr
    );
    let ran = call(&front, &["help", "make"]);
    assert!(ran.stdout.starts_with("help "), "{}", ran.stdout);
}

#[test]
fn completions_know_the_tools() {
    for shell in ["bash", "zsh", "fish"] {
        let paper = run(TOOL, &["--generate", shell], "");
        assert!(paper.stdout.contains("frame-dedup"), "{shell}");
    }
}
