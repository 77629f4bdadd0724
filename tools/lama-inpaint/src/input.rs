//! What a record says of its hole.

use std::path::Path;

use answers::{Answers, ImageFile};
use serde_json::{Map, Value, json};
use stage::manifest::MaskShape;
use stage::manifest::shapes::TextKind;
use stage::{Key, Record, Result, log};
use vision::RgbImage;
use vision::mask::{Mask, Stored};

/// Where text-detect writes the mask of text that is laid over the image.
const TEXT_MASK: &str = "/text/mask";

/// An image and its mask, read but not decoded. None of it where there is no mask.
pub(crate) struct Seen(Option<(ImageFile, Stored)>);

/// Reads the image and the mask of a record under `pointer`, and names the answer about them.
pub(crate) fn look(record: &Record, pointer: &str, answers: &Answers) -> Result<(Key, Seen)> {
    let Some(shape) = record.at::<MaskShape>(pointer)? else {
        return Ok((answers.key(b"no mask"), Seen(None)));
    };
    let (image, mask) = (ImageFile::of(record)?, Stored::read(&shape)?);
    let key = answers.key(image.bytes()).part(mask.bytes());
    Ok((key, Seen(Some((image, mask)))))
}

/// The image and its mask; `None` where there is no mask, or an empty one.
pub(crate) fn decoded(record: &Record, seen: Seen) -> Result<Option<(RgbImage, Mask)>> {
    let Some((file, stored)) = seen.0 else {
        return Ok(None);
    };
    let image = file.rgb()?;
    let mask = stored.decode_for(image.dimensions())?;
    if let Some(path) = stored.path() {
        tell(record, &mask, path);
    }
    Ok((mask.area() > 0).then_some((image, mask)))
}

/// Says that a mask marks nothing or everything: mostly that is a mistake in how it was made.
/// A plate's mask is its hole, and a plate without one is the best.
fn tell(record: &Record, mask: &Mask, path: &Path) {
    match mask.uniform() {
        Some(false) if record.has("plate") => {}
        Some(false) => log::warn!(
            "{}: the mask is all black: nothing is inpainted",
            path.display()
        ),
        Some(true) => log::warn!(
            "{}: the mask is all white: the whole image would be inpainted",
            path.display()
        ),
        None => {}
    }
}

/// Forgets the text that was the hole under `pointer`: it is there no longer, all of the image is clear of it, and
/// only lines of the scene remain.
pub(crate) fn forget_text(record: &mut Record, pointer: &str) -> Result<()> {
    if pointer != TEXT_MASK {
        return Ok(());
    }
    let mut text: Map<String, Value> = record.find("text")?.unwrap_or_default();
    for name in ["mask", "clear"] {
        text.shift_remove(name);
    }
    if let Some(Value::Array(lines)) = text.get_mut("lines") {
        let scene = json!(TextKind::Scene);
        lines.retain(|line| line.get("kind").is_none_or(|kind| *kind == scene));
    }
    Ok(record.put_unrounded("text", &text)?)
}

/// The JSON pointer of a key, or the pointer itself.
pub(crate) fn pointer(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("no key".to_owned());
    }
    if text.starts_with('/') {
        return Ok(text.to_owned());
    }
    Ok(format!("/{}", text.replace('~', "~0").replace('/', "~1")))
}
