//! How the ffmpeg program is called.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitStatus};

use stage::{Result, machine};

use crate::containers;

/// An ffmpeg that runs, as this tool calls it.
#[derive(Debug, Clone)]
pub(crate) struct Ffmpeg {
    program: machine::Ffmpeg,
}

impl Ffmpeg {
    /// Finds the program: `named`, else where [`machine::Ffmpeg::find`] looks for it.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self> {
        let program = machine::Ffmpeg::find(named)?;
        Ok(Self { program })
    }

    /// A call that reads `film`; `before` are flags for its decoding. Its output is still to be
    /// added.
    ///
    /// Nothing in the film's place may reach for anything else: only files are opened, and only as
    /// containers that hold their images themselves.
    pub(crate) fn reading(&self, film: &Path, before: &[&str]) -> Command {
        let mut command = self.program.command();
        command
            .args(["-nostdin", "-nostats", "-loglevel", "level+info"])
            .args(["-protocol_whitelist", "file"])
            .args(["-format_whitelist", &containers::LIST.join(",")])
            .args(before)
            .args([OsStr::new("-i"), &address(film)]);
        command
    }

    /// The arguments by which every decoded frame comes out once, whatever its time.
    pub(crate) fn every_frame_once(&self) -> [&'static str; 2] {
        let flag = if self.program.major() < 6 {
            "-vsync"
        } else {
            "-fps_mode"
        };
        [flag, "passthrough"]
    }

    /// The flag that reads a filter chain from a file.
    pub(crate) fn chain_file_flag(&self) -> &'static str {
        if self.program.major() < 7 {
            "-filter_script:v"
        } else {
            "-/filter:v"
        }
    }

    /// Whether all of `filters` are built in.
    pub(crate) fn has_filters(&self, filters: &[&str]) -> Result<bool> {
        self.program.has_filters(filters)
    }

    /// Whether a decoder of this name is built in.
    pub(crate) fn has_decoder(&self, name: &str) -> Result<bool> {
        self.program.has_decoder(name)
    }
}

/// What to say of an ffmpeg that was ended from outside or by a fault of its own; none of one that
/// ended by itself, well or not.
pub(crate) fn signal(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt as _;

    let number = status.signal()?;
    let (name, what_to_do) = match number {
        4 => ("SIGILL", "name one built for this processor with --ffmpeg"),
        6 => ("SIGABRT", "it aborted: name another with --ffmpeg"),
        9 => ("SIGKILL", "memory may have run out"),
        11 => (
            "SIGSEGV",
            "an error in ffmpeg itself: name another with --ffmpeg, or install one",
        ),
        15 => ("SIGTERM", "run it again"),
        _ => return Some(format!("ffmpeg was stopped by signal {number}")),
    };
    Some(format!(
        "ffmpeg was stopped by signal {number} ({name}): {what_to_do}"
    ))
}

/// The film as ffmpeg must be told of it, so that a name like `-i` or `a:b` is just a name.
fn address(film: &Path) -> OsString {
    let mut address = OsString::from("file:");
    address.push(film);
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    #[test]
    fn a_name_is_never_a_flag() {
        assert_eq!(address(Path::new("-y.mp4")), "file:-y.mp4");
    }

    #[test]
    fn a_signal_is_told_by_name() {
        let words = signal(ExitStatus::from_raw(11)).unwrap_or_default();
        assert!(words.starts_with("ffmpeg was stopped by signal 11 (SIGSEGV)"));
        let words = signal(ExitStatus::from_raw(27)).unwrap_or_default();
        assert_eq!(words, "ffmpeg was stopped by signal 27");
        // The status of one that exits with 1.
        assert_eq!(signal(ExitStatus::from_raw(1 << 8)), None);
    }
}
