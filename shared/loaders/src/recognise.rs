//! What a path was made for: the trainer that it looks like, and the configurations in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Trainer;
use crate::configuration::Claim;
use crate::files::{is_image, names};
use crate::trainers::TRAINERS;

/// The longest file that is looked into as a configuration, in bytes: 16 MiB. Shards are longer.
const LONGEST: u64 = 16 << 20;

/// What there is to read at `path`: the path itself, or the configurations that lie in it, or, in a
/// folder of folders of that kind, theirs.
pub fn parts(path: &Path) -> Vec<PathBuf> {
    let own = configurations(path);
    if !own.is_empty() {
        return own;
    }
    // Only a whole data set has the card and folders with configurations.
    if !path.join("README.md").is_file() || !path.join("manifest.jsonl").is_file() {
        return vec![path.to_path_buf()];
    }
    let mut found = Vec::new();
    for name in names(path) {
        let folder = path.join(&name);
        if claimant(&folder).is_some() {
            found.push(folder);
        } else {
            found.extend(configurations(&folder));
        }
    }
    if found.is_empty() {
        found.push(path.to_path_buf());
    }
    found
}

/// The trainer that a path is most likely meant for.
pub fn guess(path: &Path) -> &'static dyn Trainer {
    let found = if path.is_file() {
        owner(path)
    } else {
        claimant(path).or_else(|| beside(path))
    };
    found.unwrap_or(TRAINERS[0])
}

/// The configurations in a folder that has no image itself.
pub(crate) fn configurations(folder: &Path) -> Vec<PathBuf> {
    let names = names(folder);
    if names.iter().any(|name| is_image(Path::new(name))) {
        return Vec::new();
    }
    let known = |name: &&String| {
        let mut trainers = TRAINERS.iter();
        trainers.any(|trainer| trainer.profile().names.files.contains(&name.as_str()))
    };
    let paths = names.iter().filter(known).map(|name| folder.join(name));
    paths.filter(|path| is_data_set(path)).collect()
}

/// Whether a file with the name of a configuration speaks of data sets.
fn is_data_set(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut words = TRAINERS
        .iter()
        .flat_map(|trainer| trainer.profile().names.texts);
    words.any(|word| text.contains(word))
}

/// The trainer that a folder can only be meant for.
fn claimant(folder: &Path) -> Option<&'static dyn Trainer> {
    let mut trainers = TRAINERS.iter().copied();
    trainers.find(|trainer| trainer.claims_folder(folder))
}

/// The trainer of a configuration, or of a shard; none if it is of no known kind.
fn owner(path: &Path) -> Option<&'static dyn Trainer> {
    let short = fs::metadata(path).is_ok_and(|metadata| metadata.len() <= LONGEST);
    let text = short.then(|| fs::read_to_string(path).unwrap_or_default());
    let text = text.unwrap_or_default();
    let claiming = |claim| {
        let mut trainers = TRAINERS.iter().copied();
        trainers.find(|trainer| trainer.claims(path, &text) == claim)
    };
    claiming(Claim::Sure).or_else(|| claiming(Claim::Perhaps))
}

/// The trainer of the configuration beside a folder that speaks of the folder by its name.
fn beside(path: &Path) -> Option<&'static dyn Trainer> {
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|parent| *parent != Path::new(""))?;
    let speaks = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.contains(&format!("/{name}\"")) || text.contains(&format!("\"{name}\""))
    };
    let file = configurations(parent).into_iter().find(speaks)?;
    owner(&file)
}
