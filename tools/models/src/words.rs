//! Sizes in words.

use onnx::FileEntry;

/// The bytes of files, as far as they are known, and of how many files they are not.
pub(crate) fn bytes<'a>(files: impl IntoIterator<Item = &'a FileEntry>) -> (u64, usize) {
    files.into_iter().fold((0, 0), |(known, unknown), file| {
        match file.bytes.or(file.about) {
            Some(bytes) => (known + bytes, unknown),
            None => (known, unknown + 1),
        }
    })
}

/// The size of all of the files together, as `1.0 MB`.
pub(crate) fn size<'a>(files: impl IntoIterator<Item = &'a FileEntry>) -> String {
    match bytes(files) {
        (known, 0) => megabytes(known),
        _ => "size unknown".to_owned(),
    }
}

/// A size, as `1.0 MB`; what is smaller than a tenth of one counts as that.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", (bytes as f64 / 1e6).max(0.1))
}
