//! Which trainers' eyes to look with, and looking with them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use loaders::Trainer;
use manifest::Record;
use stage::{Flow, Outcome, Result};

use crate::check::Judge;
use crate::finding::{Finding, Lint};
use crate::open;
use crate::recognise;
use crate::scan::scan;
use crate::set::{Set, Settings};
use crate::shards;
use crate::summary::Summary;

/// The trainer that the command line asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    One(Trainer),
    All,
}

impl ValueEnum for Choice {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::One(Trainer::SdScripts),
            Self::One(Trainer::KohyaFolder),
            Self::One(Trainer::OneTrainer),
            Self::One(Trainer::AiToolkit),
            Self::One(Trainer::MusubiTuner),
            Self::One(Trainer::DiffusionPipe),
            Self::One(Trainer::SimpleTuner),
            Self::One(Trainer::Diffusers),
            Self::One(Trainer::WebDataset),
            Self::All,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::One(trainer) => PossibleValue::new(trainer.name()).help(trainer.version()),
            Self::All => PossibleValue::new("all").help("all that read a flat folder"),
        })
    }
}

/// What to read at `path`, and as which trainers.
pub(crate) fn of(choice: Option<Choice>, path: &Path) -> Vec<(PathBuf, Trainer)> {
    let guessed = |path: PathBuf| {
        let trainer = recognise::guess(&path);
        (path, trainer)
    };
    match choice {
        Some(Choice::One(trainer)) => vec![(path.to_path_buf(), trainer)],
        None => recognise::parts(path).into_iter().map(guessed).collect(),
        // A configuration is one trainer's.
        Some(Choice::All) if path.is_file() => vec![guessed(path.to_path_buf())],
        Some(Choice::All) => {
            let flat = |trainer: &Trainer| {
                let special = [
                    Trainer::KohyaFolder,
                    Trainer::Diffusers,
                    Trainer::WebDataset,
                ];
                !special.contains(trainer)
            };
            let all = Trainer::ALL.into_iter().filter(flat);
            all.map(|trainer| (path.to_path_buf(), trainer)).collect()
        }
    }
}

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Seen {
    summary: Arc<Mutex<Summary>>,
    last: Option<(Trainer, PathBuf)>,
}

impl Seen {
    /// Reads `path` as `trainer` would, and writes what comes of it.
    pub(crate) fn read(
        &mut self,
        flow: &mut Flow,
        judge: &Judge,
        trainer: Trainer,
        path: &Path,
        settings: &Settings,
    ) -> Result<()> {
        self.last = Some((trainer, path.to_path_buf()));
        if trainer == Trainer::WebDataset {
            return self.shards(flow, judge, path, settings);
        }
        let mut opened = open::open(path, trainer, settings)?;
        if let Some(base) = settings.base.filter(|base| !base.is_trained_by(trainer)) {
            let text = format!(
                "{trainer} is not known to train {}: its usual buckets are taken",
                base.name
            );
            opened.say(path, Finding::warning("base-unknown", text));
        }
        self.findings(flow, trainer, opened.findings)?;
        for set in opened.sets {
            let images = match &set.rows {
                Some(rows) => rows.clone(),
                None if set.path.as_os_str().is_empty() => Vec::new(),
                None => {
                    let found = scan(&set)?;
                    self.findings(flow, trainer, found.findings)?;
                    let images = found.images.into_iter();
                    images
                        .map(|image| (set.path.join(image), Vec::new()))
                        .collect()
                }
            };
            self.images(flow, judge, set, images)?;
        }
        Ok(())
    }

    /// Judges images, on all cores and in order.
    fn images(
        &self,
        flow: &mut Flow,
        judge: &Judge,
        set: Set,
        images: Vec<(PathBuf, Vec<String>)>,
    ) -> Result<()> {
        let tool = |(image, listed): (PathBuf, Vec<String>)| {
            let lint = judge.image(&set, &image, &listed);
            self.add(&image, &lint, true);
            Ok(Outcome::pass(lint.record("image", &image)?))
        };
        flow.make(images.into_iter(), tool, |_| Ok(Record::default()))
    }

    fn shards(
        &self,
        flow: &mut Flow,
        judge: &Judge,
        path: &Path,
        settings: &Settings,
    ) -> Result<()> {
        let set = Set::folder(Trainer::WebDataset, path, settings);
        let shards = shards::find(path)?;
        if shards.is_empty() {
            let finding = Finding::error("folder-empty", "has no shard");
            self.findings(
                flow,
                Trainer::WebDataset,
                vec![(path.to_path_buf(), finding)],
            )?;
        }
        for shard in shards {
            for (place, lint) in shards::check(&shard, &set, &judge.measure)? {
                let is_shard = place == shard;
                if is_shard && lint.problems.is_empty() {
                    continue;
                }
                flow.count();
                self.add(&place, &lint, !is_shard);
                let key = if is_shard { "path" } else { "image" };
                flow.emit(Outcome::pass(lint.record(key, &place)?))?;
            }
        }
        Ok(())
    }

    fn findings(
        &self,
        flow: &mut Flow,
        trainer: Trainer,
        findings: Vec<(PathBuf, Finding)>,
    ) -> Result<()> {
        for (path, finding) in findings {
            let mut lint = Lint::new(trainer);
            lint.add([finding]);
            flow.count();
            self.add(&path, &lint, false);
            flow.emit(Outcome::pass(lint.record("path", &path)?))?;
        }
        Ok(())
    }

    fn add(&self, path: &Path, lint: &Lint, is_image: bool) {
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        summary.add(&path.to_string_lossy(), lint, is_image);
    }

    /// Says what only the whole shows, and returns the summary.
    pub(crate) fn end(self, flow: &mut Flow) -> Result<Summary> {
        let glued = {
            let summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
            summary.glued().map(|(caption, count)| {
                let text =
                    format!("{count} images have the same caption, word for word: `{caption}`");
                Finding::warning("captions-alike", text)
            })
        };
        if let (Some(finding), Some((trainer, path))) = (glued, &self.last) {
            self.findings(flow, *trainer, vec![(path.clone(), finding)])?;
        }
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *summary))
    }
}
