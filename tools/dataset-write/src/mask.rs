//! The mask of an image: which of its pixels are trained on.

use std::borrow::Cow;
use std::path::PathBuf;

use manifest::Record;
use serde::Deserialize;
use stage::{Context, Result, ensure, log};
use vision::RgbImage;
use vision::decode::{self, Dimensions};
use vision::mask::{self, Bounds, Mask};
use vision::write::{Subsampling, encode_jpeg, encode_png_luma};

use crate::area::{Area, Masks, Wanted};
use crate::picture::QUALITY;
use crate::store::{Store, Stored};

/// The least score of a joint that counts as seen.
const SEEN: f64 = 0.3;

/// The subject of an image, as a mask of its size.
pub(crate) struct Subject {
    mask: Mask,
    /// The bytes that it was read from.
    bytes: Vec<u8>,
}

/// Reads the mask that the record names, if masks are wanted or squares are
/// to be laid round the subject.
pub(crate) fn read(record: &Record, wanted: &Wanted, size: Dimensions) -> Result<Option<Subject>> {
    let path: Option<PathBuf> = record.find("mask")?;
    let used = wanted.masks.is_some() || wanted.square.is_some() || wanted.buckets.is_some();
    let Some(path) = path.filter(|_| used) else {
        return Ok(None);
    };
    let name = || format!("mask {}", path.display());
    let bytes = decode::read(&path).with_context(name)?;
    let mask = mask::from_bytes(&bytes).with_context(name)?;
    let (width, height) = (mask.width(), mask.height());
    ensure!(
        (width, height) == (size.width, size.height),
        "{}: is {width}x{height}, but its image is {}x{}",
        name(),
        size.width,
        size.height
    );
    if wanted.masks.is_some() {
        match mask.uniform() {
            Some(false) => log::warn!("{}: is all black: it marks nothing", name()),
            Some(true) => log::warn!("{}: is all white: it marks all of the image", name()),
            None => {}
        }
    }
    Ok(Some(Subject { mask, bytes }))
}

impl Subject {
    /// The mask of a part of the image, in the store.
    pub(crate) fn part(&self, area: Area, masks: Masks, store: &Store) -> Result<Stored> {
        let Masks { rest, dilate } = masks;
        let recipe = format!("mask {area:?} {rest} {dilate}");
        store.make(&self.bytes, &recipe, "png", || {
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
pub(crate) fn subject(record: &Record, mask: Option<&Subject>) -> Result<Option<Bounds>> {
    #[derive(Deserialize)]
    struct Found {
        r#box: [f64; 4],
    }
    if let Some(bounds) = mask.and_then(|subject| subject.mask.bounding_box()) {
        return Ok(Some(bounds));
    }
    let joints: Option<Vec<[f64; 3]>> = record.at("/pose/keypoints")?;
    let joints = joints.unwrap_or_default();
    let seen = joints.iter().filter(|joint| joint[2] >= SEEN);
    let round = seen.fold(None, |round: Option<[f64; 4]>, [x, y, _]| {
        let [x0, y0, x1, y1] = round.unwrap_or([*x, *y, *x, *y]);
        Some([x0.min(*x), y0.min(*y), x1.max(*x), y1.max(*y)])
    });
    let boxes: Option<Vec<Found>> = record.find("boxes")?;
    let first = boxes.into_iter().flatten().next().map(|found| found.r#box);
    Ok(round.or(first).map(|[x0, y0, x1, y1]| Bounds {
        left: x0.max(0.0) as u32,
        top: y0.max(0.0) as u32,
        right: x1.max(0.0) as u32,
        bottom: y1.max(0.0) as u32,
    }))
}
