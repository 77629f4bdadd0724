//! Which networks of the registry are installed, and whether their files are whole.

use std::path::{Component, Path, PathBuf};

use anyhow::{Result, ensure};

use crate::checked::checksum;
use crate::checksum::sha256;
use crate::lock::Lock;
use crate::registry::{Entry, FileEntry, Registry};

/// The folder of models: the registry, and the checksums that were pinned.
#[derive(Debug)]
pub struct Store<'a> {
    /// Which models there are.
    pub registry: &'a Registry,
    /// The checksums of files that the registry has none for.
    pub lock: Lock,
}

/// How closely to look at the files of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Whether they are there.
    There,
    /// Whether they are whole, by the checksum noted when a tool last read them, as tools do before they run one.
    Noted,
    /// Whether they are whole, by reading all of them again.
    Read,
}

/// What is known of a network's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// One of its files is not there.
    Missing,
    /// All its files are there.
    There,
    /// All have their checksums.
    Whole(Proof),
    /// One has another.
    Damaged,
    /// One has no checksum that is known.
    Unknown,
}

/// What knows the checksums of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The registry, all of them.
    Confirmed,
    /// The lock, one of them at least: they are as they were when they were first downloaded.
    Pinned,
}

impl<'a> Store<'a> {
    /// The folder of this registry.
    pub fn open(registry: &'a Registry) -> Result<Self> {
        Ok(Self {
            registry,
            lock: Lock::open(registry.folder())?,
        })
    }

    /// Where a file of a model lies; an error where that is outside the folder of models.
    pub fn path(&self, model: &Entry, file: &FileEntry) -> Result<PathBuf> {
        let folder = self.registry.folder_of(model);
        let own = folder.strip_prefix(self.registry.folder());
        for path in [own.unwrap_or(&folder), Path::new(&file.path)] {
            let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
            ensure!(
                path.components().all(inside) && path.file_name().is_some(),
                "{}: not a path inside the folder of models",
                path.display()
            );
        }
        Ok(folder.join(&file.path))
    }

    /// Whether all files of a model are there, whatever is in them.
    pub fn has(&self, model: &Entry) -> Result<bool> {
        for file in &model.files {
            if !self.path(model, file)?.is_file() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The checksum that a file must have, where one is known.
    pub fn expected<'b>(&'b self, model: &Entry, file: &'b FileEntry) -> Option<&'b str> {
        let pinned = || self.lock.checksum(&model.name, &file.path);
        file.checksum().or_else(pinned)
    }

    /// What a look at the files of a model shows.
    pub fn state(&self, model: &Entry, look: Look) -> Result<State> {
        if !self.has(model)? {
            return Ok(State::Missing);
        }
        let sum = match look {
            Look::There => return Ok(State::There),
            Look::Noted => checksum,
            Look::Read => sha256,
        };
        let mut state = State::Whole(Proof::Confirmed);
        for file in &model.files {
            let path = self.path(model, file)?;
            match self.expected(model, file) {
                Some(expected) if sum(&path)? != expected => return Ok(State::Damaged),
                Some(_) if file.checksum().is_some() => {}
                Some(_) if state == State::Unknown => {}
                Some(_) => state = State::Whole(Proof::Pinned),
                None => state = State::Unknown,
            }
        }
        Ok(state)
    }
}
