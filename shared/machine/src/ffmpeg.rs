//! The ffmpeg program: where it is, and what is built into it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::ask::ask;
use crate::places;

/// Where `make setup` puts ffmpeg, seen from the folder of models.
const BROUGHT: &str = "runtime/ffmpeg";

/// The environment variable that names the program.
const VARIABLE: &str = "FFMPEG";

/// Where glibc looks for converters of character sets: nowhere. A static build loads those of the
/// machine, which are of another glibc, and dies of it on the service names of every transport stream.
const NO_CONVERTERS: (&str, &str) = ("GCONV_PATH", "/nonexistent");

/// An ffmpeg that runs.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    program: PathBuf,
    version: String,
}

impl Ffmpeg {
    /// Finds the program: `named`, else by the environment, else what `make setup` downloaded, else
    /// the first on the search path.
    pub fn find(named: Option<&Path>) -> Result<Self> {
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
            version: String::new(),
        };
        let said = found.asked("-version").context("cannot run ffmpeg")?;
        let Some(version) = said.strip_prefix("ffmpeg version ") else {
            bail!("is not ffmpeg: it prints no version");
        };
        let first = version.lines().next().unwrap_or_default();
        log::debug!("{}: {first}", program.display());
        first
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .clone_into(&mut found.version);
        Ok(found)
    }

    /// The program: a path, or a bare name for the system to find.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its version as it prints it, such as `6.1.1-3ubuntu5` or `N-112233-gabcdef`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version; builds between releases count as the newest.
    pub fn major(&self) -> u32 {
        major(&self.version)
    }

    /// What it answers to a flag that asks about itself.
    fn asked(&self, flag: &str) -> Result<String> {
        let (said, _) = ask(self.command().arg(flag))?;
        Ok(said)
    }

    /// A call of it that reads no standard input and prints no banner. What it is to do is still to be added.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env(NO_CONVERTERS.0, NO_CONVERTERS.1);
        command.arg("-hide_banner").stdin(Stdio::null());
        command
    }

    /// Whether all of `filters` are built in.
    pub fn has_filters(&self, filters: &[&str]) -> Result<bool> {
        let said = self.asked("-filters").context("ffmpeg")?;
        Ok(filters.iter().all(|name| lists(&said, name)))
    }

    /// Whether a decoder of this name is built in.
    pub fn has_decoder(&self, name: &str) -> Result<bool> {
        Ok(!self.decoders(&[name])?.is_empty())
    }

    /// Those of `names` that are decoders which are built in.
    pub fn decoders<'a>(&self, names: &[&'a str]) -> Result<Vec<&'a str>> {
        let said = self.asked("-decoders").context("ffmpeg")?;
        let there = names.iter().filter(|name| lists(&said, name));
        Ok(there.copied().collect())
    }
}

/// Whether the second word of a line is `name`, as in ffmpeg's lists of filters and decoders.
fn lists(said: &str, name: &str) -> bool {
    let mut lines = said.lines();
    lines.any(|line| line.split_whitespace().nth(1) == Some(name))
}

/// Where `make setup` may have put ffmpeg.
fn brought() -> impl Iterator<Item = PathBuf> {
    let programs = places::models().map(|folder| folder.join(BROUGHT));
    programs.filter(|program| program.is_file())
}

/// The number in front of a version such as `6.1.1-3ubuntu5` or `n7.1`.
fn major(version: &str) -> u32 {
    let digits = version.trim_start_matches('n');
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())]
        .parse()
        .unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_kinds() {
        assert_eq!(major("5.1.9-0+deb12u1"), 5);
        assert_eq!(major("n9.0.2-17-g2a571b6068"), 9);
        assert_eq!(major("N-112233-gabcdef"), u32::MAX);
    }

    #[test]
    fn a_decoder_is_the_second_word_of_its_line() {
        let said =
            " V..... = Video\n VFS..D h264   H.264 / AVC\n V..... h264_v4l2m2m  (codec h264)\n";
        assert!(lists(said, "h264"));
        assert!(!lists(said, "H.264") && !lists(said, "hevc"));
    }
}
