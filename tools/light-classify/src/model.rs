//! The fitted classifier: a multinomial logistic regression for each question.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stage::{Context, Result, bail, ensure};

use crate::features::Features;

/// Standardised features are held within this many deviations: far from everything that the model was
/// fitted on, it must not grow surer.
const FARTHEST: f64 = 3.0;

/// Below this contrast, standard deviation of L*, an image shows no light that could be judged: black
/// frames, cards.
const FLATTEST: f64 = 1.5;

/// What is said where no class reaches the threshold.
pub(crate) const UNKNOWN: &str = "unknown";

/// The setting in which no weather is seen; the model was not fitted on the weather there.
const INDOOR: &str = "indoor";

/// Scores are written in steps of this many to one.
const STEPS: f64 = 1000.0;

/// What `fit.py` wrote.
#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    /// Names of the features, in the order of the coefficients.
    features: Vec<String>,
    /// Their means over the images that it was fitted on.
    mean: Vec<f64>,
    /// Their standard deviations.
    deviation: Vec<f64>,
    time: Question,
    weather: Question,
    setting: Question,
}

/// One question, its answers, and for each a coefficient a feature.
#[derive(Debug, Deserialize)]
struct Question {
    classes: Vec<String>,
    intercepts: Vec<f64>,
    coefficients: Vec<Vec<f64>>,
}

/// The answer to one question: the label, and the score of each class; they add up to 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) label: String,
    pub(crate) scores: Scores,
}

impl Answer {
    /// Whether `class` has half of the score or more.
    fn leans_to(&self, class: &str) -> bool {
        let mut scores = self.scores.0.iter();
        scores.any(|(name, score)| name == class && *score >= 0.5)
    }
}

/// Scores by class, in the order of the classes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scores(pub(crate) Vec<(String, f64)>);

impl Serialize for Scores {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(class, score)| (class, score)))
    }
}

/// The answers to the three questions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answers {
    pub(crate) time: Answer,
    pub(crate) weather: Answer,
    pub(crate) setting: Answer,
}

impl Model {
    /// Reads a model and checks that its parts fit together and the features.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let model: Self = serde_json::from_str(text).context("the model")?;
        let count = model.features.len();
        ensure!(
            model.mean.len() == count && model.deviation.len() == count,
            "the model: it needs one mean and one deviation for each feature"
        );
        ensure!(
            model.deviation.iter().all(|deviation| *deviation > 0.0),
            "the model: deviations must be above 0"
        );
        for question in [&model.time, &model.weather, &model.setting] {
            let classes = question.classes.len();
            ensure!(
                classes > 0
                    && question.intercepts.len() == classes
                    && question.coefficients.len() == classes
                    && question.coefficients.iter().all(|row| row.len() == count),
                "the model: it needs an intercept for each class and a coefficient for each feature"
            );
        }
        Ok(model)
    }

    /// The answers for one image.
    pub(crate) fn answer(&self, features: &Features, threshold: f64) -> Result<Answers> {
        let values = self.standardised(features)?;
        let judged = features.contrast >= FLATTEST;
        let answer = |question: &Question| {
            let scores = if judged {
                question.scores(&values)
            } else {
                question.no_idea()
            };
            question.answer(scores, threshold)
        };
        let setting = answer(&self.setting);
        let mut weather = answer(&self.weather);
        if setting.leans_to(INDOOR) {
            UNKNOWN.clone_into(&mut weather.label);
        }
        Ok(Answers {
            time: answer(&self.time),
            weather,
            setting,
        })
    }

    fn standardised(&self, features: &Features) -> Result<Vec<f64>> {
        let Value::Object(named) = serde_json::to_value(features)? else {
            bail!("features must have names");
        };
        let values = self
            .features
            .iter()
            .zip(self.mean.iter().zip(&self.deviation));
        values
            .map(|(name, (mean, deviation))| {
                let value = named.get(name).and_then(Value::as_f64);
                let value =
                    value.with_context(|| format!("the model: there is no feature `{name}`"))?;
                Ok(((value - mean) / deviation).clamp(-FARTHEST, FARTHEST))
            })
            .collect()
    }
}

impl Question {
    /// Softmax of the linear forms.
    fn scores(&self, values: &[f64]) -> Vec<f64> {
        let rows = self.coefficients.iter().zip(&self.intercepts);
        let forms: Vec<f64> = rows
            .map(|(row, intercept)| {
                let products = row
                    .iter()
                    .zip(values)
                    .map(|(coefficient, value)| coefficient * value);
                intercept + products.sum::<f64>()
            })
            .collect();
        let most = forms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = forms.iter().map(|form| (form - most).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    }

    fn no_idea(&self) -> Vec<f64> {
        vec![1.0 / self.classes.len() as f64; self.classes.len()]
    }

    /// The class with the highest score, if that reaches the threshold.
    fn answer(&self, scores: Vec<f64>, threshold: f64) -> Answer {
        let scores = rounded(&scores);
        let best = (0..scores.len())
            .rev()
            .max_by(|first, second| scores[*first].total_cmp(&scores[*second]));
        let label = best.filter(|best| scores[*best] >= threshold && scores.len() > 1);
        Answer {
            label: label.map_or(UNKNOWN, |best| &self.classes[best]).to_owned(),
            scores: Scores(self.classes.iter().cloned().zip(scores).collect()),
        }
    }
}

/// Rounds to thousandths that still add up to 1: what is left over goes to those that lost most.
fn rounded(scores: &[f64]) -> Vec<f64> {
    let mut steps: Vec<f64> = scores.iter().map(|score| (score * STEPS).floor()).collect();
    let missing = (STEPS - steps.iter().sum::<f64>()).max(0.0) as usize;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let lost = |at: &usize| scores[*at] * STEPS - (scores[*at] * STEPS).floor();
    order.sort_by(|first, second| lost(second).total_cmp(&lost(first)));
    for at in order.into_iter().take(missing) {
        steps[at] += 1.0;
    }
    steps.into_iter().map(|step| step / STEPS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_scores_add_up() {
        assert_eq!(rounded(&[1.0 / 3.0; 3]), [0.334, 0.333, 0.333]);
        assert_eq!(rounded(&[0.2; 5]), [0.2; 5]);
        assert_eq!(rounded(&[0.0004, 0.9996]), [0.0, 1.0]);
    }

    #[test]
    fn scores_are_a_softmax() {
        let question = Question {
            classes: vec!["a".to_owned(), "b".to_owned()],
            intercepts: vec![0.0, 1.0],
            coefficients: vec![vec![2.0, 0.0], vec![0.0, 0.0]],
        };
        let scores = question.scores(&[0.5, 9.0]);
        assert_eq!(scores, [0.5, 0.5], "2 * 0.5 = 1");
        assert_eq!(question.answer(scores, 0.6).label, UNKNOWN);
        assert_eq!(
            question.answer(question.scores(&[3.0, 0.0]), 0.9).label,
            "a"
        );
    }

    #[test]
    fn a_model_that_does_not_fit_together_is_refused() {
        let text = include_str!("../model.json");
        assert!(Model::parse(text).is_ok());
        let wrong = text.replacen("\"lightness\",", "", 1);
        assert!(Model::parse(&wrong).is_err());
    }
}
