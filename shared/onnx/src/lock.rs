//! The checksums, at the first download, of files that have none in the registry.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

/// Its path in the folder of models.
const FILE: &str = "published/lock.toml";

const HEAD: &str = "\
# The first downloads of files that registry.toml has no checksum for: no other file runs under their
# names. If a publisher has changed a file, and you want the new one, delete its entry.

";

/// The checksums that were pinned.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Lock {
    #[serde(skip)]
    path: PathBuf,
    #[serde(default, rename = "file")]
    files: Vec<Pinned>,
}

/// One file, as it was when it was first downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pinned {
    /// The name of its model.
    pub model: String,
    /// Its path in the model's folder.
    pub path: String,
    /// Where it came from.
    #[serde(default)]
    pub url: String,
    /// Its size.
    #[serde(default)]
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Lock {
    /// Reads the lock in the folder of models; one that is not there pins nothing.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let mut lock = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                let said = error.message();
                anyhow!("{}: {said}: correct it or remove it", path.display())
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        lock.path = path;
        Ok(lock)
    }

    /// The checksum of a model's file, if it was pinned.
    pub fn checksum(&self, model: &str, path: &str) -> Option<&str> {
        let mut files = self.files.iter();
        let pinned = files.find(|file| file.model == model && file.path == path)?;
        Some(&pinned.sha256)
    }

    /// Pins a file, in place of what was pinned of it before.
    pub fn pin(&mut self, pinned: Pinned) -> Result<()> {
        let key = |file: &Pinned| (file.model.clone(), file.path.clone());
        self.files.retain(|file| key(file) != key(&pinned));
        self.files.push(pinned);
        self.files.sort_by_key(key);
        let written = || -> Result<()> {
            fs::create_dir_all(self.path.parent().unwrap_or(Path::new(".")))?;
            let text = HEAD.to_owned() + &toml::to_string(&self)?;
            Ok(machine::file::write_lasting(&self.path, text.as_bytes())?)
        };
        written().with_context(|| self.path.display().to_string())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
