//! Where records go: standard output and the rejects file.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use manifest::Record;

use crate::beside::Beside;
use crate::words::printable;

/// Standard output and the rejects file, shared with the thread that handles
/// signals: whoever holds the lock finds whole lines in both.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<Writers>>);

/// The two files.
pub(crate) struct Writers {
    output: BufWriter<File>,
    rejects: Option<BufWriter<File>>,
    pub(crate) beside: Option<Box<dyn Beside + Send>>,
    line: Vec<u8>,
}

/// The reader of standard output has gone, as `head` does: nothing is wrong.
#[derive(Debug, thiserror::Error)]
#[error("standard output: the reader has closed it")]
pub(crate) struct ReaderGone;

/// Tells a reader that has gone from other errors of standard output.
pub(crate) fn to_standard_output(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        other => other.context("standard output"),
    }
}

/// Writes `text` to standard output, for tools that write no records; that
/// nobody reads it any more is no error to the user. On a terminal, what
/// would speak to it is shown by its number.
pub fn print(text: &str) -> Result<()> {
    let mut output = io::stdout();
    if !output.is_terminal() {
        return to_standard_output(output.write_all(text.as_bytes()));
    }
    let shown: String = text.split_inclusive('\n').map(shown).collect();
    to_standard_output(output.write_all(shown.as_bytes()))
}

/// A line as a terminal may have it, its newline and tabs left.
fn shown(line: &str) -> String {
    let (text, end) = line
        .strip_suffix('\n')
        .map_or((line, ""), |text| (text, "\n"));
    let cells: Vec<_> = text.split('\t').map(printable).collect();
    cells.join("\t") + end
}

impl Output {
    /// Opens standard output, and `rejects` if it is given.
    pub(crate) fn open(rejects: Option<&Path>) -> Result<Self> {
        // `Stdout` would flush at every newline.
        let output = io::stdout().as_fd().try_clone_to_owned();
        let output = File::from(output.context("standard output")?);
        let create = |path: &Path| File::create(path).with_context(|| path.display().to_string());
        let rejects_file = rejects.map(create).transpose()?;
        if let Some(path) = rejects {
            machine::file::wrote(path);
        }
        Ok(Self(Arc::new(Mutex::new(Writers {
            output: BufWriter::with_capacity(1 << 16, output),
            rejects: rejects_file.map(BufWriter::new),
            beside: None,
            line: Vec::new(),
        }))))
    }

    /// The writers, once nobody is in the middle of a line.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Writers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writers, if nobody is in the middle of a line.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, Writers>> {
        self.0.try_lock().ok()
    }
}

impl Writers {
    /// Writes one record to standard output, and first what goes beside it.
    pub(crate) fn write(&mut self, record: &mut Record) -> Result<()> {
        if let Some(beside) = &mut self.beside {
            beside.take(record)?;
        }
        self.line.clear();
        record.write_line(&mut self.line);
        to_standard_output(self.output.write_all(&self.line))
    }

    /// Writes one record to the rejects file, if there is one.
    pub(crate) fn reject(&mut self, record: &Record) -> Result<()> {
        let Some(rejects) = &mut self.rejects else {
            return Ok(());
        };
        self.line.clear();
        record.write_line(&mut self.line);
        rejects.write_all(&self.line).context("rejects file")
    }

    /// Hands everything on to the kernel.
    pub(crate) fn flush(&mut self) -> Result<()> {
        to_standard_output(self.output.flush())?;
        match &mut self.rejects {
            Some(rejects) => rejects.flush().context("rejects file"),
            None => Ok(()),
        }
    }

    /// As [`flush`](Self::flush), when no more records come; `well` says whether all went through.
    pub(crate) fn end(&mut self, well: bool) -> Result<()> {
        let flushed = self.flush();
        let well = well && flushed.is_ok();
        let completed = self.beside.take().map(|mut file| file.complete(well));
        flushed.and(completed.unwrap_or(Ok(())))
    }
}
