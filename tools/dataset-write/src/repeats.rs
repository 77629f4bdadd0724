//! How often an epoch shows each image.

use std::collections::BTreeMap;
use std::str::FromStr;

use stage::{Error, Result, bail, log};

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

/// Says of every image how often it is shown.
pub(crate) fn mark(examples: &mut [Example], repeats: Repeats) -> Result<()> {
    let mut counts = BTreeMap::<Cell, u32>::new();
    for example in examples.iter().filter(|example| example.is_trained()) {
        if let Some(cell) = cell(example)? {
            *counts.entry(cell).or_default() += 1;
        }
    }
    if repeats == Repeats::Cells && counts.is_empty() {
        log::warn!("no image was selected by a cell of balance: all are shown once");
    }
    let largest = counts.values().copied().max().unwrap_or(1);
    let wanted = |cell: &Cell| {
        let own = counts.get(cell).copied().unwrap_or(largest);
        (f64::from(largest) / f64::from(own)).round().max(1.0) as u32
    };
    let most = counts.keys().map(wanted).max().unwrap_or(1);
    if repeats == Repeats::Cells && most > MOST {
        log::warn!(
            "the smallest cell would need {most} repeats to weigh as much as the largest: its images are shown {MOST} times"
        );
    }
    for example in examples {
        example.repeats = match repeats {
            Repeats::Each(number) => number,
            Repeats::Cells => cell(example)?.map_or(1, |cell| wanted(&cell).min(MOST)),
        };
    }
    Ok(())
}

/// The cell that balance selected the image for; `None` if it has none, or one of images of which
/// something was not known: they have nothing in common that is to be learned.
fn cell(example: &Example) -> Result<Option<Cell>> {
    let cell = example.record.at::<Cell>("/balance/cell")?;
    Ok(cell.filter(|cell| cell.values().all(|value| value != "unknown")))
}

/// The value at each JSON pointer that images were selected by.
type Cell = BTreeMap<String, String>;
