//! The whole in a few lines, for people.

use std::collections::BTreeMap;
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
    captions: BTreeMap<String, usize>,
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
            *self.captions.entry(caption.clone()).or_default() += 1;
        }
    }

    /// The caption that most images have, if nearly all have the same.
    pub(crate) fn glued(&self) -> Option<(&str, usize)> {
        let (caption, count) = self.captions.iter().max_by_key(|(_, count)| **count)?;
        let share = *count as f64 / self.images.max(1) as f64;
        (self.images >= FEW && share > GLUED).then_some((caption.as_str(), *count))
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
