//! Names of images and captions that do not match, or match too much.

use std::collections::BTreeSet;
use std::path::PathBuf;

use loaders::Trainer;

use crate::finding::Finding;
use crate::scan::Scan;
use crate::set::Set;
use crate::walk::is_aside;

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
                if set.trainer == Trainer::AiToolkit
                    && file.file_stem().is_some_and(|stem| stem == "default")
                {
                    let text =
                        "older loaders of ai-toolkit give it to every picture without a caption";
                    self.say(&place, Finding::warning("caption-default", text));
                } else if !stems.contains(&file.with_extension("")) && !is_aside(file) {
                    let text = "is the caption of no picture";
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
                let text = "has the name of another picture but for the ending: they share one caption and one cache";
                self.findings
                    .push((set.path.join(image), Finding::error("name-twin", text)));
            } else if second.starts_with(first.as_str()) {
                prefixes.push(first.clone());
            }
        }
        let kohya = matches!(set.trainer, Trainer::SdScripts | Trainer::KohyaFolder);
        if let Some(name) = prefixes.first().filter(|_| kohya) {
            let text = format!(
                "{} names begin with the whole of another, as with {name}: the size of a cached picture may be taken for another's",
                prefixes.len()
            );
            self.say(&set.path, Finding::warning("name-prefix", text));
        }
    }
}
