//! Which vectors can be compared.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use manifest::Record;

/// What a vector is of: vectors of two networks cannot be compared, even if they have as many numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Space {
    numbers: usize,
    network: Option<String>,
}

impl Space {
    /// That of a vector of so many numbers that a JSON pointer leads to. Of `/embedding/vector` the network is in
    /// `/embedding/model`, if it is said.
    ///
    /// An error if what is said there is no text.
    pub fn of(record: &Record, pointer: &str, numbers: usize) -> Result<Self> {
        let network = match pointer.strip_suffix("/vector") {
            Some(parent) => {
                let pointer = format!("{parent}/model");
                let name = || format!("key `{pointer}`");
                record.at(&pointer).with_context(name)?
            }
            None => None,
        };
        Ok(Self { numbers, network })
    }

    /// The one that most are of; of two as frequent that of fewer numbers, or of the first name.
    pub fn usual<'a>(spaces: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut counts = BTreeMap::<&Self, usize>::new();
        for space in spaces {
            *counts.entry(space).or_insert(0) += 1;
        }
        let usual = counts.into_iter().min_by_key(|&(_, count)| Reverse(count));
        usual.map(|(space, _)| space.clone())
    }
}

impl fmt::Display for Space {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} numbers", self.numbers)?;
        match &self.network {
            Some(network) => write!(to, " of {network}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::Line;

    fn space(record: &str, numbers: usize) -> Space {
        let bytes = record.as_bytes().to_vec();
        let record = Line { number: 1, bytes }.parse().unwrap();
        Space::of(&record, "/e/vector", numbers).unwrap()
    }

    #[test]
    fn most_decide_and_what_differs_is_said() {
        let clip = space(r#"{"e":{"model":"clip"}}"#, 2);
        let dino = space(r#"{"e":{"model":"dino"}}"#, 2);
        let unsaid = space("{}", 3);
        let all = [&dino, &clip, &unsaid, &clip];
        assert_eq!(Space::usual(all.into_iter()), Some(clip.clone()));
        assert_eq!(Space::usual([&dino, &clip].into_iter()), Some(clip.clone()));
        assert_eq!(Space::usual([].into_iter()), None);
        let said = [&clip, &unsaid].map(ToString::to_string);
        assert_eq!(said, ["2 numbers of clip", "3 numbers"]);
    }
}
