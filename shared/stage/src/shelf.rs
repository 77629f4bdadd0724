//! Lines of records that wait on the disk until all have been seen.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use manifest::{Line, Record};

/// What is held in memory before it goes to the disk, in bytes: most manifests are no longer.
const HELD: usize = 1 << 26;

/// The lines of records, as they came in, each with the vector that was read from it: a tool that sees
/// all at once needs no more than a few numbers of each until it compares or writes them.
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

/// Where on a [`Shelf`] a record is, and behind it its vector.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    at: u64,
    length: u32,
    numbers: u32,
}

impl Place {
    /// How many numbers the vector has; none where the record has no vector.
    pub fn numbers(&self) -> usize {
        self.numbers as usize
    }
}

impl Shelf {
    /// Puts a line and a vector there.
    pub(crate) fn put(&mut self, line: &[u8], vector: &[f32]) -> Result<Place> {
        if self.held.len() + line.len() + size_of_val(vector) > HELD {
            self.write().with_context(Self::name)?;
        }
        let at = self.written + self.held.len() as u64;
        self.held.extend_from_slice(line);
        let numbers = vector.iter().flat_map(|number| number.to_le_bytes());
        self.held.extend(numbers);
        Ok(Place {
            at,
            length: u32::try_from(line.len()).context("a line of more than 4 GB")?,
            numbers: u32::try_from(vector.len()).context("a vector of more than 4 G numbers")?,
        })
    }

    /// The record at a place of this shelf.
    pub fn record(&self, place: Place) -> Result<Record> {
        let bytes = self.bytes(place.at, place.length as usize)?;
        Ok(Line { number: 0, bytes }.parse()?)
    }

    /// The vector of the record there.
    pub fn vector(&self, place: Place) -> Result<Vec<f32>> {
        let at = place.at + u64::from(place.length);
        let bytes = self.bytes(at, size_of::<f32>() * place.numbers())?;
        let (numbers, _) = bytes.as_chunks();
        let numbers = numbers.iter().copied().map(f32::from_le_bytes);
        Ok(numbers.collect())
    }

    fn bytes(&self, at: u64, length: usize) -> Result<Vec<u8>> {
        self.read(at, length).with_context(Self::name)
    }

    fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
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
            .map(|number| {
                let vector = vec![number as f32 + 0.5; number % 3];
                shelf.put(line(number).as_bytes(), &vector).unwrap()
            })
            .collect();
        assert!(shelf.written > HELD as u64 / 2, "some are on the disk");
        assert!(!shelf.held.is_empty(), "and some are not");
        // In any order, and more than once.
        for number in [39, 0, 17, 39, 20] {
            let record = shelf.record(places[number]).unwrap();
            assert_eq!(record.to_string(), line(number));
            assert_eq!(places[number].numbers(), number % 3);
            let vector = shelf.vector(places[number]).unwrap();
            assert_eq!(vector, vec![number as f32 + 0.5; number % 3]);
        }
    }
}
