//! The checksums, at the first download, of files that have none in the registry.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Its path in the folder of models: `models/fetch.py` writes it.
const FILE: &str = "published/lock.toml";

/// The checksums that were pinned.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    path: PathBuf,
    files: Vec<Pinned>,
}

#[derive(Debug, Deserialize)]
struct Written {
    #[serde(default)]
    file: Vec<Pinned>,
}

#[derive(Debug, Deserialize)]
struct Pinned {
    model: String,
    path: String,
    sha256: String,
}

impl Lock {
    /// Reads the lock in the folder of models; one that is not there pins nothing.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let written: Written = toml::from_str(&text).with_context(|| path.display().to_string())?;
        Ok(Self {
            path,
            files: written.file,
        })
    }

    /// The checksum of a model's file, if it was pinned.
    pub(crate) fn checksum(&self, model: &str, path: &str) -> Option<&str> {
        let mut files = self.files.iter();
        let pinned = files.find(|file| file.model == model && file.path == path)?;
        Some(&pinned.sha256)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
