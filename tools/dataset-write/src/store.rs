//! The finished images, each made once and kept under a hash of what it was made from.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use stage::{Context, Result, machine};

/// The folder of finished images. It outlives a build that was killed, and
/// every later build links to what is there already.
pub(crate) struct Store {
    folder: PathBuf,
    written: Written,
}

/// The list of the files that this tool wrote into the store, one name a line: only these are ever
/// removed. A file's name is in the list before the file is there.
struct Written {
    path: PathBuf,
    file: Mutex<File>,
}

/// The name of the list.
const WRITTEN: &str = ".written";

impl Written {
    fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(WRITTEN);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = Mutex::new(file.with_context(|| path.display().to_string())?);
        Ok(Self { path, file })
    }

    /// Notes that a file is about to be written.
    fn note(&self, name: &str) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = file.write_all(format!("{name}\n").as_bytes());
        noted.with_context(|| self.path.display().to_string())
    }

    fn names(&self) -> Result<BTreeSet<String>> {
        let text = fs::read_to_string(&self.path);
        let text = text.with_context(|| self.path.display().to_string())?;
        // What does not lie in the folder itself was not written by this tool.
        let names = text.lines().filter(|name| !name.contains('/'));
        Ok(names.map(str::to_owned).collect())
    }
}

/// A finished file in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The first half of the hash of the bytes that it was made from, and of how.
    key: [u8; 16],
    /// Its ending, without the dot.
    pub(crate) ending: &'static str,
}

impl Stored {
    /// Its key, in hexadecimal digits.
    pub(crate) fn key(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.key))
    }

    /// Its file name in the store.
    fn name(&self) -> String {
        format!("{}.{}", self.key(), self.ending)
    }
}

impl Store {
    /// Opens the store in `folder`, and makes it if need be.
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let written = Written::open(&folder)?;
        Ok(Self { folder, written })
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
        let mut key = [0; 16];
        hash.finalize_xof().fill(&mut key);
        let stored = Stored { key, ending };
        let path = self.path(&stored);
        // A power cut can have left an empty or a short file of that name.
        if !vision::decode::looks_whole(&path) {
            let bytes = make()?;
            self.written.note(&stored.name())?;
            vision::write::bytes_lasting(&path, &bytes)
                .with_context(|| path.display().to_string())?;
        }
        Ok(stored)
    }

    /// Where a file of the store is.
    pub(crate) fn path(&self, stored: &Stored) -> PathBuf {
        self.folder.join(stored.name())
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

    /// Removes what a run that was killed had not finished.
    fn clear_parts(&self) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_part) {
                let path = entry.path();
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }

    /// Removes what no data set links to, of what this tool wrote. What someone else put there
    /// stays.
    pub(crate) fn prune(&self) -> Result<()> {
        let mut kept = String::new();
        for name in self.written.names()? {
            let path = self.folder.join(&name);
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            if metadata.is_file() && metadata.nlink() == 1 {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            } else {
                kept = kept + &name + "\n";
            }
        }
        self.clear_parts()?;
        let path = &self.written.path;
        vision::write::bytes(path, kept.as_bytes()).with_context(|| path.display().to_string())
    }
}

/// Whether a name is that of a file that [`vision::write`] had not finished when it was killed.
fn is_part(name: &str) -> bool {
    let random = name
        .strip_prefix('.')
        .and_then(|name| name.strip_suffix(".part"));
    random.is_some_and(|random| random.len() == 6 && random.chars().all(char::is_alphanumeric))
}

/// Keeps other runs out of a folder for as long as it lives.
pub(crate) struct Lock(
    #[expect(dead_code, reason = "the lock lasts as long as the file is open")] File,
);

impl Lock {
    /// Takes the folder, or says that someone else has it.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let file = File::open(folder).with_context(|| folder.display().to_string())?;
        let busy = || format!("{}: another run is writing here", folder.display());
        file.try_lock().with_context(busy)?;
        Ok(Self(file))
    }
}
