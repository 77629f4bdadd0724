//! What a path was made for: the trainer that it looks like, and the configurations in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use loaders::{Trainer, repeats};

/// The names of configurations that are looked for in a folder, with those of dataset-write.
const CONFIGURATIONS: &[&str] = &[
    "dataset.toml",
    "masked.toml",
    "jsonl.toml",
    "validation.toml",
    "concepts.json",
    "config.yaml",
    "multidatabackend.json",
];

/// What there is to read at `path`: the path itself, or the configurations that lie in it, or, in a
/// folder of folders of that kind, theirs.
pub(crate) fn parts(path: &Path) -> Vec<PathBuf> {
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
        if folder.is_dir() && (has_metadata(&folder) || has_shards(&folder)) {
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

/// The configurations in a folder that has no image itself.
fn configurations(folder: &Path) -> Vec<PathBuf> {
    let names = names(folder);
    if names
        .iter()
        .any(|name| Trainer::is_picture(Path::new(name)))
    {
        return Vec::new();
    }
    let known = names
        .iter()
        .filter(|name| CONFIGURATIONS.contains(&name.as_str()));
    let paths = known.map(|name| folder.join(name));
    paths.filter(|path| is_data_set(path)).collect()
}

/// Whether a file with the name of a configuration speaks of data sets.
fn is_data_set(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let words = [
        "[[datasets]]",
        "[[directory]]",
        "datasets:",
        "\"path\"",
        "\"dataset_type\"",
    ];
    words.iter().any(|word| text.contains(word))
}

/// The trainer that a path is most likely meant for.
pub(crate) fn guess(path: &Path) -> Trainer {
    if path.is_file() {
        return of_file(path).unwrap_or(Trainer::SdScripts);
    }
    let names = names(path);
    let any = |is: &dyn Fn(&str) -> bool| names.iter().any(|name| is(name));
    if any(&|name| repeats(name).is_some() && path.join(name).is_dir()) {
        Trainer::KohyaFolder
    } else if has_metadata(path) || any(&|name| has_metadata(&path.join(name))) {
        Trainer::Diffusers
    } else if has_shards(path) {
        Trainer::WebDataset
    } else {
        of_folder(path).unwrap_or(Trainer::SdScripts)
    }
}

/// The trainer of a configuration, or of a shard; none if it is of no known kind.
fn of_file(path: &Path) -> Option<Trainer> {
    let ending = path.extension().and_then(|ending| ending.to_str())?;
    let text = || fs::read_to_string(path).unwrap_or_default();
    match ending {
        "json" => Some(of_json(&text())),
        "yaml" | "yml" => Some(Trainer::AiToolkit),
        "tar" => Some(Trainer::WebDataset),
        "toml" => Some(of_toml(&text())),
        _ => None,
    }
}

fn of_json(text: &str) -> Trainer {
    // `job` and `dataset_type` are words of no other trainer's configuration.
    if text.contains("\"dataset_type\"") || text.contains("\"instance_data_dir\"") {
        Trainer::SimpleTuner
    } else if text.contains("\"job\"") && text.contains("\"process\"") {
        Trainer::AiToolkit
    } else {
        Trainer::OneTrainer
    }
}

fn of_toml(text: &str) -> Trainer {
    if text.contains("[[directory]]") {
        Trainer::DiffusionPipe
    } else if text.contains("image_directory") || text.contains("image_jsonl_file") {
        Trainer::MusubiTuner
    } else {
        Trainer::SdScripts
    }
}

/// The trainer of the configuration beside a folder that speaks of the folder by its name.
fn of_folder(path: &Path) -> Option<Trainer> {
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|parent| *parent != Path::new(""))?;
    let beside = configurations(parent);
    let speaks = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.contains(&format!("/{name}\"")) || text.contains(&format!("\"{name}\""))
    };
    beside
        .into_iter()
        .find(speaks)
        .and_then(|file| of_file(&file))
}

/// Whether a folder has a metadata file of Hugging Face's.
fn has_metadata(folder: &Path) -> bool {
    let endings = ["jsonl", "csv", "parquet"];
    let mut names = endings.iter().map(|ending| format!("metadata.{ending}"));
    // musubi-tuner's list of that name stands beside its configuration.
    names.any(|name| folder.join(name).is_file()) && configurations(folder).is_empty()
}

fn has_shards(folder: &Path) -> bool {
    let names = names(folder);
    names
        .iter()
        .any(|name| name.to_ascii_lowercase().ends_with(".tar"))
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
