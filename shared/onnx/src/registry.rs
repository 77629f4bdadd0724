//! Which models there are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use machine::places;
use serde::{Deserialize, Serialize};

use crate::lock::Lock;
use crate::model::Model;

/// The registry's name in the folder of models.
const FILE: &str = "registry.toml";

/// Checksum of a file that nobody has confirmed.
const UNCONFIRMED: &str = "unconfirmed";

/// The models that are known, and the folder that they are in.
#[derive(Debug)]
pub struct Registry {
    folder: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    model: Vec<Entry>,
}

/// One model of the registry.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What `--model` calls it.
    pub name: String,
    /// What it is for, such as `detect`.
    pub role: String,
    /// How its tensors are to be read, such as `yolox`.
    pub family: String,
    /// Whether its role takes it where none is named.
    #[serde(default)]
    pub default: bool,
    /// Where its files are: `published/NAME` if nothing is said.
    pub folder: Option<String>,
    /// The licence of the weights.
    pub licence: String,
    /// What it was trained on.
    #[serde(default)]
    pub data: String,
    /// The code whose processing is the reference.
    #[serde(default)]
    pub reference: String,
    /// What a user has to know before using it: a licence that is not free.
    #[serde(default)]
    pub notice: String,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<FileEntry>,
    /// What its family's processing has to know.
    #[serde(default)]
    pub parameters: toml::Table,
}

/// One file of a model of the registry.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// What it is to the model.
    #[serde(default = "model")]
    pub part: String,
    /// Its path in the model's folder.
    pub path: String,
    /// Where it comes from; empty for files that are in this repository.
    #[serde(default)]
    pub url: String,
    /// Its path in the archive that `url` gives, where it gives one.
    #[serde(default)]
    pub member: String,
    /// Its size, as far as it is known.
    pub bytes: Option<u64>,
    /// What its size is likely to be, where it is not known.
    pub about: Option<u64>,
    /// Its SHA-256, or `unconfirmed`.
    pub sha256: String,
}

fn model() -> String {
    "model".to_owned()
}

impl FileEntry {
    /// Its checksum, if that is confirmed.
    pub fn checksum(&self) -> Option<&str> {
        Some(self.sha256.as_str()).filter(|sum| *sum != UNCONFIRMED)
    }

    /// Whether its address is that of a branch, where another file may be put in its place.
    pub fn may_change(&self) -> bool {
        let branches = ["/main/", "/master/", "/HEAD/"];
        branches.iter().any(|branch| self.url.contains(branch))
    }
}

impl Entry {
    /// The commands that download it: of an installation, and of the repository.
    pub(crate) fn download(&self) -> String {
        let name = &self.name;
        format!("`film2lora models --model {name}` or `make models MODEL={name}`")
    }

    /// The bytes of all its files, to a few per cent where the registry does not know them; none where it knows nothing.
    pub fn bytes(&self) -> Option<u64> {
        let sizes = self.files.iter().map(|file| file.bytes.or(file.about));
        sizes.sum()
    }

    /// Its size in words, such as `101 MB`.
    pub fn size(&self) -> String {
        self.bytes().map_or_else(
            || "size unknown".to_owned(),
            |bytes| format!("{:.0} MB", (bytes as f64 / 1e6).max(1.0)),
        )
    }
}

impl Registry {
    /// Opens the registry in `folder`, or in the first folder that has one.
    pub fn open(folder: Option<&Path>) -> Result<Self> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            // A folder that was named must not silently become another one.
            None => {
                match places::named()
                    .or_else(|| places::models().find(|folder| folder.join(FILE).is_file()))
                {
                    Some(folder) => folder,
                    None => {
                        return Ok(Self {
                            folder: PathBuf::new(),
                            entries: Vec::new(),
                        });
                    }
                }
            }
        };
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let written: Written = toml::from_str(&text).with_context(|| path.display().to_string())?;
        Ok(Self {
            folder,
            entries: written.model,
        })
    }

    /// The folder of models; empty where there is no registry.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All models.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The model `named`, by its name in the registry or its path, or the
    /// default of `role`.
    pub fn model(&self, role: &str, named: Option<&str>) -> Result<Model> {
        let entry = match named {
            Some(name) => self.entries.iter().find(|entry| entry.name == name),
            None => self
                .entries
                .iter()
                .find(|entry| entry.default && entry.role == role),
        };
        match (entry, named) {
            (Some(entry), _) if entry.role != role => bail!(
                "{}: is a model for `{}`, not for `{role}`: {}",
                entry.name,
                entry.role,
                self.choice(role)
            ),
            (Some(entry), _) => {
                let lock = Lock::open(&self.folder)?;
                Model::of_entry(entry, &self.folder_of(entry), &lock)
            }
            (None, Some(name)) if Path::new(name).exists() => Model::of_path(Path::new(name)),
            (None, Some(name)) => bail!(
                "{name}: not a model in the registry and not a file: {}",
                self.choice(role)
            ),
            (None, None) => bail!(
                "there is no default model for `{role}`: name one with --model; {}",
                self.choice(role)
            ),
        }
    }

    /// Where the files of a model are.
    pub fn folder_of(&self, entry: &Entry) -> PathBuf {
        let own = || Path::new("published").join(&entry.name);
        self.folder
            .join(entry.folder.as_ref().map_or_else(own, PathBuf::from))
    }

    fn choice(&self, role: &str) -> String {
        let of_role = self.entries.iter().filter(|entry| entry.role == role);
        let names: Vec<_> = of_role.map(|entry| entry.name.as_str()).collect();
        if names.is_empty() {
            return "the registry has none".to_owned();
        }
        format!("the registry has {}", names.join(", "))
    }
}
