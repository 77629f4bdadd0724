//! From cosines to labels with scores.

use nets::embed::{Logits, Texts};
use onnx::Model;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use stage::{Context, Result, ensure, log};

use crate::Args;
use crate::labels::{Group, Score, Threshold};

/// What is said where no label reaches the threshold.
const UNKNOWN: &str = "unknown";

/// The least scores where a group does not say. Those of `SigLIP` are small: a label that fits well
/// has often no more than 0.1.
const SOFTMAX: f64 = 0.5;
const SIGMOID: f64 = 0.05;

/// Labels of a group that are written where it does not say how many.
const TOP: usize = 3;

/// Scores are written in steps of this many to one.
const STEPS: f64 = 10_000.0;

/// How a model makes logits of cosines: the registry's `scale` and `bias`, or what its family is known
/// for. `width` is the length of its vectors.
///
/// # Errors
/// A model of the registry of which neither is known: another checkpoint's would give wrong scores.
pub(crate) fn logits(model: &Model, texts: &Texts, width: usize) -> Result<Logits> {
    let fits = |known: &Logits| known.width.is_none_or(|own| own == width);
    let own = texts
        .logits
        .filter(|known| fits(known) || model.family().is_none());
    let or = |said: Option<f64>, known: Option<f64>, name: &str| {
        said.or(known).with_context(|| {
            format!(
                "{}: its entry in the registry needs `{name}`: models/logits.py finds it",
                model.name()
            )
        })
    };
    let (scale, bias) = (model.parameter("scale")?, model.parameter("bias")?);
    if let Some(known) = own.filter(|known| !fits(known) && scale.is_none()) {
        log::warn!(
            "{}: scores are made as for vectors of {}, but its are of {width}: give it `scale` and `bias` in the registry",
            model.name(),
            known.width.unwrap_or(width)
        );
    }
    Ok(Logits {
        factor: or(scale, own.map(|known| known.factor), "scale")?,
        bias: or(bias, own.map(|known| known.bias), "bias")?,
        width: Some(width),
    })
}

/// A group of labels, ready to be asked.
#[derive(Debug)]
pub(crate) struct Question {
    name: String,
    labels: Vec<String>,
    vectors: Vec<Vec<f32>>,
    logits: Logits,
    score: Score,
    threshold: f64,
    margin: f64,
    top: usize,
    /// The label whose score alone is said.
    measure: Option<usize>,
}

/// Labels with their scores, best first.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer(Vec<(String, f64)>);

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (label, score) in &self.0 {
            list.serialize_element(&(label, (score * STEPS).round() / STEPS))?;
        }
        list.end()
    }
}

impl Question {
    /// A group, with the vector of each of its labels.
    pub(crate) fn new(
        group: Group,
        vectors: Vec<Vec<f32>>,
        args: &Args,
        logits: Logits,
        texts: &Texts,
    ) -> Result<Self> {
        let by_family = if texts.alone {
            Score::Sigmoid
        } else {
            Score::Softmax
        };
        let measured = group.measure.as_ref().map(|_| Score::Softmax);
        let score = measured.or(group.score).unwrap_or(by_family);
        ensure!(
            texts.alone || score == Score::Softmax,
            "{}: CLIP cannot score a label by itself: use softmax, or a SigLIP model",
            group.name
        );
        let known = match (score, group.threshold) {
            (_, Some(Threshold::Both(least))) => Some(least),
            (Score::Softmax, Some(Threshold::Each { softmax, .. })) => softmax,
            (Score::Sigmoid, Some(Threshold::Each { sigmoid, .. })) => sigmoid,
            (_, None) => None,
        };
        let usual = if score == Score::Softmax {
            SOFTMAX
        } else {
            SIGMOID
        };
        let measure = group.measure.as_ref();
        let measure =
            measure.and_then(|name| group.labels.iter().position(|(label, _)| label == name));
        Ok(Self {
            measure,
            name: group.name,
            labels: group.labels.into_iter().map(|(label, _)| label).collect(),
            vectors,
            logits,
            score,
            threshold: args.threshold.or(known).unwrap_or(usual),
            margin: args.margin.or(group.margin).unwrap_or(0.0),
            top: args.top.map(usize::from).or(group.top).unwrap_or(TOP),
        })
    }

    /// The group's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What is to be said of an image with this vector.
    pub(crate) fn answer(&self, image: &[f32]) -> Result<Answer> {
        let scores = self.scores(image)?;
        if let Some(measure) = self.measure {
            let score = (self.labels[measure].clone(), scores[measure]);
            return Ok(Answer(vec![score]));
        }
        let mut best: Vec<(&String, f64)> = self.labels.iter().zip(scores).collect();
        best.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let first = best.first().map_or(0.0, |(_, score)| *score);
        let second = best.get(1).map_or(0.0, |(_, score)| *score);
        let near = self.score == Score::Softmax && first - second < self.margin;
        if first < self.threshold || near {
            return Ok(Answer(vec![(UNKNOWN.to_owned(), first)]));
        }
        if self.score == Score::Sigmoid {
            best.retain(|(_, score)| *score >= self.threshold);
        }
        let said = best.into_iter().take(self.top);
        Ok(Answer(
            said.map(|(label, score)| (label.clone(), score)).collect(),
        ))
    }

    fn scores(&self, image: &[f32]) -> Result<Vec<f64>> {
        let length = dot(image, image).sqrt();
        ensure!(
            length.is_normal(),
            "key `embedding`: a vector of length zero"
        );
        let mut logits = Vec::with_capacity(self.vectors.len());
        for vector in &self.vectors {
            ensure!(
                vector.len() == image.len(),
                "key `embedding`: {} numbers, but the texts have {}",
                image.len(),
                vector.len()
            );
            logits.push(self.logits.factor * dot(image, vector) / length + self.logits.bias);
        }
        Ok(match self.score {
            Score::Sigmoid => logits
                .iter()
                .map(|logit| 1.0 / (1.0 + (-logit).exp()))
                .collect(),
            Score::Softmax => softmax(&logits),
        })
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// Three labels along the axes of a plane and against the first.
    fn question(score: Score) -> Question {
        Question {
            name: "place".to_owned(),
            labels: ["east", "north", "west"].map(str::to_owned).to_vec(),
            vectors: vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![-1.0, 0.0]],
            logits: Logits {
                factor: 2.0,
                bias: -1.0,
                width: None,
            },
            score,
            threshold: 0.5,
            margin: 0.0,
            top: 2,
            measure: None,
        }
    }

    #[test]
    fn a_measure_is_one_score_whatever_it_is() {
        let measured = Question {
            measure: Some(2),
            threshold: 0.6,
            ..question(Score::Softmax)
        };
        assert_eq!(said(&measured, &[3.0, 4.0]), r#"[["west",0.0351]]"#);
        assert_eq!(said(&measured, &[-1.0, 0.0]), r#"[["west",0.8668]]"#);
    }

    fn said(question: &Question, image: &[f32]) -> String {
        serde_json::to_string(&question.answer(image).unwrap()).unwrap()
    }

    #[test]
    fn shares_of_a_softmax_are_those_worked_out() {
        // Cosines 0.6, 0.8, -0.6; twice that: e^1.2, e^1.6, e^-1.2 = 3.3201, 4.9530, 0.3012 of 8.5743.
        let question = question(Score::Softmax);
        assert_eq!(
            said(&question, &[3.0, 4.0]),
            r#"[["north",0.5777],["east",0.3872]]"#
        );
        let strict = Question {
            threshold: 0.6,
            ..question
        };
        assert_eq!(said(&strict, &[3.0, 4.0]), r#"[["unknown",0.5777]]"#);
        let wide = Question {
            threshold: 0.0,
            margin: 0.2,
            ..strict
        };
        assert_eq!(said(&wide, &[3.0, 4.0]), r#"[["unknown",0.5777]]"#);
    }

    #[test]
    fn labels_of_a_sigmoid_stand_for_themselves() {
        // Logits 0.2, 0.6, -2.2.
        let question = question(Score::Sigmoid);
        assert_eq!(
            said(&question, &[3.0, 4.0]),
            r#"[["north",0.6457],["east",0.5498]]"#
        );
        let strict = Question {
            threshold: 0.6,
            ..question
        };
        assert_eq!(said(&strict, &[3.0, 4.0]), r#"[["north",0.6457]]"#);
    }

    #[test]
    fn vectors_that_do_not_fit_are_refused() {
        let question = question(Score::Softmax);
        assert!(question.answer(&[1.0, 0.0, 0.0]).is_err());
        assert!(question.answer(&[0.0, 0.0]).is_err());
    }
}
