//! What the boxes in `ipco` say that items are like.

use crate::avif::boxes::Bytes;
use crate::error::Result;
use crate::profile::Origin;

/// What an item is like.
#[derive(Debug)]
pub(crate) enum Property {
    Size(u32, u32),
    Depths(Vec<u8>),
    /// From the decoder's configuration: bits, and whether there is no colour.
    Config(u8, bool),
    Codes(Codes),
    Icc(Vec<u8>),
    Turn(u8),
    Mirror(u8),
    Role(Vec<u8>),
    Other,
}

/// Colour by code points of ITU-T H.273.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Codes {
    pub(crate) primaries: u8,
    pub(crate) transfer: u8,
    pub(crate) matrix: u8,
    /// Whether all levels are used, and not those of television.
    pub(crate) full: bool,
}

impl Codes {
    /// What they say of the numbers in all.
    pub(crate) fn origin(self) -> Origin {
        Origin::Codes {
            primaries: self.primaries,
            transfer: self.transfer,
        }
    }
}

/// Reads the property box of this kind.
pub(crate) fn property(kind: [u8; 4], mut bytes: Bytes<'_>) -> Result<Property> {
    Ok(match &kind {
        b"ispe" => {
            bytes.version()?;
            Property::Size(bytes.number(4)? as u32, bytes.number(4)? as u32)
        }
        b"pixi" => {
            bytes.version()?;
            let count = bytes.byte()?;
            Property::Depths(bytes.take(count.into())?.to_vec())
        }
        b"av1C" => {
            let flags = bytes.number(3)?;
            let bits = match flags >> 5 & 3 {
                0 => 8,
                2 => 10,
                _ => 12,
            };
            Property::Config(bits, flags >> 4 & 1 == 1)
        }
        b"irot" => Property::Turn(bytes.byte()? & 3),
        b"imir" => Property::Mirror(bytes.byte()?),
        b"auxC" => {
            bytes.version()?;
            let name = bytes.0.split(|byte| *byte == 0).next();
            Property::Role(name.unwrap_or_default().to_vec())
        }
        b"colr" => match &bytes.letters()? {
            b"nclx" => Property::Codes(Codes {
                primaries: bytes.number(2)? as u8,
                transfer: bytes.number(2)? as u8,
                matrix: bytes.number(2)? as u8,
                full: bytes.byte()? >> 7 == 1,
            }),
            b"prof" | b"rICC" => Property::Icc(bytes.0.to_vec()),
            _ => Property::Other,
        },
        _ => Property::Other,
    })
}
