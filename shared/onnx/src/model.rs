//! A model whose files are there and whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;

use crate::checked::checksum;
use crate::checksum::{of_all, sha256};
use crate::lock::Lock;
use crate::registry::{Entry, FileEntry};

/// One file of a model.
#[derive(Debug, Clone)]
pub struct ModelFile {
    /// What it is to the model: `model`, or `encoder`, `decoder`, `tokenizer`.
    pub part: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its checksum.
    pub sha256: String,
}

/// A model whose files are there and whole.
#[derive(Debug, Clone)]
pub struct Model {
    name: String,
    family: Option<String>,
    files: Vec<ModelFile>,
    parameters: toml::Table,
    sha256: String,
}

impl Model {
    /// The model of an entry of the registry, whose files are in `folder`.
    pub(crate) fn of_entry(entry: &Entry, folder: &Path, lock: &Lock) -> Result<Self> {
        let mut files = Vec::new();
        for file in &entry.files {
            let path = folder.join(&file.path);
            ensure!(
                path.is_file(),
                "{}: the model {} is not installed: {} downloads it ({})",
                path.display(),
                entry.name,
                entry.download(),
                entry.size()
            );
            let found = checked(entry, file, &path, lock)?;
            files.push(ModelFile {
                part: file.part.clone(),
                path,
                sha256: found,
            });
        }
        if !entry.notice.is_empty() {
            log::warn!("{}: {}", entry.name, entry.notice);
        }
        Ok(Self::new(
            &entry.name,
            Some(entry.family.clone()),
            files,
            entry.parameters.clone(),
        ))
    }

    /// A user's own file, or a folder of files, whose parts are the files'
    /// names without their ending.
    pub(crate) fn of_path(path: &Path) -> Result<Self> {
        let name = path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        if !path.is_dir() {
            let file = ModelFile {
                part: "model".to_owned(),
                path: path.to_owned(),
                sha256: sha256(path)?,
            };
            return Ok(Self::new(&name, None, vec![file], toml::Table::new()));
        }
        let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
        let mut paths: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.retain(|path| path.is_file());
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            files.push(ModelFile {
                part: path
                    .file_stem()
                    .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
                sha256: sha256(&path)?,
                path,
            });
        }
        ensure!(
            !files.is_empty(),
            "{}: no model: the folder is empty",
            path.display()
        );
        Ok(Self::new(&name, None, files, toml::Table::new()))
    }

    fn new(
        name: &str,
        family: Option<String>,
        files: Vec<ModelFile>,
        parameters: toml::Table,
    ) -> Self {
        let sha256 = match &files[..] {
            [one] => one.sha256.clone(),
            several => of_all(several.iter().map(|file| file.sha256.as_str())),
        };
        Self {
            name: name.to_owned(),
            family,
            files,
            parameters,
            sha256,
        }
    }

    /// Its name in the registry, or that of its file or folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its tensors are to be read, such as `yolox`; `None` for a user's
    /// own file, which has to be recognised by what it takes and gives.
    pub fn family(&self) -> Option<&str> {
        self.family.as_deref()
    }

    /// Its checksum, or that of its files' checksums.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Its files.
    pub fn files(&self) -> &[ModelFile] {
        &self.files
    }

    /// Where the file of `part` is: the one of that part, or the one whose
    /// name holds it, as users' files are named in many ways.
    pub fn path(&self, part: &str) -> Result<&Path> {
        if let Some(file) = self.files.iter().find(|file| file.part == part) {
            return Ok(&file.path);
        }
        let mut holding = self.files.iter().filter(|file| file.part.contains(part));
        match (holding.next(), holding.next()) {
            (Some(file), None) => Ok(&file.path),
            (Some(first), Some(second)) => bail!(
                "{}: `{part}` may be {} or {}: keep one of them in the folder",
                self.name,
                first.path.display(),
                second.path.display()
            ),
            _ => bail!(
                "{}: the model has no file for `{part}`, only {}",
                self.name,
                self.files
                    .iter()
                    .map(|file| file.part.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }
    }

    /// Whether it has a file of `part`.
    pub fn has(&self, part: &str) -> bool {
        self.path(part).is_ok()
    }

    /// A parameter of its processing, if the registry gives one.
    pub fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(value) = self.parameters.get(name) else {
            return Ok(None);
        };
        let wrong = || format!("{}: parameter `{name}` in the registry", self.name);
        value.clone().try_into().map(Some).with_context(wrong)
    }
}

/// The checksum of a model's file, which must be the registry's or, where that knows none, the one that was
/// pinned at the first download.
fn checked(entry: &Entry, file: &FileEntry, path: &Path, lock: &Lock) -> Result<String> {
    let found = checksum(path)?;
    let name = path.display();
    if let Some(expected) = file.checksum() {
        ensure!(
            expected == found,
            "{name}: the file is not the one in the registry: its SHA-256 is {found}, not {expected}: \
             {} downloads it again",
            entry.download()
        );
    } else if let Some(pinned) = lock.checksum(&entry.name, &file.path) {
        ensure!(
            pinned == found,
            "{name}: the file is not the one first downloaded: its SHA-256 is {found}, not {pinned}: \
             {} downloads it again; if you want the new file, remove its entry in {}",
            entry.download(),
            lock.path().display()
        );
    }
    Ok(found)
}
