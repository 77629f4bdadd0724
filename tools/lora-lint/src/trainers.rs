//! Which trainers' eyes to look with, and looking with them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use loaders::set::{Set, Settings, open};
use loaders::trainers::{TRAINERS, named};
use loaders::{Finding, Trainer, recognise};
use manifest::Record;
use stage::{Flow, Outcome, Result};

use crate::check::Judge;
use crate::lint::Lint;
use crate::scan::{masked, scan};
use crate::shards;
use crate::summary::Summary;

/// The trainer that the command line asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    One(&'static dyn Trainer),
    All,
}

/// The word for all of them.
const ALL: &str = "all";

impl Choice {
    /// What reads it from a command line.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        let one = |trainer: &&dyn Trainer| {
            PossibleValue::new(trainer.profile().name).help(trainer.profile().version)
        };
        let all = PossibleValue::new(ALL).help("all that read a flat folder");
        let values = TRAINERS.iter().map(one).chain([all]);
        let parser = PossibleValuesParser::new(values.collect::<Vec<_>>());
        parser.map(|word| named(&word).map_or(Self::All, Self::One))
    }
}

/// What to read at `path`, and as which trainers.
pub(crate) fn of(choice: Option<Choice>, path: &Path) -> Vec<(PathBuf, &'static dyn Trainer)> {
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
            let flat = TRAINERS.iter().filter(|one| one.profile().flat);
            flat.map(|one| (path.to_path_buf(), *one)).collect()
        }
    }
}

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Seen {
    summary: Arc<Mutex<Summary>>,
    last: Option<(&'static dyn Trainer, PathBuf)>,
}

impl Seen {
    /// Reads `path` as `trainer` would, and writes what comes of it.
    pub(crate) fn read(
        &mut self,
        flow: &mut Flow,
        judge: &Judge,
        trainer: &'static dyn Trainer,
        path: &Path,
        settings: &Settings,
    ) -> Result<()> {
        self.last = Some((trainer, path.to_path_buf()));
        let mut opened = open(trainer, path, settings)?;
        let untrained = settings.base.filter(|base| {
            trainer
                .profile()
                .steps
                .is_some_and(|steps| !steps.has(base))
        });
        if let Some(base) = untrained {
            let text = format!(
                "{} is not known to train {}: checking with its usual buckets",
                trainer.profile().name,
                base.name
            );
            opened.say(path, Finding::warning("base-unknown", text));
        }
        self.findings(flow, trainer, opened.findings)?;
        let masked = masked(&opened.sets);
        for set in opened.sets {
            let images = match &set.rows {
                Some(rows) => rows.clone(),
                None if set.path.as_os_str().is_empty() => Vec::new(),
                None => {
                    let found = scan(&set, &masked)?;
                    self.findings(flow, trainer, found.findings)?;
                    let images = found.images.into_iter();
                    images
                        .map(|image| (set.path.join(image), Vec::new()))
                        .collect()
                }
            };
            self.images(flow, judge, set, images)?;
        }
        for shard in opened.shards {
            let set = Set::folder(trainer, &shard, settings);
            self.shard(flow, judge, &set)?;
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

    /// Judges the samples of a shard, then the shard itself.
    fn shard(&self, flow: &mut Flow, judge: &Judge, set: &Set) -> Result<()> {
        for (place, lint) in shards::check(&set.path, set, &judge.measure)? {
            let is_shard = place == set.path;
            if is_shard && lint.problems.is_empty() {
                continue;
            }
            flow.count();
            self.add(&place, &lint, !is_shard);
            let key = if is_shard { "path" } else { "image" };
            flow.emit(Outcome::pass(lint.record(key, &place)?))?;
        }
        Ok(())
    }

    fn findings(
        &self,
        flow: &mut Flow,
        trainer: &dyn Trainer,
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
