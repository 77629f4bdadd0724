//! Opening a file that someone else named: never hangs, never reads without end.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::decode::{Format, MAX_FILE_BYTES};
use crate::error::{Error, Result};

/// The next `N` bytes.
pub(crate) fn array<const N: usize>(reader: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

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
const START: u64 = 64;

/// The format of a file, by its first bytes.
///
/// # Errors
/// As [`read`].
pub fn format(path: &Path) -> Result<Format> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::with_capacity(START as usize);
    file.take(START).read_to_end(&mut bytes)?;
    Format::of(&bytes)
}

/// The bytes of an image file, in one read. A file that does not begin like an image is refused
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

/// The last bytes of a PNG: the chunk `IEND`, which is empty.
const PNG_END: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82];

/// The last bytes of a JPEG: the marker of its end.
const JPEG_END: [u8; 2] = [0xff, 0xd9];

/// Whether the file begins and ends as a whole JPEG or PNG does: not one that a power cut has left
/// empty, short, or with nothing but zeros at its end. What lies between is not read.
///
/// ```
/// assert!(!vision::decode::looks_whole(std::path::Path::new("/")));
/// ```
pub fn looks_whole(path: &Path) -> bool {
    ends(path).is_ok_and(|(format, end)| match format {
        Format::Png => end.ends_with(&PNG_END),
        Format::Jpeg => end.ends_with(&JPEG_END),
        _ => false,
    })
}

/// The format of a file by its first bytes, and its last ones.
fn ends(path: &Path) -> Result<(Format, Vec<u8>)> {
    let (mut file, length) = open(path)?;
    let (mut start, mut end) = (Vec::new(), Vec::new());
    (&mut file).take(START).read_to_end(&mut start)?;
    let format = Format::of(&start)?;
    file.seek(SeekFrom::Start(length.saturating_sub(START)))?;
    file.take(START).read_to_end(&mut end)?;
    Ok((format, end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use crate::write::{Subsampling, encode_jpeg, encode_png};

    #[test]
    fn a_file_that_was_cut_anywhere_does_not_look_whole() {
        let folder = tempfile::tempdir().unwrap();
        let image = image::RgbImage::from_fn(16, 12, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let encoded = [
            encode_png(&image).unwrap(),
            encode_jpeg(&image, 90, Subsampling::S444).unwrap(),
        ];
        for whole in encoded {
            let path = folder.path().join("image");
            fs::write(&path, &whole).unwrap();
            assert!(looks_whole(&path));
            for length in 0..whole.len() {
                fs::write(&path, &whole[..length]).unwrap();
                assert!(!looks_whole(&path), "{length} bytes of {}", whole.len());
            }
            let mut zeros = whole.clone();
            zeros[whole.len() / 2..].fill(0);
            fs::write(&path, &zeros).unwrap();
            assert!(!looks_whole(&path), "zeros at the end");
        }
        assert!(!looks_whole(&folder.path().join("gone")));
    }
}
