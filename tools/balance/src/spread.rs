//! How far records lie from those chosen before.

use ndarray_0_17::ArrayView1;
use petal_neighbors::distance::{Euclidean, Metric};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use stage::log::info;

use crate::candidate::Candidate;

/// Where a record lies.
#[derive(Debug)]
enum Place {
    /// In a space of many dimensions.
    Vector(Vec<f32>),
    /// At this time of the film of this number.
    Time(usize, f32),
    /// At this line of the manifest.
    Line(f32),
}

impl Place {
    /// The squared distance of two places.
    fn squared(&self, other: &Self) -> f32 {
        match (self, other) {
            (Self::Vector(a), Self::Vector(b)) => {
                Euclidean::default().rdistance(&ArrayView1::from(a), &ArrayView1::from(b))
            }
            (Self::Time(film, a), Self::Time(other, b)) if film == other => (a - b).powi(2),
            (Self::Line(a), Self::Line(b)) => (a - b).powi(2),
            // Two films have nothing in common.
            _ => f32::MAX,
        }
    }
}

/// The places of all candidates, and how far each is from the nearest chosen.
#[derive(Debug)]
pub(crate) struct Spread {
    places: Vec<Place>,
    nearest: Vec<f32>,
}

impl Spread {
    /// Nothing is chosen yet. The vectors are taken out of the candidates,
    /// if all have one; else their times are used; else their order.
    pub(crate) fn of(candidates: &mut [Candidate]) -> Self {
        let nearest = vec![f32::INFINITY; candidates.len()];
        let places = if candidates.iter().all(|c| c.vector.is_some()) {
            info!("spreading by vectors");
            let vectors = candidates.iter_mut().filter_map(|c| c.vector.take());
            vectors.map(Place::Vector).collect()
        } else {
            times(candidates).unwrap_or_else(|| {
                info!("spreading by order: not every record has a vector, or a time");
                (0..candidates.len())
                    .map(|line| Place::Line(line as f32))
                    .collect()
            })
        };
        Self { places, nearest }
    }

    /// Begins anew, with `chosen` chosen.
    pub(crate) fn again(&mut self, chosen: &[usize]) {
        self.nearest.fill(f32::INFINITY);
        for &candidate in chosen {
            self.choose(candidate);
        }
    }

    /// The squared distance to the nearest chosen; infinite before the first.
    pub(crate) fn squared(&self, candidate: usize) -> f32 {
        self.nearest[candidate]
    }

    /// Notes that `chosen` is chosen.
    pub(crate) fn choose(&mut self, chosen: usize) {
        let Self { places, nearest } = self;
        let place = &places[chosen];
        nearest
            .par_iter_mut()
            .with_min_len(256)
            .zip(&places[..])
            .for_each(|(nearest, other)| *nearest = nearest.min(place.squared(other)));
    }
}

fn times(candidates: &[Candidate]) -> Option<Vec<Place>> {
    let mut films: Vec<&str> = Vec::new();
    let mut places = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let (film, time) = candidate.time.as_ref()?;
        let number = films.iter().position(|known| known == film);
        let number = number.unwrap_or_else(|| {
            films.push(film);
            films.len() - 1
        });
        places.push(Place::Time(number, *time));
    }
    info!("spreading by time in the film: not every record has a vector");
    Some(places)
}
