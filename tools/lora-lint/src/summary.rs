//! The whole in a few lines, for people.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

use loaders::Level;
use stage::printable;

use crate::lint::Lint;

/// Captions that so large a share of the images have word for word are glued
/// on.
const GLUED: f64 = 0.8;

/// Fewer images than this tell nothing of a share.
const FEW: usize = 5;

/// What was seen of all images and folders.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    images: usize,
    repeated: f64,
    buckets: BTreeMap<(&'static str, [u32; 2]), (usize, f64)>,
    problems: BTreeMap<(Level, &'static str), (usize, String)>,
    captions: Captions,
}

/// How often captions occur. Their texts are not held, but for the one that more than half of the images have, if one
/// has: it is left over when all that differ have cancelled each other out (Boyer and Moore 1981).
#[derive(Debug, Default)]
struct Captions {
    /// How many images have each, by the hash of its text.
    counts: HashMap<u64, usize>,
    /// What is left over, and how many of it.
    left: (String, usize),
}

impl Captions {
    fn add(&mut self, caption: &str) {
        *self.counts.entry(Self::hash(caption)).or_default() += 1;
        let (left, count) = &mut self.left;
        match *count {
            0 => self.left = (caption.to_owned(), 1),
            _ if *left == caption => *count += 1,
            _ => *count -= 1,
        }
    }

    /// The caption that more than half of the images have, if there is one, and how many have it; of others nothing is
    /// certain.
    fn most(&self) -> Option<(&str, usize)> {
        let caption = self.left.0.as_str();
        let count = self.counts.get(&Self::hash(caption))?;
        Some((caption, *count))
    }

    fn hash(caption: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        caption.hash(&mut hasher);
        hasher.finish()
    }
}

impl Summary {
    /// Adds one image, or one folder or file.
    pub(crate) fn add(&mut self, path: &str, lint: &Lint, is_image: bool) {
        for problem in &lint.problems {
            let example = format!("{path}: {}", problem.text);
            let entry = self.problems.entry((problem.level, problem.code));
            let (count, first) = entry.or_insert_with(|| (0, example.clone()));
            *count += 1;
            // Threads come in any order; the example is the first by name.
            if example < *first {
                *first = example;
            }
        }
        if !is_image {
            return;
        }
        self.images += 1;
        self.repeated += lint.repeats.unwrap_or(1.0);
        if let (Some(bucket), Some(cropped)) = (lint.bucket, lint.cropped) {
            let (count, sum) = self.buckets.entry((lint.trainer, bucket)).or_default();
            *count += 1;
            *sum += cropped;
        }
        if let Some(caption) = &lint.caption {
            self.captions.add(caption);
        }
    }

    /// The caption that most images have, if nearly all have the same.
    pub(crate) fn glued(&self) -> Option<(&str, usize)> {
        let (caption, count) = self.captions.most()?;
        let share = count as f64 / self.images.max(1) as f64;
        (self.images >= FEW && share > GLUED).then_some((caption, count))
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        let errors = self
            .problems
            .iter()
            .filter(|((level, _), _)| *level == Level::Error);
        errors.map(|(_, (count, _))| count).sum()
    }

    /// Writes the table to standard error, beside the records.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut table = io::stderr().lock();
        writeln!(table, "{} images, {} per epoch", self.images, self.repeated)?;
        writeln!(
            table,
            "\n{:<16}{:>12}{:>9}{:>12}",
            "trainer", "bucket", "images", "cut off"
        )?;
        for ((trainer, [width, height]), (count, sum)) in &self.buckets {
            let bucket = format!("{width}x{height}");
            let mean = 100.0 * sum / *count as f64;
            writeln!(table, "{trainer:<16}{bucket:>12}{count:>9}{mean:>10.1} %")?;
        }
        writeln!(
            table,
            "\n{:<9}{:<20}{:>6}  the first of them",
            "", "problem", "times"
        )?;
        for ((level, code), (count, example)) in self.problems.iter().rev() {
            let level = if *level == Level::Error {
                "error"
            } else {
                "warning"
            };
            writeln!(
                table,
                "{level:<9}{code:<20}{count:>6}  {}",
                printable(example)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(captions: &[&str]) -> Option<(String, usize)> {
        let mut all = Captions::default();
        for caption in captions {
            all.add(caption);
        }
        all.most()
            .map(|(caption, count)| (caption.to_owned(), count))
    }

    #[test]
    fn the_caption_of_most_images_is_found_in_any_order() {
        let found = Some(("same".to_owned(), 4));
        for captions in [
            ["same", "same", "same", "same", "a", "b", "c"],
            ["a", "b", "c", "same", "same", "same", "same"],
            ["a", "same", "a", "same", "b", "same", "same"],
            ["same", "a", "same", "b", "same", "c", "same"],
        ] {
            assert_eq!(most(&captions), found, "{captions:?}");
        }
        assert_eq!(most(&[]), None);
    }
}
