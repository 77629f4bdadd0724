//! What is wrong with the pixels of a file, whichever trainer reads them.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loaders::Finding;
use vision::decode::{self, Profile};

use crate::formats::unread;

/// What was found by decoding a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pixels {
    /// What is to be said of the colours that the numbers stand for; trainers look at no profile.
    pub(crate) profile: Option<Finding>,
    /// Why the file cannot be decoded.
    pub(crate) damage: Option<Finding>,
    /// Whether it is transparent in places.
    pub(crate) clear: bool,
}

impl Pixels {
    /// Decodes a file.
    fn of(image: &Path, alpha: bool) -> Self {
        let bytes = match decode::read(image) {
            Ok(bytes) => bytes,
            Err(cause) => {
                return Self {
                    damage: Some(unread(&cause)),
                    ..Self::default()
                };
            }
        };
        let clear = if alpha {
            let pixels = decode::rgba_from_bytes(&bytes);
            pixels.map(|pixels| pixels.pixels().any(|pixel| pixel.0[3] < 255))
        } else {
            decode::luma_at_least_from_bytes(&bytes, 1, 1).map(|_| false)
        };
        Self {
            profile: profile(&bytes),
            damage: clear.as_ref().err().map(unread),
            clear: clear.unwrap_or(false),
        }
    }
}

/// The pixels of files that have several names: the views of a data set link to the same images, and each is decoded once.
/// Nothing is held of what has no fault.
#[derive(Debug, Default)]
pub(crate) struct Decoded(Mutex<HashMap<File, Option<Arc<Pixels>>>>);

/// The device and the inode of a file.
type File = (u64, u64);

impl Decoded {
    /// What is found in a file; `alpha` says whether it may be transparent.
    pub(crate) fn pixels(&self, image: &Path, alpha: bool) -> Arc<Pixels> {
        let metadata = fs::metadata(image).ok();
        let several = metadata.filter(|metadata| metadata.nlink() > 1);
        let file = several.map(|metadata| (metadata.dev(), metadata.ino()));
        if let Some(known) = file.and_then(|file| self.files().get(&file).cloned()) {
            return known.unwrap_or_default();
        }
        let pixels = Arc::new(Pixels::of(image, alpha));
        if let Some(file) = file {
            let faulty = Some(&pixels).filter(|pixels| ***pixels != Pixels::default());
            self.files().insert(file, faulty.cloned());
        }
        pixels
    }

    fn files(&self) -> MutexGuard<'_, HashMap<File, Option<Arc<Pixels>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn profile(bytes: &[u8]) -> Option<Finding> {
    let text = match decode::profile_from_bytes(bytes).ok()? {
        Profile::Srgb => return None,
        Profile::Foreign(name) => format!(
            "its colour profile is {name:?}, but the trainer reads its values as sRGB: convert it, as dataset-write does"
        ),
        Profile::Unusable(cause) => {
            format!("its colour profile cannot be used ({cause}): its values are read as sRGB")
        }
    };
    Some(Finding::warning("image-profile", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_several_names_is_decoded_once_and_another_each_time() {
        let here = tempfile::tempdir().unwrap();
        let [one, link, alone] = ["a.png", "b.png", "c.png"].map(|name| here.path().join(name));
        let image = vision::RgbImage::new(8, 8);
        let sound = vision::write::encode_png(&image).unwrap();
        let cut = &sound[..sound.len() - 20];
        fs::write(&one, &sound).unwrap();
        fs::write(&alone, &sound).unwrap();
        fs::hard_link(&one, &link).unwrap();
        let decoded = Decoded::default();
        for path in [&one, &alone] {
            assert_eq!(*decoded.pixels(path, false), Pixels::default());
        }
        // Of the file that was decoded under its other name, the damage is not seen any more.
        fs::write(&link, cut).unwrap();
        fs::write(&alone, cut).unwrap();
        assert_eq!(*decoded.pixels(&link, false), Pixels::default());
        let damage = |path| decoded.pixels(path, false).damage.clone();
        assert_eq!(
            damage(&alone).map(|found| found.code),
            Some("image-corrupt")
        );
        // A fault is remembered, too.
        let others = Decoded::default();
        for path in [&one, &link] {
            assert_eq!(others.pixels(path, false).damage, damage(&alone));
        }
    }
}
