//! From labels to the classifier that holds best on shots that it has not seen.

use anyhow::{Context, Result};
use nalgebra::DMatrix;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

use crate::Film;
use crate::calibrate::{Calibration, Held};
use crate::classify::{Linear, Method};
use crate::folds::folds;

/// The labelled records of a film.
#[derive(Debug)]
pub(crate) struct Examples {
    /// Their vectors, one row each.
    rows: Array2<f64>,
    /// The vectors that they are judged by: the means of their units.
    judged: Array2<f64>,
    pub(crate) class: Vec<usize>,
    pub(crate) shot: Vec<usize>,
    prior: Vec<Option<Vec<f64>>>,
    classes: usize,
    /// The directions, as columns, that `rows` and `judged` are measured along; none if they are those of the
    /// film's vectors.
    basis: Option<Array2<f64>>,
}

/// A classifier, and what it said of labels that it had not seen.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) method: Method,
    pub(crate) linear: Linear,
    pub(crate) calibration: Calibration,
    /// One for each label; empty where all labels are of one shot.
    pub(crate) held: Vec<Held>,
}

impl Examples {
    /// Takes the records `labelled` of a film, whose labels are all in `classes`.
    ///
    /// Where there are fewer of them than numbers in a vector, the vectors are measured along the directions
    /// that the labelled ones span: a regularised linear classifier has no other part, so that nothing is lost,
    /// and hundreds of fits take no time.
    pub(crate) fn of(film: &Film, labelled: &[usize], classes: &[String]) -> Result<Self> {
        let mut examples = Self {
            rows: Array2::zeros((labelled.len(), film.layout.length())),
            judged: Array2::zeros((labelled.len(), film.layout.length())),
            class: Vec::new(),
            shot: Vec::new(),
            prior: Vec::new(),
            classes: classes.len(),
            basis: None,
        };
        for (at, record) in labelled.iter().enumerate() {
            let unit = film.unit[*record];
            let own = film.vectors[*record].as_deref().unwrap_or_default();
            let mean = film.mean(unit).unwrap_or_default();
            for (column, (own, mean)) in own.iter().zip(&mean).enumerate() {
                examples.rows[[at, column]] = f64::from(*own);
                examples.judged[[at, column]] = f64::from(*mean);
            }
            let label = film.sights[*record].label.as_ref();
            let class = classes.iter().position(|class| Some(class) == label);
            examples.class.push(class.context("a label of no class")?);
            // A unit in several shots counts for the first.
            examples.shot.push(film.shot[film.members[unit][0]]);
            examples.prior.push(film.prior(unit, classes));
        }
        examples.reduce();
        Ok(examples)
    }

    fn reduce(&mut self) {
        let (count, length) = self.rows.dim();
        if count == 0 || count >= length {
            return;
        }
        let transposed = DMatrix::from_fn(length, count, |row, column| self.rows[[column, row]]);
        let directions = transposed.qr().q();
        let basis = Array2::from_shape_fn((length, directions.ncols()), |at| directions[at]);
        self.rows = self.rows.dot(&basis);
        self.judged = self.judged.dot(&basis);
        self.basis = Some(basis);
    }

    fn train(&self, method: Method, of: &[usize]) -> Result<Linear> {
        let rows = self.rows.select(Axis(0), of);
        let class: Vec<_> = of.iter().map(|at| self.class[*at]).collect();
        Linear::fit(method, &rows, &class, self.classes)
    }

    fn held(&self, at: usize, linear: &Linear) -> Held {
        Held {
            class: self.class[at],
            taught: linear.log_scores(self.judged.row(at)),
            prior: self.prior[at].clone(),
        }
    }

    /// What classifiers say of labels that they were not fitted on: each part of the labels is judged by one
    /// that was fitted on those of `subset` in the others. In the order of the labels; empty where there is one
    /// part only.
    pub(crate) fn cross_validated(
        &self,
        method: Method,
        folds: &[usize],
        subset: &[usize],
    ) -> Result<Vec<Held>> {
        let parts = folds.iter().max().map_or(0, |last| last + 1);
        if parts < 2 {
            return Ok(Vec::new());
        }
        let mut all: Vec<Option<Held>> = vec![None; self.class.len()];
        for fold in 0..parts {
            let of: Vec<_> = subset
                .iter()
                .copied()
                .filter(|at| folds[*at] != fold)
                .collect();
            let linear = self.train(method, &of)?;
            for at in (0..folds.len()).filter(|at| folds[*at] == fold) {
                all[at] = Some(self.held(at, &linear));
            }
        }
        Ok(all.into_iter().flatten().collect())
    }

    /// The parts of the labels for cross-validation.
    pub(crate) fn folds(&self) -> Vec<usize> {
        folds(&self.shot, &self.class)
    }

    /// The classifier with the least loss on labels of other shots; where there are no others, the nearest
    /// mean.
    pub(crate) fn fit(&self) -> Result<Fitted> {
        let (folds, all) = (self.folds(), (0..self.class.len()).collect::<Vec<_>>());
        let tried = Method::ALL.par_iter().map(|method| {
            let held = self.cross_validated(*method, &folds, &all)?;
            let (calibration, loss) = Calibration::fit(&held);
            Ok::<_, anyhow::Error>((*method, held, calibration, loss))
        });
        let tried = tried.collect::<Result<Vec<_>>>()?;
        let best = tried
            .into_iter()
            .min_by(|one, other| one.3.total_cmp(&other.3));
        let (mut method, held, mut calibration, _) = best.context("no method")?;
        if held.is_empty() {
            (method, calibration) = (Method::Centroids, Calibration::PLAIN);
        }
        let mut linear = self.train(method, &all)?;
        if let Some(basis) = &self.basis {
            linear.weights = linear.weights.dot(&basis.t());
        }
        Ok(Fitted {
            method,
            linear,
            calibration,
            held,
        })
    }
}

/// The class with the best score, and that score; of equal ones the first.
pub(crate) fn best(scores: &[f64]) -> (usize, f64) {
    scores
        .iter()
        .enumerate()
        .fold((0, f64::NEG_INFINITY), |best, (class, score)| {
            if *score > best.1 {
                (class, *score)
            } else {
                best
            }
        })
}
