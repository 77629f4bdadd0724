//! The cache: many processes, killed at any moment, within a bound.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stage::{Cache, Key};
use tempfile::tempdir;

/// Names the cache's folder to a test that plays another process.
const FOLDER: &str = "STAGE_TEST_CACHE";

fn key(number: u64) -> Key {
    Key::new("test", 1).part(&number.to_le_bytes())
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
    let cache = Cache::open(Path::new(&folder));
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
    let cache = Cache::open(folder);
    for number in 0..3000 {
        if let Some(found) = cache.recall::<Vec<u64>>(&key(number)) {
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
    // On a slow disk none of them may have come to write: this one is killed once it has.
    let mut writer = start_writer(folder.path());
    let began = Instant::now();
    let results = || {
        Cache::open(folder.path())
            .usage()
            .map_or(0, |usage| usage.results)
    };
    while results() == 0 {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "nothing was written"
        );
        sleep(Duration::from_millis(5));
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    let now = assert_sound(folder.path());
    assert!(now >= held.max(1), "what was remembered stays");
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
    let cache = Cache::open(folder.path());
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
    let cache = Cache::open(folder.path());
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
    let cache = Cache::open(folder.path());
    let key = |tool: &str| Key::new(tool, 1);
    let keys = vec![
        key("ab").part(b"cd"),
        key("ab").part(b"c").part(b"d"),
        key("ab").part(b"c").part(b"").part(b"d"),
        key("ab"),
        key("ab").part(b""),
        key("abc").part(b"d"),
        key("ab").settings(&"cd").unwrap(),
        key("ab").settings(&["cd"]).unwrap(),
        Key::new("ab", 2),
    ];
    for (number, key) in (0..).zip(&keys) {
        cache.keep(key, &number).unwrap();
    }
    for (number, key) in (0..).zip(&keys) {
        assert_eq!(cache.recall(key), Some(number));
    }
}

#[test]
fn an_answer_of_another_shape_is_worked_out_again() {
    /// An answer as it is now: members that an earlier one lacked, and others than it had.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Now {
        label: String,
        score: f32,
    }
    let folder = tempdir().unwrap();
    let cache = Cache::open(folder.path());
    for earlier in [
        json!({"label": "boy"}),
        json!([0.5]),
        json!({"label": 1, "score": 0.5}),
    ] {
        cache.keep(&key(1), &earlier).unwrap();
        assert_eq!(cache.recall::<Now>(&key(1)), None, "{earlier}");
        let now = || {
            Ok(Now {
                label: "boy".to_owned(),
                score: 0.5,
            })
        };
        let made = cache.remember(&key(1), now).unwrap();
        assert_eq!(made, now().unwrap());
        assert_eq!(cache.recall(&key(1)), Some(made), "and is remembered anew");
    }
}

#[test]
fn shrinking_forgets_what_was_not_used_for_longest() {
    let folder = tempdir().unwrap();
    let cache = Cache::open(folder.path());
    for number in 0..100 {
        cache.keep(&key(number), &"x".repeat(99_998)).unwrap();
    }
    // Days pass: the lower the number, the longer ago, but for the first.
    let database = Connection::open(folder.path().join("results.sqlite3")).unwrap();
    database
        .execute_batch("UPDATE results SET used = 1000000 + 100000 * rowid;")
        .unwrap();
    assert!(cache.recall::<String>(&key(0)).is_some());
    let before = size(folder.path());
    cache.shrink(1_050_000).unwrap();
    let usage = cache.usage().unwrap();
    assert_eq!((usage.results, usage.bytes), (10, 1_000_000));
    for number in [0, 91, 99] {
        assert!(cache.recall::<String>(&key(number)).is_some(), "{number}");
    }
    for number in [1, 90] {
        assert!(cache.recall::<String>(&key(number)).is_none(), "{number}");
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

/// The database of a cache with `count` results, closed, so that all is in one file.
fn sound(folder: &Path, count: u64) -> Vec<u8> {
    let cache = Cache::open(folder);
    for number in 0..count {
        cache.keep(&key(number), &value(number)).unwrap();
    }
    drop(cache);
    fs::read(folder.join(FILE)).unwrap()
}

const FILE: &str = "results.sqlite3";

/// Everything that may be wrong with the bytes of a cache, by name.
fn damages(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
    let length = whole.len();
    let others = [
        ("text", b"no database at all\n".to_vec()),
        ("junk", b"junk".repeat(4000)),
        ("zeros", vec![0; length]),
        ("ones", vec![0xff; length]),
    ];
    let others = others.map(|(name, bytes)| (name.to_owned(), bytes));
    let cuts = [0, 1, 15, 16, 99, 100, 101, 512, 4095, 4096, 4097];
    let cuts = cuts
        .into_iter()
        .chain([length / 3, length - 4096, length - 1]);
    let cuts = cuts.map(|cut| (format!("cut to {cut}"), whole[..cut].to_vec()));
    let changes = CHANGES.iter().map(|(name, change)| {
        let mut bytes = whole.to_vec();
        change(&mut bytes);
        ((*name).to_owned(), bytes)
    });
    others.into_iter().chain(cuts).chain(changes).collect()
}

/// A change of bytes, and its name.
type Change = (&'static str, fn(&mut Vec<u8>));

/// Where fields of the header lie: <https://www.sqlite.org/fileformat2.html#the_database_header>.
const CHANGES: [Change; 11] = [
    ("a zero page", |bytes| bytes[..4096].fill(0)),
    ("all but the header", |bytes| bytes[100..].fill(0xa5)),
    ("all but the first page", |bytes| bytes[4096..].fill(0xa5)),
    ("the second half", |bytes| {
        let half = bytes.len() / 2;
        bytes[half..].fill(0);
    }),
    ("every tenth byte", |bytes| {
        bytes.iter_mut().step_by(10).for_each(|byte| *byte ^= 0x5a);
    }),
    ("a page size of 3", |bytes| {
        bytes[16..18].copy_from_slice(&[0, 3]);
    }),
    ("a newer format to write", |bytes| bytes[18] = 9),
    ("a newer format to read", |bytes| bytes[19] = 9),
    ("a newer schema", |bytes| bytes[47] = 99),
    ("another encoding", |bytes| bytes[59] = 77),
    ("a tail", |bytes| bytes.extend([7; 5000])),
];

/// Whether results are worked out and, from then on, remembered.
fn assert_works(folder: &Path, damage: &str) {
    let cache = Cache::open(folder);
    // The damage may be met late: the cache that follows it remembers from there on.
    for number in (0..60).chain(0..60) {
        let found = cache.remember(&key(number), || Ok(value(number)));
        assert_eq!(found.unwrap(), value(number), "{damage}");
    }
    let done = cache.remember::<Vec<u64>>(&key(3), || stage::bail!("not remembered"));
    assert_eq!(done.ok(), Some(value(3)), "{damage}");
    drop(cache);
    let again = Cache::open(folder).recall::<Vec<u64>>(&key(3));
    assert_eq!(again, Some(value(3)), "{damage}");
}

#[test]
fn a_damaged_cache_is_begun_anew_and_costs_no_result() {
    let folder = tempdir().unwrap();
    let whole = sound(folder.path(), 60);
    for (damage, bytes) in damages(&whole) {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join(FILE), bytes).unwrap();
        assert_works(folder.path(), &damage);
    }
}

#[test]
fn a_file_of_another_kind_in_its_place_is_set_aside() {
    for part in ["", "-wal", "-shm"] {
        for full in [false, true] {
            let folder = tempdir().unwrap();
            let place = folder.path().join(format!("{FILE}{part}"));
            fs::create_dir(&place).unwrap();
            if full {
                fs::write(place.join("mine"), "kept").unwrap();
            }
            assert_works(folder.path(), part);
            if full {
                let kept = folder.path().join(format!("{FILE}.damaged{part}/mine"));
                assert_eq!(fs::read_to_string(kept).unwrap(), "kept");
            }
        }
    }
}

#[test]
fn a_database_of_another_kind_is_set_aside() {
    let schemas = [
        "CREATE TABLE results (a, b);",
        "CREATE TABLE results (key BLOB PRIMARY KEY, value INTEGER);",
        "CREATE VIEW results AS SELECT 1 AS key, 2 AS value, 3 AS used;",
        "CREATE TABLE results (key BLOB PRIMARY KEY, value BLOB, used INTEGER, seal INTEGER CHECK (seal IS NULL));",
        "CREATE TABLE results (key BLOB PRIMARY KEY, value BLOB, used INTEGER);
         CREATE TRIGGER no BEFORE INSERT ON results BEGIN SELECT RAISE(ABORT, 'read only'); END;",
    ];
    for schema in schemas {
        let folder = tempdir().unwrap();
        let database = Connection::open(folder.path().join(FILE)).unwrap();
        database.execute_batch(schema).unwrap();
        drop(database);
        assert_works(folder.path(), schema);
    }
}

#[test]
fn a_value_that_was_changed_on_the_disk_is_worked_out_again() {
    let folder = tempdir().unwrap();
    sound(folder.path(), 10);
    let database = Connection::open(folder.path().join(FILE)).unwrap();
    // A sound database, and sound JSON: only the seal can tell.
    let changed = database.execute("UPDATE results SET value = CAST('[1,2]' AS BLOB)", []);
    assert_eq!(changed.unwrap(), 10);
    assert_works(folder.path(), "changed values");
}

#[test]
fn a_cache_of_an_earlier_version_is_still_known() {
    let folder = tempdir().unwrap();
    sound(folder.path(), 10);
    let database = Connection::open(folder.path().join(FILE)).unwrap();
    database
        .execute_batch("ALTER TABLE results DROP COLUMN seal;")
        .unwrap();
    drop(database);
    let known = Cache::open(folder.path()).recall::<Vec<u64>>(&key(9));
    assert_eq!(known, Some(value(9)));
}

#[test]
fn a_cache_that_breaks_while_it_is_open_costs_no_result() {
    let folder = tempdir().unwrap();
    let whole = sound(folder.path(), 500);
    let cache = Cache::open(folder.path());
    let mut bytes = whole.clone();
    bytes[4096..].fill(0xa5);
    fs::write(folder.path().join(FILE), bytes).unwrap();
    for number in 0..500 {
        let found = cache.remember(&key(number), || Ok(value(number)));
        assert_eq!(found.unwrap(), value(number));
    }
    assert_works(folder.path(), "broken while open");
}

#[test]
fn where_no_cache_can_be_results_are_worked_out() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "a user's own").unwrap();
    for place in [&file, &file.join("below"), Path::new("/proc/no/such")] {
        let cache = Cache::open(place);
        assert_eq!(cache.remember(&key(1), || Ok(7)).unwrap(), 7);
        assert_eq!(cache.remember(&key(1), || Ok(8)).unwrap(), 8);
        assert!(cache.usage().is_err());
        assert!(cache.clear().is_err());
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "a user's own");
}

#[test]
fn a_lock_that_another_process_holds_costs_no_result() {
    let folder = tempdir().unwrap();
    sound(folder.path(), 10);
    let cache = Cache::open(folder.path());
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE;").unwrap();
    for number in 0..40 {
        let found = cache.remember(&key(number), || Ok(value(number)));
        assert_eq!(found.unwrap(), value(number));
    }
    let error = cache.clear().unwrap_err();
    assert!(format!("{error:#}").contains("locked"), "{error:#}");
    other.execute_batch("ROLLBACK;").unwrap();
    cache.keep(&key(30), &value(30)).unwrap();
    assert_eq!(cache.recall(&key(30)), Some(value(30)), "it is used again");
}

#[test]
fn a_database_that_another_process_has_to_itself_costs_no_result() {
    let folder = tempdir().unwrap();
    sound(folder.path(), 10);
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    let alone = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM results;";
    other.execute_batch(alone).unwrap();
    let cache = Cache::open(folder.path());
    for number in 0..40 {
        let found = cache.remember(&key(number), || Ok(value(number)));
        assert_eq!(found.unwrap(), value(number));
    }
    drop(other);
    let kept = Cache::open(folder.path()).recall::<Vec<u64>>(&key(9));
    assert_eq!(kept, Some(value(9)), "nothing is set aside");
}

#[test]
fn a_cache_without_permission_costs_no_result_and_stays_as_it_is() {
    // To the superuser everything is permitted.
    if rustix::process::geteuid().is_root() {
        return;
    }
    for (file, own) in [
        (0o000, 0o700),
        (0o400, 0o700),
        (0o600, 0o500),
        (0o600, 0o000),
    ] {
        let folder = tempdir().unwrap();
        let inner = folder.path().join("cache");
        let whole = sound(&inner, 10);
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(&inner.join(FILE), file);
        mode(&inner, own);
        let cache = Cache::open(&inner);
        for number in 0..20 {
            let found = cache.remember(&key(number), || Ok(value(number)));
            assert_eq!(found.unwrap(), value(number), "{file:o} {own:o}");
        }
        drop(cache);
        mode(&inner, 0o700);
        mode(&inner.join(FILE), 0o600);
        assert!(
            fs::read(inner.join(FILE)).unwrap() == whole,
            "{file:o} {own:o}"
        );
    }
}

#[test]
fn clearing_clears_whatever_is_there() {
    let folder = tempdir().unwrap();
    let whole = sound(folder.path(), 60);
    let mut cases = damages(&whole);
    cases.push(("sound".to_owned(), whole));
    for (damage, bytes) in cases {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join(FILE), bytes).unwrap();
        let cache = Cache::open(folder.path());
        cache.clear().unwrap();
        assert_eq!(cache.usage().unwrap().results, 0, "{damage}");
        assert!(!folder.path().join(format!("{FILE}.damaged")).exists());
        assert_works(folder.path(), &damage);
    }
    let folder = tempdir().unwrap();
    sound(folder.path(), 60);
    let database = Connection::open(folder.path().join(FILE)).unwrap();
    let keeps =
        "CREATE TRIGGER no BEFORE DELETE ON results BEGIN SELECT RAISE(ABORT, 'kept'); END;";
    database.execute_batch(keeps).unwrap();
    drop(database);
    let cache = Cache::open(folder.path());
    cache.clear().unwrap();
    assert_eq!(cache.usage().unwrap().results, 0, "a table that keeps all");
}
