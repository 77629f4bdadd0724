//! From a path to the sets that a trainer would read there.

use std::fs;
use std::path::{Path, PathBuf};

use loaders::config::Problem;
use loaders::metadata::{self, Reader};
use loaders::{Trainer, repeats};
use stage::{Result, bail};

use crate::configs;
use crate::finding::Finding;
use crate::recognise::names;
use crate::set::{Lists, Set, Settings};

/// The sets found at a path, and what is wrong with what describes them.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The sets.
    pub(crate) sets: Vec<Set>,
    /// What is wrong, and with which file or folder.
    pub(crate) findings: Vec<(PathBuf, Finding)>,
}

impl Opened {
    /// Adds what is wrong with `path`.
    pub(crate) fn say(&mut self, path: &Path, finding: Finding) {
        self.findings.push((path.to_path_buf(), finding));
    }

    /// Adds what is wrong with the configuration `path`.
    pub(crate) fn problems(&mut self, path: &Path, problems: Vec<Problem>) {
        for Problem {
            code,
            place,
            text,
            fatal,
        } in problems
        {
            self.say(path, Finding::of(fatal, code, format!("{place}: {text}")));
        }
    }
}

/// Opens what `path` is to `trainer`: a folder, or a configuration.
pub(crate) fn open(path: &Path, trainer: Trainer, settings: &Settings) -> Result<Opened> {
    let mut opened = Opened::default();
    if path.is_file() {
        configs::open(path, trainer, settings, &mut opened)?;
    } else if !path.is_dir() {
        bail!("{}: no such file or folder", path.display());
    } else if trainer == Trainer::KohyaFolder {
        numbered(path, settings, &mut opened);
    } else if trainer == Trainer::Diffusers {
        crate::image_folder::open(path, settings, &mut opened)?;
    } else {
        opened.sets.push(Set::folder(trainer, path, settings));
    }
    if trainer == Trainer::DiffusionPipe {
        lists(&mut opened);
    }
    Ok(opened)
}

/// Reads the `captions.json` of every folder that has one, for which the
/// trainer reads no other captions.
fn lists(opened: &mut Opened) {
    let mut findings = Vec::new();
    for set in &mut opened.sets {
        let path = set.path.join("captions.json");
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let (captions, flaws) = metadata::lists(&text);
        let flaws = flaws
            .into_iter()
            .map(|flaw| format!("{flaw}, at which the trainer stops"));
        findings.extend(flaws.map(|flaw| (path.clone(), Finding::error("metadata-list", flaw))));
        set.lists = Some(Lists { path, captions });
    }
    opened.findings.extend(findings);
}

/// The images that a list names; a relative name is looked for in `folder`.
pub(crate) fn rows(
    reader: Reader,
    file: &Path,
    folder: &Path,
    opened: &mut Opened,
) -> Vec<(PathBuf, Vec<String>)> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(cause) => {
            opened.say(file, Finding::error("metadata-file", cause.to_string()));
            return Vec::new();
        }
    };
    let (rows, flaws) = metadata::rows(reader, &text);
    for flaw in flaws {
        let text = format!("line {}: {}", flaw.line, flaw.text);
        opened.say(file, Finding::error(flaw.code, text));
    }
    let mut found = Vec::new();
    for row in rows {
        let image = folder.join(&row.image);
        if image.is_file() {
            found.push((image, row.captions));
        } else {
            let text = format!("line {}: {} is not there", row.line, image.display());
            opened.say(file, Finding::error("metadata-missing", text));
        }
    }
    found
}

/// The folders called `N_name` under the one that is given.
fn numbered(path: &Path, settings: &Settings, opened: &mut Opened) {
    let pictures = |folder: &Path| {
        let names = names(folder);
        names
            .iter()
            .any(|name| Trainer::SdScripts.reads(Path::new(name)))
    };
    for name in names(path) {
        let folder = path.join(&name);
        match repeats(&name) {
            Some((number, class)) if folder.is_dir() => opened.sets.push(Set {
                repeats: number.into(),
                class_tokens: Some(class.to_owned()).filter(|class| !class.is_empty()),
                ..Set::folder(Trainer::KohyaFolder, &folder, settings)
            }),
            None if folder.is_dir() && pictures(&folder) => {
                let text = "has images, and no number of repeats in its name: it is left out";
                opened.say(&folder, Finding::error("folder-unnumbered", text));
            }
            _ => {}
        }
    }
    let own = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if opened.sets.is_empty() && repeats(own).is_some() {
        let text = "is one of the folders with a number: the trainer wants the folder above it";
        opened.say(path, Finding::error("folder-is-child", text));
    } else if opened.sets.is_empty() {
        let text = "has no folder called as `10_name`: nothing is trained on";
        opened.say(path, Finding::error("folder-no-repeats", text));
    } else if pictures(path) {
        let text = "has images beside the folders with numbers: they are left out";
        opened.say(path, Finding::error("folder-loose", text));
    }
}
