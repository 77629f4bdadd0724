//! One folder or list of images, as one trainer would read it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bases::Base;
use crate::configuration::Configuration;
use crate::files::Refused;
use crate::fit::Fitting;
use crate::metadata;
use crate::view::Side;
use crate::{Finding, Trainer};

/// What is said of sets besides what a configuration says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base model that is trained.
    pub base: Option<&'static Base>,
    /// Side of the square whose area is the budget of an image, in pixels.
    pub resolution: u32,
    /// The ending of caption files, with its dot, where the trainer lets one choose.
    pub caption_extension: String,
    /// The tree of masks.
    pub masks: Option<PathBuf>,
    /// Whether the trainer is called with its flag for masked loss.
    pub masked_loss: bool,
    /// The trigger word, for a trainer that puts it into captions.
    pub trigger: Option<String>,
    /// Where a data set that was written for another machine lies here.
    pub moved: Option<Moved>,
}

/// A folder that configurations name as the machine of the trainer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its path there, which configurations begin with, such as `C:/out/style`.
    pub there: PathBuf,
    /// Its path here.
    pub here: PathBuf,
}

impl Settings {
    /// The path here of what a configuration names.
    pub(crate) fn here(&self, path: PathBuf) -> PathBuf {
        let moved = self.moved.as_ref();
        let rest = moved.and_then(|moved| {
            let rest = path.strip_prefix(&moved.there).ok()?;
            Some(moved.here.join(rest))
        });
        rest.unwrap_or(path)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base: None,
            resolution: 1024,
            caption_extension: ".txt".to_owned(),
            masks: None,
            masked_loss: false,
            trigger: None,
            moved: None,
        }
    }
}

/// One folder or list of images, as one trainer would read it.
#[derive(Debug)]
pub struct Set {
    /// The trainer.
    pub trainer: &'static dyn Trainer,
    /// The folder, or the file with the list.
    pub path: PathBuf,
    /// The images that a list names, with their captions; for a folder none.
    pub rows: Option<Vec<(PathBuf, Vec<String>)>>,
    /// Captions by file name, where one file of the folder has them all.
    pub lists: Option<Lists>,
    /// The ending of caption files, with its dot.
    pub extension: String,
    /// Whether every line of a caption counts.
    pub every_line: bool,
    /// The caption of images that have none.
    pub class_tokens: Option<String>,
    /// The trigger, for a trainer that puts it into captions.
    pub trigger: Option<String>,
    /// How many captions are drawn of each image and kept for all epochs, where a configuration
    /// says so.
    pub draws: Option<u32>,
    /// How often an epoch shows each image.
    pub repeats: f64,
    /// The tree of masks.
    pub masks: Option<PathBuf>,
    /// Whether transparency is the mask.
    pub alpha_mask: bool,
    /// Whether sub-folders are read where the trainer leaves that open.
    pub deep: bool,
    /// What its images are there for: those for regularization are not called by the trigger.
    pub side: Side,
    /// Bucket, scale and crop; `None` where the loader hands images on as they are.
    pub fitting: Option<Box<dyn Fitting>>,
}

/// A file with the captions of a folder.
#[derive(Debug, Clone)]
pub struct Lists {
    /// The file.
    pub path: PathBuf,
    /// The captions by the image's file name.
    pub captions: BTreeMap<String, Vec<String>>,
}

impl Set {
    /// A folder without a configuration.
    pub fn folder(
        trainer: &'static dyn Trainer,
        path: impl Into<PathBuf>,
        settings: &Settings,
    ) -> Self {
        let extension = if trainer.profile().captions.any_ending {
            settings.caption_extension.clone()
        } else {
            ".txt".to_owned()
        };
        Self {
            trainer,
            path: path.into(),
            rows: None,
            lists: None,
            extension,
            every_line: false,
            class_tokens: None,
            trigger: settings.trigger.clone(),
            draws: None,
            repeats: 1.0,
            masks: settings.masks.clone(),
            alpha_mask: false,
            deep: false,
            side: Side::Training,
            fitting: trainer.fitting(settings.resolution, settings.base),
        }
    }

    /// Whether it takes a file of its folder for an image; `path` is relative to it.
    pub fn takes(&self, path: &Path) -> bool {
        self.trainer.takes_of_set(path, self.deep)
    }

    /// Whether it looks into sub-folders.
    pub fn recurses(&self) -> bool {
        self.deep || self.trainer.profile().recurses
    }
}

/// What is found at a path.
#[derive(Debug, Default)]
pub struct Opened {
    /// The sets.
    pub sets: Vec<Set>,
    /// Tar files of samples.
    pub shards: Vec<PathBuf>,
    /// What is wrong, and with which file or folder.
    pub findings: Vec<(PathBuf, Finding)>,
}

impl Opened {
    /// Adds what is wrong with `path`.
    pub fn say(&mut self, path: &Path, finding: Finding) {
        self.findings.push((path.to_path_buf(), finding));
    }
}

/// Why nothing can be opened at a path.
#[derive(Debug, thiserror::Error)]
pub enum NoData {
    /// There is nothing.
    #[error("{}: no such file or folder", .0.display())]
    Missing(PathBuf),
    /// The trainer has no configurations.
    #[error("{}: {trainer} needs a folder, not a file", path.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The name of the trainer.
        trainer: &'static str,
    },
    /// It cannot be read.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Opens what `path` is to `trainer`: a folder, or a configuration.
pub fn open(
    trainer: &'static dyn Trainer,
    path: &Path,
    settings: &Settings,
) -> Result<Opened, NoData> {
    let mut opened = if path.is_file() {
        match trainer.open_file(path) {
            Some(opened) => opened,
            None => configured(trainer, path, settings)?,
        }
    } else if path.is_dir() {
        trainer
            .open_folder(path, settings)
            .unwrap_or_else(|| Opened {
                sets: vec![Set::folder(trainer, path, settings)],
                ..Opened::default()
            })
    } else {
        return Err(NoData::Missing(path.to_path_buf()));
    };
    if let Some(name) = trainer.profile().captions.list {
        lists(name, &mut opened);
    }
    Ok(opened)
}

/// The sets that a configuration describes.
fn configured(trainer: &dyn Trainer, path: &Path, settings: &Settings) -> Result<Opened, NoData> {
    let text = fs::read_to_string(path).map_err(|cause| Refused::new(path, cause))?;
    let mut opened = Opened::default();
    let has = trainer.configuration(&mut Configuration {
        path,
        text: &text,
        settings,
        opened: &mut opened,
    });
    if has {
        Ok(opened)
    } else {
        Err(NoData::NoFolder {
            path: path.to_path_buf(),
            trainer: trainer.profile().name,
        })
    }
}

/// Reads the list of captions of every folder that has one.
fn lists(name: &str, opened: &mut Opened) {
    for set in &mut opened.sets {
        let path = set.path.join(name);
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let (captions, flaws) = metadata::lists(&text);
        for flaw in flaws {
            let text = format!("{flaw}: the trainer stops");
            let finding = Finding::error("metadata-list", text);
            opened.findings.push((path.clone(), finding));
        }
        set.lists = Some(Lists { path, captions });
    }
}
