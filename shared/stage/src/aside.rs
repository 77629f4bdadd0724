//! Setting the files of a damaged cache aside.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The database inside the cache's folder.
pub(crate) const FILE: &str = "results.sqlite3";

/// What the database is called once it is set aside; a number follows where there is one already.
const ASIDE: &str = "results.sqlite3.damaged";

/// The files that a database consists of, by what is added to its name. Its log comes first: a log that
/// outlives its database would be applied to the next one.
const PARTS: [&str; 3] = ["-wal", "-shm", ""];

/// Device and number of the database's file, if it is there.
pub(crate) type Identity = Option<(u64, u64)>;

/// The file that is there now.
pub(crate) fn identity(folder: &Path) -> Identity {
    let metadata = fs::symlink_metadata(folder.join(FILE)).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// The part of the database in whose place there is something else than a file, as a folder.
pub(crate) fn blocked(folder: &Path) -> Option<String> {
    let mut names = PARTS.iter().map(|part| format!("{FILE}{part}"));
    names.find(|name| folder.join(name).metadata().is_ok_and(|m| !m.is_file()))
}

/// Renames the database `seen`, if it is still there, and says what to.
///
/// Of several processes that find the same damage one does it, and the others find a new database.
pub(crate) fn set(folder: &Path, seen: Identity) -> io::Result<Option<PathBuf>> {
    let _lock = lock(folder)?;
    if identity(folder) != seen {
        return Ok(None);
    }
    let free = |name: &String| {
        let there = |part: &str| {
            folder
                .join(format!("{name}{part}"))
                .symlink_metadata()
                .is_ok()
        };
        !PARTS.iter().any(|part| there(part))
    };
    let names = (2..).map(|number| format!("{ASIDE}.{number}"));
    let name = std::iter::once(ASIDE.to_owned()).chain(names).find(free);
    let name = name.unwrap_or_default();
    for part in PARTS {
        let from = folder.join(format!("{FILE}{part}"));
        if from.symlink_metadata().is_ok() {
            fs::rename(from, folder.join(format!("{name}{part}")))?;
        }
    }
    Ok(Some(folder.join(name)))
}

/// Removes all that was set aside. A folder that holds something is left: nothing here has made it.
pub(crate) fn forget(folder: &Path) -> io::Result<()> {
    let _lock = lock(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(ASIDE) {
            continue;
        }
        let path = entry.path();
        if !entry.file_type()?.is_dir() {
            fs::remove_file(&path)?;
        } else if fs::remove_dir(&path).is_err() {
            log::warn!("{}: a folder with files in it remains", path.display());
        }
    }
    Ok(())
}

/// Keeps other processes from doing the same at once.
fn lock(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}
