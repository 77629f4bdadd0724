//! How often an epoch shows each image.

use std::collections::BTreeMap;
use std::str::FromStr;

use stage::{Error, Record, Result, Shelf, bail, log};

use crate::plan::Example;

/// The most that an image is shown in an epoch to make up for others, by a rule of our own: what a few
/// images have beside their subject is learned along with it.
const MOST: u32 = 10;

/// What `--repeats` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// The same for all.
    Each(u32),
    /// Repeats by which every cell of the selection weighs as much as the largest.
    Cells,
}

impl FromStr for Repeats {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse() {
            _ if text == "cells" => Ok(Self::Cells),
            Ok(number @ 1..=10_000) => Ok(Self::Each(number)),
            _ => bail!("is neither `cells` nor a number from 1 to 10000"),
        }
    }
}

/// Says of every image how often it is shown, if that is more than once.
pub(crate) fn mark(examples: &mut [Example], shelf: &Shelf, repeats: Repeats) -> Result<()> {
    match repeats {
        Repeats::Each(number) => {
            for example in examples {
                example.repeats = number;
            }
            Ok(())
        }
        Repeats::Cells => by_cells(examples, shelf),
    }
}

fn by_cells(examples: &mut [Example], shelf: &Shelf) -> Result<()> {
    let mut numbers = BTreeMap::<Cell, usize>::new();
    // The cell of each image, and how many images each cell has to train on.
    let (mut of, mut counts) = (Vec::with_capacity(examples.len()), Vec::<u32>::new());
    for example in &*examples {
        let cell = cell(&shelf.record(example.waits)?)?;
        let number = cell.map(|cell| {
            let next = numbers.len();
            *numbers.entry(cell).or_insert(next)
        });
        counts.resize(numbers.len(), 0);
        if let Some(number) = number.filter(|_| example.is_trained()) {
            counts[number] += 1;
        }
        of.push(number);
    }
    let Some(largest) = counts.iter().copied().max().filter(|largest| *largest > 0) else {
        log::warn!("no image was selected by a cell of balance: all are shown once");
        return Ok(());
    };
    let wanted = |own: u32| (f64::from(largest) / f64::from(own)).round().max(1.0) as u32;
    let smallest = counts.iter().copied().filter(|count| *count > 0).min();
    let most = smallest.map_or(1, wanted);
    if most > MOST {
        log::warn!(
            "the smallest cell would need {most} repeats to weigh as much as the largest: its images are shown {MOST} times"
        );
    }
    for (example, number) in examples.iter_mut().zip(of) {
        let own = number.map(|number| counts[number]);
        example.repeats = match own {
            // No image of the cell is trained on.
            None | Some(0) => 1,
            Some(own) => wanted(own).min(MOST),
        };
    }
    Ok(())
}

/// The cell that balance selected the image for; `None` if it has none, or one of images of which
/// something was not known: they have nothing in common that is to be learned.
fn cell(record: &Record) -> Result<Option<Cell>> {
    let cell = record.at::<Cell>("/balance/cell")?;
    Ok(cell.filter(|cell| cell.values().all(|value| value != "unknown")))
}

/// The value at each JSON pointer that images were selected by.
type Cell = BTreeMap<String, String>;
