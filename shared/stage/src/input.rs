//! Where records come from: manifests, one after another.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use manifest::{Line, Reader};

use crate::progress::Total;

/// What standard input is called in messages.
const STDIN: &str = "stdin";

/// One manifest that is open.
type Manifest = Reader<BufReader<File>>;

/// The manifests of a run. All are opened before work begins, so that a name
/// that is wrong is found at once.
pub(crate) struct Input {
    manifests: std::vec::IntoIter<Manifest>,
    total: Total,
    /// Device and number of each manifest that is a plain file.
    files: Vec<(u64, u64)>,
}

/// A line and the name of the manifest it is from.
pub(crate) struct Located {
    pub(crate) name: String,
    pub(crate) line: Line,
}

impl Located {
    /// Parses the record; errors name the manifest and the line.
    pub(crate) fn parse(&self) -> Result<manifest::Record> {
        let record = self.line.parse();
        Ok(record.map_err(|cause| self.line.error(&self.name, cause))?)
    }

    /// Says where the line is.
    pub(crate) fn place(&self) -> String {
        format!("{}: line {}", self.name, self.line.number)
    }
}

impl Input {
    /// Opens `paths`; none or `-` is standard input.
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Self> {
        let standard = [PathBuf::from("-")];
        let paths = if paths.is_empty() { &standard } else { paths };
        let mut manifests = Vec::new();
        let mut bytes = Some(0);
        let mut files = Vec::new();
        for path in paths {
            let file = open(path)?;
            let metadata = file.metadata();
            let length = metadata.ok().filter(Metadata::is_file);
            files.extend(length.as_ref().map(same_file));
            bytes = bytes.zip(length).map(|(sum, m)| sum + m.len());
            let name = if is_standard(path) {
                STDIN.to_owned()
            } else {
                path.display().to_string()
            };
            manifests.push(Reader::new(name, BufReader::with_capacity(1 << 16, file)));
        }
        Ok(Self {
            manifests: manifests.into_iter(),
            total: bytes.map_or(Total::Unknown, Total::Bytes),
            files,
        })
    }

    /// Whether `path` is one of the manifests, by whatever name.
    pub(crate) fn reads(&self, path: &Path) -> bool {
        path.metadata()
            .is_ok_and(|file| self.files.contains(&same_file(&file)))
    }

    /// How much there is to read.
    pub(crate) fn total(&self) -> Total {
        self.total
    }

    /// All lines.
    pub(crate) fn lines(mut self) -> impl Iterator<Item = manifest::Result<Located>> + Send {
        let mut current = self.manifests.next();
        std::iter::from_fn(move || {
            loop {
                let manifest = current.as_mut()?;
                if let Some(line) = manifest.next_line() {
                    let name = manifest.name().to_owned();
                    return Some(line.map(|line| Located { name, line }));
                }
                current = self.manifests.next();
            }
        })
    }
}

/// What makes a file the same file under two names.
fn same_file(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// Whether the run would wait for someone to type a manifest.
pub(crate) fn would_wait(paths: &[PathBuf]) -> bool {
    let standard = paths.is_empty() || paths.iter().any(|path| is_standard(path));
    standard && io::stdin().is_terminal()
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn open(path: &Path) -> Result<File> {
    if is_standard(path) {
        let stdin = io::stdin().as_fd().try_clone_to_owned();
        return Ok(File::from(stdin.context(STDIN)?));
    }
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let folder = file.metadata().is_ok_and(|m| m.is_dir());
    ensure!(!folder, "{}: is a directory", path.display());
    Ok(file)
}
