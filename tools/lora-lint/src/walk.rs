//! Every file of a folder, and what folders' names say.

use std::fs;
use std::path::{Path, PathBuf};

use stage::{Context, Result};

/// How deep folders are looked into; more is a loop of links.
const DEEPEST: usize = 16;

/// Every file under `folder`, relative to it, sorted.
pub(crate) fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(folder.join(&next));
        let entries = entries.with_context(|| folder.join(&next).display().to_string())?;
        for entry in entries {
            let entry = entry?;
            let path = next.join(entry.file_name());
            let linked = entry.file_type()?.is_symlink();
            if folder.join(&path).is_dir() {
                if path.components().count() < DEEPEST {
                    folders.push(path);
                }
            } else if !linked || folder.join(&path).exists() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
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
