//! The record of one instance.

use std::path::{Path, PathBuf};

use serde_json::json;
use stage::manifest::{MaskShape, Rect};
use stage::{Context, Outcome, Record, Result};
use vision::{decode, mask, write};

use crate::{Args, Captions, beside};

/// The record of an image of a character, with its mask and what is said of it.
pub(crate) fn read(args: &Args, mut record: Record) -> Result<Outcome> {
    if record.has("instance") {
        return segmented(args, record);
    }
    let path = record.image()?;
    if beside::is_mask(&path) {
        return Ok(Outcome::drop(record, "mask: of another image"));
    }
    let named = || path.display().to_string();
    let image = decode::rgba(&path).with_context(named)?;
    let size = image.dimensions();
    let mask = match beside::mask(&path) {
        Some(file) => {
            let shape = MaskShape::File(file.clone());
            Some((mask::open_for(&shape, size)?, file))
        }
        None if image.pixels().any(|pixel| pixel.0[3] < u8::MAX) => {
            let mask = mask::Mask::from_alpha(&image)?;
            let file = written(args, &record, &mask)?;
            Some((mask, file))
        }
        None => None,
    };
    let rect = mask.as_ref().and_then(|(mask, _)| mask.bounding_box());
    let area = mask.as_ref().map(|(mask, _)| mask.area());
    if let Some((_, file)) = &mask {
        record.put("mask", file)?;
    }
    put_instance(
        &mut record,
        rect.unwrap_or(Rect::whole(size.0, size.1)),
        area,
    )?;
    put_caption(&mut record, args.captions, &path)?;
    Ok(Outcome::pass(record))
}

/// The record of an instance that was read before, with the mask that a network has made where it has none.
fn segmented(args: &Args, mut record: Record) -> Result<Outcome> {
    let segment = record.masks()?.unwrap_or_default().into_iter().next();
    if let Some(segment) = segment.filter(|_| !record.has("mask")) {
        let path = record.image()?;
        let named = || path.display().to_string();
        let size = decode::header(&path).with_context(named)?.dimensions();
        let size = (size.width, size.height);
        let mask = mask::open_for(&segment.mask, size).with_context(named)?;
        let file = written(args, &record, &mask)?;
        record.put("mask", &file)?;
        let rect = mask.bounding_box().unwrap_or(Rect::whole(size.0, size.1));
        put_instance(&mut record, rect, Some(mask.area()))?;
    }
    record.remove("boxes");
    record.remove("masks");
    Ok(Outcome::pass(record))
}

/// Writes a mask to the folder for masks.
fn written(args: &Args, record: &Record, mask: &mask::Mask) -> Result<PathBuf> {
    let file = args.out_dir.join(format!("{}.png", record.id()?));
    stage::spare(&record.image()?, &file)?;
    write::png_luma(&mask.to_luma(), &file).with_context(|| file.display().to_string())?;
    Ok(file)
}

fn put_instance(record: &mut Record, rect: Rect, area: Option<u64>) -> Result<()> {
    let mut instance =
        json!({"box": rect, "cut": {"left": 0, "top": 0, "right": 0, "bottom": 0}, "hidden": 0});
    if let Some(area) = area {
        instance["area"] = area.into();
    }
    Ok(record.put("instance", &instance)?)
}

fn put_caption(record: &mut Record, how: Captions, image: &Path) -> Result<()> {
    let Some(text) = (how != Captions::Ignore)
        .then(|| beside::caption(image))
        .transpose()?
        .flatten()
    else {
        return Ok(());
    };
    if how == Captions::Describe {
        return Ok(record.put("captioner", &json!({"model": "you", "raw": text}))?);
    }
    record.put("caption", &text)?;
    Ok(record.put("review", &json!({"caption": text}))?)
}
