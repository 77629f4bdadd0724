//! The folder of a data set: written beside, named by its content, renamed into place.

use std::fs;
use std::path::Path;

use loaders::fit::Size;
use loaders::training;
use loaders::view::{DataSet, Side, View};
use serde_json::json;
use stage::{Context, Record, Result, log, machine};

use crate::card;
use crate::newest::{NEWEST, clear, point};
use crate::plan::{Example, Purpose};
use crate::prompts;
use crate::store::Store;
use crate::views::{Writer, data_set};

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
    pub(crate) views: &'a [&'static dyn View],
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
        let writer = Writer {
            folder: &part,
            store: self.store,
            examples: &examples,
        };
        let root = self.root.join(&name);
        for view in self.views {
            let set = data_set(*view, self.purpose, &examples, &root)?;
            writer.write(*view, &training::files(*view, &set))?;
            enlarged(*view, &set);
            untrained(*view, &set);
            unmasked(*view, &set);
        }
        self.unused(&examples);
        let card = card::text(self.purpose, self.views, &examples, &root)?;
        file(&part.join("README.md"), card.as_bytes())?;
        let held = examples.iter().filter(|one| one.side == Side::Validation);
        let prompts = prompts::lines(self.purpose, &held.collect::<Vec<_>>())?;
        if !prompts.is_empty() {
            file(&part.join("prompts.jsonl"), &prompts)?;
        }
        let records = self.records(&self.out.join(&name), examples)?;
        let mut lines = Vec::new();
        for record in &records {
            record.write_line(&mut lines);
        }
        file(&part.join("manifest.jsonl"), &lines)?;
        // All of it is on the disk before its name says that it is whole.
        machine::file::settle().with_context(|| part.display().to_string())?;
        place(&part, &self.out.join(&name))?;
        point(self.out, &name)?;
        self.store.prune()?;
        Ok(records)
    }

    /// Ten digits of a hash over all that trainers find in the data set, but for its own name.
    fn hash(&self, examples: &[Example]) -> Result<String> {
        let mut hash = blake3::Hasher::new();
        for view in self.views {
            let set = data_set(*view, self.purpose, examples, Path::new(""))?;
            hash.update(&serde_json::to_vec(&training::files(*view, &set))?);
            for example in examples {
                let keys = [Some(example.stored(*view)), example.mask(*view)];
                let keys = keys.map(|stored| stored.map_or("", |stored| &stored.key));
                hash.update(&serde_json::to_vec(&keys)?);
            }
        }
        Ok(hash.finalize().to_hex()[..10].to_owned())
    }

    /// The records of the set, each with the path of its image in the first
    /// view.
    fn records(&self, folder: &Path, mut examples: Vec<Example>) -> Result<Vec<Record>> {
        let Some(view) = self.views.first() else {
            return Ok(Vec::new());
        };
        let set = data_set(*view, self.purpose, &examples, folder)?;
        let place = |one: &loaders::view::Example<'_>| {
            let file = folder.join(view.image(&set, one));
            let mut place =
                json!({"file": file, "width": one.size.width, "height": one.size.height});
            if one.side == Side::Validation {
                place["validation"] = json!(true);
            }
            place
        };
        let shown = set.examples.iter();
        let places: Vec<_> = shown
            .filter(|one| one.side != Side::Regularization)
            .map(place)
            .collect();
        let record = |(example, place): (&mut Example, serde_json::Value)| {
            let mut record = std::mem::take(&mut example.record);
            record.put("dataset", &place)?;
            Ok(record)
        };
        // Regularization images stand last: they are not of the set.
        examples.iter_mut().zip(places).map(record).collect()
    }

    /// Says so if images are kept for validation and no trainer uses them, and which trainers cannot use
    /// those for regularization.
    fn unused(&self, examples: &[Example]) {
        let of = |side| {
            examples
                .iter()
                .filter(|example| example.side == side)
                .count()
        };
        let count = of(Side::Validation);
        let used = |view: &&dyn View| view.notes(self.purpose.title()).validation.is_some();
        if count > 0 && !self.views.iter().any(used) {
            log::warn!(
                "{count} images are held back for validation, and none of these trainers uses them: compare with them yourself"
            );
        }
        if of(Side::Regularization) > 0 {
            let notes = self
                .views
                .iter()
                .map(|view| (view.word(), view.notes(self.purpose.title())));
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
fn untrained(view: &dyn View, set: &DataSet<'_>) {
    if let Some(base) = set.base
        && training::started(view, set).is_none()
    {
        log::warn!(
            "{}: there is no train.sh for {}: the data set is there, and how to train on it is yours to say",
            view.word(),
            base.name
        );
    }
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

fn file(path: &Path, content: &[u8]) -> Result<()> {
    machine::file::write(path, content).with_context(|| path.display().to_string())
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
