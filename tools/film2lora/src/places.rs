//! Where the tools are and the Makefile of the pipelines, and how to become one of them.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use stage::{Context, Result, anyhow, bail};

use crate::table::TOOLS;

/// Where this program is, and what belongs to it.
#[derive(Debug)]
pub(crate) struct Places {
    /// This program.
    pub(crate) this: PathBuf,
    /// The folder of the tools.
    pub(crate) tools: PathBuf,
    /// Whether they were installed, so that nothing else is in that folder.
    installed: bool,
}

impl Places {
    /// Finds them from where this program is.
    pub(crate) fn find() -> Result<Self> {
        let this = std::env::current_exe().and_then(std::fs::canonicalize);
        let this = this.context("this program")?;
        let folder = this.parent().unwrap_or(Path::new("/"));
        let own = folder.ends_with("libexec/film2lora");
        let libexec = folder.join("../libexec/film2lora");
        let installed = own || libexec.is_dir();
        let tools = if installed && !own {
            libexec
        } else {
            folder.to_owned()
        };
        let tools = tools.canonicalize().unwrap_or(tools);
        Ok(Self {
            this,
            tools,
            installed,
        })
    }

    /// The program of this name, if it is there. Beside a program that was not installed may be anything, and
    /// only tools count.
    pub(crate) fn tool(&self, name: &OsStr) -> Option<PathBuf> {
        let plain = Path::new(name).file_name() == Some(name);
        let known = || TOOLS.iter().any(|tool| name == tool.name);
        let program = self.tools.join(name);
        let runs = |path: &PathBuf| {
            path.metadata()
                .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        Some(program).filter(|program| plain && (self.installed || known()) && runs(program))
    }

    /// The folder of the Makefile.
    fn makefile(&self) -> Result<PathBuf> {
        // PREFIX/libexec/film2lora, or target/release in the repository.
        let above = self.tools.ancestors().nth(2).unwrap_or(Path::new("/"));
        let share = above.join("share/film2lora");
        let folder = if self.installed {
            share
        } else {
            above.to_owned()
        };
        let there = ["Makefile", "models/registry.toml"];
        if there.iter().all(|name| folder.join(name).is_file()) {
            return Ok(folder);
        }
        let folder = folder.display();
        Err(anyhow!(
            "{folder}: has no Makefile of film2lora: install film2lora again"
        ))
    }
}

/// Becomes the tool `program`.
pub(crate) fn become_tool(program: &Path, words: &[OsString]) -> Result<ExitCode> {
    let error = Command::new(program).args(words).exec();
    Err(error).with_context(|| program.display().to_string())
}

/// Becomes make, on the Makefile of the pipelines, with these tools; paths among `words` are relative to the
/// current folder.
pub(crate) fn become_make(places: &Places, words: &[OsString]) -> Result<ExitCode> {
    let folder = places.makefile()?;
    let here = std::env::current_dir().context("the current folder")?;
    let setting = |name: &str, path: &Path| {
        let mut setting = OsString::from(name);
        setting.push("=");
        setting.push(path);
        setting
    };
    // Where make is an old one of the system's (macOS), the new one has this name.
    for make in ["gmake", "make"] {
        let error = Command::new(make)
            .arg("--no-print-directory")
            .arg("-C")
            .arg(&folder)
            .arg(setting("BIN", &places.tools))
            .arg(setting("CALLED_FROM", &here))
            .args(words)
            .exec();
        if error.kind() != std::io::ErrorKind::NotFound {
            return Err(error).context(make);
        }
    }
    bail!("make: not found: install GNU make")
}
