//! The cache: many processes, killed at any moment, within a bound.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop where it fails"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;
use stage::{Cache, Key};
use tempfile::tempdir;

/// Names the cache's folder to a test that plays another process.
const FOLDER: &str = "STAGE_TEST_CACHE";

fn key(number: u64) -> Key {
    Key::new("test", "1").part(&number.to_le_bytes())
}

/// What key `number` is to hold: it tells whether a value is whole.
fn value(number: u64) -> Vec<u64> {
    vec![number; 200 + (number % 500) as usize]
}

/// Another process: remembers results, one after another, without end.
#[test]
#[ignore = "other tests run it as a process of its own"]
fn writer() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let cache = Cache::open(Path::new(&folder)).unwrap();
    for number in 0..3000 {
        let found = cache.remember(&key(number), || Ok(value(number))).unwrap();
        assert_eq!(found, value(number));
    }
}

fn start_writer(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["writer", "--exact", "--ignored"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn assert_sound(folder: &Path) -> u64 {
    let database = Connection::open(folder.join("results.sqlite3")).unwrap();
    let check: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    let cache = Cache::open(folder).unwrap();
    for number in 0..3000 {
        if let Some(bytes) = cache.get(&key(number)).unwrap() {
            let found: Vec<u64> = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(found, value(number), "whole or not at all");
        }
    }
    cache.usage().unwrap().results
}

#[test]
fn writers_killed_at_any_moment_leave_a_sound_cache() {
    let folder = tempdir().unwrap();
    let mut held = 0;
    for round in 0_u64..12 {
        let mut writers: Vec<_> = (0..3).map(|_| start_writer(folder.path())).collect();
        sleep(Duration::from_millis(15 + round * 37 % 130));
        for writer in &mut writers {
            // SIGKILL, in the middle of whatever it does.
            writer.kill().unwrap();
            writer.wait().unwrap();
        }
        let now = assert_sound(folder.path());
        assert!(now >= held, "what was remembered stays");
        held = now;
    }
    assert!(held > 0, "the writers came to write");
}

#[test]
fn many_processes_at_once_lose_nothing() {
    let folder = tempdir().unwrap();
    let writers: Vec<_> = (0..4).map(|_| start_writer(folder.path())).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    assert_eq!(assert_sound(folder.path()), 3000);
}

#[test]
fn work_is_done_once_a_key() {
    let folder = tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let mut done = 0;
    for _ in 0..3 {
        let result = cache.remember(&key(1), || {
            done += 1;
            Ok("result".to_owned())
        });
        assert_eq!(result.unwrap(), "result");
    }
    assert_eq!(done, 1);
}

#[test]
fn failed_work_is_not_remembered() {
    let folder = tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    assert!(
        cache
            .remember::<u8>(&key(1), || stage::bail!("no"))
            .is_err()
    );
    assert_eq!(cache.remember(&key(1), || Ok(7)).unwrap(), 7);
}

#[test]
fn parts_of_a_key_do_not_run_together() {
    let folder = tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let key = |tool: &str, version: &str| Key::new(tool, version);
    let keys = [
        key("ab", "c").part(b"d"),
        key("a", "bc").part(b"d"),
        key("ab", "cd"),
        key("ab", "cd").part(b""),
        key("ab", "c").part(b"").part(b"d"),
        key("ab", "c").settings(&"d").unwrap(),
        key("ab", "c").settings(&["d"]).unwrap(),
    ];
    for (number, key) in (0..).zip(&keys) {
        cache.put(key, &[number]).unwrap();
    }
    for (number, key) in (0..).zip(&keys) {
        assert_eq!(cache.get(key).unwrap(), Some(vec![number]));
    }
}

#[test]
fn shrinking_forgets_what_was_not_used_for_longest() {
    let folder = tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    for number in 0..100 {
        cache.put(&key(number), &vec![0; 100_000]).unwrap();
    }
    // Days pass: the lower the number, the longer ago, but for the first.
    let database = Connection::open(folder.path().join("results.sqlite3")).unwrap();
    database
        .execute_batch("UPDATE results SET used = 1000000 + 100000 * rowid;")
        .unwrap();
    assert!(cache.get(&key(0)).unwrap().is_some());
    let before = size(folder.path());
    cache.shrink(1_050_000).unwrap();
    let usage = cache.usage().unwrap();
    assert_eq!((usage.results, usage.bytes), (10, 1_000_000));
    for number in [0, 91, 99] {
        assert!(cache.get(&key(number)).unwrap().is_some(), "{number}");
    }
    for number in [1, 90] {
        assert!(cache.get(&key(number)).unwrap().is_none(), "{number}");
    }
    let after = size(folder.path());
    assert!(
        after < before / 5,
        "the space is given back: {before} to {after}"
    );
    cache.shrink(0).unwrap();
    assert_eq!(cache.usage().unwrap().results, 0);
}

fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    files.map(|f| f.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn a_broken_database_is_a_clear_error() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("results.sqlite3"), "junk".repeat(4000)).unwrap();
    let error = Cache::open(folder.path()).unwrap_err();
    let said = format!("{error:#}");
    assert!(
        said.contains(&folder.path().display().to_string()),
        "{said}"
    );
    assert!(said.contains("not a database"), "{said}");
}

#[test]
fn a_database_that_breaks_later_is_named() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("results.sqlite3");
    let cache = Cache::open(folder.path()).unwrap();
    for number in 0..500 {
        cache.put(&key(number), &vec![0; 2000]).unwrap();
    }
    drop(cache);
    let mut bytes = fs::read(&file).unwrap();
    let length = bytes.len();
    // The header stays, so that the break shows only in use.
    bytes[4096..length].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let said = match Cache::open(folder.path()).and_then(|cache| cache.get(&key(3))) {
        Ok(found) => panic!("found {found:?}"),
        Err(error) => format!("{error:#}"),
    };
    assert!(
        said.contains(&folder.path().display().to_string()),
        "{said}"
    );
    assert!(said.contains("malformed"), "{said}");
}
