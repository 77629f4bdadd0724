//! Where the figures are in a record's image.

use clap::ValueEnum;
use nets::pose::Pose;
use serde_json::{Map, Value};
use stage::{Context, Record, Result, ensure};
use vision::mask::{Mask, Stored};
use vision::{Rect, RgbImage, decode};

/// More boxes than this are not looked into: no image shows this many figures, and each takes memory.
const MOST: usize = 256;

/// What is said of a record without boxes.
const NO_BOXES: &str = "key `boxes` is missing: run char-detect first, or give another --box";

/// Where the characters are
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// As `mask` for records with `parent`, else as `boxes`, else as `whole`
    Auto,
    /// In each of `boxes`
    Boxes,
    /// Around the white part of `mask`, or the opaque part of the image; else as `whole`
    Mask,
    /// Anywhere in the image
    Whole,
}

impl Place {
    /// Whether the figures of `record` are its `boxes`.
    pub(crate) fn among_boxes(self, record: &Record) -> bool {
        match self {
            Self::Auto => record.has("boxes") && !record.has("parent"),
            Self::Boxes => true,
            Self::Mask | Self::Whole => false,
        }
    }
}

/// The figures of one record, as far as it says.
#[derive(Debug)]
pub(crate) enum Figures {
    /// One in each box, in pixels.
    In(Vec<Rect<f64>>),
    /// One, around what is inside the mask.
    Masked(Stored),
    /// One, around what is opaque.
    Opaque,
    /// One that fills the image.
    Whole,
}

impl Figures {
    /// The figures of `record`.
    ///
    /// # Errors
    /// No `boxes` where they are asked for, too many of them, a mask that cannot be read.
    pub(crate) fn of(record: &Record, place: Place) -> Result<Self> {
        if place.among_boxes(record) {
            let boxes = record.boxes()?.context(NO_BOXES)?;
            ensure!(
                boxes.len() <= MOST,
                "boxes: {} of them, but at most {MOST} are allowed: raise the detector's --threshold",
                boxes.len()
            );
            return Ok(Self::In(boxes.iter().map(|of| of.rect).collect()));
        }
        let masked = place == Place::Mask || (place == Place::Auto && record.has("parent"));
        if !masked {
            return Ok(Self::Whole);
        }
        Ok(match record.mask()? {
            Some(shape) => Self::Masked(Stored::read(&shape).context("key `mask`")?),
            None => Self::Opaque,
        })
    }

    /// What of it decides the answer, for the cache.
    pub(crate) fn key(&self) -> (&'static str, &[Rect<f64>], &[u8]) {
        match self {
            Self::In(boxes) => ("boxes", boxes, &[]),
            Self::Masked(mask) => ("mask", &[], mask.bytes()),
            Self::Opaque => ("opaque", &[], &[]),
            Self::Whole => ("whole", &[], &[]),
        }
    }

    /// The image of an image `file`, what is transparent laid over `matte`, and the box around each
    /// figure in it, in pixels.
    ///
    /// Alpha is decoded only where it is looked at: it costs as much again as the colours.
    ///
    /// # Errors
    /// A file that cannot be decoded; a mask of another size than the image.
    pub(crate) fn look(&self, file: &[u8], matte: [u8; 3]) -> Result<(RgbImage, Vec<Rect<f64>>)> {
        if matches!(self, Self::Opaque) && decode::header_from_bytes(file)?.samples.alpha {
            let image = decode::rgba_from_bytes(file)?;
            let rect = inside(&Mask::from_alpha(&image)?);
            return Ok((decode::over(&image, matte), vec![rect]));
        }
        let image = decode::rgb_over_from_bytes(file, matte)?;
        let boxes = match self {
            Self::In(boxes) => boxes.clone(),
            Self::Opaque | Self::Whole => {
                vec![Rect::whole(image.width(), image.height()).map(f64::from)]
            }
            Self::Masked(mask) => {
                let mask = mask.decode_for(image.dimensions());
                vec![inside(&mask.context("key `mask`")?)]
            }
        };
        Ok((image, boxes))
    }
}

/// The box around what is inside, or all of the mask where nothing is.
fn inside(mask: &Mask) -> Rect<f64> {
    let whole = Rect::whole(mask.width(), mask.height());
    mask.bounding_box().unwrap_or(whole).map(f64::from)
}

/// Gives each of the record's `boxes` its pose, as the member `pose`.
pub(crate) fn put_in_boxes(record: &mut Record, poses: &[Pose]) -> Result<()> {
    let mut boxes: Vec<Map<String, Value>> = record.get("boxes")?;
    for (figure, pose) in boxes.iter_mut().zip(poses) {
        figure.insert("pose".to_owned(), serde_json::to_value(pose)?);
    }
    // More decimals than anything in it has: what others measured stays as it is.
    record.put_rounded("boxes", &boxes, 9)?;
    Ok(())
}
