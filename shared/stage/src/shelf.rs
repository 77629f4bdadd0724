//! Lines of records that wait on the disk until all have been seen.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, anyhow};
use manifest::{Line, Record};

/// The environment variable that says how many bytes of waiting records are held in memory before they go to the disk:
/// 64 MiB where it says nothing, as most manifests are no longer.
pub const SHELF_VARIABLE: &str = "FILM2LORA_SHELF_BYTES";

const HELD: usize = 1 << 26;

/// The lines of records, as they came in, each with the vector that was read from it: a tool that sees
/// all at once needs no more than a few numbers of each until it compares or writes them.
///
/// What does not fit into memory is in a file without a name in the folder for temporary files
/// (`TMPDIR`), which is gone with the process, however that ends.
#[derive(Debug)]
pub struct Shelf {
    file: Option<File>,
    /// How much of all lines is in the file; the rest is held.
    written: u64,
    held: Vec<u8>,
    /// How much is held at the most, unless one line alone is longer.
    most: usize,
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
    /// An empty one.
    ///
    /// An error if the environment names a number of bytes that is none.
    pub fn open() -> Result<Self> {
        let told = std::env::var_os(SHELF_VARIABLE).filter(|told| !told.is_empty());
        let most = told.map_or(Ok(HELD), |told| bytes(&told.to_string_lossy()))?;
        Ok(Self {
            file: None,
            written: 0,
            held: Vec::new(),
            most,
        })
    }

    /// Puts a record there that was not read from a manifest of this run.
    pub fn keep(&mut self, record: &Record) -> Result<Place> {
        let mut line = Vec::new();
        record.write_line(&mut line);
        self.put(line.trim_ascii_end(), &[])
    }

    /// Puts a line and a vector there.
    pub(crate) fn put(&mut self, line: &[u8], vector: &[f32]) -> Result<Place> {
        if self.held.len() + line.len() + size_of_val(vector) > self.most {
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
        format!(
            "a temporary file in {}, which TMPDIR can place elsewhere",
            folder.display()
        )
    }
}

fn bytes(told: &str) -> Result<usize> {
    let wrong = || anyhow!("{SHELF_VARIABLE}={told}: not a number of bytes");
    told.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> String {
        let filling = "x".repeat(number % 7 * 1_000);
        format!("{{\"id\":\"{number}\",\"filling\":\"{filling}\"}}")
    }

    /// Forty lines of up to 6 KB on a shelf that holds so much, each with up to two numbers.
    fn filled(most: usize) -> (Shelf, Vec<Place>) {
        let mut shelf = Shelf {
            most,
            ..Shelf::open().unwrap()
        };
        let put = |number: usize| {
            let vector = vec![number as f32 + 0.5; number % 3];
            shelf.put(line(number).as_bytes(), &vector).unwrap()
        };
        let places = (0..40).map(put).collect();
        (shelf, places)
    }

    #[test]
    fn lines_come_back_from_memory_and_from_the_disk() {
        // Of nothing held, of less than one line, of a few lines, of all.
        for most in [0, 3_000, 50_000, 1_000_000] {
            let (shelf, places) = filled(most);
            assert_eq!(shelf.written == 0, most == 1_000_000, "{most}");
            assert!(!shelf.held.is_empty() && shelf.held.len() <= most.max(6_100));
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

    #[test]
    fn a_record_that_is_kept_comes_back_as_it_was() {
        let mut shelf = Shelf {
            most: 0,
            ..Shelf::open().unwrap()
        };
        let bytes = br#"{"id":"a","mine":[1.00,  1e400]}"#.to_vec();
        let record = Line { number: 1, bytes }.parse().unwrap();
        let places = [0, 1].map(|_| shelf.keep(&record).unwrap());
        for place in places {
            assert_eq!(shelf.record(place).unwrap(), record);
            assert_eq!(place.numbers(), 0);
        }
    }

    #[test]
    fn a_number_of_bytes_is_whole_and_not_below_nothing() {
        assert_eq!(bytes("0").unwrap(), 0);
        assert_eq!(bytes("1048576").unwrap(), 1 << 20);
        for told in ["-1", "64MB", "1e6"] {
            let error = bytes(told).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("FILM2LORA_SHELF_BYTES={told}: not a number of bytes")
            );
        }
    }
}
