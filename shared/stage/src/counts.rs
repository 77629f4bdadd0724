//! How many records came and went.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};

/// The environment variable that names a file to which every tool appends
/// one JSON line of its counts when it ends: `{tool, in, out, rejected,
/// failed, seconds}`. `phase` reads them.
pub const COUNTS_VARIABLE: &str = "FILM2LORA_COUNTS";

/// How many records came and went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Records read, malformed lines included.
    pub(crate) read: u64,
    /// Records written to standard output.
    pub(crate) written: u64,
    /// Records dropped, marked ones (`--keep`) included.
    pub(crate) dropped: u64,
    /// Records on which the tool failed.
    pub(crate) failed: u64,
}

impl Counts {
    /// Appends the counts to the file that [`COUNTS_VARIABLE`] names, if any.
    ///
    /// One short write to a file opened for appending does not mix with
    /// another process's.
    pub(crate) fn append(&self, tool: &str, taken: Duration) -> Result<()> {
        let Some(path) = std::env::var_os(COUNTS_VARIABLE) else {
            return Ok(());
        };
        let line = format!(
            "{{\"tool\":\"{tool}\",\"in\":{},\"out\":{},\"rejected\":{},\"failed\":{},\"seconds\":{:.3}}}\n",
            self.read,
            self.written,
            self.dropped,
            self.failed,
            taken.as_secs_f64()
        );
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .with_context(|| format!("{COUNTS_VARIABLE}: {}", path.display()))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} in, {} out, {} dropped, {} failed",
            self.read, self.written, self.dropped, self.failed
        )
    }
}
