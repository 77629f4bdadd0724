//! The vectors of records: numbers in the record, or a row of a `NumPy` file beside the manifest.
//!
//! A vector of 512 numbers takes 4 KB as text, and 2 KB in a file of 32-bit numbers, which a record names by path, row and
//! checksum ([`Row`](manifest::shapes::Row)). [`at`] and [`numbers`] read both forms and return the same numbers; [`Writer`] moves
//! vectors from records to such a file.
//!
//! The files are `.npy` of version 1.0, `<f4`, one row a vector: `numpy.load(path, mmap_mode="r")` reads them. Here they are
//! read row by row, and no more than a row is held.

mod npy;
mod reader;
mod writer;

use anyhow::{Context, Result};
use manifest::Record;
use manifest::shapes::Vector;

pub use writer::Writer;

/// The numbers of the vector that a JSON pointer leads to, as `/embedding/vector`; `None` if there is none.
///
/// An error if what stands there is no vector, and if it is a row of a file that is not there, is no such file, is too short
/// for it or holds another vector there. It names the file and the row.
pub fn at(record: &Record, pointer: &str) -> Result<Option<Vec<f32>>> {
    let name = || format!("key `{pointer}`");
    let vector = record.at::<Vector>(pointer)?;
    vector.map(numbers).transpose().with_context(name)
}

/// The numbers of a vector, wherever they are; errors are as those of [`at`].
pub fn numbers(vector: Vector) -> Result<Vec<f32>> {
    match vector {
        Vector::Numbers(numbers) => Ok(numbers),
        Vector::Row(row) => reader::read(&row),
    }
}
