//! The file that a record shows.

use std::path::{Path, PathBuf};

use stage::{Context, Error, Record, Result};
use vision::{RgbImage, decode};

/// An image file that is read and not yet decoded: its bytes name the answer, which may be
/// remembered, so that nothing has to be decoded.
#[derive(Debug)]
pub struct ImageFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl ImageFile {
    /// Reads the file of a record's `image`.
    ///
    /// # Errors
    /// No `image`; a file that cannot be read, is too large or no image.
    pub fn of(record: &Record) -> Result<Self> {
        Self::read(record.image()?)
    }

    /// Reads the file at `path`.
    pub fn read(path: PathBuf) -> Result<Self> {
        let bytes = decode::read(&path).with_context(|| path.display().to_string())?;
        Ok(Self { path, bytes })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The image, alpha over white.
    pub fn rgb(&self) -> Result<RgbImage> {
        self.named(decode::rgb_from_bytes)
    }

    /// What `work` makes of the content; an error says which file it is about.
    pub fn named<T, E: Into<Error>>(&self, work: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<T> {
        let made = work(&self.bytes).map_err(Into::into);
        made.with_context(|| self.path.display().to_string())
    }
}
