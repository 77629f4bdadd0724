//! What lies in a folder: the images that the trainer takes, and what is
//! wrong with the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use loaders::Finding;
use loaders::files::{is_image, walk};
use loaders::mask::labelled;
use loaders::set::Set;
use stage::Result;

/// Endings of files that belong to data sets and hurt nobody.
const USUAL: &[&str] = &[
    "txt",
    "caption",
    "npz",
    "safetensors",
    "json",
    "jsonl",
    "toml",
    "yaml",
    "yml",
    "csv",
    "parquet",
    "md",
    "db",
    "bak",
    "ini",
    "tar",
    "pt",
    "arrow",
    "lock",
];

/// The images that a trainer takes, relative to the folder, and findings.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The images, sorted.
    pub(crate) images: Vec<PathBuf>,
    /// What is wrong, and with which file or folder.
    pub(crate) findings: Vec<(PathBuf, Finding)>,
}

/// The names of images by the folder of their masks, which several folders of images may share, as those that an epoch
/// shows differently often do.
pub(crate) type Masked = BTreeMap<PathBuf, BTreeSet<OsString>>;

/// Which images the masks of all sets are of.
pub(crate) fn masked(sets: &[Set]) -> Masked {
    let mut masked = Masked::new();
    for set in sets {
        let Some(masks) = &set.masks else { continue };
        let names = masked.entry(masks.clone()).or_default();
        // A folder that cannot be read is told of when it is looked through.
        for file in walk(&set.path).unwrap_or_default() {
            if set.takes(&file) && is_image(&file) {
                names.extend(file.file_stem().map(OsStr::to_os_string));
            }
        }
    }
    masked
}

/// Looks through the folder of `set`; `masked` is of all sets that are read together.
pub(crate) fn scan(set: &Set, masked: &Masked) -> Result<Scan> {
    let mut scan = Scan::default();
    if !set.path.is_dir() {
        let text = "is not a folder: the trainer skips it with a warning, or stops";
        scan.say(&set.path, Finding::error("folder-missing", text));
        return Ok(scan);
    }
    let files = walk(&set.path)?;
    for file in files.iter().filter(|file| set.takes(file)) {
        if is_image(file) {
            scan.images.push(file.clone());
        } else {
            let text = "is read as a sample: the trainer also reads videos among images";
            scan.say(&set.path.join(file), Finding::error("file-stray", text));
        }
    }
    scan.ignored(set, &files);
    scan.caches(set, &files);
    scan.swallowed(set);
    scan.captions(set, &files);
    scan.names(set);
    scan.masks(set, masked);
    if scan.images.is_empty() {
        scan.say(
            &set.path,
            Finding::error("folder-empty", "has no image that the trainer reads"),
        );
    }
    Ok(scan)
}

/// Whether a folder is, by its name, one of masks or captions or controls.
pub(crate) fn is_aside(folder: &Path) -> bool {
    let words = [
        "mask",
        "control",
        "caption",
        "condition",
        "backup",
        "cache",
        "depth",
    ];
    folder.iter().any(|part| {
        let part = part.to_string_lossy().to_ascii_lowercase();
        words.iter().any(|word| part.contains(word))
    })
}

impl Scan {
    /// Adds what is wrong with `path`.
    pub(crate) fn say(&mut self, path: &Path, finding: Finding) {
        self.findings.push((path.to_path_buf(), finding));
    }

    /// Images and other files that the trainer does not take.
    fn ignored(&mut self, set: &Set, files: &[PathBuf]) {
        let mut nested = BTreeMap::<PathBuf, usize>::new();
        for file in files.iter().filter(|file| !set.takes(file)) {
            let place = set.path.join(file);
            let folder = file.parent().unwrap_or(Path::new(""));
            let hidden = file
                .iter()
                .any(|part| part.to_string_lossy().starts_with('.'));
            if hidden
                || set
                    .masks
                    .as_ref()
                    .is_some_and(|masks| place.starts_with(masks))
            {
                continue;
            }
            if !is_image(file) {
                let ending = file.extension().unwrap_or_default().to_string_lossy();
                if !USUAL.contains(&ending.to_ascii_lowercase().as_str()) && folder == Path::new("")
                {
                    self.say(
                        &place,
                        Finding::warning("file-stray", "is not part of a data set"),
                    );
                }
            } else if let Some(image) = labelled(file) {
                self.label(set, file, image);
            } else if folder == Path::new("") {
                let text = "is an image of a format or file ending that the trainer does not read: it is left out";
                self.say(&place, Finding::error("image-ignored", text));
            } else if !is_aside(folder) {
                *nested.entry(folder.to_path_buf()).or_default() += 1;
            } else if set.trainer.passes_over(folder) {
                let text = "is skipped: folders of this name hold control images";
                self.say(&place, Finding::warning("folder-controls", text));
            }
        }
        for (folder, count) in nested {
            let text = format!(
                "has {count} images that are left out: the trainer does not read subfolders"
            );
            self.say(
                &set.path.join(folder),
                Finding::error("folder-nested", text),
            );
        }
    }

    /// A mask beside the images whose own image is not there.
    fn label(&mut self, set: &Set, file: &Path, image: &str) {
        let has = |found: &PathBuf| found.file_stem().is_some_and(|stem| stem == image);
        let beside = set
            .trainer
            .profile()
            .masks
            .is_some_and(|masks| masks.are_beside());
        if beside && !self.images.iter().any(has) {
            let text = "is a mask without an image";
            self.say(&set.path.join(file), Finding::warning("mask-extra", text));
        }
    }

    /// Folders of masks and the like whose images are trained on.
    fn swallowed(&mut self, set: &Set) {
        let mut counts = BTreeMap::<PathBuf, usize>::new();
        for image in &self.images {
            let folder = image.parent().unwrap_or(Path::new(""));
            let masks = set
                .masks
                .as_ref()
                .is_some_and(|masks| set.path.join(folder).starts_with(masks));
            if folder != Path::new("") && (masks || is_aside(folder)) {
                *counts.entry(folder.to_path_buf()).or_default() += 1;
            }
        }
        for (folder, count) in counts {
            let text = format!(
                "has {count} images that are trained on like all others: the trainer reads every subfolder"
            );
            self.say(
                &set.path.join(folder),
                Finding::error("folder-swallowed", text),
            );
        }
    }

    /// Masks that belong to no image.
    fn masks(&mut self, set: &Set, masked: &Masked) {
        let Some(folder) = &set.masks else { return };
        let Ok(masks) = fs::read_dir(folder) else {
            self.say(folder, Finding::error("mask-folder", "is not a folder"));
            return;
        };
        let has = |name: &OsStr| masked.get(folder).is_some_and(|names| names.contains(name));
        let mut extra: Vec<_> = masks
            .flatten()
            .map(|mask| mask.path())
            .filter(|mask| is_image(mask))
            .filter(|mask| !mask.file_stem().is_some_and(has))
            .collect();
        extra.sort();
        for mask in extra {
            let fatal = set
                .trainer
                .profile()
                .masks
                .is_some_and(|masks| masks.required);
            let text = "is a mask without an image";
            self.say(&mask, Finding::of(fatal, "mask-extra", text));
        }
    }
}
