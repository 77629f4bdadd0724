//! Reading: bytes to lines to records.

use std::io::BufRead;

use crate::{Error, Record, Result};

/// The longest line that is read, in bytes (64 MiB). A record with a hundred
/// embedded masks has a few MiB; a longer line is a mistake, and without a
/// bound it would take all memory.
pub const MAX_LINE: usize = 64 << 20;

/// What editors on Windows begin a file in UTF-8 with.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line of a manifest, not parsed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of the line, from 1.
    pub number: u64,
    /// Its bytes, without the newline.
    pub bytes: Vec<u8>,
}

impl Line {
    /// Parses the line as one record.
    pub fn parse(&self) -> Result<Record> {
        std::str::from_utf8(&self.bytes).map_err(|e| Error::Utf8(e.valid_up_to()))?;
        match jsonl::read(self.bytes.as_slice()) {
            Ok(record) => Ok(record),
            Err(jsonl::ReadError::Deserialize(cause)) => Err(match Record::duplicate(&cause) {
                Some(key) => Error::Duplicate(key),
                None => Error::Syntax(cause),
            }),
            Err(jsonl::ReadError::Io(cause)) => Err(Error::Io(cause)),
            Err(jsonl::ReadError::Eof) => Err(Error::Io(std::io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Names the manifest and the line in `cause`.
    pub fn error(&self, name: &str, cause: Error) -> Error {
        at(name, self.number, cause)
    }
}

fn at(name: &str, line: u64, cause: Error) -> Error {
    Error::Line {
        name: name.to_owned(),
        line,
        cause: Box::new(cause),
    }
}

/// The lines of one manifest.
///
/// Blank lines are passed over. A line that is too long is an error of its
/// own, and reading goes on behind it; after an error of the input itself
/// ([`Error::is_input`]) there are no more lines.
#[derive(Debug)]
pub struct Reader<R> {
    name: String,
    input: R,
    number: u64,
    broken: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads `input`; `name` is what messages call it.
    pub fn new(name: impl Into<String>, input: R) -> Self {
        Self {
            name: name.into(),
            input,
            number: 0,
            broken: false,
        }
    }

    /// What messages call this manifest.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// Every error names the manifest and the line.
    pub fn next_line(&mut self) -> Option<Result<Line>> {
        while !self.broken {
            let mut bytes = Vec::new();
            self.number += 1;
            match read_bounded(&mut self.input, &mut bytes) {
                Ok(Ended::Input) if bytes.is_empty() => return None,
                Ok(Ended::Bound) => {
                    return Some(Err(at(&self.name, self.number, Error::TooLong(MAX_LINE))));
                }
                Err(cause) => {
                    self.broken = true;
                    return Some(Err(at(&self.name, self.number, cause.into())));
                }
                Ok(_) => {}
            }
            if self.number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if !bytes.trim_ascii().is_empty() {
                let number = self.number;
                return Some(Ok(Line { number, bytes }));
            }
        }
        None
    }

    /// All records, parsed.
    pub fn records(mut self) -> impl Iterator<Item = Result<Record>> {
        std::iter::from_fn(move || {
            let line = self.next_line()?;
            Some(line.and_then(|line| line.parse().map_err(|e| line.error(&self.name, e))))
        })
    }
}

/// Why a line ended.
enum Ended {
    Newline,
    Input,
    Bound,
}

/// Reads up to and without the newline; what passes the bound is thrown away.
fn read_bounded(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<Ended> {
    let mut bounded = false;
    loop {
        let buffer = match input.fill_buf() {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if buffer.is_empty() {
            return Ok(if bounded { Ended::Bound } else { Ended::Input });
        }
        let newline = memchr::memchr(b'\n', buffer);
        let end = newline.unwrap_or(buffer.len());
        if bounded || bytes.len() + end > MAX_LINE {
            bounded = true;
            *bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&buffer[..end]);
        }
        input.consume(newline.map_or(end, |at| at + 1));
        if newline.is_some() {
            return Ok(if bounded {
                Ended::Bound
            } else {
                Ended::Newline
            });
        }
    }
}
