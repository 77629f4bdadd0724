//! Opening a file that someone else named: never hangs, never reads without end.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::decode::{Format, MAX_FILE_BYTES};
use crate::error::{Error, Result};

/// Opens a regular file of a sane length, and says that length in bytes.
///
/// What is not a regular file is refused *before* it is opened, since opening a pipe waits for a
/// writer that may never come.
pub(crate) fn open(path: &Path) -> Result<(File, u64)> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(Error::Directory);
    }
    if !metadata.is_file() {
        return Err(Error::NotRegular);
    }
    let length = metadata.len();
    if length == 0 {
        return Err(Error::Empty);
    }
    if length > MAX_FILE_BYTES {
        return Err(Error::FileTooLarge {
            limit: MAX_FILE_BYTES,
        });
    }
    Ok((File::open(path)?, length))
}

/// How many bytes tell the format.
const START: u64 = 12;

/// The bytes of a picture file, in one read. A file that does not begin like a picture is refused
/// by its beginning, so that a film among the frames is not read into memory.
///
/// # Errors
/// A directory, a pipe, a socket, a device, an empty file, one over [`MAX_FILE_BYTES`] and one of no
/// known format are refused; the rest are the operating system's errors.
///
/// ```
/// assert!(vision::decode::read(std::path::Path::new("/")).is_err());
/// ```
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let (mut file, length) = open(path)?;
    let mut bytes = Vec::with_capacity(START as usize);
    (&mut file).take(START).read_to_end(&mut bytes)?;
    Format::of(&bytes)?;
    bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
    // One more than the limit, so that a file that grew meanwhile is noticed and not read for ever.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::FileTooLarge {
            limit: MAX_FILE_BYTES,
        });
    }
    Ok(bytes)
}
