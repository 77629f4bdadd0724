//! What of an image must not be cut off.

use geometry::Rect;
use stage::{Record, Result};

/// What of one image must not be cut off, in its own pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Needed {
    /// Its face.
    pub(crate) face: Option<Rect<f64>>,
    /// The face, and the joints that are seen.
    pub(crate) all: Rect<f64>,
}

impl Needed {
    /// What a record says of it, as far as it lies in the image of `width` x `height`; `None` where it
    /// says nothing.
    pub(crate) fn of(record: &Record, width: u32, height: u32) -> Result<Option<Self>> {
        let (wide, high) = (f64::from(width), f64::from(height));
        let face = face(record, width, height)?.map(|face| face.clip(wide, high));
        let face = face.filter(|face| !face.is_empty());
        let pose = record.pose()?.unwrap_or_default();
        let joints = pose
            .seen()
            .filter(|[x, y]| (0.0..=wide).contains(x) && (0.0..=high).contains(y));
        let joints = joints.map(|[x, y]| Rect::from([x, y, x, y]));
        let all = joints.chain(face).reduce(Rect::around);
        Ok(all.map(|all| Self { face, all }))
    }
}

/// The face's box in the pixels of the record's image, which are those of the face's parent, unless
/// the image is the face's own crop.
fn face(record: &Record, width: u32, height: u32) -> Result<Option<Rect<f64>>> {
    let Some(face) = record.face()? else {
        return Ok(None);
    };
    let own = face
        .window
        .is_some_and(|window| (window.width(), window.height()) == (width, height));
    Ok(if own { face.box_in_crop } else { face.rect })
}
