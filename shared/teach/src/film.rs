//! All records of a film as one question sees them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::calibrate::log_prior;
use crate::vectors::Layout;
use crate::{Reading, Sight};

/// The records of a film, each with its vector, in units of records that have one answer.
#[derive(Debug)]
pub struct Film {
    pub(crate) layout: Layout,
    pub(crate) sights: Vec<Sight>,
    /// The vector of each record; none where it has nothing to learn from.
    pub(crate) vectors: Vec<Option<Vec<f32>>>,
    /// The unit of each record.
    pub(crate) unit: Vec<usize>,
    /// The records of each unit.
    pub(crate) members: Vec<Vec<usize>>,
    /// The number of each record's shot; a record without one is a shot of its own.
    pub(crate) shot: Vec<usize>,
}

impl Film {
    /// Measures the vectors of a film, to learn from it.
    pub fn measured(reading: &Reading, sights: Vec<Sight>) -> Result<Self> {
        let layout = Layout::of(&reading.on, sights.iter().map(|sight| &sight.seen))?;
        Self::placed(layout, sights)
    }

    /// Brings a film to the scale of a layout, to judge it.
    pub(crate) fn placed(layout: Layout, mut sights: Vec<Sight>) -> Result<Self> {
        let place = |sight: &mut Sight| {
            // What was seen is not kept beside the vector that is made of it.
            let seen = std::mem::take(&mut sight.seen);
            layout.place(&seen).with_context(|| sight.id.clone())
        };
        let vectors = sights.par_iter_mut().map(place).collect::<Result<_>>()?;
        let unit = numbered(sights.iter().map(|sight| sight.together.as_deref()));
        let shot = numbered(sights.iter().map(|sight| sight.shot.as_deref()));
        let mut members = vec![Vec::new(); unit.iter().max().map_or(0, |last| last + 1)];
        for (record, unit) in unit.iter().enumerate() {
            members[*unit].push(record);
        }
        Ok(Self {
            layout,
            sights,
            vectors,
            unit,
            members,
            shot,
        })
    }

    /// The mean vector of a unit. Of a linear classifier its scores are the means of its records' scores.
    pub(crate) fn mean(&self, unit: usize) -> Option<Vec<f32>> {
        let vectors = self.members[unit].iter();
        let vectors: Vec<_> = vectors
            .filter_map(|record| self.vectors[*record].as_ref())
            .collect();
        let (first, rest) = vectors.split_first()?;
        let mut mean = (*first).clone();
        for vector in rest {
            for (sum, number) in mean.iter_mut().zip(vector.iter()) {
                *sum += number;
            }
        }
        for sum in &mut mean {
            *sum /= vectors.len() as f32;
        }
        Some(mean)
    }

    /// What an earlier tool said of a unit: the mean of the logarithms of its records' scores, in the order of
    /// `classes`; none if it said nothing.
    pub(crate) fn prior(&self, unit: usize, classes: &[String]) -> Option<Vec<f64>> {
        let priors = self.members[unit].iter();
        let priors = priors.filter_map(|record| log_prior(&self.sights[*record].prior, classes));
        let mut count = 0.0;
        let mut sums = vec![0.0; classes.len()];
        for prior in priors {
            count += 1.0;
            sums.iter_mut()
                .zip(prior)
                .for_each(|(sum, log)| *sum += log);
        }
        for sum in &mut sums {
            *sum /= count;
        }
        (count > 0.0).then_some(sums)
    }

    /// Whether a record has a label, or shares its answer with one that has.
    pub fn is_told(&self, record: usize) -> bool {
        let members = self.members[self.unit[record]].iter();
        { members }.any(|member| self.sights[*member].label.is_some())
    }

    /// How many records have a label and nothing to learn from.
    pub fn labelled_but_blank(&self) -> usize {
        let all = self.sights.iter().zip(&self.vectors);
        all.filter(|(sight, vector)| sight.label.is_some() && vector.is_none())
            .count()
    }

    /// The records with a label and a vector.
    pub(crate) fn labelled(&self) -> Vec<usize> {
        let labelled = |record: &usize| {
            self.sights[*record].label.is_some() && self.vectors[*record].is_some()
        };
        (0..self.sights.len()).filter(labelled).collect()
    }
}

/// Numbers texts in the order of their first appearance; what has none gets a number of its own.
pub(crate) fn numbered<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Vec<usize> {
    let mut known = HashMap::new();
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        next - 1
    };
    texts
        .map(|text| match text {
            Some(text) => *known.entry(text).or_insert_with(&mut fresh),
            None => fresh(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_is_alone() {
        let texts = [Some("a"), None, Some("b"), Some("a"), None];
        assert_eq!(numbered(texts.into_iter()), [0, 1, 2, 0, 3]);
    }
}
