//! The files of a folder, and what their names say.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The endings of images that Pillow opens, as far as data sets have them.
pub(crate) const PILLOW: &[&str] = &[
    "apng", "bmp", "dib", "gif", "jfif", "jpe", "jpeg", "jpg", "pbm", "pgm", "png", "pnm", "ppm",
    "tga", "tif", "tiff", "webp", "avif", "ico", "jp2", "psd",
];

/// Whether a file's name says that it is an image of any kind.
pub fn is_image(path: &Path) -> bool {
    ends(path, PILLOW) || ends(path, &["jxl", "heic"])
}

/// Whether a file has one of these endings, in small or large letters.
pub(crate) fn ends(path: &Path, endings: &[&str]) -> bool {
    endings.contains(&ending(path).to_ascii_lowercase().as_str())
}

/// A file's ending, without the dot; nothing where it has none.
pub(crate) fn ending(path: &Path) -> &str {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.unwrap_or_default()
}

/// Whether a relative path lies in the folder itself.
pub(crate) fn is_flat(path: &Path) -> bool {
    path.components().count() == 1
}

/// Whether a file's name begins with a dot.
pub(crate) fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_none_or(|name| name.starts_with('.'))
}

/// Whether a name on the way to a file, or its own, begins with a dot.
pub(crate) fn is_hidden_anywhere(path: &Path) -> bool {
    let mut names = path.components().map(Component::as_os_str);
    names.any(|name| is_hidden(Path::new(name)))
}

/// The names in a folder, sorted; none where it cannot be read.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// A file or folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct Refused {
    path: PathBuf,
    cause: io::Error,
}

impl Refused {
    /// Why `path` cannot be read.
    pub(crate) fn new(path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        Self { path, cause }
    }
}

/// Every file under `folder`, relative to it, sorted.
///
/// Links are followed, and no folder is looked into twice.
pub fn walk(folder: &Path) -> Result<Vec<PathBuf>, Refused> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(next) = folders.pop() {
        let here = folder.join(&next);
        let refused = |cause| Refused::new(&here, cause);
        let metadata = fs::metadata(&here).map_err(refused)?;
        if !seen.insert((metadata.dev(), metadata.ino())) {
            continue;
        }
        for entry in fs::read_dir(&here).map_err(refused)? {
            let path = next.join(entry.map_err(refused)?.file_name());
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
