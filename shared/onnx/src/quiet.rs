//! Keeps ONNX Runtime from telling of the user.
//!
//! From 1.29 on, the published library for Linux and macOS writes an identifier of the machine and a
//! list of events into the user's cache folder and sends them to its maker, unless a variable of the
//! environment says otherwise when it is loaded (microsoft/onnxruntime, pull requests 27379 and
//! 29843). The switch in its programming interface comes too late for the first event.

use std::env;
use std::process::ExitCode;

/// Set, nothing is written or sent.
const OFF: &str = "ORT_DISABLE_TELEMETRY";

/// Runs `main`, the whole of a tool that runs networks, in an environment in which ONNX Runtime
/// keeps to itself; whoever has set that variable to anything is left their choice.
///
/// A process cannot safely change its own environment, so this one starts itself again in its own
/// place: nothing has been read or written by then.
pub fn quietly(main: impl FnOnce() -> ExitCode) -> ExitCode {
    if env::var_os(OFF).is_none()
        && let Err(error) = again()
    {
        log::debug!("{OFF} cannot be set: {error}");
    }
    main()
}

/// Starts this program again in its own place, with [`OFF`] set; returns only where that fails.
#[cfg(unix)]
fn again() -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let mut words = env::args_os();
    let mut command = Command::new(env::current_exe()?);
    if let Some(name) = words.next() {
        command.arg0(name);
    }
    Err(command.args(words).env(OFF, "1").exec())
}

/// The library for other systems has no such variable.
#[cfg(not(unix))]
fn again() -> std::io::Result<()> {
    Ok(())
}
