//! Where the figures are in a record's image.

use std::path::PathBuf;

use clap::ValueEnum;
use nets::pose::Pose;
use serde::Deserialize;
use serde_json::{Map, Value};
use stage::{Context, Record, Result, bail, ensure};
use vision::mask::{self, Mask};
use vision::{RgbImage, decode};

/// More boxes than this are not looked into: no image shows this many figures, and each takes memory.
const MOST: usize = 256;

/// What is opaque enough to belong to a figure, of 255; as of a mask file.
const INSIDE: u8 = 128;

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

/// The member of `boxes` that is read here.
#[derive(Debug, Deserialize)]
struct Bounded {
    #[serde(rename = "box")]
    bounds: [f64; 4],
}

/// The figures of one record, as far as it says.
#[derive(Debug)]
pub(crate) enum Figures {
    /// One in each box, `[x0, y0, x1, y1]` in pixels.
    In(Vec<[f64; 4]>),
    /// One, around what is inside the mask in this file, whose content is this.
    Masked(PathBuf, Vec<u8>),
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
            let boxes: Vec<Bounded> = record.get("boxes")?;
            ensure!(
                boxes.len() <= MOST,
                "boxes: {} of them, but at most {MOST} are allowed: raise the detector's --threshold",
                boxes.len()
            );
            return Ok(Self::In(boxes.iter().map(|of| of.bounds).collect()));
        }
        let masked = place == Place::Mask || (place == Place::Auto && record.has("parent"));
        if !masked {
            return Ok(Self::Whole);
        }
        let Some(path) = record.find::<PathBuf>("mask")? else {
            return Ok(Self::Opaque);
        };
        let file = decode::read(&path).with_context(|| path.display().to_string())?;
        Ok(Self::Masked(path, file))
    }

    /// What of it decides the answer, for the cache.
    pub(crate) fn key(&self) -> (&'static str, &[[f64; 4]], &[u8]) {
        match self {
            Self::In(boxes) => ("boxes", boxes, &[]),
            Self::Masked(_, file) => ("mask", &[], file),
            Self::Opaque => ("opaque", &[], &[]),
            Self::Whole => ("whole", &[], &[]),
        }
    }

    /// The image of an image `file`, what is transparent laid over `matte`, and the box around each
    /// figure in it, `[x0, y0, x1, y1]` in pixels.
    ///
    /// Alpha is decoded only where it is looked at: it costs as much again as the colours.
    ///
    /// # Errors
    /// A file that cannot be decoded; a mask of another size than the image.
    pub(crate) fn look(&self, file: &[u8], matte: [u8; 3]) -> Result<(RgbImage, Vec<[f64; 4]>)> {
        if matches!(self, Self::Opaque) && decode::header_from_bytes(file)?.samples.alpha {
            let picture = decode::rgba_from_bytes(file)?;
            let (width, height) = picture.dimensions();
            let opaque = |x, y| picture.get_pixel(x, y).0[3] >= INSIDE;
            let bounds = inside(&Mask::from_fn(width, height, opaque)?);
            return Ok((decode::over(&picture, matte), vec![bounds]));
        }
        let picture = decode::rgb_over_from_bytes(file, matte)?;
        let (width, height) = picture.dimensions();
        let boxes = match self {
            Self::In(boxes) => boxes.clone(),
            Self::Opaque | Self::Whole => vec![whole(width, height)],
            Self::Masked(path, file) => {
                let name = || path.display().to_string();
                let mask = mask::from_bytes(file).with_context(name)?;
                let (own, other) = (mask.width(), mask.height());
                if (own, other) != (width, height) {
                    bail!(
                        "{}: the mask is {own}x{other}, but the image is {width}x{height}",
                        name()
                    );
                }
                vec![inside(&mask)]
            }
        };
        Ok((picture, boxes))
    }
}

/// The box around what is inside, or all of the mask where nothing is.
fn inside(mask: &Mask) -> [f64; 4] {
    let bounds = mask.bounding_box();
    let inside = bounds.map(|of| [of.left, of.top, of.right, of.bottom].map(f64::from));
    inside.unwrap_or_else(|| whole(mask.width(), mask.height()))
}

fn whole(width: u32, height: u32) -> [f64; 4] {
    [0.0, 0.0, width.into(), height.into()]
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
