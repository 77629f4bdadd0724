//! Whether enough is decided for a data set to go on.

use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use stage::{Flow, Outcome, Result, ensure};

use crate::patch::Decisions;

/// How many images must be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    /// Every one.
    All,
    /// This many.
    Number(u64),
}

impl FromStr for Required {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let number = text.parse().ok().filter(|number| *number > 0);
        number
            .map(Self::Number)
            .ok_or_else(|| "not `all`, nor a whole number of 1 or more".to_owned())
    }
}

impl Required {
    /// How many of `all` images must be decided.
    pub(crate) fn of(self, all: u64) -> u64 {
        match self {
            Self::All => all,
            Self::Number(number) => number.min(all),
        }
    }
}

/// Passes all records on, and fails at the end if fewer are decided than are required.
pub(crate) fn run(path: &Path, required: Required, flow: &mut Flow) -> Result<()> {
    let decisions = Decisions::read(path)?;
    let (all, decided) = (AtomicU64::new(0), AtomicU64::new(0));
    flow.each(|record| {
        all.fetch_add(1, Ordering::Relaxed);
        let is_decided = decisions.still(&record)?.counts.is_some();
        decided.fetch_add(u64::from(is_decided), Ordering::Relaxed);
        Ok(Outcome::pass(record))
    })?;
    let (all, decided) = (all.into_inner(), decided.into_inner());
    let needed = required.of(all);
    ensure!(
        decided >= needed,
        "{}: {decided} of {all} images are decided, and {needed} must be",
        path.display()
    );
    Ok(())
}
