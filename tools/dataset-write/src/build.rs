//! The folder of a data set: written beside, named by its content, renamed into place.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use loaders::fit::Size;
use serde::Serialize;
use serde_json::json;
use stage::{Context, Record, Result, ensure, log, machine};

use crate::caption::Captions;
use crate::card;
use crate::picture::Picture;
use crate::plan::{Example, Purpose};
use crate::store::Store;
use crate::views::{self, View, Written};

/// The link that always leads to the newest data set.
const NEWEST: &str = "dataset";

/// From how much enlarging on it is worth a word: buckets are coarse, and a
/// few percent are rounding.
const NOTICED: f64 = 1.1;

/// The folder in which a data set is written until it is whole.
const PART: &str = ".dataset.part";

/// A data set that is to be written.
pub(crate) struct Build<'a> {
    /// The folder for data sets.
    pub(crate) out: &'a Path,
    /// That folder, where the trainer runs.
    pub(crate) root: &'a Path,
    /// What it is of.
    pub(crate) purpose: &'a Purpose,
    /// The trainers that it is for.
    pub(crate) views: &'a [View],
    /// The finished images.
    pub(crate) store: &'a Store,
}

impl Build<'_> {
    /// Writes the data set, and returns its records, each with the path of
    /// its image.
    ///
    /// The folder's name has a hash of everything in it: what a trainer has
    /// remembered of another content can never be taken for this one's.
    /// Killed at any moment, the last data set is still there, and the next
    /// run does the rest.
    pub(crate) fn write(&self, examples: Vec<Example>) -> Result<Vec<Record>> {
        let name = format!("{NEWEST}-{}", self.hash(&examples)?);
        let part = self.out.join(PART);
        clear(&part)?;
        fs::create_dir(&part).with_context(|| part.display().to_string())?;
        let written = Written {
            folder: part.clone(),
            root: self.root.join(&name),
            store: self.store,
        };
        for view in self.views {
            views::write(*view, &written, self.purpose, &examples)?;
            self.enlarged(*view, &examples);
            self.unmasked(*view, &examples);
        }
        self.unvalidated(&examples);
        card::write(&written, self.purpose, self.views, &examples)?;
        let records = self.records(&self.out.join(&name), examples)?;
        manifest(&written, &records)?;
        // All of it is on the disk before its name says that it is whole.
        machine::file::settle().with_context(|| part.display().to_string())?;
        place(&part, &self.out.join(&name))?;
        point(self.out, &name)?;
        self.store.prune()?;
        Ok(records)
    }

    /// Ten digits of a hash over all that the data set is made of.
    fn hash(&self, examples: &[Example]) -> Result<String> {
        #[derive(Serialize)]
        struct Row<'a>(&'a str, &'a Captions, &'a str, [Option<&'a str>; 2], bool);
        let mut hash = blake3::Hasher::new();
        hash.update(env!("CARGO_PKG_VERSION").as_bytes());
        hash.update(format!("{:?} {:?}", self.purpose, self.views).as_bytes());
        for example in examples {
            let Picture {
                stored,
                mask,
                masked,
                ..
            } = &example.picture;
            let mask = mask.as_ref().map(|mask| mask.key.as_str());
            let masked = masked.as_ref().map(|masked| masked.stored.key.as_str());
            let (name, captions) = (&example.name, &example.captions);
            let row = Row(
                name,
                captions,
                &stored.key,
                [mask, masked],
                example.validation,
            );
            hash.update(&serde_json::to_vec(&row)?);
        }
        Ok(hash.finalize().to_hex()[..10].to_owned())
    }

    /// The records of the set, each with the path of its image in the first
    /// view.
    fn records(&self, folder: &Path, examples: Vec<Example>) -> Result<Vec<Record>> {
        let view = self.views.first().copied().unwrap_or(View::Kohya);
        let record = |mut example: Example| {
            let mut record = std::mem::take(&mut example.record);
            let file = folder.join(view.image(self.purpose, &example));
            let (width, height) = example.size(view);
            let dataset = json!({"file": file, "width": width, "height": height});
            record.put("dataset", &dataset)?;
            Ok(record)
        };
        examples.into_iter().map(record).collect()
    }

    /// Says how many masks the trainer of a view cannot use.
    fn unmasked(&self, view: View, examples: &[Example]) {
        let masked = |example: &&Example| example.picture.mask.is_some();
        let count = examples.iter().filter(masked).count();
        if count > 0 && view.notes(self.purpose).masks.is_none() {
            log::warn!(
                "{}: {count} of {} images have a mask, and this trainer cannot use one: all of each image is trained on",
                view.name(),
                examples.len()
            );
        }
    }

    /// Says so if images are kept for validation and no trainer uses them.
    fn unvalidated(&self, examples: &[Example]) {
        let count = examples.iter().filter(|example| example.validation).count();
        let used = |view: &View| view.notes(self.purpose).validation.is_some();
        if count > 0 && !self.views.iter().any(used) {
            log::warn!(
                "{count} images are kept from training for validation, and none of these trainers uses them: they are for your own comparisons"
            );
        }
    }

    /// Says how many images the trainer of a view will enlarge.
    fn enlarged(&self, view: View, examples: &[Example]) {
        let scale = |example: &Example| {
            let (width, height) = example.size(view);
            let fit = view.fit(Size::new(width, height), self.purpose.resolution)?;
            Some(fit.scale()).filter(|scale| *scale > NOTICED)
        };
        let scales: Vec<_> = examples.iter().filter_map(scale).collect();
        let most = scales.iter().copied().fold(0.0, f64::max);
        if !scales.is_empty() {
            log::warn!(
                "{}: {} of {} images are smaller than --resolution {}, and the trainer will enlarge them, by up to {most:.1}",
                view.name(),
                scales.len(),
                examples.len(),
                self.purpose.resolution
            );
        }
    }
}

fn manifest(written: &Written<'_>, records: &[Record]) -> Result<()> {
    let mut lines = Vec::new();
    for record in records {
        record.write_line(&mut lines);
    }
    written.file("manifest.jsonl", &lines)
}

/// Renames the finished folder into place. A folder of that name has the
/// same content, and perhaps a trainer's own files, so it is only mended.
fn place(part: &Path, target: &Path) -> Result<()> {
    if !target.exists() {
        return fs::rename(part, target).with_context(|| target.display().to_string());
    }
    for entry in fs::read_dir(part).with_context(|| part.display().to_string())? {
        let from = entry?.path();
        let Some(name) = from.file_name() else {
            continue;
        };
        let to = target.join(name);
        if from.is_dir() && to.is_dir() {
            place(&from, &to)?;
        } else {
            fs::rename(&from, &to).with_context(|| to.display().to_string())?;
        }
    }
    clear(part)
}

/// Makes the link lead to the folder `name`.
fn point(out: &Path, name: &str) -> Result<()> {
    let link = out.join(".dataset.link");
    clear(&link)?;
    symlink(name, &link).with_context(|| link.display().to_string())?;
    let newest = out.join(NEWEST);
    let other = fs::symlink_metadata(&newest).is_ok_and(|metadata| !metadata.is_symlink());
    ensure!(
        !other,
        "{}: is there and no link that this tool made: move it away, or name another --out-dir",
        newest.display()
    );
    fs::rename(&link, &newest).with_context(|| newest.display().to_string())?;
    machine::file::wrote(&newest);
    Ok(())
}

/// Removes what a run that was killed may have left.
fn clear(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.with_context(|| path.display().to_string())
}
