//! Which images are kept from training, to measure with: whole shots.

use std::collections::BTreeMap;

use loaders::view::Side;
use stage::{Result, Shelf, bail, log};

use crate::plan::Example;

/// A share of a set, 0..1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share(f64);

impl std::str::FromStr for Share {
    type Err = stage::Error;

    fn from_str(text: &str) -> Result<Self> {
        let percent = text.strip_suffix('%').unwrap_or(text);
        match percent.trim().parse::<f64>() {
            Ok(percent) if (0.0..=90.0).contains(&percent) => Ok(Self(percent / 100.0)),
            _ => bail!("`{text}` is not a share from 0% to 90%"),
        }
    }
}

/// Marks about a share of the images, never more than it.
///
/// Neighbouring frames look alike, so that one of them would tell of the
/// others: a shot is on one side, whole. Which shots are taken depends on
/// their numbers alone, and not on what else is in the set.
pub(crate) fn mark(examples: &mut [Example], shelf: &Shelf, Share(share): Share) -> Result<()> {
    if share == 0.0 {
        return Ok(());
    }
    let mut shots = BTreeMap::<_, Vec<usize>>::new();
    for (number, example) in examples.iter().enumerate() {
        let record = shelf.record(example.waits)?;
        let source = record.source().ok().flatten();
        let shot = match source {
            Some(source) => format!("{} {}", source.film, source.shot),
            None => record.id()?,
        };
        let hash = *blake3::hash(shot.as_bytes()).as_bytes();
        shots.entry(hash).or_default().push(number);
    }
    let mut room = (share * examples.len() as f64).round() as usize;
    let wanted = room;
    for numbers in shots.values() {
        if numbers.len() <= room {
            room -= numbers.len();
            for number in numbers {
                examples[*number].side = Side::Validation;
            }
        }
    }
    if wanted > 0 && room == wanted {
        log::warn!(
            "no shot is small enough to hold back for validation: all images are for training"
        );
    }
    Ok(())
}
