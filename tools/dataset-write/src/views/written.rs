//! The folder that is being written.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use stage::{Context, Result, machine};

use super::{View, several};
use crate::plan::{Example, Purpose};
use crate::store::{Store, Stored};

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
        let path = self.folder.join(path);
        machine::file::write(&path, content).with_context(|| path.display().to_string())
    }

    /// Writes JSON, for people to read as well.
    pub(crate) fn json(&self, path: &str, content: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(content).with_context(|| path.to_owned())?;
        text.push(b'\n');
        self.file(path, &text)
    }

    /// Writes TOML.
    pub(crate) fn toml(&self, path: &str, content: &impl Serialize) -> Result<()> {
        let text = toml::to_string(content).with_context(|| path.to_owned())?;
        self.file(path, text.as_bytes())
    }

    /// Links a file of the store into a folder that is there.
    pub(crate) fn link(&self, stored: &Stored, path: impl AsRef<Path>) -> Result<()> {
        self.store.link(stored, &self.folder.join(path))
    }

    /// Writes the folders of a view: images and captions side by side.
    pub(crate) fn folders(
        &self,
        view: View,
        purpose: &Purpose,
        examples: &[Example],
    ) -> Result<()> {
        self.make(view.folder(purpose, false))?;
        if examples.iter().any(|example| example.validation) {
            self.make(view.folder(purpose, true))?;
        }
        // Captions that stand in one file for all images are the view's own to write.
        let listed = match view {
            View::Diffusers => true,
            View::DiffusionPipe => several(view, purpose, examples),
            _ => false,
        };
        for example in examples {
            let folder = view.folder(purpose, example.validation);
            self.link(example.stored(view), folder.join(example.file(view)))?;
            if !listed {
                let captions = example.captions(purpose, view).join("\n");
                let file = folder.join(format!("{}.txt", example.name));
                self.file(file, captions.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Writes a tree of masks with the names of the training images, and
    /// says whether there are any.
    pub(crate) fn masks(&self, view: View, examples: &[Example]) -> Result<bool> {
        let folder = Path::new(view.name()).join("mask");
        let mut any = false;
        for example in examples.iter().filter(|example| !example.validation) {
            let Some(mask) = example.mask(view) else {
                continue;
            };
            if !any {
                self.make(&folder)?;
                any = true;
            }
            self.link(mask, folder.join(format!("{}.png", example.name)))?;
        }
        Ok(any)
    }

    /// A path as trainers will see it, for a configuration.
    pub(crate) fn seen(&self, path: impl AsRef<Path>) -> String {
        self.root.join(path).to_string_lossy().into_owned()
    }
}
