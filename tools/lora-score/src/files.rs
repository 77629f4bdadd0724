//! The files that are written beside the manifest.

use std::path::Path;

use stage::{Context, Flow, Result, machine};

use crate::Args;
use crate::checkpoints::Comparison;
use crate::page::page;
use crate::prompts::Prompts;
use crate::sets::Sets;

/// Writes those that were asked for.
pub(crate) fn write(
    args: &Args,
    flow: &Flow,
    found: &Comparison,
    prompts: &Prompts,
    sets: &Sets,
) -> Result<()> {
    if let Some(path) = &args.scored {
        file(path, &found.image_lines(prompts, sets)?)?;
    }
    if let Some(path) = &args.page {
        let page = flow.on_all_cores(|| page(found, prompts, sets, args.rows.get().into()));
        file(path, page.as_bytes())?;
    }
    Ok(())
}

fn file(path: &Path, content: &[u8]) -> Result<()> {
    machine::file::write(path, content).with_context(|| path.display().to_string())
}
