//! The command: started, listened to, waited for.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, nice};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use stage::machine::file;
use stage::{Context, Result, bail, log};
use wait4::Wait4;

use crate::guard;
use crate::memory::Less;
use crate::progress::counts_file;
use crate::usage::Watch;

/// Seconds from one line of progress to the next: the tools see that their
/// standard error is no terminal, and would say nothing.
const PROGRESS_EVERY: &str = "10";

/// How a command ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    status: ExitStatus,
    /// Memory that its processes held at once at most, bytes.
    pub(crate) peak_memory: u64,
    /// Time that the processors spent on it and all that it has waited for, such as the tools of a pipeline.
    pub(crate) cpu: Duration,
}

impl Ended {
    /// Its exit code, if no signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that ended it.
    pub(crate) fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// The exit code to pass on: 128 and the signal, as shells do.
    pub(crate) fn exit_code(&self) -> ExitCode {
        let code = self.code().or(self.signal().map(|signal| 128 + signal));
        ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }
}

/// What a command may use of the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    /// Niceness, 0 to 19.
    pub(crate) nice: i32,
    /// What its tools may use, where memory is short.
    pub(crate) less: Option<Less>,
    /// Locks that it holds on, should this process be killed.
    pub(crate) locks: &'a [&'a File],
}

/// What a command that succeeded has written to its standard output, before it takes its place.
#[derive(Debug)]
pub(crate) struct Part {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Where it will be.
    pub(crate) output: PathBuf,
}

impl Part {
    /// Puts it in its place. What it vouches for is on the disk already.
    pub(crate) fn place(self) -> Result<()> {
        let named = || self.output.display().to_string();
        file::rename_lasting(&self.path, &self.output).with_context(named)
    }
}

/// Runs `command`, with its standard error into the log and on to ours.
///
/// With `output`, standard output goes to a file beside it, which is for the caller to put in its place; there is none
/// where the command has failed.
pub(crate) fn run(
    run_dir: &Path,
    name: &str,
    command: &[OsString],
    output: Option<&Path>,
    limits: Limits<'_>,
) -> Result<(Ended, Option<Part>)> {
    let counts = counts_file(run_dir, name);
    File::create(&counts).with_context(|| counts.display().to_string())?;
    let log_path = run_dir.join("logs").join(format!("{name}.log"));
    let log = File::create(&log_path).with_context(|| log_path.display().to_string())?;
    let part = output.map(part).transpose()?;
    let mut child = Command::new(&command[0]);
    child
        .args(&command[1..])
        .env(stage::COUNTS_VARIABLE, std::path::absolute(&counts)?)
        .stderr(Stdio::piped())
        .process_group(0);
    if std::env::var_os(stage::PROGRESS_VARIABLE).is_none() {
        child.env(stage::PROGRESS_VARIABLE, PROGRESS_EVERY);
    }
    if let Some((file, _)) = &part {
        child.stdout(file.try_clone()?);
    }
    if let Some(Less { jobs, batch }) = limits.less {
        child.env(stage::JOBS_VARIABLE, jobs.to_string());
        child.env(stage::BATCH_VARIABLE, batch.to_string());
    }
    nice(limits.nice).context("--nice")?;
    // Caught from here on: one that comes while the command starts is handed on to it, too.
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    for lock in limits.locks {
        guard::hand_on(lock)?;
    }
    let mut child = child
        .spawn()
        .with_context(|| command[0].to_string_lossy().into_owned())?;
    let watch = Watch::begin(child.id());
    forward(signals, child.id())?;
    if let Some(stderr) = child.stderr.take() {
        listen(stderr, log, &log_path)?;
    }
    let used = child.wait4().context("waiting for the command")?;
    let part = part.filter(|_| used.status.success()).map(|(_, part)| part);
    if let Some(Part { path, .. }) = &part {
        // What it vouches for is on the disk first, also what a shell has written.
        file::settle_around(path).with_context(|| path.display().to_string())?;
    }
    let ended = Ended {
        status: used.status,
        // A command may be over before anyone has looked.
        peak_memory: watch.peak().max(used.rusage.maxrss),
        cpu: used.rusage.utime + used.rusage.stime,
    };
    Ok((ended, part))
}

/// The file that becomes `output`.
fn part(output: &Path) -> Result<(File, Part)> {
    let mut name = output
        .file_name()
        .context("--output is not a file name")?
        .to_owned();
    if file::is_special(output) {
        bail!(
            "--output {}: is a device or a pipe, and not a file to replace",
            output.display()
        );
    }
    name.push(".part");
    let path = output.with_file_name(name);
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    let output = output.to_owned();
    Ok((file, Part { path, output }))
}

/// Copies standard error, line by line, until the last process has closed it.
///
/// Where the log cannot be written, as on a full disk, that is said once, and the lines are read on: the
/// command must not wait for a reader that has gone.
fn listen(stderr: ChildStderr, mut log: File, path: &Path) -> Result<()> {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    let mut logged = Ok(());
    while stderr
        .read_until(b'\n', &mut line)
        .context("standard error of the command")?
        > 0
    {
        if logged.is_ok() {
            logged = log.write_all(&line);
            if let Err(error) = &logged {
                log::warn!("{}: {error}: the log ends here", path.display());
            }
        }
        if log::max_level() >= log::Level::Warn {
            // Where our standard error is closed the log still has it all.
            drop(io::stderr().write_all(&line));
        }
        line.clear();
    }
    Ok(())
}

/// Hands signals to end on to all processes of the command.
fn forward(mut signals: Signals, child: u32) -> Result<()> {
    let group = Pid::from_raw(child.cast_signed()).context("the command has no process id")?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if let Some(signal) = Signal::from_named_raw(signal) {
                // The group may be gone, which is what the signal is for.
                let _ = kill_process_group(group, signal);
            }
        }
    });
    Ok(())
}
