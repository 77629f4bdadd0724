//! Lines of records that wait on the disk until all have been seen.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use manifest::{Line, Record};

/// What is held in memory before it goes to the disk, in bytes: most manifests are no longer.
const HELD: usize = 1 << 26;

/// The lines of records, as they came in: a tool that sees all at once needs no more than a few
/// numbers of each until it writes them.
///
/// What does not fit into memory is in a file without a name in the folder for temporary files
/// (`TMPDIR`), which is gone with the process, however that ends.
#[derive(Debug, Default)]
pub struct Shelf {
    file: Option<File>,
    /// How much of all lines is in the file; the rest is held.
    written: u64,
    held: Vec<u8>,
}

/// Where on a [`Shelf`] a record is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    at: u64,
    length: usize,
}

impl Shelf {
    /// Puts a line there.
    pub(crate) fn put(&mut self, line: &[u8]) -> Result<Place> {
        if self.held.len() + line.len() > HELD {
            self.write().with_context(Self::name)?;
        }
        let at = self.written + self.held.len() as u64;
        self.held.extend_from_slice(line);
        Ok(Place {
            at,
            length: line.len(),
        })
    }

    /// The record at a place of this shelf.
    pub fn record(&self, place: Place) -> Result<Record> {
        let bytes = self.bytes(place).with_context(Self::name)?;
        Ok(Line { number: 0, bytes }.parse()?)
    }

    fn bytes(&self, Place { at, length }: Place) -> io::Result<Vec<u8>> {
        if let Some(from) = at.checked_sub(self.written) {
            let from = from as usize;
            return Ok(self.held[from..from + length].to_vec());
        }
        let mut bytes = vec![0; length];
        if let Some(file) = &self.file {
            file.read_exact_at(&mut bytes, at)?;
        }
        Ok(bytes)
    }

    /// Moves what is held into the file.
    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.held)?;
        self.written += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }

    fn name() -> String {
        let folder = std::env::temp_dir();
        format!("a temporary file in {}", folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_from_memory_and_from_the_disk() {
        let mut shelf = Shelf::default();
        let line = |number: usize| {
            let filling = "x".repeat(number % 7 * 1_000_000);
            format!("{{\"id\":\"{number}\",\"filling\":\"{filling}\"}}")
        };
        let places: Vec<_> = (0..40)
            .map(|number| shelf.put(line(number).as_bytes()).unwrap())
            .collect();
        assert!(shelf.written > HELD as u64 / 2, "some are on the disk");
        assert!(!shelf.held.is_empty(), "and some are not");
        // In any order, and more than once.
        for number in [39, 0, 17, 39, 20] {
            let record = shelf.record(places[number]).unwrap();
            assert_eq!(record.to_string(), line(number));
        }
    }
}
