//! The fitted classifier: a small network of one hidden layer for each question.

use serde::{Deserialize, Serialize};
use stage::manifest::rounded;
use stage::{Context, Result, ensure};

use crate::body::Body;
use crate::features::{COUNT, features};

/// Standardised features are held within this many deviations: far from everything that the model was
/// fitted on, it must not grow surer.
const FARTHEST: f64 = 3.0;

/// What is said where no class reaches the threshold.
pub(crate) const UNKNOWN: &str = "unknown";

/// The action that is told without legs.
const LYING: &str = "lying";

/// What `fit.py` wrote.
#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    /// Means of the features over the poses that it was fitted on.
    mean: Vec<f64>,
    /// Their standard deviations.
    deviation: Vec<f64>,
    action: Question,
    angle: Question,
}

/// One question: its answers, and the layers that score them.
#[derive(Debug, Deserialize)]
struct Question {
    classes: Vec<String>,
    hidden: Layer,
    output: Layer,
}

/// A linear form a row.
#[derive(Debug, Deserialize)]
struct Layer {
    weights: Vec<Vec<f64>>,
    biases: Vec<f64>,
}

/// Scores by class, in the order of the classes; they add up to 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scores(pub(crate) Vec<(String, f64)>);

impl Serialize for Scores {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let scores = self.0.iter();
        serializer.collect_map(scores.map(|(class, score)| (class, rounded(*score, 4))))
    }
}

impl Scores {
    /// What is left of the scores of actions where no leg is seen: lying is told by the trunk, and all
    /// others are equally likely, whatever the arms do.
    fn without_legs(self) -> Self {
        let lying = self.0.iter().find(|(class, _)| class == LYING);
        let lying = lying.map_or(0.0, |(_, score)| *score);
        let rest = (1.0 - lying) / (self.0.len() as f64 - 1.0).max(1.0);
        let kept = |class: &str| if class == LYING { lying } else { rest };
        Self(
            self.0
                .into_iter()
                .map(|(class, _)| (class.clone(), kept(&class)))
                .collect(),
        )
    }

    /// The class with the highest score, if that reaches the threshold.
    pub(crate) fn label(&self, threshold: f64) -> &str {
        let best = self
            .0
            .iter()
            .rev()
            .max_by(|first, second| first.1.total_cmp(&second.1));
        best.filter(|(_, score)| *score >= threshold)
            .map_or(UNKNOWN, |(class, _)| class)
    }
}

/// The scores of one body.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Answers {
    pub(crate) action: Scores,
    pub(crate) angle: Scores,
}

impl Model {
    /// Reads a model and checks that its parts fit together and the features.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let model: Self = serde_json::from_str(text).context("the model")?;
        ensure!(
            model.mean.len() == COUNT && model.deviation.len() == COUNT,
            "the model: it needs {COUNT} means and deviations"
        );
        ensure!(
            model.deviation.iter().all(|deviation| *deviation > 0.0),
            "the model: deviations must be above 0"
        );
        for question in [&model.action, &model.angle] {
            let width = question.hidden.biases.len();
            ensure!(
                question.hidden.fits(COUNT, width)
                    && question.output.fits(width, question.classes.len()),
                "the model: the layers do not fit together"
            );
        }
        Ok(model)
    }

    /// The scores of a body: the mean of its own and of its mirror image's, so that both get the same.
    pub(crate) fn answers(&self, body: &Body) -> Answers {
        let sides = [body.clone(), body.mirrored()].map(|body| self.standardised(&body));
        let scores = |question: &Question| {
            let [own, other] = [&sides[0], &sides[1]].map(|values| question.scores(values));
            let means = own
                .iter()
                .zip(other)
                .map(|(own, other)| (own + other) / 2.0);
            Scores(question.classes.iter().cloned().zip(means).collect())
        };
        let action = scores(&self.action);
        Answers {
            action: if body.has_legs() {
                action
            } else {
                action.without_legs()
            },
            angle: scores(&self.angle),
        }
    }

    fn standardised(&self, body: &Body) -> Vec<f64> {
        let scale = self.mean.iter().zip(&self.deviation);
        let standard = |(value, (mean, deviation)): (f64, (&f64, &f64))| {
            ((value - mean) / deviation).clamp(-FARTHEST, FARTHEST)
        };
        features(body)
            .into_iter()
            .zip(scale)
            .map(standard)
            .collect()
    }
}

impl Question {
    /// Softmax of the linear forms of what of the hidden layer is above 0.
    fn scores(&self, values: &[f64]) -> Vec<f64> {
        let mut hidden = self.hidden.forms(values);
        for form in &mut hidden {
            *form = form.max(0.0);
        }
        let forms = self.output.forms(&hidden);
        let most = forms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = forms.iter().map(|form| (form - most).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    }
}

impl Layer {
    fn fits(&self, inputs: usize, outputs: usize) -> bool {
        outputs > 0
            && self.biases.len() == outputs
            && self.weights.len() == outputs
            && self.weights.iter().all(|row| row.len() == inputs)
    }

    fn forms(&self, values: &[f64]) -> Vec<f64> {
        let rows = self.weights.iter().zip(&self.biases);
        rows.map(|(row, bias)| {
            let products = row.iter().zip(values).map(|(weight, value)| weight * value);
            bias + products.sum::<f64>()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn scores_are_a_softmax_of_what_is_above_zero() {
        let layer = |weights: &[[f64; 2]], biases: &[f64]| Layer {
            weights: weights.iter().map(|row| row.to_vec()).collect(),
            biases: biases.to_vec(),
        };
        let question = Question {
            classes: vec!["a".to_owned(), "b".to_owned()],
            hidden: layer(&[[1.0, 0.0], [-1.0, 0.0]], &[0.0, 0.0]),
            output: layer(&[[0.0, 0.0], [1.0, 5.0]], &[2.0, 0.0]),
        };
        assert_eq!(question.scores(&[2.0, 9.0]), [0.5, 0.5], "2 against 1 * 2");
        let scores = question.scores(&[-1.0, 9.0]);
        assert!(
            (scores[1] / scores[0] - 3.0_f64.exp()).abs() < 1e-9,
            "5 * 1 against 2"
        );
    }

    #[test]
    fn without_legs_only_lying_is_told() {
        let scores = [("standing", 0.7), ("lying", 0.1), ("walking", 0.2)];
        let scores = Scores(
            scores
                .map(|(class, score)| (class.to_owned(), score))
                .to_vec(),
        );
        let left: Vec<f64> = scores
            .without_legs()
            .0
            .iter()
            .map(|(_, score)| *score)
            .collect();
        assert_eq!(left, [0.45, 0.1, 0.45]);
    }

    #[test]
    fn the_first_of_the_best_that_reach_the_threshold() {
        let scores = Scores(vec![
            ("a".to_owned(), 0.4),
            ("b".to_owned(), 0.4),
            ("c".to_owned(), 0.2),
        ]);
        assert_eq!(scores.label(0.4), "a");
        assert_eq!(scores.label(0.5), UNKNOWN);
    }

    #[test]
    fn a_model_that_does_not_fit_together_is_refused() {
        let text = include_str!("../model.json");
        assert!(Model::parse(text).is_ok());
        let wrong = text.replacen("\"standing\",", "", 1);
        assert!(Model::parse(&wrong).is_err());
    }
}
