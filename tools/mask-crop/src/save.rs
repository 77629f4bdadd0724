//! What a crop's record takes over, and where the crop and its mask are written.

use std::path::Path;

use serde_json::{Map, Value};
use stage::{Context, Record, Result};
use vision::write;

use crate::ground::Shape;
use crate::window::Window;

/// What all crops of a record have of it; of its `tags` those `groups` that hold for a part, too.
pub(crate) fn parent_of_crops(mut record: Record, groups: &[String]) -> Result<Record> {
    let id = record.id()?;
    record.forget_the_whole();
    if let Some(mut tags) = record.find::<Map<String, Value>>("tags")? {
        tags.retain(|group, _| groups.contains(group));
        if tags.is_empty() {
            record.remove("tags");
        } else {
            record.put("tags", &tags)?;
        }
    }
    record.put("parent", &id)?;
    Ok(record)
}

/// Writes a crop, which is encoded already, and its mask, and says so in its record.
pub(crate) fn save(
    folder: &Path,
    shape: &Shape,
    window: &Window,
    painted: &[u8],
    child: &mut Record,
) -> Result<()> {
    let id = child.id()?;
    let image = folder.join(format!("{id}.png"));
    write::bytes(&image, painted).with_context(|| image.display().to_string())?;
    let path = folder.join(format!("{id}.mask.png"));
    write::png_luma(&shape.to_luma(), &path).with_context(|| path.display().to_string())?;
    child.put("image", &image)?;
    child.put("width", &window.crop.width())?;
    child.put("height", &window.crop.height())?;
    Ok(child.put("mask", &path)?)
}
