//! The list of paths on standard input, as `find`, editors and Windows write it.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::walk::{Place, Unread};

/// The longest path in a list, in bytes; Linux takes 4096.
const LONGEST: u64 = 1 << 16;

/// The paths on standard input.
///
/// Lines of Windows end in two characters, of which the first is no part of the path, and some
/// editors put a byte order mark in front of the first; both go unless a file of that very name is
/// there.
pub(crate) fn paths(separator: u8) -> impl Iterator<Item = Place> + Send {
    let mut input = io::BufReader::new(io::stdin());
    let (mut first, mut ended) = (true, false);
    std::iter::from_fn(move || {
        while !ended {
            let mut bytes = Vec::new();
            let read = input
                .by_ref()
                .take(LONGEST)
                .read_until(separator, &mut bytes);
            let error = match read {
                Ok(0) => break,
                Ok(_) if first && wide(&bytes) => {
                    let words = "stdin: the list is in UTF-16: save it as UTF-8";
                    Some(Unread::said(words.to_owned()))
                }
                Ok(_) if bytes.last() == Some(&separator) => {
                    bytes.pop();
                    None
                }
                Ok(read) if read as u64 == LONGEST => Some(Unread::said(format!(
                    "stdin: a path of over {LONGEST} bytes"
                ))),
                Ok(_) => None,
                Err(cause) => Some(Unread::new(format!("stdin: {cause}"), &cause)),
            };
            ended = error.is_some();
            if separator == b'\n' {
                bytes = plain(bytes, first);
            }
            first = false;
            if bytes.is_empty() && error.is_none() {
                continue;
            }
            if error.is_some() {
                bytes = b"stdin".to_vec();
            }
            let mut place = Place::given(OsString::from_vec(bytes).into());
            place.error = error;
            return Some(place);
        }
        None
    })
}

/// Whether text begins with the byte order mark of 16-bit characters.
fn wide(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// A line without what some systems put round a path.
fn plain(mut bytes: Vec<u8>, first: bool) -> Vec<u8> {
    let there = |bytes: &[u8]| {
        Path::new(OsStr::from_bytes(bytes))
            .symlink_metadata()
            .is_ok()
    };
    if there(&bytes) {
        return bytes;
    }
    if first && bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    if bytes.ends_with(b"\r") && !there(&bytes) {
        bytes.pop();
    }
    bytes
}
