//! The finished images, each made once and kept under a hash of what it was made from.

use std::borrow::Cow;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stage::{Context, Result, machine};

/// The folder of finished images. It outlives a build that was killed, and
/// every later build links to what is there already.
pub(crate) struct Store {
    folder: PathBuf,
}

/// A finished file in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its hash: of the bytes that it was made from, and how.
    pub(crate) key: String,
    /// Its ending, without the dot.
    pub(crate) ending: &'static str,
}

impl Store {
    /// Opens the store in `folder`, and makes it if need be.
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self { folder })
    }

    /// The file made from `source` by `recipe`; made now if it is not there.
    pub(crate) fn make<'a>(
        &self,
        source: &[u8],
        recipe: &str,
        ending: &'static str,
        make: impl FnOnce() -> Result<Cow<'a, [u8]>>,
    ) -> Result<Stored> {
        let mut hash = blake3::Hasher::new();
        hash.update(source).update(recipe.as_bytes());
        let key = hash.finalize().to_hex()[..32].to_owned();
        let stored = Stored { key, ending };
        let path = self.path(&stored);
        // A power cut can have left an empty or a short file of that name.
        if !vision::decode::looks_whole(&path) {
            let bytes = make()?;
            vision::write::bytes_lasting(&path, &bytes)
                .with_context(|| path.display().to_string())?;
        }
        Ok(stored)
    }

    /// Where a file of the store is.
    pub(crate) fn path(&self, stored: &Stored) -> PathBuf {
        self.folder
            .join(format!("{}.{}", stored.key, stored.ending))
    }

    /// Gives a file of the store a second name.
    pub(crate) fn link(&self, stored: &Stored, to: &Path) -> Result<()> {
        let from = self.path(stored);
        // A plain link where it works: the folder is new, so nothing is there to be replaced.
        if fs::hard_link(&from, to).is_ok() {
            machine::file::wrote(to);
            return Ok(());
        }
        vision::write::hard_link_or_copy(&from, to).with_context(|| to.display().to_string())
    }

    /// Removes what no data set links to.
    pub(crate) fn prune(&self) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let metadata = fs::symlink_metadata(&path)?;
            if metadata.is_file() && metadata.nlink() == 1 {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }
}

/// Keeps other runs out of a folder for as long as it lives.
pub(crate) struct Lock(
    #[expect(dead_code, reason = "the lock lasts as long as the file is open")] File,
);

impl Lock {
    /// Takes the folder, or says that somebody else has it.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let file = File::open(folder).with_context(|| folder.display().to_string())?;
        let busy = || format!("{}: another run is writing here", folder.display());
        file.try_lock().with_context(busy)?;
        Ok(Self(file))
    }
}
