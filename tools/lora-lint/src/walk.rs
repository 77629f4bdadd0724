//! Every file of a folder, and what folders' names say.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stage::{Context, Result};

/// Every file under `folder`, relative to it, sorted.
///
/// Links are followed, and no folder is looked into twice.
pub(crate) fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(next) = folders.pop() {
        let here = folder.join(&next);
        let name = || here.display().to_string();
        let metadata = fs::metadata(&here).with_context(name)?;
        if !seen.insert((metadata.dev(), metadata.ino())) {
            continue;
        }
        for entry in fs::read_dir(&here).with_context(name)? {
            let path = next.join(entry.with_context(name)?.file_name());
            match fs::metadata(folder.join(&path)) {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(_) => files.push(path),
                // A link that leads nowhere is nothing to a trainer either.
                Err(_) => {}
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
