//! The database of the cache, as it is: every trouble with it is an error here.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use crate::aside::{FILE, Identity, blocked, identity};
use crate::cache::{Key, Usage};

/// How long to wait for another process that writes. Whoever holds the database
/// longer is not waited for again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Seconds after which a result that is used is noted as used again. Noting
/// it at every use would turn each reading into a writing.
const NOTED: i64 = 24 * 3600;

/// What everything that is done with the database needs of it.
const COLUMNS: &str = "SELECT key, value, used, seal FROM results LIMIT 0";

/// Why the database could not be used.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// It is damaged, or nothing of ours, and there is no use in trying again; and which file that was.
    Damaged(String, Identity),
    /// Another process holds it.
    Busy(String),
    /// There is no room, no permission, no folder.
    Unusable(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Damaged(why, _) | Self::Busy(why) | Self::Unusable(why)) = self;
        formatter.write_str(why)
    }
}

/// A database that is open.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    seen: Identity,
}

impl Database {
    /// Opens the database in `folder`, and makes it if need be.
    pub(crate) fn open(folder: &Path) -> Result<Self, Trouble> {
        let seen = identity(folder);
        let unusable = |error: std::io::Error| Trouble::Unusable(error.to_string());
        fs::create_dir_all(folder).map_err(unusable)?;
        if let Some(name) = blocked(folder) {
            let why = format!("{name} is not a file");
            return Err(Trouble::Damaged(why, seen));
        }
        match connect(&folder.join(FILE)) {
            Ok(connection) => Ok(Self {
                connection,
                seen: identity(folder),
            }),
            Err(error) => Err(trouble(&error, folder, seen)),
        }
    }

    /// The result of `key`, if it is remembered.
    pub(crate) fn get(&self, key: &Key) -> rusqlite::Result<Option<Vec<u8>>> {
        let hash = key.hash();
        let select = "SELECT value, used, seal FROM results WHERE key = ?1";
        let found: Option<(Vec<u8>, i64, Option<i64>)> = self
            .connection
            .prepare_cached(select)?
            .query_row([hash], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((value, used, found)) = found else {
            return Ok(None);
        };
        // The database does not notice all damage to itself, and none to what it holds: the next result would
        // be written among what is damaged. Old ones have no seals.
        if found.is_some_and(|found| found != seal(&hash, &value)) {
            let changed = "a result has changed since it was stored".into();
            return Err(rusqlite::Error::FromSqlConversionFailure(
                0,
                rusqlite::types::Type::Blob,
                changed,
            ));
        }
        let now = now();
        if now - used > NOTED {
            let update = "UPDATE results SET used = ?2 WHERE key = ?1";
            // A result that was found counts, whether or not that can be noted.
            let _ = self.connection.execute(update, params![hash, now]);
        }
        Ok(Some(value))
    }

    /// Remembers the result of `key`.
    pub(crate) fn put(&self, key: &Key, value: &[u8]) -> rusqlite::Result<()> {
        let insert =
            "INSERT OR REPLACE INTO results (key, value, used, seal) VALUES (?1, ?2, ?3, ?4)";
        let hash = key.hash();
        let mut insert = self.connection.prepare_cached(insert)?;
        let row = params![hash, value, now(), seal(&hash, value)];
        let done = insert.execute(row).map(drop);
        // Whoever was waited for in vain once is not waited for at every result, until they have let go.
        let patience = match &done {
            Err(error) if busy(error) => Duration::ZERO,
            _ => PATIENCE,
        };
        self.connection.busy_timeout(patience)?;
        done
    }

    /// How much it holds.
    pub(crate) fn usage(&self) -> rusqlite::Result<Usage> {
        let select = "SELECT count(*), coalesce(sum(length(value)), 0) FROM results";
        self.connection.query_row(select, [], |row| {
            let (results, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(Usage {
                results: results.unsigned_abs(),
                bytes: bytes.unsigned_abs(),
            })
        })
    }

    /// Forgets what was not used for longest; see [`crate::Cache::shrink`].
    pub(crate) fn shrink(&self, bytes: u64) -> rusqlite::Result<()> {
        let delete = "DELETE FROM results WHERE key IN (SELECT key FROM (SELECT key,
            sum(length(value)) OVER (ORDER BY used DESC, key) AS held FROM results)
            WHERE held > ?1)";
        self.connection
            .execute(delete, [i64::try_from(bytes).unwrap_or(i64::MAX)])?;
        // It gives one page back at every step.
        let mut vacuum = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut steps = vacuum.query([])?;
        while steps.next()?.is_some() {}
        self.connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")
    }

    /// What an error of it means.
    pub(crate) fn trouble(&self, error: &rusqlite::Error, folder: &Path) -> Trouble {
        trouble(error, folder, self.seen)
    }
}

/// Tells damage from what may pass.
fn trouble(error: &rusqlite::Error, folder: &Path, seen: Identity) -> Trouble {
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Busy(why),
        // A header that asks for a newer SQLite makes the database read-only too.
        Some(ErrorCode::ReadOnly) if !writable(folder) => Trouble::Unusable(why),
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::DiskFull
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure,
        ) => Trouble::Unusable(why),
        // Not a database, malformed, another schema, a value of another type.
        _ => Trouble::Damaged(why, seen),
    }
}

/// Whether the folder and the file may be written.
fn writable(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(folder, Access::WRITE_OK).is_ok() && access(folder.join(FILE), Access::WRITE_OK).is_ok()
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(file)?;
    database.busy_timeout(PATIENCE)?;
    // Only a new database takes this on; it is what lets `shrink` give space back.
    database.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
    write_ahead(&database)?;
    database.execute_batch(
        "PRAGMA synchronous = NORMAL;
         CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL, seal INTEGER);
         CREATE INDEX IF NOT EXISTS results_used ON results (used);",
    )?;
    if database.prepare(COLUMNS).is_err() {
        // Databases of earlier versions have no seals. Another process may add them at the same time.
        let added = database.execute_batch("ALTER TABLE results ADD COLUMN seal INTEGER;");
        database.prepare(COLUMNS).map(drop).or(added)?;
    }
    Ok(database)
}

/// Turns the write-ahead log on. While another process does the same, `SQLite`
/// answers that it is busy without waiting.
fn write_ahead(database: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match database.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if busy(&error) && began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

fn busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// What tells a value that has changed since it was remembered.
fn seal(key: &[u8], value: &[u8]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key).update(value);
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    i64::from_le_bytes(first)
}

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |age| age.as_secs().cast_signed())
}
