//! The folder of a data set: written beside, named by its content, renamed into place.

use std::fs;
use std::path::{Path, PathBuf};

use loaders::fit::Size;
use loaders::training;
use loaders::view::{DataSet, Side, View};
use serde_json::json;
use stage::{Context, Record, Result, log, machine};

use crate::card;
use crate::hash::hash;
use crate::newest::{NEWEST, clear, point};
use crate::plan::Example;
use crate::prompts::prompts;
use crate::set::Set;
use crate::store::Store;
use crate::views::{Writer, in_pieces};

/// From how much enlarging on it is worth a word: buckets are coarse, and a
/// few percent are rounding.
const NOTICED: f64 = 1.1;

/// The folder in which a data set is written until it is whole.
const PART: &str = ".dataset.part";

/// The manifest in it.
const MANIFEST: &str = "manifest.jsonl";

/// A data set that is to be written.
pub(crate) struct Build<'a> {
    /// The folder for data sets.
    pub(crate) out: &'a Path,
    /// That folder, where the trainer runs.
    pub(crate) root: &'a Path,
    /// The trainers that it is for.
    pub(crate) views: &'a [&'static dyn View],
    /// The finished images.
    pub(crate) store: &'a Store,
}

impl Build<'_> {
    /// Writes the data set, and returns its manifest: its records, each with the path of
    /// its image.
    ///
    /// The folder's name has a hash of everything in it: what a trainer has
    /// remembered of another content can never be taken for this one's.
    /// Killed at any moment, the last data set is still there, and the next
    /// run does the rest.
    pub(crate) fn write(&self, set: Set<'_>) -> Result<PathBuf> {
        let name = format!("{NEWEST}-{}", hash(set, self.views)?);
        let part = self.out.join(PART);
        clear(&part)?;
        fs::create_dir(&part).with_context(|| part.display().to_string())?;
        let writer = Writer {
            folder: &part,
            store: self.store,
            examples: set.examples,
        };
        let root = self.root.join(&name);
        for view in self.views {
            let told = set.told(*view);
            let of_view = told.data_set(&root);
            writer.write(*view, &of_view)?;
            enlarged(*view, &of_view);
            untrained(*view, &of_view)?;
            unmasked(*view, &of_view);
        }
        self.unused(set);
        file(
            &part.join("README.md"),
            [card::text(set, self.views, &root)],
        )?;
        if set.count(Side::Validation) > 0 {
            file(&part.join("prompts.jsonl"), lines(prompts(set)?))?;
        }
        let target = self.out.join(&name);
        self.manifest(&part.join(MANIFEST), &target, set)?;
        // All of it is on the disk before its name says that it is whole.
        machine::file::settle().with_context(|| part.display().to_string())?;
        place(&part, &target)?;
        point(self.out, &name)?;
        self.store.prune()?;
        Ok(target.join(MANIFEST))
    }

    /// Writes the records of the set, each with the path of its image in the first view; `folder` is where that will be.
    fn manifest(&self, path: &Path, folder: &Path, set: Set<'_>) -> Result<()> {
        let Some(view) = self.views.first() else {
            return file::<String>(path, []);
        };
        let told = set.told(*view);
        let of_view = told.data_set(folder);
        let record = |(example, one): (&Example, &loaders::view::Example<'_>)| {
            let image = folder.join(view.image(&of_view, one));
            let mut place =
                json!({"file": image, "width": one.size.width, "height": one.size.height});
            if one.side == Side::Validation {
                place["validation"] = json!(true);
            }
            let mut record = set.record(example)?;
            record.put("dataset", &place)?;
            Ok(record)
        };
        // Regularization images stand last: they are not of the set.
        file(path, lines(set.own().zip(&of_view.examples).map(record)))
    }

    /// Says so if images are kept for validation and no trainer uses them, and which trainers cannot use
    /// those for regularization.
    fn unused(&self, set: Set<'_>) {
        let title = set.purpose.title();
        let count = set.count(Side::Validation);
        let used = |view: &&dyn View| view.notes(title).validation.is_some();
        if count > 0 && !self.views.iter().any(used) {
            log::warn!(
                "{count} images are held back for validation, and none of these trainers uses them: compare with them yourself"
            );
        }
        if set.count(Side::Regularization) > 0 {
            let notes = self
                .views
                .iter()
                .map(|view| (view.word(), view.notes(title)));
            let without = notes.filter(|(_, notes)| notes.regularization.is_none());
            let without: Vec<_> = without.map(|(word, _)| word).collect();
            if !without.is_empty() {
                log::warn!(
                    "{}: no regularization images are written: these trainers cannot use them",
                    without.join(", ")
                );
            }
        }
    }
}

/// Says that a view has no `train.sh`, though a base model is named.
fn untrained(view: &dyn View, set: &DataSet<'_>) -> Result<()> {
    if let Some(base) = set.base
        && training::started(view, set)?.is_none()
    {
        log::warn!(
            "{}: there is no train.sh for {}: the data set is there, and how to train on it is yours to say",
            view.word(),
            base.name
        );
    }
    Ok(())
}

/// Says how many masks the trainer of a view cannot use.
fn unmasked(view: &dyn View, set: &DataSet<'_>) {
    let count = set.examples.iter().filter(|one| one.masked).count();
    if count > 0 && view.notes(set.title).masks.is_none() {
        log::warn!(
            "{}: {count} of {} images have a mask, and this trainer cannot use masks: it trains on the whole of each image",
            view.word(),
            set.examples.len()
        );
    }
}

/// Says how many images the trainer of a view will enlarge.
fn enlarged(view: &dyn View, set: &DataSet<'_>) {
    let Some(fitting) = view.buckets(set.resolution) else {
        return;
    };
    let scale = |size: Size| fitting.fit(size).map(|fit| fit.scale());
    let scales = set.examples.iter().filter_map(|one| scale(one.size));
    let scales: Vec<_> = scales.filter(|scale| *scale > NOTICED).collect();
    let most = scales.iter().copied().fold(0.0, f64::max);
    if !scales.is_empty() {
        log::warn!(
            "{}: {} of {} images are smaller than --resolution {}, and the trainer will enlarge them, by a factor of up to {most:.1}",
            view.word(),
            scales.len(),
            set.examples.len(),
            set.resolution
        );
    }
}

fn file<T: AsRef<[u8]>>(path: &Path, pieces: impl IntoIterator<Item = Result<T>>) -> Result<()> {
    in_pieces(path, pieces).with_context(|| path.display().to_string())
}

/// Records as the lines of a manifest.
fn lines(records: impl Iterator<Item = Result<Record>>) -> impl Iterator<Item = Result<Vec<u8>>> {
    let line = |record: Record| {
        let mut line = Vec::new();
        record.write_line(&mut line);
        line
    };
    records.map(move |record| record.map(line))
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
