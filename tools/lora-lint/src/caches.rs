//! Caches that were left beside images, and that a trainer takes for theirs.

use std::path::{Path, PathBuf};

use loaders::Trainer;
use vision::decode;

use crate::finding::Finding;
use crate::scan::Scan;
use crate::set::Set;

impl Scan {
    /// sd-scripts: with `--cache_latents_to_disk` the size of an image is not read from the image
    /// where a cache of its name lies beside it, but from the name of the cache
    /// (`get_image_size_from_disk_cache_path` of `library/strategy_base.py`).
    pub(crate) fn caches(&mut self, set: &Set, files: &[PathBuf]) {
        if !matches!(set.trainer, Trainer::SdScripts | Trainer::KohyaFolder) {
            return;
        }
        for file in files {
            let Some((stem, size)) = named(file) else {
                continue;
            };
            let of = |image: &&PathBuf| image.file_stem().is_some_and(|name| *name == *stem);
            let Some(image) = self.images.iter().find(of) else {
                continue;
            };
            let Ok(header) = decode::header(&set.path.join(image)) else {
                continue;
            };
            let stored = (header.stored.width, header.stored.height);
            if stored != size {
                let text = format!(
                    "is the cache of an image of {}x{}, and {} is {}x{}: with --cache_latents_to_disk that size is taken; remove it",
                    size.0,
                    size.1,
                    image.display(),
                    stored.0,
                    stored.1
                );
                self.say(&set.path.join(file), Finding::error("cache-stale", text));
            }
        }
    }
}

/// The name of an image and the size that the name of its cache says, as in
/// `a_0832x1216_sdxl.npz`.
fn named(file: &Path) -> Option<(String, (u32, u32))> {
    if file.extension()? != "npz" || file.components().count() != 1 {
        return None;
    }
    let mut parts = file.file_stem()?.to_str()?.rsplitn(3, '_');
    let (_, size, stem) = (parts.next()?, parts.next()?, parts.next()?);
    let (width, height) = size.split_once('x')?;
    Some((stem.to_owned(), (width.parse().ok()?, height.parse().ok()?)))
}
