//! What was asked for, from the file that make leaves, and what it was estimated to take.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path};

use serde::Deserialize;
use serde_json::Value;

use crate::progress;

/// What was asked for: the file `.run.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Planned {
    /// The phases that each pipeline goes through, in their order, by its name.
    pub(crate) chains: BTreeMap<String, Vec<String>>,
    pub(crate) sets: Vec<Asked>,
}

/// A data set that was asked for, by this run or an earlier one in the same folder.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) name: String,
    /// Relative to the folder of the run.
    pub(crate) folder: String,
    /// Images to select.
    pub(crate) wanted: Option<u64>,
    /// The smallest number that is enough.
    pub(crate) fewest: u64,
    /// Whether it waits for its reviews.
    pub(crate) gates: bool,
}

impl Planned {
    /// Reads it; where there is none, nothing was asked for. The second is what is wrong with it.
    pub(crate) fn read(run_dir: &Path) -> (Self, Option<String>) {
        let path = run_dir.join(".run.json");
        let Ok(text) = std::fs::read(&path) else {
            return (Self::default(), None);
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(mut planned) => {
                planned.sets.retain(|set| is_inside(&set.folder));
                (planned, None)
            }
            Err(error) => (
                Self::default(),
                Some(format!("{}: {error}", path.display())),
            ),
        }
    }
}

/// Whether a path stays in the folder that it is relative to.
fn is_inside(folder: &str) -> bool {
    let mut parts = Path::new(folder).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// The seconds that each phase will take and whether it uses the GPU, by `make plan`; nothing where it has not run.
pub(crate) fn estimated(run_dir: &Path) -> HashMap<String, (f64, bool)> {
    let folder = run_dir.join("plan");
    let times = std::fs::read(folder.join("plan.json")).ok();
    let times: Option<Value> = times.and_then(|text| serde_json::from_slice(&text).ok());
    let Some(times) = times.and_then(|plan| plan.get("times")?.as_f64()) else {
        return HashMap::new();
    };
    let phases = progress::read(&folder).unwrap_or_default().into_iter();
    phases
        .filter_map(|phase| Some((phase.name, (phase.seconds? * times, phase.gpu))))
        .collect()
}
