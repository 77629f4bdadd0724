//! What a record says of its plate, and what is said of the crop.

use std::path::{Path, PathBuf};

use serde::Serialize;
use stage::{Record, Result};
use vision::Rect;
use vision::mask::{self, Mask};

/// An image to crop.
pub(crate) struct Plate {
    /// The image before anything in it was invented.
    pub(crate) original: PathBuf,
    /// What no crop may have.
    pub(crate) mask: Mask,
}

impl Plate {
    /// The plate of a record; `None` where the whole image shows the place.
    pub(crate) fn of(record: &Record) -> Result<Option<Self>> {
        let inpaint = record.inpaint()?;
        if inpaint
            .as_ref()
            .is_some_and(|inpaint| inpaint.verdict == "clean")
        {
            return Ok(None);
        }
        let Some(shape) = record.mask()? else {
            return Ok(None);
        };
        let mask = mask::open(&shape)?;
        if mask.area() == 0 {
            return Ok(None);
        }
        let original = match inpaint {
            Some(inpaint) => inpaint.original,
            None => record.image()?,
        };
        Ok(Some(Self { original, mask }))
    }
}

/// The key `ground`.
#[derive(Serialize)]
struct Ground<'a> {
    original: &'a Path,
    crop: Rect,
    area: f64,
}

/// Says in a record that its image is a crop now.
pub(crate) fn put(
    record: &mut Record,
    original: &Path,
    path: &Path,
    crop: Rect,
    area: f64,
) -> Result<()> {
    record.forget_the_whole();
    for key in ["mask", "rejected"] {
        record.remove(key);
    }
    record.put("image", &path)?;
    record.put("width", &crop.width())?;
    record.put("height", &crop.height())?;
    Ok(record.put_rounded(
        "ground",
        &Ground {
            original,
            crop,
            area,
        },
        4,
    )?)
}
