//! What a record says of its plate, and what is said of the crop.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stage::{Context, Record, Result, bail, ensure};
use vision::RgbImage;
use vision::mask::{self, Bounds, Mask, Rle};

/// Keys that hold for the whole image only.
const OF_THE_WHOLE: [&str; 12] = [
    "boxes",
    "masks",
    "mask",
    "crop",
    "cluster",
    "dedup",
    "embedding",
    "face",
    "format",
    "pose",
    "quality",
    "rejected",
];

/// A mask in a record.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    /// The path of an image.
    File(PathBuf),
    /// Run lengths as COCO writes them; height comes first.
    Runs { size: [u32; 2], counts: String },
}

/// What lama-inpaint says, as far as it decides here.
#[derive(Deserialize)]
struct Inpaint {
    original: PathBuf,
    verdict: String,
}

/// An image to crop.
pub(crate) struct Plate {
    /// The image before anything in it was invented.
    pub(crate) original: PathBuf,
    pub(crate) mask: Hidden,
}

/// What no crop may have.
pub(crate) struct Hidden {
    pub(crate) mask: Mask,
}

impl Plate {
    /// The plate of a record; `None` where the whole image shows the place.
    pub(crate) fn of(record: &Record) -> Result<Option<Self>> {
        let inpaint = record.find::<Inpaint>("inpaint")?;
        if inpaint
            .as_ref()
            .is_some_and(|inpaint| inpaint.verdict == "clean")
        {
            return Ok(None);
        }
        let mask = match record.find::<Stored>("mask")? {
            None => return Ok(None),
            Some(Stored::File(path)) => {
                mask::read(&path).with_context(|| path.display().to_string())?
            }
            Some(Stored::Runs {
                size: [height, width],
                counts,
            }) => Rle::from_coco_string(width, height, &counts)?.decode()?,
        };
        if mask.area() == 0 {
            return Ok(None);
        }
        let original = match inpaint {
            Some(inpaint) => inpaint.original,
            None => record.image()?,
        };
        Ok(Some(Self {
            original,
            mask: Hidden { mask },
        }))
    }
}

impl Hidden {
    /// Refuses an image of another size.
    pub(crate) fn fits(&self, picture: &RgbImage) -> Result<()> {
        let (width, height) = (self.mask.width(), self.mask.height());
        ensure!(
            (width, height) == picture.dimensions(),
            "the mask is {width}x{height} and the image {}x{}: make the mask of this very image",
            picture.width(),
            picture.height()
        );
        Ok(())
    }
}

/// The key `ground`.
#[derive(Serialize)]
struct Ground<'a> {
    original: &'a Path,
    crop: [u32; 4],
    area: f64,
}

/// Says in a record that its image is a crop now.
pub(crate) fn put(
    record: &mut Record,
    original: &Path,
    path: &Path,
    bounds: Bounds,
    area: f64,
) -> Result<()> {
    for key in OF_THE_WHOLE {
        record.remove(key);
    }
    record.put("image", &path)?;
    record.put("width", &bounds.width())?;
    record.put("height", &bounds.height())?;
    let crop = [bounds.left, bounds.top, bounds.right, bounds.bottom];
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

/// Refuses to write over the image that a record came with.
pub(crate) fn differ(original: &Path, new: &Path) -> Result<()> {
    let same = original.canonicalize().ok().zip(new.canonicalize().ok());
    if same.is_some_and(|(original, new)| original == new) {
        bail!(
            "{}: would be written over: give another --out-dir",
            original.display()
        );
    }
    Ok(())
}
