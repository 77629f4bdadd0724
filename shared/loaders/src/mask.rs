//! Which mask belongs to which picture.

use std::path::{Path, PathBuf};

use crate::Trainer;

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
        Trainer::MusubiTuner | Trainer::SimpleTuner | Trainer::Diffusers | Trainer::WebDataset => {
            Vec::new()
        }
    }
}

/// Whether a missing mask stops the training; elsewhere the whole picture is
/// trained on instead.
pub fn is_required(trainer: Trainer) -> bool {
    matches!(trainer, Trainer::SdScripts | Trainer::KohyaFolder)
}

/// Whether the mask must have the picture's exact size; elsewhere it is
/// scaled.
pub fn needs_same_size(trainer: Trainer) -> bool {
    matches!(
        trainer,
        Trainer::SdScripts | Trainer::KohyaFolder | Trainer::DiffusionPipe
    )
}
