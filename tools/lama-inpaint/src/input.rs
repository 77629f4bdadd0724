//! What a record says of its hole.

use std::path::{Path, PathBuf};

use answers::{Answers, ImageFile};
use serde::Deserialize;
use stage::{Key, Record, Result, ensure, log};
use vision::RgbImage;
use vision::mask::{self, Mask, Rle};

/// A mask in a record.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Stored {
    /// The path of an image.
    File(PathBuf),
    /// Run lengths as COCO writes them; height comes first.
    Runs { size: [u32; 2], counts: String },
}

/// An image and its mask, read but not decoded. None of it where there is no mask.
pub(crate) struct Seen(Option<(ImageFile, MaskBytes)>);

enum MaskBytes {
    File(ImageFile),
    Runs([u32; 2], String),
}

/// Reads the image and the mask of a record under `pointer`, and names the answer about them.
pub(crate) fn look(record: &Record, pointer: &str, answers: &Answers) -> Result<(Key, Seen)> {
    let Some(stored) = record.at::<Stored>(pointer)? else {
        return Ok((answers.key(b"no mask"), Seen(None)));
    };
    let image = ImageFile::of(record)?;
    let key = answers.key(image.bytes());
    let (key, mask) = match stored {
        Stored::File(path) => {
            let file = ImageFile::read(path)?;
            (key.part(file.bytes()), MaskBytes::File(file))
        }
        Stored::Runs { size, counts } => {
            let key = key.settings(&size)?.part(counts.as_bytes());
            (key, MaskBytes::Runs(size, counts))
        }
    };
    Ok((key, Seen(Some((image, mask)))))
}

/// The image and its mask; `None` where there is no mask, or an empty one.
pub(crate) fn decoded(record: &Record, seen: Seen) -> Result<Option<(RgbImage, Mask)>> {
    let Some((image, mask)) = seen.0 else {
        return Ok(None);
    };
    let picture = image.rgb()?;
    let mask = match mask {
        MaskBytes::File(file) => {
            let mask = file.named(mask::from_bytes)?;
            tell(record, &mask, file.path());
            mask
        }
        MaskBytes::Runs([height, width], counts) => {
            Rle::from_coco_string(width, height, &counts)?.decode()?
        }
    };
    ensure!(
        (mask.width(), mask.height()) == picture.dimensions(),
        "the mask is {}x{} and the image {}x{}: make the mask from this same image",
        mask.width(),
        mask.height(),
        picture.width(),
        picture.height()
    );
    Ok((mask.area() > 0).then_some((picture, mask)))
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
