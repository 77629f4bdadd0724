//! From an image as it was found to one that every trainer reads alike.

use std::borrow::Cow;
use std::path::Path;

use manifest::Record;
use stage::{Context, Result};
use vision::decode::{self, Format, Header, Profile};
use vision::write::{Subsampling, encode_jpeg, encode_png, encode_png_luma};

use crate::area::{Area, Wanted};
use crate::mask;
use crate::store::{Store, Stored};

/// Quality of the JPEG files that are written: no artefact is seen at it.
pub(crate) const QUALITY: u8 = 95;

/// A finished image: sRGB, 8 bits, upright, without alpha.
#[derive(Debug, Clone)]
pub(crate) struct Exported {
    /// Its file.
    pub(crate) stored: Stored,
    /// Columns.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Its mask, of the same size: white is trained on.
    pub(crate) mask: Option<Stored>,
    /// The part of it that a trainer without buckets is given.
    pub(crate) square: Option<Box<Square>>,
    /// What a trainer that squeezes masks is given where that is something else: a part of the size
    /// of its bucket.
    pub(crate) masked: Option<Box<Masked>>,
}

/// A part of an image that has the size of its bucket, and its mask.
#[derive(Debug, Clone)]
pub(crate) struct Masked {
    /// Its file.
    pub(crate) stored: Stored,
    /// Columns.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Its mask, of the same size.
    pub(crate) mask: Stored,
}

/// A square part of an image.
#[derive(Debug, Clone)]
pub(crate) struct Square {
    /// Its file.
    pub(crate) stored: Stored,
    /// Pixels on a side.
    pub(crate) side: u32,
}

/// Finishes the image of `record`, and its mask.
///
/// A JPEG or PNG that needs no change is kept byte for byte.
pub(crate) fn finish(record: &Record, wanted: &Wanted, store: &Store) -> Result<Exported> {
    let path = record.image()?;
    let name = || path.display().to_string();
    let bytes = decode::read(&path).with_context(name)?;
    let header = decode::header_from_bytes(&bytes).with_context(name)?;
    let whole = header.dimensions();
    let mask = mask::read(record, wanted, whole)?;
    let subject = mask::subject(record, mask.as_ref())?;
    let area = Area::of(record, wanted, whole, subject).with_context(name)?;
    let image = Image {
        bytes: &bytes,
        header,
        foreign: matches!(
            decode::profile_from_bytes(&bytes).with_context(name)?,
            Profile::Foreign(_)
        ),
        path: &path,
    };
    let square = wanted.square.map(|side| {
        let area = area.square(subject, side);
        let side = area.width;
        image
            .part(area, store)
            .map(|stored| Square { stored, side })
    });
    let mask = mask.zip(wanted.masks);
    let masked = mask.as_ref().zip(wanted.masked.as_deref());
    let masked = masked.map(|((mask, masks), buckets)| {
        let fitted = area.fitted(buckets, subject);
        Ok::<_, stage::Error>(Masked {
            stored: image.part(fitted, store)?,
            width: fitted.width,
            height: fitted.height,
            mask: mask.part(fitted, *masks, store)?,
        })
    });
    Ok(Exported {
        stored: image.part(area, store)?,
        width: area.width,
        height: area.height,
        mask: mask
            .map(|(mask, masks)| mask.part(area, masks, store))
            .transpose()?,
        square: square.transpose()?.map(Box::new),
        masked: masked.transpose()?.map(Box::new),
    })
}

/// An image file in memory.
struct Image<'a> {
    bytes: &'a [u8],
    header: Header,
    /// Whether its numbers are not sRGB, as trainers take them.
    foreign: bool,
    path: &'a Path,
}

impl Image<'_> {
    /// An area of the image in the store.
    fn part(&self, area: Area, store: &Store) -> Result<Stored> {
        let format = self.header.format;
        // What is lossy stays so; all else becomes a PNG.
        let ending = if format == Format::Jpeg { "jpg" } else { "png" };
        if area.is_all_of(self.header.dimensions()) && self.is_plain() {
            return store.make(self.bytes, "", ending, || self.as_it_is());
        }
        let space = if self.foreign { "srgb" } else { "rgb" };
        let recipe = format!("{space} {area:?} {QUALITY}");
        store.make(self.bytes, &recipe, ending, || self.changed(area))
    }

    /// Whether the file is fit as it is: every trainer reads it alike, and no trainer looks at
    /// profiles or can do with a second image.
    fn is_plain(&self) -> bool {
        let Header {
            format, samples, ..
        } = self.header;
        let alike = format.is_plain() && self.header.is_upright() && samples.is_rgb();
        alike && !self.foreign && !self.header.animated
    }

    /// The bytes themselves, once they are known to hold a whole image.
    fn as_it_is(&self) -> Result<Cow<'_, [u8]>> {
        let read = decode::luma_at_least_from_bytes(self.bytes, 1, 1);
        read.with_context(|| self.path.display().to_string())?;
        Ok(Cow::Borrowed(self.bytes))
    }

    fn changed(&self, area: Area) -> Result<Cow<'static, [u8]>> {
        let name = || self.path.display().to_string();
        let pixels = decode::rgb_from_bytes(self.bytes).with_context(name)?;
        let pixels = area.cut(pixels).with_context(name)?;
        let encoded = if self.header.format == Format::Jpeg {
            encode_jpeg(&pixels, QUALITY, Subsampling::S444)
        } else {
            encode_png(&pixels)
        };
        Ok(Cow::Owned(encoded.with_context(name)?))
    }
}

/// A mask that is white all over, for trainers that want one for each image.
pub(crate) fn white(width: u32, height: u32, store: &Store) -> Result<Stored> {
    let recipe = format!("white {width}x{height}");
    store.make(&[], &recipe, "png", || {
        let white = vision::mask::Mask::from_fn(width, height, |_, _| true)?;
        Ok(Cow::Owned(encode_png_luma(&white.to_luma())?))
    })
}
