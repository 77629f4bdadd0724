//! A phase from its beginning to its end: it waits for what it needs, runs, and says what became of it.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use stage::{Context, Error, Result, bail, log};

use crate::phase::Phase;
use crate::progress::{self, Progress};
use crate::{Args, child, guard, memory};

/// No phase may have these names: their locks in `logs` are that of the progress file and that of make.
const OWN: [&str; 2] = ["progress", "make"];

/// Runs the command of a phase.
pub(crate) fn run(args: &Args, progress: &Progress) -> Result<ExitCode> {
    let name = args.name.as_deref().unwrap_or_default();
    let plain = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
    if name.is_empty() || !name.chars().all(plain) {
        bail!(
            "--name `{name}`: use only letters, digits, `-`, `_` and `.`, since it is a file name"
        );
    }
    if OWN.contains(&name) {
        bail!("--name `{name}`: its lock would be one that is used already: choose another name");
    }
    let folder = args.run_dir.display();
    std::fs::create_dir_all(args.run_dir.join("logs")).with_context(|| format!("{folder}"))?;
    let lock = guard::phase(&args.run_dir, name)?;
    let need = { args.memory }
        .map(|budget| memory::need(progress, &args.run_dir, name, budget))
        .transpose()?;
    let mut phase = Phase::begin(name, args.gpu, &args.command);
    phase.after(progress.earlier(name)?);
    room(args, progress, name, need, &mut phase)?;
    let mut waits = |reason: &str| progress.update(name, phase.wait(reason));
    let gpu = args.gpu.and_then(|used| guard::gpu(used, &mut waits));
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
            locks: &[Some(&lock), gpu.as_ref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>(),
        },
    );
    let (ended, part) = ended.map_or_else(
        |error| (Err(error), None),
        |(ended, part)| (Ok(ended), part),
    );
    phase.end(began.elapsed(), ended.as_ref().ok());
    if let Err(error) = &ended {
        explain(args, name, error)?;
    }
    phase.count(&progress::counts_file(&args.run_dir, name))?;
    finish(args, progress, name, &mut phase, part)?;
    let exit_code = ended?.exit_code();
    // Part of the phase's work and not a warning, but said unless `-q` forbids it.
    log::warn!("{name}: {phase}");
    Ok(exit_code)
}

/// Records what became of a phase, and then puts its file in its place.
///
/// If this is killed between the two, make finds no new file and runs the phase again. In the other order it would find
/// the file and run nothing, though the phase is recorded as killed.
fn finish(
    args: &Args,
    progress: &Progress,
    name: &str,
    phase: &mut Phase,
    part: Option<child::Part>,
) -> Result<()> {
    let written = part.as_ref().map(|part| phase.writes(part));
    let error = if let Some(Err(error)) = written {
        phase.fail();
        error
    } else {
        progress.update(name, phase)?;
        let Some(Err(error)) = part.map(child::Part::place) else {
            return Ok(());
        };
        phase.keep();
        error
    };
    explain(args, name, &error)?;
    progress.update(name, phase)?;
    Err(error)
}

/// Refuses to start a phase where the disk has no room, and notes that.
fn room(
    args: &Args,
    progress: &Progress,
    name: &str,
    need: Option<memory::Need>,
    phase: &mut Phase,
) -> Result<()> {
    let Some(needed) = args.needs_disk else {
        return Ok(());
    };
    let Err(error) = guard::disk(&args.run_dir, needed) else {
        return Ok(());
    };
    let mut note = || {
        phase.refuse();
        if let Some(need) = need {
            need.note(phase);
        }
        // What an earlier run said is not why this one did not start.
        File::create(log_file(args, name))?;
        explain(args, name, &error)?;
        progress.update(name, phase)
    };
    if let Err(other) = note() {
        log::warn!(
            "{name}: {}: it is not noted why it did not start",
            stage::told(&other)
        );
    }
    Err(error)
}

fn log_file(args: &Args, name: &str) -> PathBuf {
    args.run_dir.join("logs").join(format!("{name}.log"))
}

/// Writes into the log of a phase why its command did not start, or was not waited for: the command cannot say it.
fn explain(args: &Args, name: &str, error: &Error) -> Result<()> {
    let path = log_file(args, name);
    let named = || path.display().to_string();
    let mut log = File::options();
    let mut log = log.append(true).open(&path).with_context(named)?;
    writeln!(log, "phase: {}", stage::told(error)).with_context(named)
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
