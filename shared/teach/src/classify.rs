//! Linear classifiers of few examples.

use anyhow::{Context, Result};
use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

use crate::vectors::SPREAD;

/// Steps of the optimiser at most; it converges in some dozens.
const STEPS: u64 = 200;

/// The gradient at which the optimiser ends, in nats.
const FLAT: f64 = 1e-3;

/// How a classifier is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    /// The class whose mean is nearest: for a handful of labels.
    Centroids,
    /// Multinomial logistic regression, regularised by this weight of half the squared coefficients.
    Logistic(f64),
}

impl Method {
    /// All that are tried. Vectors have a root mean square of [`SPREAD`], by which the weights of the
    /// regularisation are to be read.
    pub(crate) const ALL: [Self; 5] = [
        Self::Centroids,
        Self::Logistic(10.0),
        Self::Logistic(2.0),
        Self::Logistic(0.4),
        Self::Logistic(0.08),
    ];
}

/// A linear form for each class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Linear {
    /// One row a class.
    pub(crate) weights: Array2<f64>,
    pub(crate) intercepts: Array1<f64>,
    /// Examples of each class that it was fitted on.
    pub(crate) counts: Vec<u32>,
}

impl Linear {
    /// Fits examples, one row each, of `classes` classes.
    pub(crate) fn fit(
        method: Method,
        rows: &Array2<f64>,
        of: &[usize],
        classes: usize,
    ) -> Result<Self> {
        let mut counts = vec![0; classes];
        for class in of {
            counts[*class] += 1;
        }
        let present = counts.iter().filter(|count| **count > 0).count();
        match method {
            Method::Logistic(weight) if present > 1 => logistic(weight, rows, of, counts),
            _ => Ok(centroids(rows, of, counts)),
        }
    }

    /// The logarithm of the probability of each class; they add up to 1. A class without an example has what
    /// one example more of all might have shown (Laplace's rule).
    pub(crate) fn log_scores(&self, vector: ArrayView1<'_, f64>) -> Vec<f64> {
        let forms = self.weights.dot(&vector) + &self.intercepts;
        log_scores(forms.as_slice().unwrap_or(&[]), &self.counts)
    }
}

/// The logarithms of the probabilities of classes, from the linear form of each.
pub(crate) fn log_scores(forms: &[f64], counts: &[u32]) -> Vec<f64> {
    let present = |class: usize| counts[class] > 0;
    let largest = (0..forms.len()).filter(|class| present(*class));
    let largest = largest
        .map(|class| forms[class])
        .fold(f64::NEG_INFINITY, f64::max);
    let sum = (0..forms.len()).filter(|class| present(*class));
    let sum: f64 = sum.map(|class| (forms[class] - largest).exp()).sum();
    let examples: u32 = counts.iter().sum();
    let unseen = 1.0 / (f64::from(examples) + counts.len() as f64);
    let absent = counts.iter().filter(|count| **count == 0).count() as f64;
    let known = (1.0 - absent * unseen).max(1e-9).ln();
    let log = |class: usize| {
        if present(class) {
            forms[class] - largest - sum.ln() + known
        } else {
            unseen.ln()
        }
    };
    (0..forms.len()).map(log).collect()
}

/// The nearest mean, as a linear form: of spherical Gaussians with one variance, the logarithm of the
/// density but for what all classes share. The variance is an eighth of the spread: two classes that share the
/// spread between them are then told apart with a probability of some 0.9.
fn centroids(rows: &Array2<f64>, of: &[usize], counts: Vec<u32>) -> Linear {
    let mut weights = Array2::<f64>::zeros((counts.len(), rows.ncols()));
    for (row, class) in rows.axis_iter(Axis(0)).zip(of) {
        let mut sum = weights.row_mut(*class);
        sum += &row;
    }
    let variance = f64::from(SPREAD * SPREAD) / 8.0;
    let mut intercepts = Array1::zeros(counts.len());
    for (class, count) in counts.iter().enumerate() {
        let mut row = weights.row_mut(class);
        row /= f64::from((*count).max(1));
        intercepts[class] = -row.dot(&row) / (2.0 * variance);
        row /= variance;
    }
    Linear {
        weights,
        intercepts,
        counts,
    }
}

fn logistic(weight: f64, rows: &Array2<f64>, of: &[usize], counts: Vec<u32>) -> Result<Linear> {
    let examples = Dataset::new(rows.clone(), Array1::from(of.to_vec()));
    let fit = |flat: f64| {
        let method = MultiLogisticRegression::default()
            .alpha(weight)
            .gradient_tolerance(flat)
            .max_iterations(STEPS);
        method.fit(&examples)
    };
    // Where the last steps are lost in rounding, the line search fails: an earlier end is as good.
    let fitted = fit(FLAT)
        .or_else(|_| fit(30.0 * FLAT))
        .context("the labels: no classifier can be fitted")?;
    let mut weights = Array2::zeros((counts.len(), rows.ncols()));
    let mut intercepts = Array1::zeros(counts.len());
    for (column, class) in fitted.classes().iter().enumerate() {
        weights
            .row_mut(*class)
            .assign(&fitted.params().column(column));
        intercepts[*class] = fitted.intercept()[column];
    }
    Ok(Linear {
        weights,
        intercepts,
        counts,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use ndarray::array;

    fn total(logs: &[f64]) -> f64 {
        logs.iter().map(|log| log.exp()).sum()
    }

    #[test]
    fn every_method_tells_two_heaps_apart() {
        let rows = array![[4.0, 0.1], [3.8, -0.2], [-4.1, 0.0], [-3.9, 0.2]];
        for method in Method::ALL {
            let fitted = Linear::fit(method, &rows, &[0, 0, 1, 1], 2).unwrap();
            let left = fitted.log_scores(array![-4.0, 0.0].view());
            assert!(left[1] > left[0], "{method:?}: {left:?}");
            assert!((total(&left) - 1.0).abs() < 1e-9, "{method:?}: {left:?}");
        }
    }

    #[test]
    fn logistic_regression_is_at_the_minimum() {
        // One number, two examples of each class, at ±1. With w for the difference of the two coefficients the
        // loss is 4 ln(1 + e^-w) + w²/4·weight, whose derivative is 0 at the w that bisection finds.
        let rows = array![[1.0], [1.0], [-1.0], [-1.0]];
        let weight = 2.0;
        let slope = |w: f64| -4.0 / (1.0 + w.exp()) + w * weight / 2.0;
        let (mut low, mut high) = (0.0, 10.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if slope(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let fitted = Linear::fit(Method::Logistic(weight), &rows, &[0, 0, 1, 1], 2).unwrap();
        let found = fitted.weights[[0, 0]] - fitted.weights[[1, 0]];
        assert!((found - low).abs() < 1e-3, "{found}, {low}");
    }

    #[test]
    fn a_class_without_examples_stays_possible() {
        let rows = array![[1.0], [-1.0], [1.0]];
        let fitted = Linear::fit(Method::Logistic(1.0), &rows, &[0, 2, 0], 3).unwrap();
        let logs = fitted.log_scores(array![0.5].view());
        assert!((logs[1].exp() - 1.0 / 6.0).abs() < 1e-9, "{logs:?}");
        assert!((total(&logs) - 1.0).abs() < 1e-9);
        let alone = Linear::fit(Method::Logistic(1.0), &rows, &[1, 1, 1], 2).unwrap();
        let logs = alone.log_scores(array![0.5].view());
        assert!((logs[1].exp() - 0.8).abs() < 1e-9, "{logs:?}");
    }

    #[test]
    fn the_nearest_mean_wins() {
        let rows = array![[0.0, 0.0], [2.0, 0.0], [10.0, 0.0]];
        let fitted = Linear::fit(Method::Centroids, &rows, &[0, 0, 1], 2).unwrap();
        for (at, class) in [(5.4, 0), (5.6, 1)] {
            let logs = fitted.log_scores(array![at, 3.0].view());
            assert!(logs[class] > logs[1 - class], "{at}: {logs:?}");
        }
    }
}
