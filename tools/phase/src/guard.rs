//! What must hold before a phase starts: no other run of it, room, the GPU.

use std::fmt;
use std::fs::{File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use rustix::fs::OFlags;
use rustix::io::{FdFlags, fcntl_setfd};
use stage::{Context, Result, bail, log};

/// The file whose lock the processes of a phase hold.
pub(crate) fn lock_file(run_dir: &Path, name: &str) -> PathBuf {
    run_dir.join("logs").join(format!("{name}.lock"))
}

/// Takes the lock of a phase. Processes that outlived an earlier run of it
/// still hold it, and are waited for: they write the same files.
pub(crate) fn phase(run_dir: &Path, name: &str) -> Result<File> {
    let holder = format!("another run of phase `{name}`");
    take(&lock_file(run_dir, name), &holder, Use::Alone, |_| Ok(()))
}

/// How a phase uses the GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Use {
    /// With no other phase beside it: it takes much of the memory.
    Alone,
    /// Beside others that share it too.
    Shared,
}

impl fmt::Display for Use {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Alone => "alone",
            Self::Shared => "shared",
        })
    }
}

/// Takes the GPU, which one phase of one user has alone, or several share; says through `say` if it has to wait.
///
/// The lock is in a folder that is this user's alone: what others may put into a shared folder, a link or
/// a file that cannot be opened, must neither be followed nor stand in the way. Where there is no such
/// folder the phase goes on without the lock, as the GPU may still have room for two.
pub(crate) fn gpu(used: Use, say: impl FnOnce(&str) -> Result<()>) -> Option<File> {
    let taken = own_folder().and_then(|folder| {
        let path = folder.join("film2lora-gpu.lock");
        take(&path, "the phase that has the GPU", used, say)
    });
    taken
        .inspect_err(|error| {
            log::warn!(
                "{}: continuing without the lock of the GPU",
                stage::told(error)
            );
        })
        .ok()
}

/// `$XDG_RUNTIME_DIR`, or `film2lora-UID` in the folder for temporary files: this user's, and open to
/// nobody else.
fn own_folder() -> Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let given = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    if let Some(given) = given.filter(|folder| is_own(folder, user)) {
        return Ok(given);
    }
    let folder = std::env::temp_dir().join(format!("film2lora-{user}"));
    let mut private = std::fs::DirBuilder::new();
    match private.mode(0o700).create(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| folder.display().to_string());
        }
        _ => {}
    }
    if !is_own(&folder, user) {
        bail!(
            "{}: is not a folder of this user alone: remove it, or have it removed",
            folder.display()
        );
    }
    Ok(folder)
}

/// Whether a path is a folder itself, no link to one, that belongs to `user` and only they may write to.
fn is_own(folder: &Path, user: u32) -> bool {
    std::fs::symlink_metadata(folder)
        .is_ok_and(|found| found.is_dir() && found.uid() == user && found.mode() & 0o022 == 0)
}

fn take(
    path: &Path,
    holder: &str,
    used: Use,
    say: impl FnOnce(&str) -> Result<()>,
) -> Result<File> {
    let name = || path.display().to_string();
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    // A link is never followed: what it leads to is not ours to make.
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    let lock = options.open(path);
    let lock = lock.with_context(name)?;
    let (tried, wait): (_, fn(&File) -> std::io::Result<()>) = match used {
        Use::Alone => (lock.try_lock(), File::lock),
        Use::Shared => (lock.try_lock_shared(), File::lock_shared),
    };
    match tried {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            log::warn!("waiting for {holder} to end ({})", path.display());
            say(&format!("{holder} to end"))?;
            wait(&lock).with_context(name)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(name),
    }
    Ok(lock)
}

/// Lets the commands that are started from now on hold a lock, too. One that only waits for the GPU must not: what it leaves
/// behind would keep the phase from running again.
pub(crate) fn hand_on(lock: &File) -> Result<()> {
    fcntl_setfd(lock, FdFlags::empty()).context("handing a lock on to the command")
}

/// Refuses to go on with less than `needed` free for the user under `folder`.
pub(crate) fn disk(folder: &Path, needed: ByteSize) -> Result<()> {
    let stat = rustix::fs::statvfs(folder).with_context(|| folder.display().to_string())?;
    let free = ByteSize::b(stat.f_bavail * stat.f_frsize);
    if free < needed {
        bail!(
            "{}: {} free, but {} needed: free some space, or choose another OUT",
            folder.display(),
            free.display().si(),
            needed.display().si()
        );
    }
    Ok(())
}
