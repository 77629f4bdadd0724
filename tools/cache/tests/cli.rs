//! What `cache` does, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fs;

use tempfile::tempdir;
use testkit::{Ran, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_cache");

#[test]
fn has_the_manners_of_a_tool() {
    testkit::help_and_manual(TOOL);
}

/// Runs it on a cache of ten results of 1000 bytes.
fn on_ten(arguments: &[&str]) -> Ran {
    let folder = tempdir().unwrap();
    let cache = stage::Cache::open(&folder.path().join("c"));
    for number in 0..10_u8 {
        let key = stage::Key::new("test", 1).part(&[number]);
        cache.keep(&key, &"x".repeat(998)).unwrap();
    }
    run_in(
        folder.path(),
        TOOL,
        &[&["--cache", "c"], arguments].concat(),
        "",
    )
}

#[test]
fn it_shows_what_is_there() {
    let ran = on_ten(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "{\"folder\":\"c\",\"results\":10,\"bytes\":10000}\n"
    );
}

#[test]
fn it_keeps_to_a_bound_and_clears() {
    let record = &on_ten(&["--max-size", "4KiB"]).records()[0];
    assert_eq!(
        (&record["results"], &record["bytes"]),
        (&4.into(), &4000.into())
    );
    let record = &on_ten(&["--clear"]).records()[0];
    assert_eq!(
        (&record["results"], &record["bytes"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn wrong_sizes_are_errors() {
    assert_eq!(on_ten(&["--max-size", "4Q"]).code, Some(2));
    assert_eq!(on_ten(&["--max-size", "4K", "--clear"]).code, Some(2));
}

#[test]
fn a_broken_cache_is_set_aside_and_cleared() {
    let folder = tempdir().unwrap();
    let there = |name: &str| folder.path().join(name).exists();
    fs::write(folder.path().join("results.sqlite3"), "no database at all").unwrap();
    let ran = run_in(folder.path(), TOOL, &["--cache", "."], "");
    let empty = "{\"folder\":\".\",\"results\":0,\"bytes\":0}\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), empty));
    let said = "cache: ./results.sqlite3.damaged: the cache was damaged (file is not a database): set aside, and started again\n";
    assert_eq!(ran.stderr, said);
    assert!(there("results.sqlite3.damaged"));
    let ran = run_in(folder.path(), TOOL, &["--cache", ".", "--clear"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), empty));
    assert!(!there("results.sqlite3.damaged"));
    fs::write(folder.path().join("mine"), "a file").unwrap();
    let ran = run_in(folder.path(), TOOL, &["--cache", "mine", "--clear"], "");
    assert_eq!(ran.code, Some(1), "not a folder: {}", ran.stderr);
    assert!(
        ran.stderr
            .contains("mine: the cache in this folder cannot be used"),
        "{}",
        ran.stderr
    );
}
