//! Which images to label next.

use std::collections::HashMap;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use crate::{Film, Judgement, Model};

/// Records among which is chosen: with more, every second, third … is left out. Distances between all of
/// them are compared.
const MOST: usize = 1200;

/// What a sure answer counts for, beside an unsure one with 1: a model may be sure and wrong.
const SURE: f64 = 0.15;

/// A record whose label would teach much.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Its number among the records of the film.
    pub record: usize,
    /// Its rank, from 1: the first ones teach most.
    pub rank: usize,
    /// What it is taken for so far, and with which probability; none if nothing is known.
    pub guess: Option<(String, f64)>,
}

/// Chooses records to label: those that stand for many of which the model is unsure, and that are unlike each other
/// and unlike the labelled ones, from as many shots as possible. In rows of one guess, so that most of a row gets
/// one label.
///
/// Greedy cover: each choice lessens most the sum over all records of their distance to the nearest chosen one,
/// where unsure records count for more, and those of rare guesses.
pub fn choose(film: &Film, model: &Model, count: usize) -> Vec<Asked> {
    let judged = model.judge(film);
    let pool = pool(film);
    let weights = weights(&pool, &judged);
    let mut cover = Cover::of(film, &pool, weights);
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let Some(record) = cover.choose(film, &pool) else {
            break;
        };
        let guess = judged[record]
            .as_ref()
            .and_then(|one| one.scores.first().cloned());
        chosen.push(Asked {
            record,
            rank: chosen.len() + 1,
            guess,
        });
    }
    let word = |asked: &Asked| asked.guess.as_ref().map(|(class, _)| class.clone());
    chosen.sort_by_key(|asked| (word(asked), asked.rank));
    chosen
}

/// The records among which is chosen.
fn pool(film: &Film) -> Vec<usize> {
    let open = |record: &usize| {
        let sight = &film.sights[*record];
        sight.label.is_none() && !sight.unknown && film.vectors[*record].is_some()
    };
    let all: Vec<_> = (0..film.sights.len()).filter(open).collect();
    let step = all.len().div_ceil(MOST).max(1);
    all.into_iter().step_by(step).collect()
}

/// How much each record of the pool counts.
fn weights(pool: &[usize], judged: &[Option<Judgement>]) -> Vec<f64> {
    let word = |record: &usize| {
        let scores = judged[*record].as_ref().map(|one| &one.scores);
        scores
            .and_then(|scores| scores.first())
            .map(|(class, _)| class.as_str())
    };
    let mut frequent: HashMap<Option<&str>, f64> = HashMap::new();
    for record in pool {
        *frequent.entry(word(record)).or_default() += 1.0;
    }
    let weight = |record: &usize| {
        let scores = judged[*record].as_ref().map_or(&[][..], |one| &one.scores);
        let lead = match scores {
            [(_, first), (_, second), ..] => first - second,
            [_] => 1.0,
            [] => 0.0,
        };
        (SURE + 1.0 - lead) / frequent[&word(record)].sqrt()
    };
    pool.iter().map(weight).collect()
}

/// How far each record of the pool is from what is labelled or chosen.
struct Cover {
    /// Squared distances between all of the pool.
    distances: Array2<f32>,
    nearest: Vec<f32>,
    weights: Vec<f64>,
    taken: Vec<bool>,
    /// Labelled and chosen records of each shot.
    of_shots: HashMap<usize, u32>,
}

impl Cover {
    fn of(film: &Film, pool: &[usize], weights: Vec<f64>) -> Self {
        let labelled = film.labelled();
        let vectors = matrix(film, pool);
        let distances = squared_distances(&vectors, &vectors);
        let farthest = distances
            .iter()
            .copied()
            .fold(0.0, f32::max)
            .max(f32::MIN_POSITIVE);
        let nearest = if labelled.is_empty() {
            vec![farthest; pool.len()]
        } else {
            let known = squared_distances(&vectors, &matrix(film, &labelled));
            let least =
                |row: ndarray::ArrayView1<'_, f32>| row.iter().copied().fold(farthest, f32::min);
            known.rows().into_iter().map(least).collect()
        };
        let mut of_shots = HashMap::new();
        for record in labelled {
            *of_shots.entry(film.shot[record]).or_default() += 1;
        }
        Self {
            distances,
            nearest,
            weights,
            taken: vec![false; pool.len()],
            of_shots,
        }
    }

    /// Takes the record that covers most, and says which it is.
    fn choose(&mut self, film: &Film, pool: &[usize]) -> Option<usize> {
        let open = (0..pool.len())
            .into_par_iter()
            .filter(|at| !self.taken[*at]);
        let gains = open.map(|at| {
            let crowd = self
                .of_shots
                .get(&film.shot[pool[at]])
                .copied()
                .unwrap_or(0);
            (at, self.gain(at) / f64::from(1 + crowd).powi(2))
        });
        let better = |one: (usize, f64), other: (usize, f64)| {
            let order = one.1.total_cmp(&other.1).then(other.0.cmp(&one.0));
            if order.is_gt() { one } else { other }
        };
        let (best, _) = gains.reduce_with(better)?;
        self.taken[best] = true;
        let row = self.distances.row(best);
        for (nearest, distance) in self.nearest.iter_mut().zip(row) {
            *nearest = nearest.min(*distance);
        }
        *self.of_shots.entry(film.shot[pool[best]]).or_default() += 1;
        Some(pool[best])
    }

    fn gain(&self, at: usize) -> f64 {
        let row = self.distances.row(at);
        let parts = row.iter().zip(&self.nearest).zip(&self.weights);
        let gain = parts
            .map(|((distance, nearest), weight)| f64::from((nearest - distance).max(0.0)) * weight);
        gain.sum()
    }
}

fn matrix(film: &Film, records: &[usize]) -> Array2<f32> {
    let mut matrix = Array2::zeros((records.len(), film.layout.length()));
    for (mut row, record) in matrix.axis_iter_mut(Axis(0)).zip(records) {
        if let Some(vector) = &film.vectors[*record] {
            row.iter_mut()
                .zip(vector)
                .for_each(|(to, from)| *to = *from);
        }
    }
    matrix
}

fn squared_distances(rows: &Array2<f32>, columns: &Array2<f32>) -> Array2<f32> {
    let squares = |matrix: &Array2<f32>| matrix.map(|x| x * x).sum_axis(Axis(1));
    let mut distances = rows.dot(&columns.t()) * -2.0;
    distances += &squares(rows).insert_axis(Axis(1));
    distances += &squares(columns);
    distances.mapv_inplace(|distance| distance.max(0.0));
    distances
}
