//! How far records lie from those chosen before.

use half::f16;
use half::slice::HalfFloatSliceExt;
use ndarray_0_17::ArrayView1;
use petal_neighbors::distance::{Euclidean, Metric};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use stage::Result;
use stage::log::info;

use crate::candidate::Candidate;

/// Up to how many vectors are held with all their bits. Of more, half the bits are held: a million vectors of
/// 512 numbers are 1 GB then, and a distance differs by a few thousandths at most.
const WHOLE: usize = 200_000;

/// What gives the vector of a candidate by its number.
pub(crate) type Vector<'a> = &'a (dyn Fn(usize) -> Result<Vec<f32>> + Sync);

/// Where a record lies.
#[derive(Debug)]
enum Place {
    /// In a space of many dimensions.
    Vector(Vec<f32>),
    /// There, too: its numbers in parts of the largest.
    Halves { largest: f32, parts: Box<[f16]> },
    /// At this time of the film of this number.
    Time(usize, f32),
    /// At this line of the manifest.
    Line(f32),
}

impl Place {
    fn halves(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let part = |&number: &f32| f16::from_f32(number / largest.max(f32::MIN_POSITIVE));
        Self::Halves {
            largest,
            parts: vector.iter().map(part).collect(),
        }
    }

    /// The same place, its numbers with all bits, for which there is `room`.
    fn whole<'a>(&'a self, room: &'a mut Vec<f32>) -> Option<&'a [f32]> {
        match self {
            Self::Vector(vector) => Some(vector),
            Self::Halves { largest, parts } => {
                room.resize(parts.len(), 0.0);
                parts.convert_to_f32_slice(room);
                for number in room.iter_mut() {
                    *number *= largest;
                }
                Some(room)
            }
            Self::Time(..) | Self::Line(_) => None,
        }
    }

    /// The squared distance of two places; `vector` is the whole of this one.
    fn squared(&self, vector: Option<&[f32]>, other: &Self, room: &mut Vec<f32>) -> f32 {
        if let (Some(a), Some(b)) = (vector, other.whole(room)) {
            return Euclidean::default().rdistance(&ArrayView1::from(a), &ArrayView1::from(b));
        }
        match (self, other) {
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
    /// Nothing is chosen yet. The vectors are used, if all candidates have one (`vector` gives that of one by
    /// its number); else their times; else their order.
    pub(crate) fn of(candidates: &[Candidate], vector: Option<Vector<'_>>) -> Result<Self> {
        let count = candidates.len();
        let places = if let Some(vector) = vector {
            info!("spreading by vectors");
            let place = |vector: Vec<f32>| {
                if count > WHOLE {
                    Place::halves(&vector)
                } else {
                    Place::Vector(vector)
                }
            };
            let places = (0..count).map(|number| vector(number).map(place));
            places.collect::<Result<_>>()?
        } else {
            times(candidates).unwrap_or_else(|| {
                info!("spreading by order: not every record has a vector, or a time");
                (0..count).map(|line| Place::Line(line as f32)).collect()
            })
        };
        Ok(Self {
            places,
            nearest: vec![f32::INFINITY; count],
        })
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
        let mut own = Vec::new();
        let vector = place.whole(&mut own);
        nearest
            .par_iter_mut()
            .with_min_len(256)
            .zip(&places[..])
            .for_each_init(Vec::new, |room, (nearest, other)| {
                *nearest = nearest.min(place.squared(vector, other, room));
            });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_bits_measure_nearly_the_same_distance() {
        // As an embedding, and far larger and smaller than 16 bits reach.
        for size in [1.0, 1e12, 1e-12] {
            let wave = |step: f32| -> Vec<f32> {
                (0..512).map(|n| size * (step * n as f32).sin()).collect()
            };
            let (a, b) = (wave(0.37), wave(0.71));
            let (mut own, mut room) = (Vec::new(), Vec::new());
            let whole =
                Place::Vector(a.clone()).squared(Some(&a), &Place::Vector(b.clone()), &mut room);
            let [half, other] = [Place::halves(&a), Place::halves(&b)];
            let vector = half.whole(&mut own);
            let halves = half.squared(vector, &other, &mut room);
            assert!((halves / whole - 1.0).abs() < 2e-3, "{halves} {whole}");
            let none = half.squared(vector, &half, &mut room);
            assert!(none < 1e-9 * whole, "{none}");
        }
        let nothing = Place::halves(&[0.0; 4]);
        assert_eq!(nothing.whole(&mut Vec::new()), Some(&[0.0; 4][..]));
    }
}
