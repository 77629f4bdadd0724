//! Results of costly work, remembered across runs and processes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aside;
use crate::database::{Database, Trouble};

/// The flag that names the cache's folder.
#[derive(Debug, Clone, clap::Args)]
pub struct CacheFolder {
    /// Folder for remembered results [default: film2lora in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl CacheFolder {
    /// Opens the cache, and makes the folder if need be.
    pub fn open(&self) -> Result<Cache> {
        let folder = self.folder();
        let folder = folder.context("no folder for the cache: name one with --cache")?;
        Ok(Cache::open(&folder))
    }

    /// The folder, whether it is there or not; none where the user has no folder for a cache.
    pub fn folder(&self) -> Option<PathBuf> {
        self.cache.clone().or_else(default_folder)
    }
}

/// The flags of tools that remember results: flatten it into a tool's own.
#[derive(Debug, Clone, clap::Args)]
pub struct CacheFlags {
    #[command(flatten)]
    folder: CacheFolder,

    /// Do not use or remember results
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
}

impl CacheFlags {
    /// Opens the cache that the flags ask for; `None` with `--no-cache`, and where the user has no
    /// folder for one.
    pub fn open(&self) -> Result<Option<Cache>> {
        if self.no_cache {
            return Ok(None);
        }
        let folder = self.folder.folder();
        if folder.is_none() {
            log::warn!(
                "no folder for the cache, so no results are remembered: name one with --cache"
            );
        }
        Ok(folder.as_deref().map(Cache::open))
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

/// What a result depends on: the tool and the number of its answers, the content
/// of the image, the model, the settings.
///
/// Anything that changes the result must be part of its key. The version of the
/// package is not: it changes where no answer does, and does not where one does.
#[derive(Debug, Clone)]
pub struct Key(blake3::Hasher);

impl Key {
    /// The key of a tool; `answer` is raised whenever it would answer otherwise.
    pub fn new(tool: &str, answer: u32) -> Self {
        Self(blake3::Hasher::new())
            .part(tool.as_bytes())
            .part(&answer.to_le_bytes())
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

    pub(crate) fn hash(&self) -> [u8; 32] {
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
///
/// A cache is there to save time, and never stands in the way of the work: a
/// database that is damaged is set aside and begun anew, and where it cannot
/// be used, for want of room or of permission or as another program holds it,
/// that is said once, and results are worked out.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The database, or why there is none.
    database: Result<Database, Trouble>,
    /// Whether it was said already that it cannot be used.
    told: bool,
}

impl Cache {
    /// Opens the cache in `folder`, and makes it if need be. One that cannot be opened remembers nothing.
    pub fn open(folder: &Path) -> Self {
        let mut state = State {
            database: opened(folder),
            told: false,
        };
        if let Err(trouble) = &state.database {
            state.told = true;
            tell(folder, trouble);
        }
        Self {
            folder: folder.to_owned(),
            state: Mutex::new(state),
        }
    }

    /// The folder it is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The result of `key`, if it is remembered, and sound.
    pub fn recall<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        let value = self.with(|database| database.get(key))??;
        // What something else has written there is worked out again.
        serde_json::from_slice(&value).ok()
    }

    /// Remembers the result of `key`, if that can be done; an error is one of the result.
    pub fn keep<T: Serialize>(&self, key: &Key, value: &T) -> Result<()> {
        let value = serde_json::to_vec(value).context("a result to remember")?;
        self.with(|database| database.put(key, &value));
        Ok(())
    }

    /// The result of `key`, remembered or worked out by `work` and remembered.
    pub fn remember<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if let Some(value) = self.recall(key) {
            return Ok(value);
        }
        let value = work()?;
        self.keep(key, &value)?;
        Ok(value)
    }

    /// How much the cache holds; an error says why that cannot be told.
    pub fn usage(&self) -> Result<Usage> {
        self.strictly(Database::usage)
    }

    /// Forgets the results that were not used for longest, until at most
    /// `bytes` of them are left, and gives their space back.
    pub fn shrink(&self, bytes: u64) -> Result<()> {
        self.strictly(|database| database.shrink(bytes))
    }

    /// Forgets everything, what was set aside too. A database that cannot be emptied, unless as another
    /// process holds it, is removed.
    pub fn clear(&self) -> Result<()> {
        let mut state = self.lock();
        let done = state.with(&self.folder, |database| database.shrink(0));
        match done {
            Ok(()) => {}
            // Whoever holds it would go on in a file that is no longer there.
            Err(Trouble::Busy(why)) => return Err(self.named(&why)),
            Err(trouble) => {
                // Closed first, so that nothing is written to what goes.
                state.database = Err(trouble);
                self.cleared(aside::set(&self.folder, aside::identity(&self.folder)))?;
                state.database = Database::open(&self.folder);
            }
        }
        self.cleared(aside::forget(&self.folder))
    }

    fn cleared<T>(&self, done: io::Result<T>) -> Result<()> {
        done.map(drop).with_context(|| unusable(&self.folder))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with the database; none where it cannot be used, which is said the first time.
    fn with<T>(&self, work: impl Fn(&Database) -> rusqlite::Result<T>) -> Option<T> {
        let mut state = self.lock();
        let trouble = match state.with(&self.folder, work) {
            Ok(done) => return Some(done),
            Err(trouble) => trouble,
        };
        if !state.told {
            state.told = true;
            tell(&self.folder, &trouble);
        }
        None
    }

    /// Works with the database, or says why that cannot be done.
    fn strictly<T>(&self, work: impl Fn(&Database) -> rusqlite::Result<T>) -> Result<T> {
        let done = self.lock().with(&self.folder, work);
        done.map_err(|trouble| self.named(&trouble.to_string()))
    }

    fn named(&self, why: &str) -> anyhow::Error {
        anyhow::anyhow!("{}: {why}", unusable(&self.folder))
    }
}

impl State {
    /// Works with the database; a damaged one is set aside, and the work tried once more.
    fn with<T>(
        &mut self,
        folder: &Path,
        work: impl Fn(&Database) -> rusqlite::Result<T>,
    ) -> Result<T, Trouble> {
        let done = self.attempt(folder, &work);
        let Err(trouble @ Trouble::Damaged(..)) = done else {
            return done;
        };
        if self.database.is_err() {
            return Err(trouble);
        }
        // Closed before it is renamed.
        self.database = Err(trouble.clone());
        set_aside(folder, &trouble);
        self.database = opened(folder);
        self.attempt(folder, &work)
    }

    fn attempt<T>(
        &self,
        folder: &Path,
        work: impl Fn(&Database) -> rusqlite::Result<T>,
    ) -> Result<T, Trouble> {
        let database = self.database.as_ref().map_err(Clone::clone)?;
        work(database).map_err(|error| database.trouble(&error, folder))
    }
}

/// The database in `folder`; one that is damaged is set aside first.
fn opened(folder: &Path) -> Result<Database, Trouble> {
    match Database::open(folder) {
        Err(trouble @ Trouble::Damaged(..)) if set_aside(folder, &trouble) => {
            Database::open(folder)
        }
        other => other,
    }
}

/// Sets a damaged database aside, and says so; whether there is room for another one now.
fn set_aside(folder: &Path, trouble: &Trouble) -> bool {
    let Trouble::Damaged(why, seen) = trouble else {
        return false;
    };
    match aside::set(folder, *seen) {
        Ok(Some(path)) => log::warn!(
            "{}: the cache was damaged ({why}): set aside, and started again",
            path.display()
        ),
        Ok(None) => {}
        Err(error) => log::debug!("{}: not set aside: {error}", folder.display()),
    }
    aside::identity(folder) != *seen || seen.is_none()
}

/// Says that the cache cannot be used.
fn tell(folder: &Path, trouble: &Trouble) {
    log::warn!(
        "{}: {trouble}: continuing without remembered results",
        unusable(folder)
    );
}

/// What messages call a cache.
fn unusable(folder: &Path) -> String {
    format!(
        "{}: the cache in this folder cannot be used",
        folder.display()
    )
}
