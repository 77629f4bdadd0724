//! From `main` to the exit status.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::{Args, Command, Parser};
use clap_complete::Shell;
use machine::Fault;

use crate::flags::{Manifests, Run, Voice};
use crate::flow::{Flow, settle};
use crate::input::{Input, would_wait};
use crate::output::{ReaderGone, to_standard_output};
use crate::words::{printable, told};
use crate::{messages, outputs};

/// Runs a tool that reads manifests and writes one.
///
/// Exits with 0 when the work is done or the reader went away, 1 when it
/// could not be done, and 2 when the command line is wrong.
pub fn main<A: Parser>(tool: impl FnOnce(A, &mut Flow) -> Result<()>) -> ExitCode {
    run(|command, apart, shared: Manifests, args: A| {
        if would_wait(&shared.manifests) {
            let message = "no manifest: pipe one in, or name a file";
            return Ok(Err(
                command.error(ErrorKind::MissingRequiredArgument, message)
            ));
        }
        messages::start(command.get_name(), &shared.run.voice);
        apart?;
        let input = Input::open(&shared.manifests)?;
        if let Some(rejects) = shared
            .run
            .rejects
            .as_deref()
            .filter(|path| input.reads(path))
        {
            bail!(
                "--rejects {}: is also a manifest to read, and would be overwritten",
                rejects.display()
            );
        }
        flow(&shared.run, Some(input), |flow| tool(args, flow)).map(Ok)
    })
}

/// Runs a tool that reads something else and writes a manifest.
///
/// The exit status is that of [`main`].
pub fn source<A: Parser>(tool: impl FnOnce(A, &mut Flow) -> Result<()>) -> ExitCode {
    run(|command, apart, shared: Run, args: A| {
        messages::start(command.get_name(), &shared.voice);
        apart?;
        flow(&shared, None, |flow| tool(args, flow)).map(Ok)
    })
}

/// Runs a tool that neither reads nor writes records.
///
/// `tool` returns the exit status for what went well.
pub fn command<A: Parser>(tool: impl FnOnce(A) -> Result<ExitCode>) -> ExitCode {
    let mut status = ExitCode::SUCCESS;
    let ended = run(|command, apart, voice: Voice, args: A| {
        messages::start(command.get_name(), &voice);
        apart?;
        status = tool(args)?;
        settle()?;
        Ok(Ok(()))
    });
    if ended == ExitCode::SUCCESS {
        status
    } else {
        ended
    }
}

fn flow(run: &Run, input: Option<Input>, work: impl FnOnce(&mut Flow) -> Result<()>) -> Result<()> {
    let mut flow = Flow::open(run, input)?;
    let worked = work(&mut flow);
    let closed = flow.close(worked.is_ok());
    worked.and(closed)
}

/// Reads the command line and does `work`, whose inner error is one of usage. It is told whether the files to write
/// are apart from all others, to say so once messages can be said.
fn run<S: Args, A: Parser>(
    work: impl FnOnce(&mut Command, Result<()>, S, A) -> Result<Result<(), clap::Error>>,
) -> ExitCode {
    let tool = A::command();
    // The shared flags would put what they say of themselves in the tool's place.
    let about = Resettable::from(tool.get_about().cloned());
    let long_about = Resettable::from(tool.get_long_about().cloned());
    let mut command = S::augment_args(tool).about(about).long_about(long_about);
    command.build();
    if let Some(written) = generate(&command) {
        return status(to_standard_output(written));
    }
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = parsed.and_then(|mut matches| {
        let apart = outputs::apart(&command, &matches);
        let shared = S::from_arg_matches_mut(&mut matches)?;
        Ok((apart, shared, A::from_arg_matches_mut(&mut matches)?))
    });
    let usage = match parsed {
        Ok((apart, shared, args)) => match work(&mut command, apart, shared, args) {
            Ok(Err(usage)) => usage,
            Ok(Ok(())) => return ExitCode::SUCCESS,
            Err(error) => return status(Err(error)),
        },
        Err(usage) => usage.format(&mut command),
    };
    match complain(&usage) {
        Ok(()) => ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2)),
        error => status(to_standard_output(error)),
    }
}

/// Says what is wrong with the command line, or what was asked of it. A word of it that would write to
/// the terminal by itself is shown as it is written, without the colours that would be lost in it.
fn complain(usage: &clap::Error) -> io::Result<()> {
    let strange = |word: OsString| matches!(printable(&word.to_string_lossy()), Cow::Owned(_));
    if !usage.use_stderr() || !std::env::args_os().any(strange) {
        return usage.print();
    }
    let text = usage.render().to_string();
    let lines: Vec<_> = text.lines().map(printable).collect();
    writeln!(io::stderr(), "{}", lines.join("\n"))
}

fn status(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<ReaderGone>() => ExitCode::SUCCESS,
        Err(error) => {
            match Fault::of(error.as_ref()) {
                Some(fault) => log::error!("{}: {}", told(&error), fault.advice()),
                None => log::error!("{}", told(&error)),
            }
            ExitCode::FAILURE
        }
    }
}

/// Answers `TOOL --generate man|bash|zsh|fish`, which is not in the help:
/// before parsing, so that required flags do not get in the way.
fn generate(command: &Command) -> Option<io::Result<()>> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != "--generate" {
        return None;
    }
    let kind = words.next();
    let mut command = command.clone();
    let mut paper = Vec::new();
    let shell = match kind.as_deref().and_then(OsStr::to_str) {
        Some("man") => None,
        Some("bash") => Some(Shell::Bash),
        Some("zsh") => Some(Shell::Zsh),
        Some("fish") => Some(Shell::Fish),
        _ => return None,
    };
    let drawn = match shell {
        None => clap_mangen::Man::new(command).render(&mut paper),
        Some(shell) => {
            let name = command.get_name().to_owned();
            clap_complete::generate(shell, &mut command, name, &mut paper);
            Ok(())
        }
    };
    Some(drawn.and_then(|()| io::stdout().write_all(&paper)))
}
