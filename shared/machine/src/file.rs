//! Files that are there whole or not at all, after a kill and after a power cut.
//!
//! Every file is written beside its target and renamed over it: killed at any moment, the target is the
//! old file, the new one, or absent; what may be left is a stray `.part` file. Permissions follow the
//! umask, as with any other program.
//!
//! A rename can reach the disk before the data does, and a power cut then leaves an empty file of the
//! right name. So nothing may vouch for a file that is not on the disk:
//!
//! * where a manifest vouches for files, they are written with [`write()`], and [`settle`] puts all that
//!   this process has written on the disk at once, before the tool ends well;
//! * a file that others read while it grows is written in place, with [`in_place`], and settles as well; a reference to a part of it
//!   has a checksum of that part;
//! * where a file vouches for itself, as when a later run skips what is there already, it is written
//!   with [`write_lasting`], which waits for the disk before the rename.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{Builder, NamedTempFile};

use crate::fault::{Fault, Faulty};

#[cfg(test)]
mod journal;
#[cfg(test)]
mod tests;

/// This many files are put on the disk one by one; where there are more, all of their file system is,
/// which waits for other programs' data too, but once.
const FEW: usize = 64;

/// Whether each file goes to the disk when it is written, where a file system can't be asked as a whole.
const AT_ONCE: bool = !cfg!(target_os = "linux");

/// What this process has written and not yet put on the disk.
#[derive(Default)]
struct Written {
    /// The first [`FEW`] files.
    files: BTreeSet<PathBuf>,
    /// The folders of all files.
    folders: BTreeSet<PathBuf>,
    /// Whether there are more files than those.
    more: bool,
}

static WRITTEN: Mutex<Option<Written>> = Mutex::new(None);

/// Writes any file whole or not at all, replacing one of that name. It lasts once [`settle`] has
/// returned.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, |file| file.write_all(content))
}

/// As [`write()`], with content that `fill` writes piece by piece.
pub fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    written(path, fill, AT_ONCE)
}

/// As [`write()`], and waits until the content is on the disk before the name is: for files that a later
/// run takes for finished because they are there.
pub fn write_lasting(path: &Path, content: &[u8]) -> io::Result<()> {
    written(path, |file| file.write_all(content), true)
}

fn written(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
    lasting: bool,
) -> io::Result<()> {
    let write = || -> io::Result<()> {
        if is_special(path) {
            return fill(&mut File::options().write(true).open(path)?);
        }
        let mut part = beside(path, |builder, folder| builder.tempfile_in(folder))?;
        fill(part.as_file_mut())?;
        finish(part, path, lasting)
    };
    write().map_err(unwritten)
}

/// Opens a file for writing in place, keeping its content, and makes its folder: for a file that others read while it grows.
/// Unlike what [`write()`] makes, it can be seen half written, so readers must check the parts that they read. It is on the disk
/// once [`settle`] has returned.
pub fn in_place(path: &Path) -> io::Result<File> {
    let open = || {
        fs::create_dir_all(folder(path))?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(path)
    };
    let file = open().map_err(unwritten)?;
    wrote(path);
    Ok(file)
}

/// Whether a path is a device or a pipe, which is written to, and which no file must take the place of.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Notes that this process wrote `path` by other means, so that [`settle`] sees to it.
pub fn wrote(path: &Path) {
    let mut slot = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let written = slot.get_or_insert_default();
    written.folders.insert(folder(path).to_owned());
    if written.files.len() < FEW {
        written.files.insert(path.to_owned());
    } else {
        written.more = true;
    }
}

/// Puts all that this process has written on the disk; what is gone again is passed over.
pub fn settle() -> io::Result<()> {
    let written = WRITTEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(written) = written else {
        return Ok(());
    };
    let done = if written.more && !AT_ONCE {
        systems(&written.folders)
    } else {
        let files = written.files.iter().filter(|_| !AT_ONCE);
        let mut all = files.chain(&written.folders);
        all.try_for_each(|path| synced(path))
    };
    done.map_err(unwritten)
}

/// Puts a file or a folder on the disk.
fn synced(path: &Path) -> io::Result<()> {
    // Opening a pipe would wait for a writer, and a device has no disk.
    if !fs::metadata(path).is_ok_and(|found| found.is_file() || found.is_dir()) {
        return Ok(());
    }
    match File::open(path) {
        Ok(file) => match sync(&file, path) {
            // Some file systems can't do this to a folder, and need not.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
            other => other,
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        // What may be written and not read is left to the system.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// Puts an open file or folder on the disk; `path` is what it is called.
fn sync(file: &File, path: &Path) -> io::Result<()> {
    let done = file.sync_all();
    #[cfg(test)]
    journal::note(journal::Step::Synced, path);
    #[cfg(not(test))]
    let _ = path;
    done
}

/// Puts the file systems of folders on the disk, each once.
#[cfg(target_os = "linux")]
fn systems(folders: &BTreeSet<PathBuf>) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let mut done = BTreeSet::new();
    for folder in folders {
        let open = match File::open(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            open => open?,
        };
        if done.insert(open.metadata()?.dev()) {
            rustix::fs::syncfs(&open)?;
            #[cfg(test)]
            journal::note(journal::Step::AllSynced, folder);
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn systems(folders: &BTreeSet<PathBuf>) -> io::Result<()> {
    folders.iter().try_for_each(|folder| synced(folder))
}

/// Puts the whole file system of `path` on the disk, for what other programs have written there. Where a
/// system cannot be asked for that, every one of ours has put its files there at once.
pub fn settle_around(path: &Path) -> io::Result<()> {
    let folders = BTreeSet::from([folder(path).to_owned()]);
    systems(&folders).map_err(unwritten)
}

/// Renames the finished file `from` to `to`, so that both its content and its name are on the disk when
/// this returns.
pub fn rename_lasting(from: &Path, to: &Path) -> io::Result<()> {
    let rename = || -> io::Result<()> {
        if is_special(to) {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "is a device or a pipe, and not a file to replace",
            ));
        }
        synced(from)?;
        fs::rename(from, to)?;
        #[cfg(test)]
        journal::note(journal::Step::Renamed, to);
        synced(folder(to))
    };
    rename().map_err(unwritten)
}

/// Makes `to` the same file as `from` (a hard link, which takes no space) or, on another file
/// system or where links are refused, a copy. Symbolic links are followed. Whole or not at all;
/// an existing `to` is replaced. `from` must be a regular file.
pub fn hard_link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    let from = fs::canonicalize(from)?;
    if !fs::metadata(&from)?.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    let link = beside(to, |builder, folder| {
        builder.make_in(folder, |name| fs::hard_link(&from, name))
    });
    let Ok(link) = link else {
        let mut source = File::open(&from)?;
        return replace(to, |file| io::copy(&mut source, file).map(drop));
    };
    // Renaming onto another name of the same file does nothing; dropping `link` then removes the
    // spare name.
    fs::rename(link.path(), to).map_err(unwritten)?;
    wrote(to);
    Ok(())
}

/// Makes something nameless in the folder of `path`.
fn beside<T>(
    path: &Path,
    make: impl FnOnce(&Builder<'_, '_>, &Path) -> io::Result<T>,
) -> io::Result<T> {
    let mut builder = Builder::new();
    builder
        .prefix(".")
        .suffix(".part")
        .permissions(Permissions::from_mode(0o666));
    make(&builder, folder(path))
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn finish(file: NamedTempFile, path: &Path, lasting: bool) -> io::Result<()> {
    if lasting {
        sync(file.as_file(), path)?;
    }
    file.persist(path).map_err(|error| error.error)?;
    #[cfg(test)]
    journal::note(journal::Step::Renamed, path);
    wrote(path);
    Ok(())
}

/// Marks an error of writing as the machine's, unless it is the name that is wrong: a folder without
/// permission, or one that is gone, fails every record.
pub fn unwritten(error: io::Error) -> io::Error {
    use ErrorKind::{InvalidFilename, InvalidInput, IsADirectory};
    let named = [InvalidFilename, InvalidInput, IsADirectory].contains(&error.kind());
    if named || Fault::of(&error).is_some() {
        return error;
    }
    let fault = Faulty::new(Fault::Unwritable, error.to_string());
    io::Error::new(error.kind(), fault)
}
