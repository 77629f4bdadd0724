//! The progress file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use stage::{Context, Error, Result, log, machine};

use crate::guard::lock_file;
use crate::phase::Phase;

/// The file that the tools of a phase append their counts to.
pub(crate) fn counts_file(run_dir: &Path, name: &str) -> PathBuf {
    run_dir.join("logs").join(format!("{name}.counts"))
}

/// Why the progress file could not be read.
enum Unread {
    /// It is no progress file, and never will be.
    Broken(String),
    /// It may be one.
    Failed(Error),
}

/// The progress file of a run directory.
pub(crate) struct Progress {
    run_dir: PathBuf,
}

impl Progress {
    pub(crate) fn new(run_dir: &Path) -> Self {
        Self {
            run_dir: run_dir.to_owned(),
        }
    }

    fn path(&self) -> PathBuf {
        self.run_dir.join("preparation_progress.json")
    }

    /// Writes what is known of one phase.
    pub(crate) fn update(&self, name: &str, phase: &Phase) -> Result<()> {
        let _lock = self.lock()?;
        let mut phases = self.written()?;
        self.write(&mut phases, name, phase)
    }

    /// What became of a phase when it last ran; nothing is known of one that can't be read.
    pub(crate) fn earlier(&self, name: &str) -> Result<Option<Phase>> {
        let _lock = self.lock()?;
        let mut phases = self.written()?;
        let phase = phases.get_mut(name).map(Value::take);
        Ok(phase.and_then(|phase| serde_json::from_value(phase).ok()))
    }

    /// Writes that a phase runs, if it may beside those that run: `refused` says of them why it may not.
    pub(crate) fn run_unless(
        &self,
        name: &str,
        phase: &mut Phase,
        refused: impl FnOnce(&[(String, Phase)]) -> Option<String>,
    ) -> Result<Option<String>> {
        let _lock = self.lock()?;
        let mut phases = self.written()?;
        let others = phases.iter_mut().filter(|(other, _)| *other != name);
        let others = others.filter_map(|(other, phase)| {
            self.bury(other, phase);
            let phase: Phase = serde_json::from_value(phase.clone()).ok()?;
            phase.is_running().then(|| (other.clone(), phase))
        });
        let reason = refused(&others.collect::<Vec<_>>());
        let phase = match &reason {
            Some(reason) => phase.wait(reason),
            None => phase.run(),
        };
        // While it waits for the same thing, nothing new is to be written.
        if phases.get(name) != Some(&serde_json::to_value(phase)?) {
            self.write(&mut phases, name, phase)?;
        }
        Ok(reason)
    }

    /// Keeps the phases of `make -j` apart.
    fn lock(&self) -> Result<File> {
        let lock = self.run_dir.join("logs/progress.lock");
        let lock = File::create(&lock).with_context(|| lock.display().to_string())?;
        lock.lock().context("lock of the progress file")?;
        Ok(lock)
    }

    /// The phases in the file, which is about to be written again.
    fn written(&self) -> Result<Map<String, Value>> {
        match self.read() {
            Ok(phases) => Ok(phases),
            Err(Unread::Broken(why)) => self.set_aside(&why),
            Err(Unread::Failed(error)) => Err(error),
        }
    }

    /// Replaces the file as a whole.
    fn write(&self, phases: &mut Map<String, Value>, name: &str, phase: &Phase) -> Result<()> {
        phases.insert(name.to_owned(), serde_json::to_value(phase)?);
        for (other, phase) in phases.iter_mut() {
            if other != name {
                self.bury(other, phase);
            }
        }
        let text = serde_json::to_string_pretty(&serde_json::json!({ "phases": phases }))?;
        let path = self.path();
        // Under the lock one name is enough, and what a kill leaves of it the next write replaces.
        let part = path.with_extension("json.part");
        fs::write(&part, text + "\n").with_context(|| part.display().to_string())?;
        // On the disk before anything else is: a power cut must not leave an empty one.
        machine::file::rename_lasting(&part, &path).with_context(|| path.display().to_string())
    }

    /// Renames a file that is no progress file, as a power cut may leave one, and begins anew.
    fn set_aside(&self, why: &str) -> Result<Map<String, Value>> {
        let path = self.path();
        let aside = path.with_extension("json.broken");
        fs::rename(&path, &aside).with_context(|| path.display().to_string())?;
        log::warn!(
            "{}: {why}: set aside as {}, and started again",
            path.display(),
            aside.display()
        );
        Ok(Map::new())
    }

    /// A phase that is said to run, or to wait, and whose lock nobody holds was killed
    /// before it could say so.
    fn bury(&self, name: &str, phase: &mut Value) {
        if self.is_lost(name, phase) {
            phase["status"] = "killed".into();
        }
    }

    /// Whether a phase is recorded as running or waiting although nobody holds its lock. Other phases' locks are not tried:
    /// that holds them for a moment, in which such a phase could not begin.
    fn is_lost(&self, name: &str, phase: &Value) -> bool {
        let lives = phase["status"] == "running" || phase["status"] == "waiting";
        lives
            && File::open(lock_file(&self.run_dir, name))
                .is_ok_and(|lock| lock.try_lock_shared().is_ok())
    }

    /// The phases so far, by name.
    pub(crate) fn phases(&self) -> Result<Vec<(String, Phase)>> {
        let mut phases = Vec::new();
        for (name, phase) in self.known()? {
            match serde_json::from_value(phase) {
                Ok(phase) => phases.push((name, phase)),
                Err(error) => {
                    log::warn!("{}: phase {name}: {error}: left out", self.path().display());
                }
            }
        }
        Ok(phases)
    }

    /// What is known of the phases, to be shown: nothing where the file is broken, which is said.
    fn known(&self) -> Result<Map<String, Value>> {
        match self.read() {
            Ok(phases) => Ok(phases),
            Err(Unread::Broken(why)) => {
                log::warn!("{}: {why}", self.path().display());
                Ok(Map::new())
            }
            Err(Unread::Failed(error)) => Err(error),
        }
    }

    fn read(&self) -> Result<Map<String, Value>, Unread> {
        let path = self.path();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                return Err(Unread::Broken(error.to_string()));
            }
            text => text
                .with_context(|| path.display().to_string())
                .map_err(Unread::Failed)?,
        };
        if text.is_empty() {
            return Err(Unread::Broken("empty file".to_owned()));
        }
        let progress: Result<Value, _> = serde_json::from_slice(&text);
        let mut progress = progress.map_err(|error| Unread::Broken(error.to_string()))?;
        match progress.get_mut("phases").map(Value::take) {
            Some(Value::Object(phases)) => Ok(phases),
            _ => Err(Unread::Broken("has no phases".to_owned())),
        }
    }

    /// Prints the phases as a table.
    pub(crate) fn show(&self) -> Result<()> {
        let mut table = row("phase", COLUMNS.map(|(title, _)| title.to_owned()));
        let mut before = self.known()?;
        before.retain(|name, phase| self.is_lost(name, phase));
        // One that came to its end since has said so before it let go of its lock.
        for (name, mut phase) in self.known()? {
            if before.contains_key(&name) {
                self.bury(&name, &mut phase);
            }
            let cells = COLUMNS.map(|(_, key)| match &phase[key] {
                Value::String(text) => text.clone(),
                Value::Null => "-".into(),
                memory if key == MEMORY => {
                    memory.as_u64().unwrap_or(0).div_ceil(1 << 20).to_string()
                }
                other => other.to_string(),
            });
            table.push_str(&row(&name, cells));
            if phase["status"] == "waiting" {
                let reason = phase["waits_for"].as_str().unwrap_or_default();
                table.extend(["  for ", reason, "\n"]);
            }
        }
        stage::print(&table)
    }
}

/// The key of the peak memory, which the table shows in MiB.
const MEMORY: &str = "peak_memory";

/// The columns of the table: title and key.
const COLUMNS: [(&str, &str); 8] = [
    ("status", "status"),
    ("seconds", "seconds"),
    ("CPU s", "cpu_seconds"),
    ("in", "in"),
    ("out", "out"),
    ("rejected", "rejected"),
    ("failed", "failed"),
    ("peak MiB", MEMORY),
];

fn row(name: &str, cells: [String; 8]) -> String {
    let cells = cells.map(|cell| format!(" {cell:>9}")).concat();
    format!("{name:<24}{cells}\n")
}
