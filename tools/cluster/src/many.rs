//! K-means of more rows than are to be held in memory.

use std::ops::Range;

use ndarray::{Array2, Axis};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use stage::manifest::shapes::Cluster;
use stage::{Result, log::debug};

use crate::cells::closest;
use crate::distance::squared;
use crate::groups::told;
use crate::partition::{best_k, fitted, tolerance};

/// Of more rows, of vectors, none are held but a sample.
pub(crate) const MANY: usize = 131_072;

/// Rows of the sample, and the least for each cluster.
const SAMPLED: usize = 65_536;
const SAMPLED_FOR_EACH: usize = 32;

/// How often all rows are gone through at the most, to move the centres that the sample gave.
const ROUNDS: usize = 10;

/// Rows that are read at a time.
const BLOCK: usize = 8192;

/// Rows that are read when they are needed.
pub(crate) struct Many<'a> {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// The vector of a row.
    pub(crate) vector: &'a (dyn Fn(usize) -> Result<Vec<f32>> + Sync),
}

impl Many<'_> {
    /// The places of all rows in `k` clusters, or in as many as the sample suggests: k-means of the sample,
    /// whose centres then move to the means of all rows until they are at rest.
    pub(crate) fn kmeans(&self, k: Option<usize>, seed: u64) -> Result<Vec<Cluster>> {
        let count = SAMPLED.max(SAMPLED_FOR_EACH.saturating_mul(k.unwrap_or(0)));
        let count = count.min(self.rows);
        let sample = self.read(count, |number| number * self.rows / count)?;
        let k = match k {
            Some(k) => k.min(count),
            None => best_k(&sample, seed)?,
        };
        let mut centres = fitted(&sample, k, seed)?;
        let rest = tolerance(&sample);
        drop(sample);
        let mut labels = Vec::new();
        for round in 0..ROUNDS {
            let (means, nearest) = self.round(&centres)?;
            labels = nearest;
            let moved: f32 = { centres.rows().into_iter().zip(means.rows()) }
                .map(|(from, to)| (&from - &to).mapv(|x| x * x).sum())
                .sum();
            debug!("round {round}: centres moved by {:e}", moved.sqrt());
            centres = means;
            if moved.sqrt() <= rest {
                break;
            }
        }
        let distances = self.distances(&centres, &labels)?;
        let labels = labels.into_iter().map(Some).collect();
        Ok(told(&labels, &distances))
    }

    /// The mean of the rows nearest to each centre (the centre, where there are none), and the centre that is
    /// nearest to each row.
    fn round(&self, centres: &Array2<f32>) -> Result<(Array2<f32>, Vec<usize>)> {
        let mut sums = Array2::<f64>::zeros(centres.raw_dim());
        let mut counts = vec![0_usize; centres.nrows()];
        let mut labels = Vec::with_capacity(self.rows);
        for rows in self.blocks() {
            let block = self.read(rows.len(), |number| rows.start + number)?;
            let nearest = closest(block.view(), centres);
            for (row, &label) in block.rows().into_iter().zip(&nearest) {
                let sums = sums.row_mut(label).into_iter();
                sums.zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
                counts[label] += 1;
            }
            labels.extend(nearest);
        }
        let mut means = centres.clone();
        for (label, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let mean = sums.row(label).mapv(|sum| (sum / count as f64) as f32);
            means.row_mut(label).assign(&mean);
        }
        Ok((means, labels))
    }

    /// How far each row is from the centre of its label.
    fn distances(&self, centres: &Array2<f32>, labels: &[usize]) -> Result<Vec<f32>> {
        let mut distances = Vec::with_capacity(self.rows);
        for rows in self.blocks() {
            let block = self.read(rows.len(), |number| rows.start + number)?;
            let own = block.rows().into_iter().zip(&labels[rows]);
            distances.extend(own.map(|(row, &label)| {
                let [row, centre] = [row, centres.row(label)].map(|of| of.to_slice());
                squared(row.unwrap_or_default(), centre.unwrap_or_default()).sqrt()
            }));
        }
        Ok(distances)
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = (0..self.rows).step_by(BLOCK);
        starts.map(|start| start..self.rows.min(start + BLOCK))
    }

    /// That many rows, by numbers that `row` gives.
    fn read(&self, count: usize, row: impl Fn(usize) -> usize + Sync) -> Result<Array2<f32>> {
        let mut read = Array2::zeros((count, self.columns));
        let rows: Vec<_> = read.axis_iter_mut(Axis(0)).collect();
        let rows = rows.into_par_iter().with_min_len(64).enumerate();
        rows.try_for_each(|(number, mut to)| -> Result<()> {
            let vector = (self.vector)(row(number))?;
            to.iter_mut().zip(vector).for_each(|(to, x)| *to = x);
            Ok(())
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::SplitMix64;
    use rand_xoshiro::rand_core::{RngCore, SeedableRng};

    #[test]
    fn rows_that_are_not_held_are_put_into_the_heaps_that_they_are_of() {
        // Five heaps, each a tenth larger than the one before, on the corners of a simplex.
        let of = |row: usize| [0, 0, 0, 0, 1, 1, 1, 2, 2, 3][row % 10];
        let vector = |row: usize| -> Result<Vec<f32>> {
            let mut chance = SplitMix64::seed_from_u64(row as u64);
            let mut near = || (f64::from(chance.next_u32()) / f64::from(u32::MAX) - 0.5) as f32;
            let at = |column| if column == of(row) { 4.0 } else { 0.0 };
            Ok((0..6).map(|column| at(column) + near()).collect())
        };
        let many = Many {
            rows: MANY + 4998,
            columns: 6,
            vector: &vector,
        };
        for k in [Some(4), None] {
            let places = many.kmeans(k, 0).unwrap();
            for (row, place) in places.iter().enumerate() {
                assert_eq!(place.id, i64::from(of(row)), "{k:?}, {row}");
                let far = place.distance.unwrap();
                // Half a unit in each of six columns is the furthest corner.
                assert!(far < 1.25, "{far}");
            }
            assert_eq!(places[0].size, (MANY + 4998).div_ceil(10) * 4);
            let stand = places.iter().filter(|place| place.representative);
            assert_eq!(stand.count(), 4);
        }
    }

    #[test]
    fn an_error_in_reading_is_handed_on() {
        let vector = |row: usize| match row {
            9000 => Err(stage::anyhow!("the disk is gone")),
            _ => Ok(vec![row as f32]),
        };
        let many = Many {
            rows: 10_000,
            columns: 1,
            vector: &vector,
        };
        let error = many.kmeans(Some(2), 0).unwrap_err();
        assert_eq!(error.to_string(), "the disk is gone");
    }
}
