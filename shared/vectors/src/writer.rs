//! A file of vectors that grows while records go by.

use std::fs::{self, File};
use std::io;
use std::mem;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use log::warn;
use machine::file;
use manifest::Record;
use manifest::shapes::{Row, Vector};

use crate::npy::{HEAD, head};
use crate::reader::{checksum, row_length};

/// Moves the vectors of records to a file, which is made for the first of them.
///
/// The name of the file is a hash of that record and of how it was embedded, so that it is the same whenever the same records
/// are embedded in the same way, and another for another part of a manifest or another film. Rows are written where they are, and the file
/// is not emptied first: while it is written anew, a manifest of an earlier run still finds its rows. How many rows there
/// are is written to the head at the end.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    /// How records are embedded.
    how: String,
    rows: Option<Rows>,
}

/// The file.
#[derive(Debug)]
struct Rows {
    path: PathBuf,
    file: File,
    /// How many numbers a row has.
    length: u32,
    /// How many rows were written.
    count: u64,
}

impl Writer {
    /// Writes to a file in `folder`, which is made if it is not there; records name it with this path in front. `how` is
    /// all that decides on the vector of a record beside the record.
    pub fn new(folder: &Path, how: String) -> Self {
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        Self {
            folder: folder.components().collect(),
            how,
            rows: None,
        }
    }

    /// Moves the vector of the key `embedding`, if there is one in the record itself, and says there where it is. The system has
    /// the row when this returns.
    pub fn take(&mut self, record: &mut Record) -> Result<()> {
        let Some(mut embedding) = record.embedding()? else {
            return Ok(());
        };
        let empty = Vector::Numbers(Vec::new());
        let Vector::Numbers(numbers) = mem::replace(&mut embedding.vector, empty) else {
            return Ok(());
        };
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => {
                let path = self.folder.join(name(record, &self.how));
                let rows = Rows::open(&path, numbers.len());
                none.insert(rows.with_context(|| path.display().to_string())?)
            }
        };
        embedding.vector = Vector::Row(rows.put(&numbers)?);
        Ok(record.put("embedding", &embedding)?)
    }

    /// Completes the file. Of a run that ended `well` it has those rows that were written and no others, and is on the
    /// disk; else rows of an earlier run stay behind them.
    pub fn finish(&mut self, well: bool) -> Result<()> {
        match self.rows.take() {
            Some(rows) => rows.finish(well),
            None => Ok(()),
        }
    }
}

/// The name of the file whose first row is the vector of this record, which it still holds itself.
fn name(record: &Record, how: &str) -> String {
    let mut line = Vec::new();
    record.write_line(&mut line);
    line.extend_from_slice(how.as_bytes());
    format!("{}.npy", &blake3::hash(&line).to_hex()[..16])
}

impl Rows {
    fn open(path: &Path, numbers: usize) -> Result<Self> {
        let length = u32::try_from(numbers).context("a vector of more than 4 G numbers")?;
        ensure!(length > 0, "key `embedding`: a vector without numbers");
        // A copy that shares the file keeps what it has.
        if fs::metadata(path).is_ok_and(|there| there.is_file() && there.nlink() > 1) {
            fs::remove_file(path)?;
        }
        let file = file::in_place(path)?;
        let begins = row_length(&file)?;
        ensure!(
            begins.is_some() || file.metadata()?.len() == 0,
            "is no file of vectors, and stays as it is: name another folder"
        );
        // One that is there already is true for the rows of an earlier run until this one is done.
        if begins != Some((HEAD as u64, length)) {
            file.write_all_at(&head(0, length), 0)
                .map_err(file::unwritten)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            length,
            count: 0,
        })
    }

    fn put(&mut self, numbers: &[f32]) -> Result<Row> {
        ensure!(
            numbers.len() == self.length as usize,
            "key `embedding`: {} numbers, but those before have {}",
            numbers.len(),
            self.length
        );
        let bytes: Vec<u8> = { numbers.iter() }
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let at = self.end();
        self.named(|file| file.write_all_at(&bytes, at))?;
        self.count += 1;
        Ok(Row {
            file: self.path.clone(),
            row: self.count - 1,
            crc32: checksum(&bytes),
        })
    }

    /// Where the rows that were written end, bytes.
    fn end(&self) -> u64 {
        HEAD as u64 + self.count * self.size()
    }

    /// How many bytes a row has.
    fn size(&self) -> u64 {
        u64::from(self.length) * size_of::<f32>() as u64
    }

    fn finish(&self, well: bool) -> Result<()> {
        let path = self.path.display();
        let there = self.named(|file| Ok(file.metadata()?.len()))?;
        let there = there.saturating_sub(HEAD as u64) / self.size();
        let count = if well {
            self.count
        } else {
            there.max(self.count)
        };
        if count < there {
            warn!(
                "{path}: has {count} rows now, and had {there}: of a manifest that names the others, clip-embed is to be run again"
            );
        }
        self.named(|file| file.write_all_at(&head(count, self.length), 0))?;
        if well {
            self.named(|file| file.set_len(self.end()))?;
            self.named(File::sync_all)?;
        }
        Ok(())
    }

    fn named<T>(&self, work: impl FnOnce(&File) -> io::Result<T>) -> Result<T> {
        let done = work(&self.file).map_err(file::unwritten);
        done.with_context(|| self.path.display().to_string())
    }
}
