//! The image of a record, and which of its pixels belong to the character.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use stage::{Context, Record, Result, ensure};
use vision::mask::{self, Mask};
use vision::{RgbImage, decode};

/// Alpha from which a pixel is inside.
const INSIDE: u8 = 128;

/// The image of a record, and which of its pixels belong to the character, where the record is
/// of one and says so.
pub(crate) struct View {
    pub(crate) picture: Arc<RgbImage>,
    pub(crate) mask: Option<Mask>,
}

impl View {
    /// `picture` is the record's, if it is still in memory.
    pub(crate) fn open(record: &Record, picture: Option<Arc<RgbImage>>) -> Result<Self> {
        let path = record.image()?;
        let name = || path.display().to_string();
        let picture = match picture {
            Some(picture) => picture,
            None => Arc::new(decode::rgb(&path).with_context(name)?),
        };
        let mask = if record.has("parent") {
            mask(record, &picture)?
        } else {
            None
        };
        Ok(Self { picture, mask })
    }

    /// Where the image's characters are: its `boxes`, or, where it is of one, its mask or all of it.
    pub(crate) fn characters(&self, record: &Record) -> Result<Vec<[f32; 4]>> {
        if !record.has("parent") {
            let boxes: Vec<Seen> = record.find("boxes")?.unwrap_or_default();
            return Ok(boxes.into_iter().map(|seen| seen.area).collect());
        }
        let (width, height) = self.picture.dimensions();
        let masked = self.mask.as_ref().and_then(Mask::bounding_box);
        let [left, top, right, bottom] = masked.map_or([0, 0, width, height], |bounds| {
            [bounds.left, bounds.top, bounds.right, bounds.bottom]
        });
        Ok(vec![[left, top, right, bottom].map(|place| place as f32)])
    }
}

/// One of `boxes`.
#[derive(Deserialize)]
struct Seen {
    #[serde(rename = "box")]
    area: [f32; 4],
}

/// The mask of a character: its file, or the image's alpha.
fn mask(record: &Record, picture: &RgbImage) -> Result<Option<Mask>> {
    if let Some(path) = record.find::<PathBuf>("mask")? {
        let name = || path.display().to_string();
        let mask = mask::read(&path).with_context(name)?;
        let size = (mask.width(), mask.height());
        ensure!(
            size == picture.dimensions(),
            "{}: the mask is {size:?} px, but its image is {:?}",
            name(),
            picture.dimensions()
        );
        return Ok(Some(mask));
    }
    let path = record.image()?;
    let name = || path.display().to_string();
    if !decode::header(&path).with_context(name)?.samples.alpha {
        return Ok(None);
    }
    let image = decode::rgba(&path).with_context(name)?;
    let (width, height) = image.dimensions();
    let inside = |x, y| image.get_pixel(x, y).0[3] >= INSIDE;
    Ok(Some(Mask::from_fn(width, height, inside)?))
}
