//! What the box `meta` says of the stills in a file.

use std::io::{BufRead, Seek};

use image::metadata::Orientation;

use crate::avif::boxes::{self, Bytes};
use crate::avif::property::{Codes, Property, property};
use crate::avif::{damaged, unsupported};
use crate::decode::Dimensions;
use crate::error::{Error, Result};
use crate::header;
use crate::profile::Origin;

/// What auxiliary stills are called that hold alpha.
const ALPHA: [&[u8]; 2] = [
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    b"urn:mpeg:hevc:2015:auxid:1",
];

/// Something in a file: a coded still, a grid of such, metadata.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) id: u32,
    pub(crate) kind: [u8; 4],
    /// Whether the pieces lie in the box `idat` and not in the file at large.
    inside: bool,
    /// Offset and length of each piece; a length of 0 is all the rest.
    pieces: Vec<(u64, u64)>,
    /// Numbers of its properties, from 0.
    properties: Vec<usize>,
}

/// All that `meta` says.
#[derive(Debug, Default)]
pub(crate) struct Container {
    primary: u32,
    items: Vec<Item>,
    /// Kind, from, to.
    references: Vec<([u8; 4], u32, Vec<u32>)>,
    properties: Vec<Property>,
    data: Vec<u8>,
    sequence: bool,
}

/// How tiles make an image.
pub(crate) struct Grid {
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Grid {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut bytes = Bytes(bytes);
        bytes.byte()?;
        let size = if bytes.byte()? & 1 == 1 { 4 } else { 2 };
        Ok(Self {
            rows: u16::from(bytes.byte()?) + 1,
            columns: u16::from(bytes.byte()?) + 1,
            width: bytes.number(size)? as u32,
            height: bytes.number(size)? as u32,
        })
    }
}

impl Container {
    pub(crate) fn read<R: BufRead + Seek>(reader: R) -> Result<Self> {
        let (brands, meta) = boxes::meta(reader).map_err(|error| match error {
            Error::UnexpectedEnd => damaged("it has no still image, or is cut short"),
            other => other,
        })?;
        let mut container = Self {
            sequence: brands.chunks(4).any(|brand| brand == b"avis"),
            ..Self::default()
        };
        let mut meta = Bytes(&meta);
        meta.version()?;
        while let Some((kind, inside)) = meta.next_box()? {
            match &kind {
                b"pitm" => container.primary = number(inside)?,
                b"iinf" => container.kinds(inside)?,
                b"iloc" => container.places(inside)?,
                b"iref" => container.links(inside)?,
                b"iprp" => container.describe(inside)?,
                b"idat" => container.data = inside.0.to_vec(),
                _ => {}
            }
        }
        Ok(container)
    }

    /// `iinf`: what each item is.
    fn kinds(&mut self, mut bytes: Bytes<'_>) -> Result<()> {
        let (version, _) = bytes.version()?;
        bytes.number(if version == 0 { 2 } else { 4 })?;
        while let Some((kind, mut entry)) = bytes.next_box()? {
            let (version, _) = if kind == *b"infe" {
                entry.version()?
            } else {
                (0, 0)
            };
            if version < 2 {
                continue;
            }
            let id = entry.number(if version == 2 { 2 } else { 4 })? as u32;
            entry.number(2)?;
            self.item(id).kind = entry.letters()?;
        }
        Ok(())
    }

    /// `iloc`: where the bytes of each item are.
    fn places(&mut self, mut bytes: Bytes<'_>) -> Result<()> {
        let (version, _) = bytes.version()?;
        let sizes = bytes.number(2)? as usize;
        let size = |shift: usize| sizes >> shift & 15;
        let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
        let index_size = if version == 0 { 0 } else { size(0) };
        if [offset_size, length_size, base_size, index_size]
            .iter()
            .any(|size| *size > 8)
        {
            return Err(damaged("numbers of more than eight bytes"));
        }
        let wide = if version < 2 { 2 } else { 4 };
        for _ in 0..bytes.number(wide)? {
            let id = bytes.number(wide)? as u32;
            let method = if version == 0 {
                0
            } else {
                bytes.number(2)? & 15
            };
            bytes.number(2)?;
            let base = bytes.number(base_size)?;
            let mut pieces = Vec::new();
            for _ in 0..bytes.number(2)? {
                bytes.number(index_size)?;
                let offset = bytes.number(offset_size)?.saturating_add(base);
                pieces.push((offset, bytes.number(length_size)?));
            }
            if method > 1 {
                return Err(unsupported("its bytes are stored in other items"));
            }
            let item = self.item(id);
            (item.inside, item.pieces) = (method == 1, pieces);
        }
        Ok(())
    }

    /// `iref`: which item belongs to which.
    fn links(&mut self, mut bytes: Bytes<'_>) -> Result<()> {
        let (version, _) = bytes.version()?;
        let wide = if version == 0 { 2 } else { 4 };
        while let Some((kind, mut entry)) = bytes.next_box()? {
            let from = entry.number(wide)? as u32;
            let count = entry.number(2)?;
            let to: Result<Vec<u32>> = (0..count).map(|_| Ok(entry.number(wide)? as u32)).collect();
            self.references.push((kind, from, to?));
        }
        Ok(())
    }

    /// `iprp`: properties, and which item has which.
    fn describe(&mut self, mut bytes: Bytes<'_>) -> Result<()> {
        while let Some((kind, mut inside)) = bytes.next_box()? {
            match &kind {
                b"ipco" => {
                    while let Some((kind, inside)) = inside.next_box()? {
                        self.properties.push(property(kind, inside)?);
                    }
                }
                b"ipma" => self.associate(inside)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn associate(&mut self, mut bytes: Bytes<'_>) -> Result<()> {
        let (version, flags) = bytes.version()?;
        let size = if flags & 1 == 1 { 2 } else { 1 };
        for _ in 0..bytes.number(4)? {
            let id = bytes.number(if version == 0 { 2 } else { 4 })? as u32;
            for _ in 0..bytes.byte()? {
                // The highest bit says that the property is essential.
                let place = bytes.number(size)? & if size == 2 { 0x7fff } else { 0x7f };
                if let Some(place) = (place as usize).checked_sub(1) {
                    self.item(id).properties.push(place);
                }
            }
        }
        Ok(())
    }

    fn item(&mut self, id: u32) -> &mut Item {
        let place = self.items.iter().position(|item| item.id == id);
        let place = place.unwrap_or_else(|| {
            self.items.push(Item {
                id,
                ..Item::default()
            });
            self.items.len() - 1
        });
        &mut self.items[place]
    }

    fn find(&self, id: u32) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The still that the file is about.
    pub(crate) fn primary(&self) -> Result<&Item> {
        let primary = self.find(self.primary);
        primary.ok_or_else(|| damaged("it has no still image"))
    }

    /// The alpha of a still.
    pub(crate) fn alpha(&self, of: u32) -> Option<&Item> {
        let mut links = self.references.iter();
        links.find_map(|(kind, from, to)| {
            let item = self
                .find(*from)
                .filter(|_| kind == b"auxl" && to.contains(&of))?;
            let mut roles = self.properties(item).filter_map(|property| match property {
                Property::Role(role) => Some(role),
                _ => None,
            });
            roles
                .any(|role| ALPHA.contains(&role.as_slice()))
                .then_some(item)
        })
    }

    /// The tiles of a grid, row by row.
    pub(crate) fn tiles(&self, grid: u32) -> Vec<&Item> {
        let mut links = self.references.iter();
        let link = links.find(|(kind, from, _)| kind == b"dimg" && *from == grid);
        link.iter()
            .flat_map(|(_, _, to)| to)
            .filter_map(|id| self.find(*id))
            .collect()
    }

    fn properties<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Property> {
        item.properties
            .iter()
            .filter_map(|place| self.properties.get(*place))
    }

    /// Columns and rows as stored.
    pub(crate) fn size(&self, item: &Item) -> Result<Dimensions> {
        let mut sizes = self.properties(item).filter_map(|property| match property {
            Property::Size(width, height) => Some((*width, *height)),
            _ => None,
        });
        let (width, height) = sizes
            .next()
            .ok_or_else(|| damaged("its size is not given"))?;
        header::checked(width.into(), height.into())
    }

    /// Bits a sample.
    pub(crate) fn depth(&self, item: &Item) -> u8 {
        let mut depths = self.properties(item).filter_map(|property| match property {
            Property::Depths(depths) => depths.iter().max().copied(),
            Property::Config(bits, _) => Some(*bits),
            _ => None,
        });
        depths.next().unwrap_or(8)
    }

    /// Whether there is no colour in it.
    pub(crate) fn is_gray(&self, item: &Item) -> bool {
        self.properties(item)
            .any(|property| matches!(property, Property::Config(_, true)))
    }

    /// How it is turned upright: first `irot`, against the clock, then `imir`.
    pub(crate) fn orientation(&self, item: &Item) -> Orientation {
        let (mut quarters, mut flipped) = (0, false);
        for property in self.properties(item) {
            match property {
                Property::Turn(against) => quarters = (4 - against % 4) % 4,
                Property::Mirror(axis) => {
                    // Top and bottom exchanged is half a turn and left and right exchanged.
                    quarters = (quarters + if axis & 1 == 0 { 2 } else { 0 }) % 4;
                    flipped = true;
                }
                _ => {}
            }
        }
        match (quarters, flipped) {
            (1, false) => Orientation::Rotate90,
            (2, false) => Orientation::Rotate180,
            (3, false) => Orientation::Rotate270,
            (0, true) => Orientation::FlipHorizontal,
            (1, true) => Orientation::Rotate90FlipH,
            (2, true) => Orientation::FlipVertical,
            (3, true) => Orientation::Rotate270FlipH,
            _ => Orientation::NoTransforms,
        }
    }

    /// The colour codes of an item, which go before those in its bytes.
    pub(crate) fn codes(&self, item: &Item) -> Option<Codes> {
        let mut codes = self.properties(item).filter_map(|property| match property {
            Property::Codes(codes) => Some(*codes),
            _ => None,
        });
        codes.next()
    }

    /// What its numbers mean by its boxes: a profile, or codes.
    pub(crate) fn said(&self, item: &Item) -> Origin {
        let mut profiles = self.properties(item).filter_map(|property| match property {
            Property::Icc(bytes) => Some(bytes),
            _ => None,
        });
        if let Some(profile) = profiles.next() {
            return Origin::Icc(profile.clone());
        }
        self.codes(item).map_or(Origin::Unsaid, Codes::origin)
    }

    /// Whether there is a film beside the still.
    pub(crate) fn is_sequence(&self) -> bool {
        self.sequence
    }

    /// The bytes of an item.
    pub(crate) fn data(&self, item: &Item, file: &[u8]) -> Result<Vec<u8>> {
        let from = if item.inside { &self.data } else { file };
        let mut data = Vec::new();
        for (offset, length) in &item.pieces {
            let start = usize::try_from(*offset).unwrap_or(usize::MAX);
            let rest = from.get(start..).ok_or(Error::UnexpectedEnd)?;
            let length = if *length == 0 {
                rest.len()
            } else {
                *length as usize
            };
            data.extend(rest.get(..length).ok_or(Error::UnexpectedEnd)?);
        }
        Ok(data)
    }
}

/// A box that holds a version and one number.
fn number(mut bytes: Bytes<'_>) -> Result<u32> {
    let (version, _) = bytes.version()?;
    Ok(bytes.number(if version == 0 { 2 } else { 4 })? as u32)
}
