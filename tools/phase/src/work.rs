//! A phase from its beginning to its end: it waits for what it needs, runs, and says what became of it.

use std::process::ExitCode;
use std::time::Instant;

use stage::{Context, Result, bail};

use crate::phase::Phase;
use crate::progress::{self, Progress};
use crate::{Args, child, guard, memory};

/// Runs the command of a phase.
pub(crate) fn run(args: &Args, progress: &Progress) -> Result<ExitCode> {
    let name = args.name.as_deref().unwrap_or_default();
    let plain = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
    if name.is_empty() || !name.chars().all(plain) {
        bail!(
            "--name `{name}`: use only letters, digits, `-`, `_` and `.`, since it is a file name"
        );
    }
    let folder = args.run_dir.display();
    std::fs::create_dir_all(args.run_dir.join("logs")).with_context(|| format!("{folder}"))?;
    let _lock = guard::phase(&args.run_dir, name)?;
    if let Some(needed) = args.needs_disk {
        guard::disk(&args.run_dir, needed)?;
    }
    let need = { args.memory }
        .map(|budget| memory::need(progress, &args.run_dir, name, budget))
        .transpose()?;
    let mut phase = Phase::begin(name, args.gpu, &args.command);
    let mut waits = |reason: &str| progress.update(name, phase.wait(reason));
    let _gpu = args.gpu.and_then(|used| guard::gpu(used, &mut waits));
    begin(args, progress, name, &mut phase, need)?;
    let began = Instant::now();
    let ended = child::run(
        &args.run_dir,
        name,
        &args.command,
        args.output.as_deref(),
        child::Limits {
            nice: args.nice,
            less: need.and_then(|need| need.less),
        },
    );
    phase.end(began.elapsed(), ended.as_ref().ok());
    if let Some(output) = args.output.as_deref().filter(|_| phase.is_done()) {
        phase.wrote(output)?;
    }
    phase.count(&progress::counts_file(&args.run_dir, name))?;
    progress.update(name, &phase)?;
    let exit_code = ended?.exit_code();
    // Part of the phase's work and not a warning, but said unless `-q` forbids it.
    stage::log::warn!("{name}: {phase}");
    Ok(exit_code)
}

/// Waits until the GPU and the memory are both free at once, and writes that the phase runs.
fn begin(
    args: &Args,
    progress: &Progress,
    name: &str,
    phase: &mut Phase,
    need: Option<memory::Need>,
) -> Result<()> {
    loop {
        if let Some(wait) = &args.gpu_wait {
            wait.until(|reason| progress.update(name, phase.wait(reason)))?;
        }
        let Some((budget, need)) = args.memory.zip(need) else {
            return progress.update(name, phase.run());
        };
        memory::begin(progress, name, phase, need, budget)?;
        // While it waited for memory another program may have taken the GPU: then it gives the memory back.
        match &args.gpu_wait {
            Some(wait) if wait.is_closed()? => {}
            _ => return Ok(()),
        }
    }
}
