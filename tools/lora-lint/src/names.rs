//! Names of images and captions that do not match, or match too much.

use std::collections::BTreeSet;
use std::path::PathBuf;

use loaders::Finding;
use loaders::set::Set;

use crate::scan::{Scan, is_aside};

impl Scan {
    /// Caption files that belong to no image.
    pub(crate) fn captions(&mut self, set: &Set, files: &[PathBuf]) {
        let ending = set.extension.trim_start_matches('.');
        let stems: BTreeSet<_> = self
            .images
            .iter()
            .map(|image| image.with_extension(""))
            .collect();
        for file in files
            .iter()
            .filter(|file| file.extension().is_some_and(|e| *e == *ending))
        {
            if set.recurses() || file.components().count() == 1 {
                let place = set.path.join(file);
                let for_all = set.trainer.profile().captions.for_all;
                if for_all.is_some_and(|name| file.file_stem().is_some_and(|stem| stem == name)) {
                    let text = format!(
                        "older loaders of {} use it as the caption of every image without one",
                        set.trainer.profile().name
                    );
                    self.say(&place, Finding::warning("caption-default", text));
                } else if !stems.contains(&file.with_extension("")) && !is_aside(file) {
                    let text = "is a caption without an image";
                    self.say(&place, Finding::warning("caption-orphan", text));
                }
            }
        }
    }

    /// Names that are mistaken for each other.
    pub(crate) fn names(&mut self, set: &Set) {
        let mut names: Vec<_> = self
            .images
            .iter()
            .map(|image| {
                (
                    image.with_extension("").to_string_lossy().into_owned(),
                    image.clone(),
                )
            })
            .collect();
        names.sort();
        let mut prefixes = Vec::new();
        for pair in names.windows(2) {
            let [(first, _), (second, image)] = pair else {
                continue;
            };
            if first == second {
                let text = "has the same name as another image except for the ending: they share one caption and one cache";
                self.findings
                    .push((set.path.join(image), Finding::error("name-twin", text)));
            } else if second.starts_with(first.as_str()) {
                prefixes.push(first.clone());
            }
        }
        let cached = set.trainer.profile().cache_name.is_some();
        if let Some(name) = prefixes.first().filter(|_| cached) {
            let text = format!(
                "{} names begin with the whole name of another image, such as {name}: the trainer may confuse their cached sizes",
                prefixes.len()
            );
            self.say(&set.path, Finding::warning("name-prefix", text));
        }
    }
}
