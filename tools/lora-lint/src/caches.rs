//! Caches that were left beside images, and that a trainer takes for theirs.

use std::path::PathBuf;

use loaders::Finding;
use loaders::fit::Size;
use loaders::set::Set;
use vision::decode;

use crate::scan::Scan;

impl Scan {
    /// Says which caches are of an image of another size, for a trainer that takes the size from
    /// them.
    pub(crate) fn caches(&mut self, set: &Set, files: &[PathBuf]) {
        let Some(named) = set.trainer.profile().cache_name else {
            return;
        };
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
            let stored = Size::new(header.stored.width, header.stored.height);
            if stored != size {
                let text = format!(
                    "is the cache of an image of {}x{}, but {} is {}x{}: with --cache_latents_to_disk the trainer uses the cached size; remove the cache",
                    size.width,
                    size.height,
                    image.display(),
                    stored.width,
                    stored.height
                );
                self.say(&set.path.join(file), Finding::error("cache-stale", text));
            }
        }
    }
}
