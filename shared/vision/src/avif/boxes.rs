//! Boxes of ISO/IEC 14496-12: a length, four letters, and what is in it.

use std::io::{BufRead, Read, Seek};

use crate::avif::damaged;
use crate::error::{Error, Result};

/// The longest description of stills that is read: colour profiles are the largest part of it.
const LONGEST: u64 = 64 << 20;

/// Bytes that are taken from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next number of `size` bytes, 0 to 8, the highest first.
    pub(crate) fn number(&mut self, size: usize) -> Result<u64> {
        let bytes = self.take(size)?;
        Ok(bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.number(1)? as u8)
    }

    /// The next four letters.
    pub(crate) fn letters(&mut self) -> Result<[u8; 4]> {
        Ok((self.number(4)? as u32).to_be_bytes())
    }

    /// Version and flags, with which many boxes begin.
    pub(crate) fn version(&mut self) -> Result<(u8, u32)> {
        let both = self.number(4)? as u32;
        Ok(((both >> 24) as u8, both & 0xff_ffff))
    }

    /// The next box.
    pub(crate) fn next_box(&mut self) -> Result<Option<([u8; 4], Bytes<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let mut length = self.number(4)?;
        let kind = self.letters()?;
        let mut head = 8;
        if length == 1 {
            length = self.number(8)?;
            head = 16;
        }
        let inside = match length {
            0 => self.0.len(),
            _ => length.checked_sub(head).ok_or_else(short)? as usize,
        };
        Ok(Some((kind, Bytes(self.take(inside)?))))
    }
}

fn short() -> Error {
    damaged("a box shorter than its contents")
}

/// The brands of a file and its box `meta`; what else stands before is passed over.
pub(crate) fn meta<R: BufRead + Seek>(mut reader: R) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut brands = Vec::new();
    loop {
        let mut start = [0; 8];
        reader.read_exact(&mut start)?;
        let [a, b, c, d, kind @ ..] = start;
        let mut length = u64::from(u32::from_be_bytes([a, b, c, d]));
        let mut head = 8;
        if length == 1 {
            let mut long = [0; 8];
            reader.read_exact(&mut long)?;
            length = u64::from_be_bytes(long);
            head = 16;
        }
        // The last box may say 0, for all the rest: pixels, not `meta`.
        let inside = length.checked_sub(head).ok_or_else(short)?;
        match &kind {
            b"ftyp" | b"meta" if inside > LONGEST => return Err(damaged("a box that is too long")),
            b"ftyp" => brands = contents(&mut reader, inside)?,
            b"meta" => return Ok((brands, contents(&mut reader, inside)?)),
            _ => reader.seek_relative(i64::try_from(inside).map_err(|_| short())?)?,
        }
    }
}

fn contents(reader: &mut impl Read, length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(Error::UnexpectedEnd);
    }
    Ok(bytes)
}
