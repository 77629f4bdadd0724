//! Asking a program about itself, without waiting for ever.

use std::io::{Read, Seek};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a program may take to say which version it is and what it can do. ffmpeg takes a tenth of a second; the
/// first start from a network disk takes seconds.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs a program that answers and ends at once, and returns what it wrote to standard output, and how it ended.
///
/// An error if it cannot be run, or does not end in 20 seconds, upon which it is killed.
pub fn ask(command: &mut Command) -> Result<(String, ExitStatus)> {
    within(command, LIMIT)
}

fn within(command: &mut Command, limit: Duration) -> Result<(String, ExitStatus)> {
    // A pipe that is not read fills up and blocks the program; a file does not.
    let mut answer = tempfile::tempfile().context("a temporary file for its answer")?;
    let child = command
        .stdin(Stdio::null())
        .stdout(answer.try_clone()?)
        .stderr(Stdio::null())
        .spawn()?;
    let ended = end(child, limit)?;
    answer.rewind()?;
    let mut bytes = Vec::new();
    answer.read_to_end(&mut bytes)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), ended))
}

fn end(mut child: Child, limit: Duration) -> Result<ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(ended) = child.try_wait()? {
            return Ok(ended);
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            bail!("it did not answer in {} seconds", limit.as_secs_f32());
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn an_answer_longer_than_a_pipe_holds_is_read_whole() {
        let script = "i=0; while [ $i -lt 5000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; exit 3";
        let (said, ended) = ask(&mut shell(script)).unwrap();
        assert_eq!((said.len(), ended.code()), (5000 * 41, Some(3)));
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let error = within(&mut shell("exec sleep 600"), Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.to_string(), "it did not answer in 0.1 seconds");
    }
}
