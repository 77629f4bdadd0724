//! Which mask belongs to which image, and how the two are laid on each other.

use std::path::{Path, PathBuf};

use crate::fit::{Fit, Size};

/// How a trainer finds and uses masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Masks {
    /// Where they lie, and what they are called.
    pub place: Place,
    /// Whether a missing mask stops the training; elsewhere the whole image is trained on instead.
    pub required: bool,
    /// Whether the mask must have the image's exact size; elsewhere it is scaled.
    pub same_size: bool,
    /// Whether it is squeezed into the bucket while the image is cut to it: see [`squeezed`].
    pub squeezed: bool,
}

/// Where masks lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Beside the images, with the image's name before this ending.
    Beside(&'static str),
    /// In a tree of their own, with the image's name and one of these endings; of several the first.
    Stem(&'static [&'static str]),
    /// In a tree of their own, with the image's whole name and ending.
    Name,
}

impl Masks {
    /// The names that the mask of `image` may have, in the order in which they are tried; `folder`
    /// is the tree of masks.
    ///
    /// ```
    /// use std::path::{Path, PathBuf};
    /// use loaders::trainers::named;
    /// let masks = named("onetrainer").unwrap().profile().masks.unwrap();
    /// let names = masks.candidates(Path::new("img/a.jpg"), Path::new("masks"));
    /// assert_eq!(names, [PathBuf::from("img/a-masklabel.png")]);
    /// ```
    pub fn candidates(&self, image: &Path, folder: &Path) -> Vec<PathBuf> {
        let stem = image.file_stem().unwrap_or_default().to_string_lossy();
        match self.place {
            Place::Beside(ending) => vec![image.with_file_name(format!("{stem}{ending}"))],
            Place::Stem(endings) => {
                let name = |ending: &&str| folder.join(format!("{stem}.{ending}"));
                endings.iter().map(name).collect()
            }
            Place::Name => {
                let name = image.file_name().map(|name| folder.join(name));
                name.into_iter().collect()
            }
        }
    }

    /// Whether they lie beside the images.
    pub fn are_beside(&self) -> bool {
        matches!(self.place, Place::Beside(_))
    }
}

/// The stem of the image that a mask or a condition beside it belongs to; `None` for other files.
pub fn labelled(path: &Path) -> Option<&str> {
    let stem = path.file_stem().and_then(|stem| stem.to_str())?;
    let image = stem.strip_suffix("-masklabel");
    image.or_else(|| stem.strip_suffix("-condlabel"))
}

/// How much of a mask goes wrong where the image is scaled and cut to its bucket and the mask is
/// scaled straight to it, uncut; as a share of the mask's area: what is trained on and should not be,
/// and the other way round.
///
/// `inside` says of a pixel of the image whether the mask has it. 0 where nothing of the mask is kept.
pub fn squeezed(fit: &Fit, inside: impl Fn(u32, u32) -> bool) -> f64 {
    let Size { width, height } = fit.bucket;
    // As fine as 1/256 of a side, and not finer than pixels.
    let step = (width.max(height) / 256).max(1) as usize;
    let kept = fit.kept();
    let at = |place: f64, side: u32| (place as u32).min(side.saturating_sub(1));
    let (mut all, mut wrong) = (0_u32, 0_u32);
    for row in (0..height).step_by(step) {
        for column in (0..width).step_by(step) {
            let across = (f64::from(column) + 0.5) / f64::from(width);
            let down = (f64::from(row) + 0.5) / f64::from(height);
            let source = |x: f64, y: f64| inside(at(x, fit.source.width), at(y, fit.source.height));
            let right = source(
                kept.left + across * kept.width(),
                kept.top + down * kept.height(),
            );
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
