//! A taught model: one file, which judges this film, and its sequel.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use manifest::shapes::Identity;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::calibrate::{Calibration, MAJORITY, WRONG};
use crate::classify::{Method, log_scores};
use crate::fit::{Examples, best};
use crate::proof::{Proof, prove};
use crate::threshold::{FEW, SHOTS};
use crate::vectors::Layout;
use crate::{DROP, Film, Reading, Sight, UNKNOWN};

/// The number of this form of the file.
const FORM: u32 = 1;

/// The precision that is wanted of answers where none is asked for.
const PRECISION: f64 = 0.95;

/// What labels have taught of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    form: u32,
    /// The question.
    #[serde(flatten)]
    pub reading: Reading,
    /// The answers, sorted.
    pub classes: Vec<String>,
    /// The precision that was wanted.
    pub wanted: f64,
    /// The probability from which an answer counts.
    pub threshold: f64,
    /// How good it is.
    pub proof: Proof,
    method: Method,
    calibration: Calibration,
    /// Labels of each class.
    counts: Vec<u32>,
    intercepts: Vec<f32>,
    /// One row a class.
    weights: Vec<Vec<f32>>,
    layout: Layout,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The class, or [`UNKNOWN`].
    pub label: String,
    /// The probability of the best class, 0 to 1.
    pub probability: f64,
    /// All classes with their probabilities, the best first.
    pub scores: Vec<(String, f64)>,
}

/// Learns from the labels of a film, for a precision that is `wanted` of the answers, 0 to 1. Without labels the
/// model says what the earlier tool said, and without that nothing.
///
/// Where no precision is wanted, it is 0.95; but what to keep has an answer for every record, the likelier one, as
/// a record that is left undecided is kept.
pub fn learn(reading: &Reading, film: &Film, wanted: Option<f64>) -> Result<Model> {
    let every = wanted.is_none() && reading.key.is_decision();
    let wanted = wanted.unwrap_or(PRECISION);
    let labelled = labelled(reading, film);
    let classes = classes(reading, film, &labelled);
    let examples = Examples::of(film, &labelled, &classes)?;
    let fitted = examples.fit()?;
    let before = |record: &usize| {
        let sight = &film.sights[*record];
        sight
            .before
            .as_ref()
            .map(|before| sight.label.as_ref() == Some(before))
    };
    let before: Vec<_> = labelled.iter().map(before).collect();
    let (proof, cut) = prove(&examples, &fitted, &classes, &before, wanted, every)?;
    let row = |row: ndarray::ArrayView1<'_, f64>| row.iter().map(|number| *number as f32).collect();
    Ok(Model {
        form: FORM,
        reading: reading.clone(),
        classes,
        wanted,
        threshold: if fitted.held.is_empty() {
            MAJORITY
        } else {
            floor(cut.threshold)
        },
        proof,
        method: fitted.method,
        calibration: fitted.calibration,
        counts: fitted.linear.counts,
        intercepts: row(fitted.linear.intercepts.view()),
        weights: fitted.linear.weights.rows().into_iter().map(row).collect(),
        layout: film.layout.clone(),
    })
}

/// The records to learn from. A drop or two, or those of one shot, do not say what else is to go: they teach nothing.
fn labelled(reading: &Reading, film: &Film) -> Vec<usize> {
    let mut labelled = film.labelled();
    let is_drop = |record: &usize| film.sights[*record].label.as_deref() == Some(DROP);
    let drops = { labelled.iter() }.filter(|record| is_drop(record));
    let shots: BTreeSet<_> = drops.clone().map(|record| film.shot[*record]).collect();
    if reading.drops && (drops.count() < FEW || shots.len() < SHOTS) {
        labelled.retain(|record| !is_drop(record));
    }
    labelled
}

/// All labels, and those classes of an earlier tool that are the best of any record; sorted. Of groups that look alike
/// only the members are known: where there are names, they are none. And drops alone say nothing of what stays.
fn classes(reading: &Reading, film: &Film, labelled: &[usize]) -> Vec<String> {
    let labels = { labelled.iter() }.filter_map(|record| film.sights[*record].label.clone());
    let mut classes: Vec<_> = labels.collect();
    let drops_alone = !classes.is_empty() && classes.iter().all(|class| class == DROP);
    let named = !classes.is_empty();
    let best = |sight: &Sight| {
        let scores =
            { sight.prior.iter() }.filter(|(class, _)| !(named && Identity::is_group(class)));
        let best = scores.max_by(|one, other| one.1.total_cmp(other.1));
        best.map(|(class, _)| class.clone())
    };
    if !(reading.drops && drops_alone) {
        classes.extend(film.sights.iter().filter_map(best));
    }
    classes.sort();
    classes.dedup();
    classes
}

/// Down to four decimals, so that what reached it still does.
fn floor(score: f64) -> f64 {
    (score * 1e4).floor() / 1e4
}

impl Model {
    /// The model in the bytes of its file.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let model: Self = serde_json::from_slice(text).context("not a taught model")?;
        let (classes, length) = (model.classes.len(), model.layout.length());
        ensure!(
            model.form == FORM,
            "a taught model of form {}: make it again with label-fit",
            model.form
        );
        let fits = model.counts.len() == classes
            && model.intercepts.len() == classes
            && model.weights.len() == classes
            && model.weights.iter().all(|row| row.len() == length)
            && model.layout.is_sound();
        ensure!(fits, "a taught model whose parts do not fit together");
        Ok(model)
    }

    /// The file's bytes.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Whether a record has what this model judges by, or nothing of it.
    ///
    /// # Errors
    /// A vector of another length, or of another network.
    pub fn check(&self, sight: &Sight) -> Result<()> {
        self.layout.check(&sight.seen)
    }

    /// A film as this model sees it.
    pub fn film(&self, sights: Vec<Sight>) -> Result<Film> {
        Film::placed(self.layout.clone(), sights)
    }

    /// Whether there is nothing to tell apart: all labels are the same.
    pub fn is_of_one_class(&self) -> bool {
        self.classes.len() == 1
    }

    /// Answers for every record of a film, in order; none for one that has nothing to judge it by, and with one class
    /// none but for what labels are of. Records that have one answer get one, and labels of any of them count.
    pub fn judge(&self, film: &Film) -> Vec<Option<Judgement>> {
        let units = (0..film.members.len()).into_par_iter();
        let units: Vec<_> = units.map(|unit| self.unit(film, unit)).collect();
        film.unit.iter().map(|unit| units[*unit].clone()).collect()
    }

    fn unit(&self, film: &Film, unit: usize) -> Option<Judgement> {
        let prior = film.prior(unit, &self.classes);
        let mean = film.mean(unit);
        if self.classes.is_empty() || (mean.is_none() && prior.is_none()) {
            return None;
        }
        let mut labels = film.members[unit]
            .iter()
            .filter_map(|record| film.sights[*record].label.as_deref())
            .peekable();
        if self.is_of_one_class() && labels.peek().is_none() {
            return None;
        }
        // Without a vector only the earlier tool has a say.
        let counts = if mean.is_some() {
            self.counts.clone()
        } else {
            vec![0; self.counts.len()]
        };
        let taught = log_scores(&self.forms(&mean.unwrap_or_default()), &counts);
        let scores = self.calibration.join(&taught, prior.as_deref());
        Some(self.judgement(self.told(scores, labels)))
    }

    fn forms(&self, vector: &[f32]) -> Vec<f64> {
        let forms = self.weights.iter().zip(&self.intercepts);
        let form = |(row, intercept): (&Vec<f32>, &f32)| {
            let products = row
                .iter()
                .zip(vector)
                .map(|(x, y)| f64::from(*x) * f64::from(*y));
            products.sum::<f64>() + f64::from(*intercept)
        };
        forms.map(form).collect()
    }

    /// The probabilities after labels, of which each may be wrong, as the model may be.
    fn told<'a>(&self, mut scores: Vec<f64>, labels: impl Iterator<Item = &'a str>) -> Vec<f64> {
        let classes = self.classes.len() as f64;
        let known = labels.filter_map(|label| self.classes.iter().position(|class| class == label));
        for (number, label) in known.enumerate() {
            if number == 0 {
                let doubt = |score: &mut f64| *score = *score * (1.0 - WRONG) + WRONG / classes;
                scores.iter_mut().for_each(doubt);
            }
            for (class, score) in scores.iter_mut().enumerate() {
                *score *= if class == label {
                    1.0 - WRONG
                } else {
                    WRONG / (classes - 1.0).max(1.0)
                };
            }
            let sum: f64 = scores.iter().sum();
            for score in &mut scores {
                *score /= sum;
            }
        }
        scores
    }

    fn judgement(&self, scores: Vec<f64>) -> Judgement {
        let (class, probability) = best(&scores);
        let known = probability >= self.threshold;
        let mut scores: Vec<_> = self.classes.iter().cloned().zip(scores).collect();
        scores.sort_by(|one, other| other.1.total_cmp(&one.1));
        Judgement {
            label: if known {
                self.classes[class].clone()
            } else {
                UNKNOWN.to_owned()
            },
            probability,
            scores,
        }
    }
}
