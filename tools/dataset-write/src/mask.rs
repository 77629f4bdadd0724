//! The mask of an image: which of its pixels are trained on.

use std::borrow::Cow;

use manifest::Record;
use stage::{Context, Result, log};
use vision::decode::{self, Dimensions};
use vision::mask::{self, Mask};
use vision::write::{Subsampling, encode_jpeg, encode_png_luma};
use vision::{Rect, RgbImage};

use crate::area::{Area, Masks, Wanted};
use crate::exported::QUALITY;
use crate::store::{Store, Stored};

/// The subject of an image, as a mask of its size.
pub(crate) struct Subject {
    mask: Mask,
    /// What it was read from.
    stored: mask::Stored,
}

/// Reads the mask that the record names, if masks are wanted or squares are
/// to be laid round the subject.
pub(crate) fn read(record: &Record, wanted: &Wanted, size: Dimensions) -> Result<Option<Subject>> {
    let used = wanted.masks.is_some() || wanted.square.is_some() || wanted.buckets.is_some();
    let Some(shape) = record.mask()?.filter(|_| used) else {
        return Ok(None);
    };
    let stored = mask::Stored::read(&shape).context("key `mask`")?;
    let mask = stored
        .decode_for((size.width, size.height))
        .context("key `mask`")?;
    if wanted.masks.is_some() {
        match mask.uniform() {
            Some(false) => log::warn!("{}: is all black: it marks nothing", name(&stored)),
            Some(true) => log::warn!("{}: is all white: it marks all of the image", name(&stored)),
            None => {}
        }
    }
    Ok(Some(Subject { mask, stored }))
}

/// What a warning calls a mask.
fn name(stored: &mask::Stored) -> String {
    let path = stored.path().map(|path| format!("mask {}", path.display()));
    path.unwrap_or_else(|| "the mask".to_owned())
}

impl Subject {
    /// The mask of a part of the image, in the store.
    pub(crate) fn part(&self, area: Area, masks: Masks, store: &Store) -> Result<Stored> {
        let Masks { rest, dilate } = masks;
        let recipe = format!("mask {area:?} {rest} {dilate}");
        store.make(self.stored.bytes(), &recipe, "png", || {
            let subject = self.mask.dilate(dilate);
            let trained = Mask::from_fn(area.width, area.height, |x, y| {
                let (x, y) = area.origin(x, y);
                subject.get(x, y) != rest
            });
            Ok(Cow::Owned(encode_png_luma(&trained?.to_luma())?))
        })
    }
}

/// A mask in a file of the ending of its image, for a trainer that looks for masks by the whole name.
pub(crate) fn of_ending(mask: Stored, ending: &'static str, store: &Store) -> Result<Stored> {
    if mask.ending == ending {
        return Ok(mask);
    }
    let path = store.path(&mask);
    let bytes = decode::read(&path).with_context(|| path.display().to_string())?;
    store.make(&bytes, "mask jpg", ending, || {
        let luma = decode::luma_from_bytes(&bytes)?;
        let level = |x, y| [luma.get_pixel(x, y).0[0]; 3].into();
        let image = RgbImage::from_fn(luma.width(), luma.height(), level);
        Ok(Cow::Owned(encode_jpeg(&image, QUALITY, Subsampling::S444)?))
    })
}

/// Where the subject is: what its mask encloses, else its joints, else the
/// first box.
pub(crate) fn subject(record: &Record, mask: Option<&Subject>) -> Result<Option<Rect>> {
    if let Some(rect) = mask.and_then(|subject| subject.mask.bounding_box()) {
        return Ok(Some(rect));
    }
    let pose = record.pose()?.unwrap_or_default();
    let joints = pose.seen().map(|[x, y]| Rect::from([x, y, x, y]));
    let boxes = record.boxes()?.into_iter().flatten();
    let place = joints
        .reduce(Rect::around)
        .or_else(|| boxes.map(|found| found.rect).next());
    Ok(place.map(|rect| rect.map(|edge| edge.max(0.0) as u32)))
}
