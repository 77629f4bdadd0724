//! What can go wrong with an image; the path is added by the caller, who knows it.

use std::io;
use std::path::PathBuf;

use crate::decode::Format;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an image could not be read, worked on or written.
///
/// The messages are lower case and name no path, as the caller knows which file it was, but for
/// [`Error::File`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The path names a folder.
    #[error("is a directory")]
    Directory,
    /// The path names a pipe, a socket or a device, which could block for ever when opened.
    #[error("not a regular file")]
    NotRegular,
    /// The file holds no byte.
    #[error("empty file")]
    Empty,
    /// The file is larger than [`MAX_FILE_BYTES`](crate::decode::MAX_FILE_BYTES).
    #[error("file is over the limit of {limit} bytes")]
    FileTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The header announces more than [`MAX_PIXELS`](crate::decode::MAX_PIXELS).
    #[error("image of {width}x{height} is over the limit of {limit} pixels")]
    TooManyPixels {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
        /// The limit in pixels.
        limit: u64,
    },
    /// The header announces a width or a height of zero.
    #[error("image of {width}x{height} has no pixels")]
    NoPixels {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
    /// The first bytes are those of none of the formats read here.
    #[error("not a JPEG, PNG, WebP, AVIF, JPEG XL, GIF, TIFF or BMP image")]
    UnknownFormat,
    /// The first bytes are those of a known format that is not read here.
    #[error("{kind} image, which this tool cannot read: convert it to PNG first")]
    UnreadFormat {
        /// What the format is called.
        kind: &'static str,
    },
    /// The file stops before the image does.
    #[error("unexpected end of file")]
    UnexpectedEnd,
    /// The decoder found bytes that no encoder writes.
    #[error("damaged {format} image: {cause}")]
    Damaged {
        /// The format by the first bytes.
        format: Format,
        /// The decoder's own words.
        cause: String,
    },
    /// The file may be sound, but uses a feature that the decoder has not.
    #[error("unsupported {format} image: {cause}")]
    Unsupported {
        /// The format by the first bytes.
        format: Format,
        /// The decoder's own words.
        cause: String,
    },
    /// The decoder needed more memory than it was granted.
    #[error("{format} image needs too much memory to decode: {cause}")]
    Memory {
        /// The format by the first bytes.
        format: Format,
        /// The decoder's own words.
        cause: String,
    },
    /// An argument lies outside its documented range.
    #[error("{what} is {value}, outside {range}")]
    OutOfRange {
        /// The argument.
        what: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// Two images or masks that belong together differ in size.
    #[error("sizes differ: {first} and {second}")]
    SizesDiffer {
        /// The first size, as `640x480`.
        first: String,
        /// The second size.
        second: String,
    },
    /// A mask is not of the size of its image.
    #[error("the mask is {mask}, but the image is {image}: make the mask from this same image")]
    MaskSize {
        /// The mask's size, as `640x480`.
        mask: String,
        /// The image's.
        image: String,
    },
    /// A mask file that could be meant in more than one way, or in none.
    #[error("unclear as a mask: {cause}: make it black and white, with white inside")]
    UnclearMask {
        /// What is unclear about it.
        cause: String,
    },
    /// A run-length code does not describe a mask of the stated size.
    #[error("damaged run-length code: {cause}")]
    RunLength {
        /// What is wrong with it.
        cause: &'static str,
    },
    /// A hash that is not sixteen hexadecimal digits.
    #[error("invalid hash {text:?}: not 16 hexadecimal digits")]
    Hash {
        /// What was given, shortened.
        text: String,
    },
    /// The image could not be resized.
    #[error("could not resize: {cause}")]
    Resize {
        /// The resizer's own words.
        cause: String,
    },
    /// The image could not be encoded.
    #[error("could not encode: {cause}")]
    Encode {
        /// The encoder's own words.
        cause: String,
    },
    /// A file that a record names could not be used.
    #[error("{}: {cause}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<Error>,
    },
    /// The operating system refused.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::UnexpectedEnd,
            io::ErrorKind::IsADirectory => Self::Directory,
            _ => Self::Io(error),
        }
    }
}

/// The error of two sizes that should have been one.
pub(crate) fn sizes_differ(first: (u32, u32), second: (u32, u32)) -> Error {
    Error::SizesDiffer {
        first: format!("{}x{}", first.0, first.1),
        second: format!("{}x{}", second.0, second.1),
    }
}
