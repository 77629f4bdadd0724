//! Hugging Face's imagefolder: every folder with a metadata file of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use loaders::Trainer;
use loaders::metadata::Reader;
use stage::Result;

use crate::finding::Finding;
use crate::open::{Opened, rows};
use crate::set::{Set, Settings};
use crate::walk::walk;

/// Opens every folder that has a metadata file.
pub(crate) fn open(path: &Path, settings: &Settings, opened: &mut Opened) -> Result<()> {
    let all = walk(path)?;
    let named = |ending: &str| {
        let name = format!("metadata.{ending}");
        let files = all
            .iter()
            .filter(move |file| file.file_name().is_some_and(|n| *n == *name));
        files.cloned().collect::<Vec<PathBuf>>()
    };
    let (lists, tables) = (named("jsonl"), [named("csv"), named("parquet")].concat());
    if lists.is_empty() && tables.is_empty() {
        let text = "has no metadata file: no caption is read";
        opened
            .findings
            .push((path.to_path_buf(), Finding::error("metadata-none", text)));
        opened
            .sets
            .push(Set::folder(Trainer::Diffusers, path, settings));
        return Ok(());
    }
    if !lists.is_empty() && !tables.is_empty() {
        let text = "has metadata files of more than one kind, at which the loader stops";
        opened
            .findings
            .push((path.to_path_buf(), Finding::error("metadata-kinds", text)));
    }
    let mut listed = BTreeSet::new();
    for list in &lists {
        let file = path.join(list);
        let folder = file.parent().unwrap_or(path);
        let rows = rows(Reader::ImageFolder, &file, folder, opened);
        listed.extend(rows.iter().map(|(image, _)| image.clone()));
        opened.sets.push(Set {
            rows: Some(rows),
            path: file,
            ..Set::folder(Trainer::Diffusers, path, settings)
        });
    }
    let pictures = all.iter().filter(|file| Trainer::Diffusers.takes(file));
    let unlisted = pictures
        .map(|file| path.join(file))
        .filter(|file| !listed.contains(file));
    for file in unlisted.filter(|_| !lists.is_empty()) {
        let text = "is in no metadata file: it is left out";
        opened
            .findings
            .push((file, Finding::error("metadata-unlisted", text)));
    }
    Ok(())
}
