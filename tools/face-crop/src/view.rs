//! The image of a record, and which of its pixels belong to the character.

use std::sync::Arc;

use stage::{Context, Record, Result};
use vision::mask::{self, Mask};
use vision::{Rect, RgbImage, decode};

/// The image of a record, and which of its pixels belong to the character, where the record is
/// of one and says so.
pub(crate) struct View {
    pub(crate) image: Arc<RgbImage>,
    pub(crate) mask: Option<Mask>,
}

impl View {
    /// `image` is the record's, if it is still in memory.
    pub(crate) fn open(record: &Record, image: Option<Arc<RgbImage>>) -> Result<Self> {
        let path = record.image()?;
        let name = || path.display().to_string();
        let image = match image {
            Some(image) => image,
            None => Arc::new(decode::rgb(&path).with_context(name)?),
        };
        let mask = if record.has("parent") {
            mask(record, image.dimensions())?
        } else {
            None
        };
        Ok(Self { image, mask })
    }

    /// Where the image's characters are: its `boxes`, or, where it is of one, its mask or all of it.
    pub(crate) fn characters(&self, record: &Record) -> Result<Vec<Rect<f32>>> {
        if !record.has("parent") {
            let boxes = record.boxes()?.unwrap_or_default().into_iter();
            return Ok(boxes
                .map(|found| found.rect.map(|edge| edge as f32))
                .collect());
        }
        let whole = Rect::whole(self.image.width(), self.image.height());
        let masked = self.mask.as_ref().and_then(Mask::bounding_box);
        Ok(vec![masked.unwrap_or(whole).map(|edge| edge as f32)])
    }
}

/// The mask of a character: the record's, or the image's alpha.
fn mask(record: &Record, size: (u32, u32)) -> Result<Option<Mask>> {
    if let Some(shape) = record.mask()? {
        return Ok(Some(mask::open_for(&shape, size).context("key `mask`")?));
    }
    let path = record.image()?;
    mask::of_alpha(&path).with_context(|| path.display().to_string())
}
