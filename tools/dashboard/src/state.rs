//! All that the page shows, read anew each time it is asked for.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::{Timestamp, Unit};

use crate::counts::{self, Counts, Shared};
use crate::graph::{self, Graph};
use crate::logs::{self, Log};
use crate::planned::{self, Asked, Planned};
use crate::progress::{self, Phase, Status};

/// A run as it is now.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) title: String,
    pub(crate) time: Timestamp,
    /// What could not be read.
    pub(crate) trouble: Vec<String>,
    /// Those that run first, then those that wait, and so on; of each kind in the order in which they began.
    pub(crate) phases: Vec<Shown>,
    pub(crate) graph: Graph,
    pub(crate) sets: Vec<Set>,
    pub(crate) shared: Shared,
    /// Bytes free to the user, and all, of the disk.
    pub(crate) disk: Option<(u64, u64)>,
    /// Reports that there are, relative to the folder, with `/` between.
    pub(crate) reports: Vec<String>,
}

/// A phase, with what its log and the plan say of it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) phase: Phase,
    pub(crate) log: Log,
    /// Seconds by `make plan`.
    pub(crate) estimated: Option<f64>,
    /// Seconds so far, or in all.
    pub(crate) spent: Option<f64>,
}

/// A data set.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) wanted: Asked,
    pub(crate) images: u64,
    /// Where it stands, in words.
    pub(crate) stands: String,
    /// Seconds of its phases, those that it shares with others among them: on the CPU and on the GPU, spent and estimated.
    pub(crate) spent: [f64; 2],
    pub(crate) estimated: Option<[f64; 2]>,
    pub(crate) report: Option<String>,
}

/// A folder of a run, and what was read of it before.
#[derive(Debug)]
pub(crate) struct Watch {
    run_dir: PathBuf,
    counts: Counts,
}

impl Watch {
    pub(crate) fn new(run_dir: &Path) -> Self {
        Self {
            run_dir: run_dir.to_owned(),
            counts: Counts::default(),
        }
    }

    /// A report of the run as a file; none where the path is not one that the page has named.
    pub(crate) fn report(&self, path: &str) -> Option<PathBuf> {
        let known = reports(&self.run_dir).into_iter().find(|one| one == path)?;
        Some(self.run_dir.join(known))
    }

    /// Looks at everything.
    pub(crate) fn state(&mut self) -> State {
        let time = Timestamp::now();
        let mut trouble = Vec::new();
        let phases = progress::read(&self.run_dir).unwrap_or_else(|error| {
            trouble.push(error);
            Vec::new()
        });
        let (planned, wrong) = Planned::read(&self.run_dir);
        trouble.extend(wrong);
        let phases = self.shown(phases, &planned, time);
        let reports = reports(&self.run_dir);
        for set in &planned.sets {
            self.counts.read(&self.manifest(set));
        }
        let sets = planned.sets.iter();
        let sets = sets.map(|wanted| self.set(wanted, &planned, &phases, &reports));
        let frames = planned.sets.iter();
        let frames: Vec<_> = frames
            .map(|set| self.counts.of(&self.manifest(set)))
            .collect();
        let title = std::path::absolute(&self.run_dir).unwrap_or_default();
        State {
            title: title.display().to_string(),
            time,
            trouble,
            graph: graph::graph(&places(&planned, &phases)),
            sets: sets.collect(),
            shared: counts::shared(&frames),
            disk: disk(&self.run_dir),
            reports,
            phases,
        }
    }

    fn manifest(&self, set: &Asked) -> PathBuf {
        self.run_dir.join(&set.folder).join("dataset.jsonl")
    }

    /// The phases of the progress file, and those that have not begun.
    fn shown(&self, mut phases: Vec<Phase>, planned: &Planned, now: Timestamp) -> Vec<Shown> {
        let mut known: HashSet<String> = phases.iter().map(|phase| phase.name.clone()).collect();
        phases.sort_by_key(|phase| phase.start);
        for name in planned.chains.values().flatten() {
            if known.insert(name.clone()) {
                phases.push(Phase::to_come(name));
            }
        }
        phases.sort_by_key(|phase| phase.status);
        let estimated = planned::estimated(&self.run_dir);
        let shown = phases.into_iter().map(|mut phase| {
            let estimate = estimated.get(&phase.name);
            if phase.status == Status::ToCome {
                phase.gpu = estimate.is_some_and(|(_, gpu)| *gpu);
            }
            Shown {
                estimated: estimate.map(|(seconds, _)| *seconds),
                spent: spent(&phase, now),
                log: self.log(&phase),
                phase,
            }
        });
        shown.collect()
    }

    /// The log of a phase of which the page shows it.
    fn log(&self, phase: &Phase) -> Log {
        let wanted = !matches!(
            phase.status,
            Status::Done | Status::ToCome | Status::Waiting
        );
        if !wanted || !phase.is_plain() {
            return Log::default();
        }
        let name = format!("{}.log", phase.name);
        logs::read(&self.run_dir.join("logs").join(name))
    }

    fn set(&self, wanted: &Asked, planned: &Planned, phases: &[Shown], reports: &[String]) -> Set {
        let chain = planned.chains.get(&wanted.name);
        let names: HashSet<&str> = chain.into_iter().flatten().map(String::as_str).collect();
        let mine: Vec<&Shown> = phases
            .iter()
            .filter(|shown| names.contains(shown.phase.name.as_str()))
            .collect();
        let seconds = |of: fn(&Shown) -> Option<f64>| {
            [false, true].map(|gpu| {
                let mine = mine.iter().filter(|shown| shown.phase.gpu == gpu);
                mine.filter_map(|shown| of(shown)).sum()
            })
        };
        let images = self.counts.of(&self.manifest(wanted)).images;
        let report = format!("{}/report.html", wanted.folder);
        Set {
            stands: self.stands(wanted, &mine, images),
            spent: seconds(|shown| shown.spent),
            estimated: mine
                .iter()
                .any(|shown| shown.estimated.is_some())
                .then(|| seconds(|shown| shown.estimated)),
            report: reports.contains(&report).then_some(report),
            wanted: wanted.clone(),
            images,
        }
    }

    /// Where a data set stands, by its phases and gates.
    fn stands(&self, wanted: &Asked, mine: &[&Shown], images: u64) -> String {
        let first = |status| mine.iter().find(|shown| shown.phase.status == status);
        if let Some(shown) = first(Status::Failed).or(first(Status::Killed)) {
            return format!("{}: {}", shown.phase.name, shown.phase.status.word());
        }
        if let Some(shown) = first(Status::Running) {
            return format!("{} is running", shown.phase.name);
        }
        if let Some(gate) = self.closed(wanted).filter(|_| wanted.gates) {
            return format!(
                "waits for the review of its {gate}: make review PIPELINE={}",
                wanted.name
            );
        }
        let left = mine
            .iter()
            .filter(|shown| shown.phase.status != Status::Done)
            .count();
        match (left, images) {
            (0, 0) => "empty".to_owned(),
            (0, images) if images < wanted.fewest => {
                format!("done, but fewer than {}", wanted.fewest)
            }
            (0, _) => "done".to_owned(),
            (left, _) => format!("{left} of {} phases to come", mine.len()),
        }
    }

    /// The gate that a data set has come to, and that is closed: its labels or its captions are not decided.
    fn closed(&self, wanted: &Asked) -> Option<&'static str> {
        let time = |name: &str| {
            let path = self.run_dir.join(&wanted.folder).join(name);
            std::fs::metadata(path)
                .and_then(|found| found.modified())
                .ok()
        };
        let closed = |gate: &str, manifest: &str| {
            let shown = time(manifest);
            shown.is_some() && time(gate) < shown
        };
        if closed("labels.gate", "selected.jsonl") {
            return Some("labels");
        }
        closed("captions.gate", "captioned.jsonl").then_some("captions")
    }
}

/// Seconds that a phase took, or has been running.
fn spent(phase: &Phase, now: Timestamp) -> Option<f64> {
    match phase.status {
        Status::Running => Some((now - phase.start?).total(Unit::Second).ok()?.max(0.0)),
        _ => phase.seconds,
    }
}

/// The chains as places among the phases.
fn places(planned: &Planned, phases: &[Shown]) -> Vec<Vec<usize>> {
    let places: HashMap<&str, usize> = { phases.iter().enumerate() }
        .map(|(at, shown)| (shown.phase.name.as_str(), at))
        .collect();
    let mut names: Vec<&String> = planned.chains.keys().collect();
    // Data sets from left to right as in the table.
    let order = |name: &String| planned.sets.iter().position(|set| set.name == *name);
    names.sort_by_key(|name| (order(name), (*name).clone()));
    let chains = names.into_iter().map(|name| {
        let chain = planned.chains[name].iter();
        chain
            .filter_map(|phase| places.get(phase.as_str()).copied())
            .collect()
    });
    chains.collect()
}

/// Bytes free to the user, and all, of the disk that a folder is on.
fn disk(folder: &Path) -> Option<(u64, u64)> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some((
        found.f_bavail * found.f_frsize,
        found.f_blocks * found.f_frsize,
    ))
}

/// The reports in the folders of a run and in theirs, sorted.
fn reports(run_dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for (name, folder) in folders(run_dir) {
        let inner = folders(&folder)
            .into_iter()
            .map(|(inner, path)| (format!("{name}/{inner}"), path));
        for (name, path) in std::iter::once((name.clone(), folder.clone())).chain(inner) {
            if path.join("report.html").is_file() {
                found.push(format!("{name}/report.html"));
            }
        }
    }
    found.sort();
    found
}

/// The folders in a folder that may have a report, with their names: no hidden ones, no data sets, no plan.
fn folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let named =
        folders.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    named
        .filter(|(name, _)| {
            !name.starts_with('.')
                && !["dataset", "logs", "plan", "review"].contains(&name.as_str())
        })
        .collect()
}
