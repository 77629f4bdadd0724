//! What a trainer makes of the mask of an image.

use std::path::{Path, PathBuf};

use loaders::Finding;
use loaders::fit::Size;
use loaders::mask;
use loaders::set::Set;
use vision::{Rect, decode};

use crate::lint::Lint;

/// Finds and judges the mask of an image.
pub(crate) fn masks(set: &Set, image: &Path, size: Size, headers: bool, lint: &mut Lint) {
    let masks = set.trainer.profile().masks;
    let beside = masks.is_some_and(|masks| masks.are_beside());
    let Some(folder) = set.masks.clone().or(beside.then(PathBuf::new)) else {
        return;
    };
    let mut candidates = masks
        .into_iter()
        .flat_map(|masks| masks.candidates(image, &folder));
    let required = masks.is_some_and(|masks| masks.required);
    let Some((path, masks)) = candidates.find(|path| path.is_file()).zip(masks) else {
        // Beside the images there may be none on purpose.
        if !beside {
            let text = if required {
                "no mask: the trainer stops"
            } else {
                "no mask: all of it is trained on"
            };
            lint.add([Finding::of(required, "mask-missing", text)]);
        }
        return;
    };
    lint.mask = Some(path.to_string_lossy().into_owned());
    let found = match decode::dimensions(&path) {
        Ok(found) => Size::new(found.width, found.height),
        Err(cause) => return lint.add([Finding::error("mask-corrupt", cause.to_string())]),
    };
    if found != size {
        let text = format!(
            "the mask is {}x{}, the image {}x{}",
            found.width, found.height, size.width, size.height
        );
        lint.add([Finding::of(masks.same_size, "mask-size", text)]);
    } else if !headers {
        lint.add(inside(&path, lint.kept));
        if masks.squeezed {
            lint.add(squeezed(set, &path, size));
        }
    }
}

/// By how much of its area a mask lies off its image, from which it is worth a word, and from which it
/// trains wrong.
const SQUEEZED: [f64; 2] = [0.01, 0.05];

/// Says how much of a mask lies off its image, where the trainer squeezes it into the bucket.
fn squeezed(set: &Set, path: &Path, size: Size) -> Option<Finding> {
    let fit = set.fitting.as_ref()?.fit(size)?;
    let luma = decode::luma(path).ok()?;
    let share = mask::squeezed(&fit, |x, y| luma.get_pixel(x, y).0[0] >= 128);
    let [some, much] = SQUEEZED;
    let text = format!(
        "{:.1} % of the mask lies off the image: the trainer crops the image to its bucket but squeezes the mask into it; give both the size of the bucket, {}x{}",
        100.0 * share,
        fit.bucket.width,
        fit.bucket.height
    );
    (share > some).then(|| Finding::of(share > much, "mask-squeezed", text))
}

/// What the mask lets through: nothing, or something that is cut off.
fn inside(path: &Path, kept: Option<Rect<f64>>) -> Option<Finding> {
    let luma = match decode::luma(path) {
        Ok(luma) => luma,
        Err(cause) => return Some(Finding::error("mask-corrupt", cause.to_string())),
    };
    let mask = vision::mask::Mask::from_luma(&luma, 1).ok()?;
    let Some(rect) = mask.bounding_box() else {
        return Some(Finding::error(
            "mask-empty",
            "the mask is black: nothing is trained on",
        ));
    };
    let whole = rect == Rect::whole(mask.width(), mask.height());
    let cut = !kept?.touched(mask.width(), mask.height()).holds(rect);
    (cut && !whole).then(|| Finding::warning("crop-mask", "the masked part is cropped"))
}
