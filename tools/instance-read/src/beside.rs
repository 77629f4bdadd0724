//! The files of an image: its mask and its caption, in the layouts that people and trainers keep them in.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use stage::{Context, Result};

/// The folder of masks, and that of images beside which it lies.
const MASKS: &str = "masks";
const CAPTIONS: &str = "captions";

/// The formats of masks, by the ending of their names.
const ENDINGS: [&str; 3] = ["png", "webp", "bmp"];

/// Whether a file is a mask of an image, by its folder.
pub(crate) fn is_mask(path: &Path) -> bool {
    path.parent()
        .and_then(Path::file_name)
        .is_some_and(|folder| folder == MASKS)
}

/// The folders where files of an image may lie: one of this name in its own folder, or beside that.
fn folders(image: &Path, name: &str) -> impl Iterator<Item = PathBuf> {
    let own = image.parent().unwrap_or(Path::new(""));
    let above = own.parent().map(|above| above.join(name));
    [own.join(name)].into_iter().chain(above)
}

/// The mask of an image: of its name, in a folder of masks.
pub(crate) fn mask(image: &Path) -> Option<PathBuf> {
    let stem = image.file_stem()?;
    let named =
        |folder: PathBuf| ENDINGS.map(|ending| folder.join(stem).with_added_extension(ending));
    folders(image, MASKS)
        .flat_map(named)
        .find(|path| path.is_file())
}

/// The caption of an image: of its name, beside it or in a folder of captions, in one line; none where that is empty.
pub(crate) fn caption(image: &Path) -> Result<Option<String>> {
    let Some(stem) = image.file_stem() else {
        return Ok(None);
    };
    let folders = image
        .parent()
        .map(Path::to_owned)
        .into_iter()
        .chain(folders(image, CAPTIONS));
    for path in folders.map(|folder| folder.join(stem).with_added_extension("txt")) {
        match fs::read_to_string(&path) {
            Ok(text) => {
                let words: Vec<_> = text
                    .trim_start_matches('\u{feff}')
                    .split_whitespace()
                    .collect();
                return Ok((!words.is_empty()).then(|| words.join(" ")));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    Ok(None)
}
