//! How good a taught model is, by labels of shots that it had not seen.

use std::collections::BTreeSet;

use anyhow::Result;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::calibrate::{Cut, Held, threshold};
use crate::fit::{Examples, Fitted, best};

/// The smallest number of labels on the curve; the next are twice as many each.
const FIRST: usize = 10;

/// Draws of labels whose accuracies a point of the curve is the mean of.
const DRAWS: u64 = 3;

/// The fewest labels of a class that say something of it, and those that make it worth asking for more.
const FEW: usize = 5;

/// More labels of one class than this are never asked for at once.
const MOST: usize = 100;

/// A round of labels, and the gain in accuracy below which it is not worth it.
const ROUND: f64 = 20.0;
const GAIN: f64 = 0.01;

/// How fast errors fall with the number of labels, as a power: what is assumed where the curve says nothing, and
/// the bounds of what it may say.
const FALL: f64 = 0.5;
const FALLS: [f64; 2] = [0.25, 1.0];

/// What labels of other shots say of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Number of labels.
    pub labels: usize,
    /// Number of shots that they are from.
    pub shots: usize,
    /// The share of held-out labels whose best class is right, 0 to 1; none where all are of one shot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The same of the answers that the records had before, where no answer is not right; none if no record had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_before: Option<f64>,
    /// The share that is right of what reaches the threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    /// The share that reaches the threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<f64>,
    /// Each class.
    pub classes: Vec<OfClass>,
    /// For each class, how many of its held-out labels are taken for each class, in the order of `classes`.
    pub confusion: Vec<Vec<usize>>,
    /// Accuracy by the number of labels.
    pub curve: Vec<Point>,
    /// Whether twenty labels more would hardly help.
    pub enough: bool,
}

/// What held-out labels say of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfClass {
    /// The class.
    pub class: String,
    /// Number of labels.
    pub labels: usize,
    /// Number of shots that they are from.
    pub shots: usize,
    /// The share of it that is right, of what is taken for it; none where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    /// The share of its labels that is recognised; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<f64>,
    /// An estimate of how many labels more it needs for the wanted precision.
    pub more: usize,
}

/// The accuracy with some of the labels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Number of labels.
    pub labels: usize,
    /// The share of held-out labels that is right with this many.
    pub accuracy: f64,
}

impl Proof {
    /// Whether held-out labels contradict that its answers are right more often than those before: then they are to
    /// replace none but where a label says so.
    pub fn is_no_better(&self) -> bool {
        let both = self.accuracy.zip(self.accuracy_before);
        both.is_some_and(|(accuracy, before)| accuracy <= before)
    }
}

/// Proves a classifier, and finds its threshold, from which `wanted` of the answers are right, or which `every` one
/// reaches. `before` is for each label whether the earlier answer was right, where there was one.
pub(crate) fn prove(
    examples: &Examples,
    fitted: &Fitted,
    classes: &[String],
    before: &[Option<bool>],
    wanted: f64,
    every: bool,
) -> Result<(Proof, Cut)> {
    let answers = answers(examples, fitted);
    let marks: Vec<_> = { answers.iter().zip(&examples.class) }
        .map(|((class, score), truth)| (*score, class == truth))
        .collect();
    let cut = threshold(&marks, if every { 0.0 } else { wanted });
    let proven = !answers.is_empty();
    let curve = curve(examples, fitted)?;
    let (confusion, mut of_classes) = by_class(examples, &answers, classes);
    let fall = fall(&curve);
    for one in &mut of_classes {
        one.more = more(one, wanted, fall);
    }
    let accuracy = share(marks.iter().map(|(_, right)| *right));
    let labels = examples.class.len();
    // A few that are right say little: as if one more had been right and one wrong.
    let careful = |accuracy: f64| (accuracy * labels as f64 + 1.0) / (labels as f64 + 2.0);
    let gain = |accuracy: f64| {
        let left = (labels as f64 / (labels as f64 + ROUND)).powf(fall);
        (1.0 - accuracy) * (1.0 - left)
    };
    let proof = Proof {
        labels,
        shots: examples.shot.iter().collect::<BTreeSet<_>>().len(),
        accuracy: accuracy.map(rounded),
        accuracy_before: before
            .iter()
            .any(Option::is_some)
            .then(|| share(before.iter().map(|right| *right == Some(true))))
            .flatten()
            .map(rounded),
        precision: proven.then_some(rounded(cut.precision)),
        answered: proven.then_some(rounded(cut.answered)),
        enough: accuracy
            .map(careful)
            .is_some_and(|accuracy| accuracy >= wanted || gain(accuracy) < GAIN)
            && of_classes
                .iter()
                .all(|one| one.labels == 0 || one.shots > 1),
        classes: of_classes,
        confusion,
        curve,
    };
    Ok((proof, cut))
}

/// For each label, the best class of a classifier that had not seen it, and its score.
fn answers(examples: &Examples, fitted: &Fitted) -> Vec<(usize, f64)> {
    debug_assert!(fitted.held.is_empty() || fitted.held.len() == examples.class.len());
    fitted.held.iter().map(|held| said(held, fitted)).collect()
}

/// The best class for a label that was held out, and its score.
fn said(held: &Held, fitted: &Fitted) -> (usize, f64) {
    let prior = held.prior.as_deref();
    best(&fitted.calibration.join(&held.taught, prior))
}

fn by_class(
    examples: &Examples,
    answers: &[(usize, f64)],
    classes: &[String],
) -> (Vec<Vec<usize>>, Vec<OfClass>) {
    let mut confusion = vec![vec![0; classes.len()]; classes.len()];
    for (truth, (said, _)) in examples.class.iter().zip(answers) {
        confusion[*truth][*said] += 1;
    }
    let of = |(at, class): (usize, &String)| {
        let its = (0..examples.class.len()).filter(|label| examples.class[*label] == at);
        let shots: BTreeSet<_> = its.clone().map(|label| examples.shot[label]).collect();
        let right = confusion[at][at] as f64;
        let said: usize = confusion.iter().map(|row| row[at]).sum();
        let labels = its.count();
        let proven = labels > 0 && !answers.is_empty();
        OfClass {
            class: class.clone(),
            labels,
            shots: shots.len(),
            precision: (said > 0).then(|| rounded(right / said as f64)),
            recall: proven.then(|| rounded(right / labels as f64)),
            more: 0,
        }
    };
    let of_classes = classes.iter().enumerate().map(of).collect();
    (confusion, of_classes)
}

/// The accuracy with 10, 20, 40 … labels, and with all.
fn curve(examples: &Examples, fitted: &Fitted) -> Result<Vec<Point>> {
    let labels = examples.class.len();
    if fitted.held.is_empty() {
        return Ok(Vec::new());
    }
    let folds = examples.folds();
    let sizes = std::iter::successors(Some(FIRST), |size| Some(2 * size));
    let sizes: Vec<_> = sizes.take_while(|size| *size < labels).collect();
    let draws = sizes
        .par_iter()
        .flat_map(|size| (0..DRAWS).into_par_iter().map(|draw| (*size, draw)));
    let accuracies = draws.map(|(size, draw)| {
        let subset = drawn(labels, size, draw);
        let held = examples.cross_validated(fitted.method, &folds, &subset)?;
        let right = held.iter().map(|one| said(one, fitted).0 == one.class);
        Ok(share(right).unwrap_or(0.0))
    });
    let accuracies: Vec<f64> = accuracies.collect::<Result<_>>()?;
    let point = |(size, draws): (&usize, &[f64])| Point {
        labels: *size,
        accuracy: rounded(draws.iter().sum::<f64>() / DRAWS as f64),
    };
    let draws = accuracies.chunks(DRAWS as usize);
    let mut points: Vec<_> = sizes.iter().zip(draws).map(point).collect();
    let all = answers(examples, fitted).into_iter().zip(&examples.class);
    let accuracy = share(all.map(|((said, _), truth)| said == *truth)).unwrap_or(0.0);
    points.push(Point {
        labels,
        accuracy: rounded(accuracy),
    });
    Ok(points)
}

/// `size` of the numbers below `all`, drawn at random; the same `draw` gives the same ones.
fn drawn(all: usize, size: usize, draw: u64) -> Vec<usize> {
    let mut chance = SplitMix64::seed_from_u64(draw);
    let mut numbers: Vec<_> = (0..all).map(|number| (chance.next_u64(), number)).collect();
    numbers.sort_unstable();
    numbers.truncate(size);
    numbers.into_iter().map(|(_, number)| number).collect()
}

/// The power by which errors fall with the number of labels, from the ends of the curve.
fn fall(curve: &[Point]) -> f64 {
    let [first, .., last] = curve else {
        return FALL;
    };
    // Half a label may always be wrong.
    let errors = |point: &Point| (1.0 - point.accuracy).max(0.5 / last.labels as f64);
    let times = last.labels as f64 / first.labels as f64;
    let fall = (errors(first) / errors(last)).ln() / times.ln();
    if fall.is_finite() {
        fall.clamp(FALLS[0], FALLS[1])
    } else {
        FALL
    }
}

/// How many labels more a class needs, if its errors fall as those of all.
fn more(one: &OfClass, wanted: f64, fall: f64) -> usize {
    let few = FEW.saturating_sub(one.labels);
    let Some(recall) = one.recall else {
        return few;
    };
    let labels = one.labels as f64;
    // One label of few says little: as if one more had been right and one wrong.
    let errors = 1.0 - (recall * labels + 1.0) / (labels + 2.0);
    let allowed = (1.0 - wanted).max(1.0 / (labels + 2.0));
    if errors <= allowed {
        return few;
    }
    let needed = labels * ((errors / allowed).powf(1.0 / fall) - 1.0);
    // A hundredth of a label is rounding.
    ((needed - 0.01).ceil() as usize).clamp(few, MOST)
}

/// The share of what is true; none of nothing.
fn share(all: impl Iterator<Item = bool>) -> Option<f64> {
    let (mut right, mut count) = (0.0, 0.0);
    for one in all {
        right += f64::from(u8::from(one));
        count += 1.0;
    }
    (count > 0.0).then(|| right / count)
}

/// To the four decimals of all shares in a proof.
fn rounded(share: f64) -> f64 {
    manifest::rounded(share, 4)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "bounds come out as they are")]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_no_more_often_than_before_is_no_better() {
        let proof = |accuracy, accuracy_before| Proof {
            labels: 9,
            shots: 9,
            accuracy,
            accuracy_before,
            precision: None,
            answered: None,
            classes: Vec::new(),
            confusion: Vec::new(),
            curve: Vec::new(),
            enough: false,
        };
        assert!(proof(Some(0.6), Some(0.6)).is_no_better());
        assert!(!proof(Some(0.7), Some(0.6)).is_no_better());
        assert!(
            !proof(Some(0.7), None).is_no_better(),
            "there was no answer"
        );
        assert!(!proof(None, Some(0.6)).is_no_better(), "nothing is proven");
    }

    fn point(labels: usize, accuracy: f64) -> Point {
        Point { labels, accuracy }
    }

    #[test]
    fn errors_that_halve_as_labels_double_fall_with_power_one() {
        let found = fall(&[point(10, 0.6), point(20, 0.8), point(40, 0.9)]);
        assert!((found - 1.0).abs() < 1e-9, "{found}");
        assert_eq!(fall(&[point(10, 0.6), point(40, 0.55)]), FALLS[0]);
        assert_eq!(fall(&[point(10, 0.6)]), FALL);
    }

    #[test]
    fn a_class_that_is_confused_asks_for_more() {
        let one = |labels, recall| OfClass {
            class: "a".into(),
            labels,
            shots: 3,
            precision: None,
            recall,
            more: 0,
        };
        // 18 labels, 13 right: as if 14 of 20, an error of 0.3 where 0.1 is allowed, that is three times as many.
        assert_eq!(more(&one(18, Some(13.0 / 18.0)), 0.9, 1.0), 36);
        assert_eq!(more(&one(18, Some(1.0)), 0.9, 1.0), 0);
        assert_eq!(more(&one(2, None), 0.9, 1.0), 3);
        assert_eq!(more(&one(18, Some(0.0)), 0.99, 0.25), MOST);
    }

    #[test]
    fn a_draw_is_always_the_same_and_has_no_number_twice() {
        let mut once = drawn(50, 20, 1);
        assert_eq!(once, drawn(50, 20, 1));
        assert_ne!(once, drawn(50, 20, 2));
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), 20);
    }
}
