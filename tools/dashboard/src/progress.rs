//! The phases of a run, from its progress file.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What has become of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Running,
    Waiting,
    Failed,
    Killed,
    Done,
    /// It was asked for, and has not begun.
    ToCome,
}

impl Status {
    /// What a progress file says.
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "running" => Self::Running,
            "waiting" => Self::Waiting,
            "failed" => Self::Failed,
            "killed" => Self::Killed,
            "done" => Self::Done,
            _ => return None,
        })
    }

    /// In words; also its class in the page's style.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Done => "done",
            Self::ToCome => "to come",
        }
    }
}

/// One phase. What the file does not say, or says in a form that is none, is missing.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) waits_for: Option<String>,
    /// Whether it uses the GPU.
    pub(crate) gpu: bool,
    pub(crate) start: Option<Timestamp>,
    pub(crate) seconds: Option<f64>,
    pub(crate) exit_code: Option<i64>,
    /// Records that went in, came out, were dropped, and failed.
    pub(crate) r#in: Option<u64>,
    pub(crate) out: Option<u64>,
    pub(crate) rejected: Option<u64>,
    pub(crate) failed: Option<u64>,
    /// Bytes.
    pub(crate) peak_memory: Option<u64>,
}

impl Phase {
    /// One that has not begun.
    pub(crate) fn to_come(name: &str) -> Self {
        Self::of(name, &Map::new(), Status::ToCome)
    }

    fn of(name: &str, said: &Map<String, Value>, status: Status) -> Self {
        let number = |key| said.get(key).and_then(Value::as_u64);
        let text = |key| said.get(key).and_then(Value::as_str);
        let seconds = said.get("seconds").and_then(Value::as_f64);
        Self {
            name: name.to_owned(),
            status,
            waits_for: text("waits_for").map(str::to_owned),
            gpu: text("gpu").is_some(),
            start: text("start").and_then(|time| time.parse().ok()),
            seconds: seconds.filter(|seconds| *seconds >= 0.0),
            exit_code: said.get("exit_code").and_then(Value::as_i64),
            r#in: number("in"),
            out: number("out"),
            rejected: number("rejected"),
            failed: number("failed"),
            peak_memory: number("peak_memory"),
        }
    }

    /// Whether `phase` could have named a file by it: only then is a file of that name looked at.
    pub(crate) fn is_plain(&self) -> bool {
        let plain = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
        !self.name.is_empty() && self.name.chars().all(plain)
    }
}

/// The phases in the progress file of `run_dir`, in its order, or why there are none.
pub(crate) fn read(run_dir: &Path) -> Result<Vec<Phase>, String> {
    let mut over = written(run_dir)?;
    over.retain(|phase| is_over(run_dir, phase));
    // One that came to its end since has said so before it let go of its lock.
    let mut phases = written(run_dir)?;
    for phase in &mut phases {
        if over.iter().any(|one| one.name == phase.name) && is_over(run_dir, phase) {
            phase.status = Status::Killed;
        }
    }
    Ok(phases)
}

/// The phases as the progress file has them, of which those that are said to run may have been killed.
fn written(run_dir: &Path) -> Result<Vec<Phase>, String> {
    let path = run_dir.join("preparation_progress.json");
    let said = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|error| said(&error))?,
    };
    let progress: Value = serde_json::from_slice(&text).map_err(|error| said(&error))?;
    let Some(phases) = progress.get("phases").and_then(Value::as_object) else {
        return Err(said(&"has no phases"));
    };
    let phases = phases.iter().filter_map(|(name, phase)| {
        let phase = phase.as_object()?;
        let status = Status::of(phase.get("status")?.as_str()?)?;
        Some(Phase::of(name, phase, status))
    });
    Ok(phases.collect())
}

/// Whether a phase that is recorded as running or waiting was killed: no process holds its lock.
fn is_over(run_dir: &Path, phase: &Phase) -> bool {
    let lives = matches!(phase.status, Status::Running | Status::Waiting);
    if !lives || !phase.is_plain() {
        return false;
    }
    let lock = run_dir.join("logs").join(format!("{}.lock", phase.name));
    File::open(lock).is_ok_and(|lock| lock.try_lock_shared().is_ok())
}
