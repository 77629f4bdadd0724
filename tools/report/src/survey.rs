//! What the manifests hold, read once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use stage::manifest::Reader;
use stage::{Context, Record, Result};

use crate::figures::Figures;
use crate::histogram::Histogram;
use crate::looks::Looks;
use crate::reasons::Reasons;
use crate::sample::Sample;

/// The most shots that are told apart.
const MOST_SHOTS: usize = 100_000;

/// What the manifests hold.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) kept: u64,
    pub(crate) dropped: u64,
    pub(crate) failed: u64,
    /// Of what was kept, what a person has decided on.
    pub(crate) reviewed: u64,
    pub(crate) figures: Figures,
    pub(crate) reasons: Reasons,
    pub(crate) sample: Sample,
    /// Over the film's time, in seconds.
    pub(crate) times: Histogram,
    /// Images kept of each shot.
    pub(crate) shots: BTreeMap<(String, u64), u64>,
    pub(crate) films: BTreeSet<String>,
    images: usize,
    looks: Looks,
    number: u64,
}

impl Survey {
    /// Nothing yet; `images` of what was kept will be shown, as `looks` says.
    pub(crate) fn new(images: usize, looks: &Looks) -> Self {
        Self {
            kept: 0,
            dropped: 0,
            failed: 0,
            reviewed: 0,
            figures: Figures::default(),
            reasons: Reasons::default(),
            sample: Sample::new(images, looks),
            times: Histogram::new(),
            shots: BTreeMap::new(),
            films: BTreeSet::new(),
            images,
            looks: looks.clone(),
            number: 0,
        }
    }

    /// Reads one manifest; in a file of `rejects` every record was dropped, in
    /// another those that are marked.
    pub(crate) fn read(&mut self, path: &Path, rejects: bool) -> Result<()> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| name.clone())?;
        let reader = Reader::new(&name, BufReader::with_capacity(1 << 16, file));
        for record in reader.records() {
            let record = record?;
            self.add(&record, rejects || record.has("rejected"));
        }
        Ok(())
    }

    fn add(&mut self, record: &Record, dropped: bool) {
        self.number += 1;
        let side = usize::from(dropped);
        if dropped {
            let reason = { &mut self.reasons }.of(record, self.images.div_ceil(2), &self.looks);
            reason.count += 1;
            reason.sample.add(record, self.number);
            if reason.failed {
                self.failed += 1;
            } else {
                self.dropped += 1;
            }
        } else {
            self.kept += 1;
            self.reviewed += u64::from(record.has("review"));
            self.sample.add(record, self.number);
        }
        self.figures.add(record, side);
        // A record of a folder of images has no film.
        let Ok(Some(source)) = record.source() else {
            return;
        };
        self.times.add(source.time, side);
        if self.shots.len() < MOST_SHOTS {
            self.films.insert(source.film.clone());
            *self.shots.entry((source.film, source.shot)).or_default() += u64::from(!dropped);
        }
    }
}
