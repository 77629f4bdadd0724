//! Results of costly work, remembered across runs and processes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The database inside the cache's folder.
const FILE: &str = "results.sqlite3";

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Seconds after which a result that is used is noted as used again. Noting
/// it at every use would turn each reading into a writing.
const NOTED: i64 = 24 * 3600;

/// The flag that names the cache's folder.
#[derive(Debug, Clone, clap::Args)]
pub struct CacheFolder {
    /// Folder that remembers results [default: film2lora in the user's cache
    /// folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl CacheFolder {
    /// Opens the cache.
    pub fn open(&self) -> Result<Cache> {
        let folder = self.cache.clone().or_else(default_folder);
        Cache::open(&folder.context("no folder for the cache: name one with --cache")?)
    }
}

/// The flags of tools that remember results: flatten it into a tool's own.
#[derive(Debug, Clone, clap::Args)]
pub struct CacheFlags {
    #[command(flatten)]
    folder: CacheFolder,

    /// Neither use nor remember results
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
}

impl CacheFlags {
    /// Opens the cache that the flags ask for; `None` with `--no-cache`.
    pub fn open(&self) -> Result<Option<Cache>> {
        if self.no_cache {
            return Ok(None);
        }
        self.folder.open().map(Some)
    }
}

/// `$XDG_CACHE_HOME/film2lora`, or `~/.cache/film2lora`.
fn default_folder() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")))
        .map(|folder| folder.join("film2lora"))
}

/// What a result depends on: the tool and its version, the content of the
/// image, the model, the settings.
///
/// Anything that changes the result must be part of its key.
#[derive(Debug, Clone)]
pub struct Key(blake3::Hasher);

impl Key {
    /// The key of a tool; `version` changes whenever its answers do.
    pub fn new(tool: &str, version: &str) -> Self {
        Self(blake3::Hasher::new())
            .part(tool.as_bytes())
            .part(version.as_bytes())
    }

    /// Adds bytes: the content of an image file, a model's hash.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        // The length keeps `ab` + `c` apart from `a` + `bc`.
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds settings, as their JSON.
    pub fn settings(self, settings: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_vec(settings).context("settings of a cache key")?;
        Ok(self.part(&text))
    }

    fn hash(&self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// How much a cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Results.
    pub results: u64,
    /// Bytes of results, without what the database itself takes.
    pub bytes: u64,
}

/// Results of costly work, in one `SQLite` database in a folder.
///
/// Many processes may use it at once. A result is there whole or not at all,
/// also after a process was killed while it wrote. The folder must not be on
/// a network file system, whose locks `SQLite`'s write-ahead log cannot use.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    database: Mutex<Connection>,
}

impl Cache {
    /// Opens the cache in `folder`, and makes it if need be.
    pub fn open(folder: &Path) -> Result<Self> {
        let database = connect(folder).with_context(|| named(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            database: Mutex::new(database),
        })
    }

    /// The folder it is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The result of `key`, if it is remembered.
    pub fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let hash = key.hash();
        self.with(|database| {
            let select = "SELECT value, used FROM results WHERE key = ?1";
            let found: Option<(Vec<u8>, i64)> = database
                .prepare_cached(select)?
                .query_row([hash], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let now = now();
            if let Some((_, used)) = &found
                && now - used > NOTED
            {
                let update = "UPDATE results SET used = ?2 WHERE key = ?1";
                database.execute(update, params![hash, now])?;
            }
            Ok(found.map(|(value, _)| value))
        })
    }

    /// Remembers the result of `key`.
    pub fn put(&self, key: &Key, value: &[u8]) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO results (key, value, used) VALUES (?1, ?2, ?3)";
        self.with(|database| {
            let mut insert = database.prepare_cached(insert)?;
            insert.execute(params![key.hash(), value, now()]).map(drop)
        })
    }

    /// The result of `key`, remembered or worked out by `work` and remembered.
    pub fn remember<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if let Some(value) = self.get(key)? {
            return serde_json::from_slice(&value).context("a remembered result");
        }
        let value = work()?;
        self.put(key, &serde_json::to_vec(&value)?)?;
        Ok(value)
    }

    /// How much the cache holds.
    pub fn usage(&self) -> Result<Usage> {
        let select = "SELECT count(*), coalesce(sum(length(value)), 0) FROM results";
        self.with(|database| {
            database.query_row(select, [], |row| {
                let (results, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(Usage {
                    results: results.unsigned_abs(),
                    bytes: bytes.unsigned_abs(),
                })
            })
        })
    }

    /// Forgets the results that were not used for longest, until at most
    /// `bytes` of them are left, and gives their space back.
    pub fn shrink(&self, bytes: u64) -> Result<()> {
        let delete = "DELETE FROM results WHERE key IN (SELECT key FROM (SELECT key,
            sum(length(value)) OVER (ORDER BY used DESC, key) AS held FROM results)
            WHERE held > ?1)";
        self.with(|database| {
            database.execute(delete, [i64::try_from(bytes).unwrap_or(i64::MAX)])?;
            // It gives one page back at every step.
            let mut vacuum = database.prepare("PRAGMA incremental_vacuum")?;
            let mut steps = vacuum.query([])?;
            while steps.next()?.is_some() {}
            database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")
        })
    }

    /// Works with the database; errors name its folder.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let database = self.database.lock();
        let database = database.unwrap_or_else(PoisonError::into_inner);
        work(&database).with_context(|| named(&self.folder))
    }
}

/// What messages call a cache.
fn named(folder: &Path) -> String {
    format!(
        "{}: the cache in this folder cannot be used",
        folder.display()
    )
}

fn connect(folder: &Path) -> Result<Connection> {
    std::fs::create_dir_all(folder)?;
    let database = Connection::open(folder.join(FILE))?;
    database.busy_timeout(PATIENCE)?;
    // Only a new database takes this on; it is what lets `shrink` give space back.
    database.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
    write_ahead(&database)?;
    database.execute_batch(
        "PRAGMA synchronous = NORMAL;
         CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL);
         CREATE INDEX IF NOT EXISTS results_used ON results (used);",
    )?;
    Ok(database)
}

/// Turns the write-ahead log on. While another process does the same, `SQLite`
/// answers that it is busy without waiting.
fn write_ahead(database: &Connection) -> Result<()> {
    let began = std::time::Instant::now();
    loop {
        match database.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if busy(&error) && began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return Ok(other?),
        }
    }
}

fn busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |age| age.as_secs().cast_signed())
}
