//! What a GIF says before its first image: the `image` crate would call every GIF transparent.

use std::io::{BufRead, Read, Seek};

use image::metadata::Orientation;

use crate::decode::Format;
use crate::error::{Error, Result};
use crate::file::array;
use crate::header::{self, Header};
use crate::samples::Samples;

/// Size, transparency and whether it is animated, from the blocks of the file (`GIF89a`, 1990).
pub(crate) fn header<R: BufRead + Seek>(mut reader: R) -> Result<Header> {
    let start: [u8; 13] = array(&mut reader)?;
    let word = |at: usize| u64::from(u16::from_le_bytes([start[at], start[at + 1]]));
    let size = (word(6), word(8));
    skip_colours(&mut reader, start[10])?;
    let mut clear = false;
    loop {
        match byte(&mut reader)? {
            b'!' => clear |= extension(&mut reader)?,
            b',' => break,
            _ => return Err(damaged("it has no image")),
        }
    }
    let place: [u8; 9] = array(&mut reader)?;
    let word = |at: usize| u64::from(u16::from_le_bytes([place[at], place[at + 1]]));
    // What the first image leaves free of the whole is transparent.
    let fills = word(0) == 0 && word(2) == 0 && (word(4), word(6)) == size;
    let alpha = clear || !fills;
    Ok(Header {
        format: Format::Gif,
        stored: header::checked(size.0, size.1)?,
        orientation: Orientation::NoTransforms,
        samples: Samples {
            channels: if alpha { 4 } else { 3 },
            alpha,
            bits: 8,
        },
        animated: more(&mut reader, place[8]).unwrap_or(false),
    })
}

/// Whether another image follows; a file cut short has none.
fn more<R: BufRead + Seek>(reader: &mut R, flags: u8) -> Result<bool> {
    skip_colours(reader, flags)?;
    byte(reader)?;
    skip_blocks(reader)?;
    loop {
        match byte(reader)? {
            b'!' => {
                extension(reader)?;
            }
            b',' => return Ok(true),
            _ => return Ok(false),
        }
    }
}

/// Passes over an extension, and says whether it makes a colour transparent.
fn extension<R: BufRead + Seek>(reader: &mut R) -> Result<bool> {
    const CONTROL: u8 = 0xf9;
    if byte(reader)? != CONTROL {
        skip_blocks(reader)?;
        return Ok(false);
    }
    let [_, flags] = array(reader)?;
    reader.seek_relative(3)?;
    skip_blocks(reader)?;
    Ok(flags & 1 == 1)
}

fn skip_blocks<R: BufRead + Seek>(reader: &mut R) -> Result<()> {
    loop {
        match byte(reader)? {
            0 => return Ok(()),
            length => reader.seek_relative(length.into())?,
        }
    }
}

fn skip_colours<R: BufRead + Seek>(reader: &mut R, flags: u8) -> Result<()> {
    if flags & 0x80 != 0 {
        reader.seek_relative(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

fn byte(reader: &mut impl Read) -> Result<u8> {
    let [byte] = array(reader)?;
    Ok(byte)
}

fn damaged(cause: &str) -> Error {
    Error::Damaged {
        format: Format::Gif,
        cause: cause.to_owned(),
    }
}
