//! Scores as probabilities that hold on this film, together with what an earlier tool said.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The least probability that an earlier tool's score stands for: it was made on other films.
const LEAST: f64 = 0.02;

/// A label is wrong with this probability; one that contradicts everything must not decide alone.
pub(crate) const WRONG: f64 = 0.03;

/// What is tried: powers of the taught scores, and of the earlier ones.
const SHARPNESS: [f64; 11] = [0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6];
const TRUST: [f64; 10] = [0.0, 0.15, 0.3, 0.5, 0.75, 1.0, 1.4, 2.0, 3.0, 5.0];

/// The threshold where every answer may count: more than all others together.
pub(crate) const MAJORITY: f64 = 0.5;

/// How two opinions become one: each to a power, then multiplied. The first power is the inverse of a
/// temperature (Guo et al., On Calibration of Modern Neural Networks, 2017).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// The power of the taught scores.
    pub(crate) sharpness: f64,
    /// The power of the earlier tool's scores.
    pub(crate) trust: f64,
}

/// One label that was held out: what the classifier that had not seen it said, and what the earlier tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) class: usize,
    pub(crate) taught: Vec<f64>,
    pub(crate) prior: Option<Vec<f64>>,
}

impl Calibration {
    /// Without labels to measure it by, both count as they are.
    pub(crate) const PLAIN: Self = Self {
        sharpness: 1.0,
        trust: 1.0,
    };

    /// The powers with the least loss on held-out labels, and that loss in nats a label. With few
    /// labels the sharpness stays near 1 and the trust near 0.5.
    pub(crate) fn fit(held: &[Held]) -> (Self, f64) {
        let with_prior = held.iter().any(|one| one.prior.is_some());
        let trusts = if with_prior { &TRUST[..] } else { &TRUST[..1] };
        let mut best = (Self::PLAIN, f64::INFINITY);
        for trust in trusts {
            for sharpness in SHARPNESS {
                let tried = Self {
                    sharpness,
                    trust: *trust,
                };
                let away = sharpness.ln().powi(2) + (trust - 0.5).powi(2);
                let sum: f64 = held.iter().map(|one| tried.loss(one)).sum();
                let loss = (sum + away) / held.len().max(1) as f64;
                if loss < best.1 {
                    best = (tried, loss);
                }
            }
        }
        best
    }

    fn loss(self, held: &Held) -> f64 {
        let scores = self.join(&held.taught, held.prior.as_deref());
        let chance = 1.0 / scores.len() as f64;
        -(scores[held.class] * (1.0 - WRONG) + WRONG * chance).ln()
    }

    /// The probability of each class, from the logarithms of both scores.
    pub(crate) fn join(self, taught: &[f64], prior: Option<&[f64]>) -> Vec<f64> {
        let trusted = |class: usize| prior.map_or(0.0, |prior| prior[class] * self.trust);
        let logs = taught.iter().enumerate();
        softmax(
            logs.map(|(class, log)| log * self.sharpness + trusted(class))
                .collect(),
        )
    }
}

/// Probabilities, from their logarithms but for what they have in common.
pub(crate) fn softmax(mut logs: Vec<f64>) -> Vec<f64> {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for log in &mut logs {
        *log = (*log - largest).exp();
    }
    let sum: f64 = logs.iter().sum();
    for score in &mut logs {
        *score /= sum;
    }
    logs
}

/// The logarithms of an earlier tool's scores, in the order of `classes`; none if it scored none of them.
pub(crate) fn log_prior(scores: &BTreeMap<String, f64>, classes: &[String]) -> Option<Vec<f64>> {
    let sum: f64 = scores.values().sum();
    let known = classes.iter().any(|class| scores.contains_key(class));
    if !known || sum <= 0.0 {
        return None;
    }
    let score = |class: &String| scores.get(class).copied().unwrap_or(0.0) / sum;
    let logs = classes.iter().map(|class| score(class).max(LEAST).ln());
    Some(logs.collect())
}

/// The least score from which the best classes of held-out labels are right as often as `wanted`, with the
/// precision and the share that is answered there. Where no score is enough, it is the one with the best
/// precision. `best` has for each label the score of the class said, and whether it is right.
pub(crate) fn threshold(best: &[(f64, bool)], wanted: f64) -> Cut {
    let mut sorted = best.to_vec();
    sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut found = Cut {
        threshold: 1.0,
        precision: 0.0,
        answered: 0.0,
    };
    let mut right = 0;
    for (at, (score, is_right)) in sorted.iter().enumerate() {
        right += usize::from(*is_right);
        // Equal scores are on one side.
        if sorted.get(at + 1).is_some_and(|next| next.0 >= *score) {
            continue;
        }
        let precision = f64::from(right as u32) / (at + 1) as f64;
        if precision >= wanted.min(found.precision) {
            found = Cut {
                threshold: *score,
                precision,
                answered: (at + 1) as f64 / sorted.len() as f64,
            };
        }
    }
    // What is surer than it has to be counts, though no label had so low a score; and where none was wrong that is
    // all there is to know. But a score that labels had, and that is not sure enough by them, stays below.
    let lower = if found.answered >= 1.0 {
        MAJORITY
    } else {
        wanted.max(MAJORITY)
    };
    let mut scores = sorted.iter().map(|(score, _)| *score);
    let next = scores.find(|score| *score < found.threshold);
    if found.precision >= wanted && next.is_none_or(|next| next < lower) {
        found.threshold = found.threshold.min(lower);
    }
    found
}

/// A threshold, and what it is worth on held-out labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    pub(crate) threshold: f64,
    pub(crate) precision: f64,
    pub(crate) answered: f64,
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test may stop at once, and scores come out as they went in"
)]
mod tests {
    use rand_xoshiro::SplitMix64;
    use rand_xoshiro::rand_core::{RngCore, SeedableRng};

    use super::*;

    #[test]
    fn the_lowest_threshold_of_the_wanted_precision_is_found() {
        let best = [
            (0.9, true),
            (0.8, true),
            (0.7, false),
            (0.6, true),
            (0.6, true),
            (0.3, false),
        ];
        let cut = threshold(&best, 0.8);
        assert_eq!((cut.threshold, cut.precision), (0.6, 0.8));
        assert!((cut.answered - 5.0 / 6.0).abs() < 1e-9);
        assert_eq!(threshold(&best, 0.9).threshold, 0.8);
        assert_eq!(threshold(&best, 0.0).answered, 1.0);
        let sure = [(0.99, true), (0.98, true), (0.97, true)];
        assert_eq!(threshold(&sure, 0.9).threshold, MAJORITY, "none is wrong");
        let unsure = [(0.99, true), (0.98, true), (0.97, false)];
        let cut = threshold(&unsure, 0.9);
        assert_eq!(
            (cut.threshold, cut.precision),
            (0.98, 1.0),
            "not down to what is known to be wrong"
        );
        let far = [(0.99, true), (0.98, true), (0.6, false)];
        assert_eq!(threshold(&far, 0.9).threshold, 0.9, "as sure as is wanted");
    }

    #[test]
    fn a_threshold_keeps_the_precision_that_it_is_said_to_have() {
        let mut chance = SplitMix64::seed_from_u64(1);
        let mut score = || f64::from(chance.next_u32()) / f64::from(u32::MAX);
        for _ in 0..200 {
            let best: Vec<_> = (0..12)
                .map(|_| {
                    let said = score();
                    (said, score() < said)
                })
                .collect();
            for wanted in [0.5, 0.8, 0.95] {
                let cut = threshold(&best, wanted);
                let answered: Vec<_> = best.iter().filter(|one| one.0 >= cut.threshold).collect();
                let right = answered.iter().filter(|one| one.1).count() as f64;
                assert_eq!(answered.len() as f64 / 12.0, cut.answered, "{best:?}");
                assert_eq!(right / answered.len() as f64, cut.precision, "{best:?}");
            }
        }
    }

    #[test]
    fn without_the_wanted_precision_the_best_there_is() {
        let best = [(0.9, false), (0.8, true), (0.7, true), (0.2, false)];
        let cut = threshold(&best, 0.95);
        assert_eq!(cut.threshold, 0.7);
        assert!((cut.precision - 2.0 / 3.0).abs() < 1e-9);
        let none = threshold(&[], 0.9);
        assert_eq!((none.threshold, none.answered), (1.0, 0.0));
    }

    fn held(class: usize, taught: [f64; 2], prior: Option<[f64; 2]>) -> Held {
        let logs = |scores: [f64; 2]| scores.iter().map(|score| score.ln()).collect();
        Held {
            class,
            taught: logs(taught),
            prior: prior.map(logs),
        }
    }

    #[test]
    fn a_boaster_is_toned_down() {
        // Sure to 0.99, right in three of four.
        let labels: Vec<_> = (0..80)
            .map(|at| held(usize::from(at % 4 == 0), [0.99, 0.01], None))
            .collect();
        let (found, _) = Calibration::fit(&labels);
        let sure = found.join(&labels[0].taught, None)[0];
        assert!((0.68..0.82).contains(&sure), "{found:?}: {sure}");
    }

    #[test]
    fn who_is_right_more_often_counts_for_more() {
        let labels: Vec<_> = (0..40)
            .map(|at| {
                held(
                    at % 2,
                    [0.5, 0.5],
                    Some(if at % 2 == 0 { [0.8, 0.2] } else { [0.2, 0.8] }),
                )
            })
            .collect();
        assert!(Calibration::fit(&labels).0.trust >= 1.0);
        let labels: Vec<_> = (0..40)
            .map(|at| {
                held(
                    at % 2,
                    if at % 2 == 0 { [0.8, 0.2] } else { [0.2, 0.8] },
                    Some([0.9, 0.1]),
                )
            })
            .collect();
        assert!(Calibration::fit(&labels).0.trust <= 0.15);
    }

    #[test]
    fn scores_of_other_classes_say_nothing() {
        let scores = BTreeMap::from([("noon".to_owned(), 3.0), ("night".to_owned(), 1.0)]);
        let classes = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let logs = log_prior(&scores, &classes(&["dusk", "noon"])).unwrap();
        assert!((logs[0] - LEAST.ln()).abs() < 1e-9 && (logs[1] - 0.75_f64.ln()).abs() < 1e-9);
        assert_eq!(log_prior(&scores, &classes(&["dusk"])), None);
    }
}
