//! Which mask belongs to which picture.

use std::path::{Path, PathBuf};

use crate::Trainer;
use crate::fit::{Fit, Size};

/// The names that the mask of `image` may have, in the order in which they
/// are tried; none for a trainer that has no masks.
///
/// `folder` is the tree of masks; `OneTrainer` has them beside the pictures.
///
/// ```
/// use std::path::{Path, PathBuf};
/// use loaders::{Trainer, mask::candidates};
/// let names = candidates(Trainer::OneTrainer, Path::new("img/a.jpg"), Path::new("masks"));
/// assert_eq!(names, [PathBuf::from("img/a-masklabel.png")]);
/// ```
pub fn candidates(trainer: Trainer, image: &Path, folder: &Path) -> Vec<PathBuf> {
    let stem = image.file_stem().unwrap_or_default().to_string_lossy();
    let named = |endings: &[&str]| {
        let name = |ending| folder.join(format!("{stem}.{ending}"));
        endings.iter().map(name).collect()
    };
    match trainer {
        // Of several, the first by name is taken; capitals sort first.
        Trainer::SdScripts | Trainer::KohyaFolder => named(&[
            "BMP", "JPEG", "JPG", "PNG", "WEBP", "bmp", "jpeg", "jpg", "png", "webp",
        ]),
        Trainer::AiToolkit => named(&["jpg", "jpeg", "png", "webp"]),
        Trainer::DiffusionPipe => named(&["bmp", "jpeg", "jpg", "png", "tif", "tiff", "webp"]),
        Trainer::OneTrainer => vec![image.with_file_name(format!("{stem}-masklabel.png"))],
        // The whole name, with the ending of the image.
        Trainer::SimpleTuner => image
            .file_name()
            .map(|name| folder.join(name))
            .into_iter()
            .collect(),
        Trainer::MusubiTuner | Trainer::Diffusers | Trainer::WebDataset => Vec::new(),
    }
}

/// Whether the trainer can use a mask at all.
pub fn has_masks(trainer: Trainer) -> bool {
    !matches!(
        trainer,
        Trainer::MusubiTuner | Trainer::Diffusers | Trainer::WebDataset
    )
}

/// How much of a mask goes wrong in sd-scripts with `conditioning_data_dir`, as a share of its area:
/// what is trained on and should not be, and the other way round. It scales the image, cuts it to
/// the bucket, and scales the mask straight to the bucket, uncut (`ControlNetDataset.__getitem__` of
/// `library/train_util.py`).
///
/// `inside` says of a pixel of the image whether the mask has it. 0 where nothing of the mask is kept.
pub fn squeezed(fit: &Fit, inside: impl Fn(u32, u32) -> bool) -> f64 {
    let Size { width, height } = fit.bucket;
    // As fine as 1/256 of a side, and not finer than pixels.
    let step = (width.max(height) / 256).max(1) as usize;
    let [x0, y0, x1, y1] = fit.kept();
    let at = |place: f64, side: u32| (place as u32).min(side.saturating_sub(1));
    let (mut all, mut wrong) = (0_u32, 0_u32);
    for row in (0..height).step_by(step) {
        for column in (0..width).step_by(step) {
            let across = (f64::from(column) + 0.5) / f64::from(width);
            let down = (f64::from(row) + 0.5) / f64::from(height);
            let source = |x: f64, y: f64| inside(at(x, fit.source.width), at(y, fit.source.height));
            let right = source(x0 + across * (x1 - x0), y0 + down * (y1 - y0));
            let used = source(
                across * f64::from(fit.source.width),
                down * f64::from(fit.source.height),
            );
            all += u32::from(right);
            wrong += u32::from(right != used);
        }
    }
    if all == 0 {
        0.0
    } else {
        f64::from(wrong) / f64::from(all)
    }
}

/// Whether a missing mask stops the training; elsewhere the whole picture is
/// trained on instead.
pub fn is_required(trainer: Trainer) -> bool {
    matches!(
        trainer,
        Trainer::SdScripts | Trainer::KohyaFolder | Trainer::SimpleTuner
    )
}

/// Whether the mask must have the picture's exact size; elsewhere it is
/// scaled.
pub fn needs_same_size(trainer: Trainer) -> bool {
    matches!(
        trainer,
        Trainer::SdScripts | Trainer::KohyaFolder | Trainer::DiffusionPipe
    )
}
