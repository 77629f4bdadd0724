//! Rows of files, read one by one.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use machine::Fault;
use manifest::shapes::Row;

use crate::npy;

/// This many files are kept open: the records of one manifest name one, or one for each block that it was put together from.
const MOST: usize = 16;

/// The files that are open, the last one used at the end.
static OPEN: Mutex<Vec<(PathBuf, Arc<Rows>)>> = Mutex::new(Vec::new());

/// A file of vectors.
struct Rows {
    file: File,
    /// Where the first row begins, bytes.
    start: u64,
    /// How many numbers a row has.
    length: u32,
}

/// The numbers of a row.
pub(crate) fn read(row: &Row) -> Result<Vec<f32>> {
    let found = opened(&row.file).and_then(|rows| rows.numbers(row));
    found.map_err(|why| {
        let place = format!("{}: row {}", row.file.display(), row.row);
        if Fault::of(why.as_ref()).is_some() {
            return why.context(place);
        }
        anyhow!("{place}: {why:#}: {}", remedy(&why))
    })
}

/// What to do where a row cannot be read.
fn remedy(why: &Error) -> &'static str {
    let why = why.downcast_ref::<std::io::Error>();
    if why.is_some_and(|why| why.kind() == ErrorKind::NotFound) {
        "run clip-embed again, or work in the folder that the path is relative to"
    } else {
        "run clip-embed again"
    }
}

/// The file of that path, which is opened if it is not open.
fn opened(path: &Path) -> Result<Arc<Rows>> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = match open.iter().position(|(name, _)| name == path) {
        Some(at) => open.remove(at),
        None => (path.to_owned(), Arc::new(Rows::open(path)?)),
    };
    let rows = Arc::clone(&found.1);
    if open.len() >= MOST {
        open.remove(0);
    }
    open.push(found);
    Ok(rows)
}

impl Rows {
    fn open(path: &Path) -> Result<Self> {
        // A pipe would wait for somebody to write to it.
        ensure!(fs::metadata(path)?.is_file(), "is no regular file");
        let file = File::open(path)?;
        let length = row_length(&file)?;
        let (start, length) =
            length.context("is no NumPy file of 32-bit numbers with two axes (`<f4`)")?;
        Ok(Self {
            file,
            start,
            length,
        })
    }

    fn numbers(&self, row: &Row) -> Result<Vec<f32>> {
        let bytes = self.bytes(row.row)?;
        let found = checksum(&bytes);
        ensure!(
            found == row.crc32,
            "has the checksum {found}, and not {} as its record says: it was written anew since",
            row.crc32
        );
        let (numbers, _) = bytes.as_chunks();
        let numbers = numbers.iter().copied().map(f32::from_le_bytes);
        let numbers: Vec<f32> = numbers.collect();
        // JSON has no such numbers, so that no tool looks for them.
        match numbers.iter().position(|number| !number.is_finite()) {
            Some(at) => bail!("number {at} is {}", numbers[at]),
            None => Ok(numbers),
        }
    }

    fn bytes(&self, row: u64) -> Result<Vec<u8>> {
        let size = u64::from(self.length) * size_of::<f32>() as u64;
        let there = self.file.metadata()?.len().saturating_sub(self.start);
        let rows = there.checked_div(size).unwrap_or(0);
        ensure!(row < rows, "is not there: the file has {rows} rows");
        let mut bytes = vec![0; size as usize];
        self.file
            .read_exact_at(&mut bytes, self.start + row * size)?;
        Ok(bytes)
    }
}

/// Where the rows of an open file begin, and how many numbers each has; `None` if it is another kind of file.
pub(crate) fn row_length(file: &File) -> std::io::Result<Option<(u64, u32)>> {
    let cut = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => Ok(None),
        _ => Err(error),
    };
    let mut first = [0; npy::FIXED];
    if let Err(error) = file.read_exact_at(&mut first, 0) {
        return cut(error);
    }
    let Some(length) = npy::text_length(first) else {
        return Ok(None);
    };
    let mut text = vec![0; length];
    if let Err(error) = file.read_exact_at(&mut text, npy::FIXED as u64) {
        return cut(error);
    }
    let start = (npy::FIXED + length) as u64;
    Ok(npy::row_length(&text).map(|length| (start, length)))
}

/// What a record says of a row's bytes.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(bytes))
}
