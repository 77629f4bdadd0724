//! The phases of a run, from its progress file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::{Context, Result};

/// What is shown of a phase.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Phase {
    #[serde(skip_deserializing)]
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) r#in: Option<u64>,
    pub(crate) out: Option<u64>,
    pub(crate) rejected: Option<u64>,
    pub(crate) failed: Option<u64>,
    pub(crate) seconds: Option<f64>,
}

/// The progress file.
#[derive(Deserialize)]
struct Progress {
    phases: Map<String, Value>,
}

/// Reads a progress file.
pub(crate) fn read(path: &Path) -> Result<Vec<Phase>> {
    let name = || path.display().to_string();
    let text = std::fs::read(path).with_context(name)?;
    let progress: Progress = serde_json::from_slice(&text).with_context(name)?;
    let phases = progress.phases.into_iter().map(|(name, phase)| {
        let phase: Phase = serde_json::from_value(phase).with_context(|| name.clone())?;
        Ok(Phase { name, ..phase })
    });
    phases.collect::<Result<_>>().with_context(name)
}
