//! What must hold before a phase starts: no other run of it, room, the GPU.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
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
    take(&lock_file(run_dir, name), &holder)
}

/// Takes the GPU, of which one phase at a time makes use.
pub(crate) fn gpu() -> Result<File> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folder = folder
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(std::env::temp_dir);
    take(
        &folder.join("film2lora-gpu.lock"),
        "the phase that has the GPU",
    )
}

fn take(path: &Path, holder: &str) -> Result<File> {
    let name = || path.display().to_string();
    let mut options = File::options();
    let lock = options.create(true).truncate(false).write(true).open(path);
    let lock = lock.with_context(name)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            log::warn!("waiting for {holder} to end ({})", path.display());
            lock.lock().with_context(name)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(name),
    }
    // The command inherits the lock, and holds it on should this process be killed.
    fcntl_setfd(&lock, FdFlags::empty()).with_context(name)?;
    Ok(lock)
}

/// Refuses to go on with less than `needed` free for the user under `folder`.
pub(crate) fn disk(folder: &Path, needed: ByteSize) -> Result<()> {
    let stat = rustix::fs::statvfs(folder).with_context(|| folder.display().to_string())?;
    let free = ByteSize::b(stat.f_bavail * stat.f_frsize);
    if free < needed {
        bail!(
            "{}: {} free and {} needed: make room, or choose another OUT",
            folder.display(),
            free.display().si(),
            needed.display().si()
        );
    }
    Ok(())
}
