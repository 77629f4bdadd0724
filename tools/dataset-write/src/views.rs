//! A data set as each trainer wants it.

mod kohya;

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use stage::{Context, Result};

use crate::plan::{Example, Purpose};
use crate::store::Store;

/// A trainer, or a family of them that read alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum View {
    /// kohya sd-scripts, its GUI, `FluxGym`: TOML and numbered folders
    Kohya,
}

/// The folder that is being written.
pub(crate) struct Written<'a> {
    /// Where it is now.
    pub(crate) folder: PathBuf,
    /// Where trainers will find it.
    pub(crate) root: PathBuf,
    /// Where the finished images are.
    pub(crate) store: &'a Store,
}

impl Written<'_> {
    /// Makes a folder, and those above it.
    pub(crate) fn make(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = self.folder.join(path);
        fs::create_dir_all(&path).with_context(|| path.display().to_string())
    }

    /// Writes a file into a folder that is there.
    pub(crate) fn file(&self, path: impl AsRef<Path>, content: &[u8]) -> Result<()> {
        // The whole folder is renamed when it is complete, so this file need not be.
        let path = self.folder.join(path);
        fs::write(&path, content).with_context(|| path.display().to_string())
    }

    /// Puts an image and its caption into a folder that is there.
    pub(crate) fn pair(&self, folder: &Path, example: &Example) -> Result<()> {
        let image = self.folder.join(folder).join(example.file());
        self.store.link(&example.picture.stored, &image)?;
        let caption = folder.join(format!("{}.txt", example.name));
        self.file(caption, example.caption.as_bytes())
    }

    /// A path as trainers will see it, for a configuration.
    pub(crate) fn seen(&self, path: impl AsRef<Path>) -> String {
        self.root.join(path).to_string_lossy().into_owned()
    }
}

/// Writes the folder of one view.
pub(crate) fn write(
    view: View,
    written: &Written<'_>,
    purpose: &Purpose,
    examples: &[Example],
) -> Result<()> {
    match view {
        View::Kohya => kohya::write(written, purpose, examples),
    }
}

/// Where a view has the image of `example`, in the folder of the set.
pub(crate) fn image(view: View, purpose: &Purpose, example: &Example) -> PathBuf {
    match view {
        View::Kohya => kohya::image(purpose, example),
    }
}

impl View {
    /// The word of the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kohya => "kohya",
        }
    }
}
