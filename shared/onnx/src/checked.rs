//! Checksums of large files, taken once and noted.
//!
//! Hashing a gigabyte of weights takes a second or two, for every tool of a pipeline. So the checksum stays in a
//! note beside the file (`NAME.checked`), together with what the file system knows of the file: its device, inode
//! and size, and when its content and its entry last changed, to the nanosecond. Programs can set the time of the
//! content back (`cp -p`, `touch -r`, `rsync -t`), but not that of the entry (`ctime`): whoever changes the file or
//! puts another in its place changes the state, and the file is hashed again.
//!
//! File systems stamp times in ticks. Two changes within one leave the same state, so no note is written while
//! the last change is younger than [`SETTLED`]; nor when the state changed while the file was read. What no state
//! tells is a medium that loses bits by itself.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::checksum::sha256;

/// How long ago a file must have changed for its state to be trusted: the coarsest ticks of file systems in
/// use are the two seconds of FAT and exFAT.
const SETTLED: Duration = Duration::from_secs(3);

/// The SHA-256 of a file, from the note beside it where that still speaks of this very file.
pub fn checksum(path: &Path) -> Result<String> {
    checksum_settled(path, SETTLED)
}

fn checksum_settled(path: &Path, settled: Duration) -> Result<String> {
    let before = State::of(path)?;
    let mut note = path.as_os_str().to_owned();
    note.push(".checked");
    if let Some(noted) = noted(Path::new(&note), &before) {
        return Ok(noted);
    }
    let found = sha256(path)?;
    if State::of(path)? == before && before.age().is_some_and(|age| age >= settled) {
        // In a folder that cannot be written to it is hashed again the next time.
        let _ = fs::write(&note, format!("{} {found}\n", before.text()));
    }
    Ok(found)
}

/// The checksum that a note has for a file in this state.
fn noted(note: &Path, state: &State) -> Option<String> {
    let text = fs::read_to_string(note).ok()?;
    let found = text.strip_prefix(&state.text())?.trim();
    let whole = found.len() == 64 && found.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| found.to_owned())
}

/// What the file system knows of a file, by which a change shows.
#[derive(Debug, PartialEq, Eq)]
struct State {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds of the last change of the content, and of the entry.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl State {
    fn of(path: &Path) -> Result<Self> {
        let about = fs::metadata(path).with_context(|| path.display().to_string())?;
        Ok(Self {
            device: about.dev(),
            inode: about.ino(),
            size: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }

    fn text(&self) -> String {
        format!(
            "{} {} {} {}.{:09} {}.{:09}",
            self.device,
            self.inode,
            self.size,
            self.modified.0,
            self.modified.1,
            self.changed.0,
            self.changed.1
        )
    }

    /// How long ago the entry changed; `None` where that is in the future.
    fn age(&self) -> Option<Duration> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let seconds = u64::try_from(self.changed.0).ok()?;
        now.checked_sub(Duration::new(seconds, u32::try_from(self.changed.1).ok()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_note_serves_the_file_that_it_was_written_for_and_no_other() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("model.onnx");
        fs::write(&path, "first").unwrap();
        let first = checksum_settled(&path, Duration::ZERO).unwrap();
        assert_eq!(first, sha256(&path).unwrap());
        let note = here.path().join("model.onnx.checked");
        let written = fs::read_to_string(&note).unwrap();
        assert!(written.ends_with(&format!(" {first}\n")), "{written}");
        // A note for this state is believed, which shows that it is read.
        let other = "0".repeat(64);
        fs::write(&note, written.replace(&first, &other)).unwrap();
        assert_eq!(checksum(&path).unwrap(), other);
        // The same size and time of content, put back by hand: the time of the entry is another.
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&path, "other").unwrap();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(time)
            .unwrap();
        assert_eq!(checksum(&path).unwrap(), sha256(&path).unwrap());
        assert_ne!(checksum(&path).unwrap(), first);
    }

    #[test]
    fn a_file_that_has_just_changed_gets_no_note() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("model.onnx");
        fs::write(&path, "first").unwrap();
        // Far longer than a busy machine may keep a test waiting.
        checksum_settled(&path, Duration::from_hours(1)).unwrap();
        assert!(!here.path().join("model.onnx.checked").exists());
    }

    #[test]
    fn a_note_that_was_cut_is_no_note() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("model.onnx");
        fs::write(&path, "first").unwrap();
        let first = checksum_settled(&path, Duration::ZERO).unwrap();
        let note = here.path().join("model.onnx.checked");
        let written = fs::read_to_string(&note).unwrap();
        fs::write(&note, &written[..written.len() - 9]).unwrap();
        assert_eq!(checksum(&path).unwrap(), first);
    }
}
