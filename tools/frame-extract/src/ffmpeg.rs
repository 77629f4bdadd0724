//! The ffmpeg program: where it is, and how it is called.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use stage::{Context, Result, anyhow, bail};

use crate::containers;

/// Where `make setup` puts ffmpeg, seen from the folder of models.
const BROUGHT: &str = "runtime/ffmpeg";

/// The environment variable that names the program.
const VARIABLE: &str = "FFMPEG";

/// Where glibc looks for converters of character sets: nowhere. A static build loads those of the
/// machine, which are of another glibc, and dies of it on the service names of every transport stream.
const NO_CONVERTERS: (&str, &str) = ("GCONV_PATH", "/nonexistent");

/// An ffmpeg that runs.
#[derive(Debug, Clone)]
pub(crate) struct Ffmpeg {
    program: PathBuf,
    /// The major version; builds between releases count as the newest.
    major: u32,
}

impl Ffmpeg {
    /// Finds the program: `named`, else by the environment, else what `make setup` downloaded, else
    /// the first on the search path.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self> {
        let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
        if let Some(program) = named.map(PathBuf::from).or(variable.map(PathBuf::from)) {
            return Self::at(&program).with_context(|| program.display().to_string());
        }
        for program in brought().chain([PathBuf::from("ffmpeg")]) {
            match Self::at(&program) {
                Ok(found) => return Ok(found),
                Err(cause) => log::debug!("{}: {cause:#}", program.display()),
            }
        }
        Err(anyhow!(
            "ffmpeg: not found: run `make setup` or `film2lora make setup`, or install it, or name it with --ffmpeg"
        ))
    }

    fn at(program: &Path) -> Result<Self> {
        let mut found = Self {
            program: program.to_owned(),
            major: u32::MAX,
        };
        let said = found.asked("-version").context("cannot run ffmpeg")?;
        let Some(version) = said.strip_prefix("ffmpeg version ") else {
            bail!("is not ffmpeg: it prints no version");
        };
        log::debug!("{}: {}", program.display(), first_line(version));
        found.major = major(version);
        Ok(found)
    }

    /// What it answers to a flag that asks about itself.
    fn asked(&self, flag: &str) -> Result<String> {
        let ran = self.command().arg(flag).output()?;
        Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env(NO_CONVERTERS.0, NO_CONVERTERS.1);
        command.arg("-hide_banner").stdin(Stdio::null());
        command
    }

    /// A call that reads `film`; `before` are flags for its decoding. Its output is still to be
    /// added.
    ///
    /// Nothing in the film's place may reach for anything else: only files are opened, and only as
    /// containers that hold their images themselves.
    pub(crate) fn reading(&self, film: &Path, before: &[&str]) -> Command {
        let mut command = self.command();
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
        let flag = if self.major < 6 {
            "-vsync"
        } else {
            "-fps_mode"
        };
        [flag, "passthrough"]
    }

    /// The flag that reads a filter chain from a file.
    pub(crate) fn chain_file_flag(&self) -> &'static str {
        if self.major < 7 {
            "-filter_script:v"
        } else {
            "-/filter:v"
        }
    }

    /// Whether all of `filters` are built in.
    pub(crate) fn has_filters(&self, filters: &[&str]) -> Result<bool> {
        let said = self.asked("-filters").context("ffmpeg")?;
        Ok(filters.iter().all(|name| lists(&said, name)))
    }

    /// Whether a decoder of this name is built in.
    pub(crate) fn has_decoder(&self, name: &str) -> Result<bool> {
        Ok(lists(&self.asked("-decoders").context("ffmpeg")?, name))
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

/// Whether the second word of a line is `name`, as in ffmpeg's lists of filters and decoders.
fn lists(said: &str, name: &str) -> bool {
    let mut lines = said.lines();
    lines.any(|line| line.split_whitespace().nth(1) == Some(name))
}

/// Where `make setup` may have put ffmpeg: in `$FILM2LORA_MODELS`, in the repository that the program was built
/// in, where `make install` copies it to (`share/film2lora/models` beside `bin`), or in the current folder.
fn brought() -> impl Iterator<Item = PathBuf> {
    let named = std::env::var_os("FILM2LORA_MODELS").filter(|folder| !folder.is_empty());
    let own = std::env::current_exe().unwrap_or_default();
    let above = own.ancestors().skip(1).take(6);
    let above: Vec<PathBuf> = above
        .flat_map(|folder| [folder.join("models"), folder.join("share/film2lora/models")])
        .collect();
    let folders = named.map(PathBuf::from).into_iter().chain(above);
    let folders = folders.chain([PathBuf::from("models")]);
    let programs = folders.map(|folder| folder.join(BROUGHT));
    programs.filter(|program| program.is_file())
}

/// The film as ffmpeg must be told of it, so that a name like `-i` or `a:b` is just a name.
fn address(film: &Path) -> OsString {
    let mut address = OsString::from("file:");
    address.push(film);
    address
}

/// The number in front of a version such as `6.1.1-3ubuntu5` or `n7.1`.
fn major(version: &str) -> u32 {
    let digits = version.trim_start_matches('n');
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())]
        .parse()
        .unwrap_or(u32::MAX)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    #[test]
    fn versions_of_all_kinds() {
        assert_eq!(major("5.1.9-0+deb12u1 Copyright"), 5);
        assert_eq!(major("n9.0.2-17-g2a571b6068"), 9);
        assert_eq!(major("N-112233-gabcdef"), u32::MAX);
    }

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
