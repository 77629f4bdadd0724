//! A threshold on one number that records carry, set by labels of what to keep and what to drop.
//!
//! A tool that drops images goes by a number of its own, such as a sharpness, and by a threshold that its author found
//! on other films. [`Scale`] takes that number out of the records that the tool kept and of those that it dropped,
//! [`Threshold::fit`] finds where labels of this film would have it, proven across shots, and [`near`] says which
//! images to label next.

mod near;
mod split;
mod weigh;

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

pub use near::{around, near};
pub use split::{Goal, Side};
pub use weigh::{Scale, Weighed};

use crate::film::numbered;
use crate::folds::folds;
use split::{Boundary, Counts, Example, best};

/// The number of this form of the file.
const FORM: u32 = 1;

/// The fewest labels of each answer that say where a threshold lies.
pub const FEW: usize = 5;

/// The fewest shots that each answer must come from.
pub const SHOTS: usize = 2;

/// A threshold that labels of a film have set: one small file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    form: u32,
    /// JSON pointer of the number.
    pub threshold_of: String,
    /// Which side of it is kept.
    pub side: Side,
    /// The precision that was wanted, 0 to 1; none if it was the best F1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<f64>,
    /// The threshold, in the unit of the number; none where the labels are too few, or of one answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Whether the labels are of another film than the one that goes by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// How good it is.
    pub proof: Sifted,
}

/// What labels say of a threshold. What is kept is the positive class: precision is the share that is rightly kept of
/// what is kept, and recall the share that is kept of what a person would keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sifted {
    /// Number of labels on records that have the number.
    pub labels: usize,
    /// Number of shots that they are from.
    pub shots: usize,
    /// How many of them say keep.
    pub keep: usize,
    /// How many say drop.
    pub drop: usize,
    /// By thresholds that the labels of other shots have set; none where there is no threshold.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub taught: Option<Rates>,
    /// What decided before; none where that cannot be told, and there are no labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// Whether the threshold does better on labels of other shots than what decided before.
    pub better: bool,
}

/// How well a threshold sifts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// The share of what is kept that a person would keep, 0 to 1; 0 where nothing is kept.
    pub precision: f64,
    /// The share of what a person would keep that is kept, 0 to 1.
    pub recall: f64,
}

/// What decided before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// The threshold, as far as it can be told from what was kept and dropped; none where nothing was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How well it sifts, by the same labels; none without labels.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Rates>,
}

/// How a threshold is to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// What is best.
    pub goal: Goal,
    /// Which side is kept; none: the one that the labels say.
    pub side: Option<Side>,
    /// The threshold to compare with; none: what kept and dropped the records.
    pub before: Option<f64>,
}

impl Threshold {
    /// Finds the threshold of a film by its labels.
    pub fn fit(scale: &Scale, records: &[Weighed], wish: &Wish) -> Self {
        let labelled: Vec<_> = { records.iter() }
            .filter_map(|one| Some((Example::new(one.number?, one.keep?), one)))
            .collect();
        let examples: Vec<_> = labelled.iter().map(|(example, _)| *example).collect();
        let shots = numbered(labelled.iter().map(|(_, one)| one.shot.as_deref()));
        let sides = wish.side.map_or(Side::BOTH.to_vec(), |side| vec![side]);
        let enough = [true, false].into_iter().all(|keep| {
            let its = examples
                .iter()
                .zip(&shots)
                .filter(|(one, _)| one.keep == keep);
            let of: BTreeSet<_> = its.clone().map(|(_, shot)| shot).collect();
            its.count() >= FEW && of.len() >= SHOTS
        });
        let found = best(&examples, wish.goal, &sides).filter(|_| enough);
        let side = found.map_or(sides[0], |found| found.side);
        let held = found.map(|_| held_out(&examples, &shots, wish.goal, side));
        let (decided, counts) = before(records, &labelled, side, wish.before);
        let rates = (!examples.is_empty()).then(|| Rates::of(counts));
        Self {
            form: FORM,
            threshold_of: scale.pointer.clone(),
            side,
            wanted: wish.goal.wanted(),
            threshold: found.map(|found| found.at),
            elsewhere: false,
            proof: Sifted {
                labels: examples.len(),
                shots: shots.iter().collect::<BTreeSet<_>>().len(),
                keep: examples.iter().filter(|one| one.keep).count(),
                drop: examples.iter().filter(|one| !one.keep).count(),
                taught: held.map(Rates::of),
                better: held.is_some_and(|held| wish.goal.is_better(held, counts)),
                before: (decided.is_some() || rates.is_some()).then(|| Before {
                    threshold: decided.map(|found| found.at),
                    rates,
                }),
            },
        }
    }

    /// The threshold to go by: none where labels set none, or it does no better than what decided before.
    pub fn in_force(&self) -> Option<f64> {
        self.threshold.filter(|_| self.proof.better)
    }

    /// The threshold by which labels or else what was kept and dropped divide the records; none where all were kept.
    pub fn at(&self) -> Option<f64> {
        let before = self.proof.before.as_ref();
        self.threshold
            .or(before.and_then(|before| before.threshold))
    }

    /// The threshold in the bytes of its file.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let found: Self =
            serde_json::from_slice(text).context("not a threshold that labels have set")?;
        ensure!(
            found.form == FORM,
            "a threshold of form {}: make it again with label-fit",
            found.form
        );
        Ok(found)
    }

    /// The file's bytes.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

impl Rates {
    fn of(counts: Counts) -> Self {
        Self {
            precision: manifest::rounded(counts.precision(), 4),
            recall: manifest::rounded(counts.recall(), 4),
        }
    }
}

/// What becomes of labels by thresholds that the labels of other shots have set.
fn held_out(examples: &[Example], shots: &[usize], goal: Goal, side: Side) -> Counts {
    let classes: Vec<_> = examples.iter().map(|one| usize::from(one.keep)).collect();
    let parts = folds(shots, &classes);
    let mut counts = Counts::default();
    for part in parts.iter().copied().collect::<BTreeSet<_>>() {
        let of = |held: bool| {
            let pairs = examples.iter().zip(&parts);
            pairs
                .filter(move |(_, its)| (**its == part) == held)
                .map(|(one, _)| *one)
        };
        let others: Vec<_> = of(false).collect();
        let found = best(&others, goal, &[side]);
        for one in of(true) {
            counts.add(one.keep, found.is_none_or(|found| found.keeps(one.number)));
        }
    }
    counts
}

/// What decided before, and what becomes of the labels by it.
fn before(
    records: &[Weighed],
    labelled: &[(Example, &Weighed)],
    side: Side,
    given: Option<f64>,
) -> (Option<Boundary>, Counts) {
    let given = given.map(|at| Boundary { side, at });
    let mut counts = Counts::default();
    for (example, one) in labelled {
        let kept = given.map_or(one.kept, |given| given.keeps(example.number));
        counts.add(example.keep, kept);
    }
    (given.or_else(|| decided(records, side)), counts)
}

/// The threshold by which the records were kept and dropped; none where none was dropped, or none kept.
fn decided(records: &[Weighed], side: Side) -> Option<Boundary> {
    let all = records.iter();
    let all: Vec<_> = all
        .filter_map(|one| Some(Example::new(one.number?, one.kept)))
        .collect();
    let both = all.iter().any(|one| one.keep) && all.iter().any(|one| !one.keep);
    best(&all, Goal::F1, &[side]).filter(|_| both)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test may stop at once, and shares come out as they are"
)]
mod tests {
    use super::*;

    const WISH: Wish = Wish {
        goal: Goal::F1,
        side: None,
        before: None,
    };

    fn scale() -> Scale {
        Scale::new("/quality/sharpness", None).unwrap()
    }

    /// Records of one shot each: number, whether they were kept, and the label.
    fn records(of: &[(f64, bool, bool)]) -> Vec<Weighed> {
        let one = |(at, (number, kept, keep)): (usize, &(f64, bool, bool))| Weighed {
            number: Some(*number),
            kept: *kept,
            keep: Some(*keep),
            shot: Some(format!("shot {at}")),
        };
        of.iter().enumerate().map(one).collect()
    }

    fn rates(precision: f64, recall: f64) -> Rates {
        Rates { precision, recall }
    }

    /// Numbers 10, 20 … 120, dropped below 35, where a person drops those below 65.
    fn too_low() -> Vec<Weighed> {
        let one = |number: u32| (f64::from(10 * number), number > 3, number > 6);
        records(&(1..=12).map(one).collect::<Vec<_>>())
    }

    #[test]
    fn labels_move_the_threshold_to_where_a_person_has_it() {
        let found = Threshold::fit(&scale(), &too_low(), &WISH);
        assert_eq!((found.side, found.threshold), (Side::Above, Some(65.0)));
        let proof = &found.proof;
        assert_eq!(
            (proof.labels, proof.shots, proof.keep, proof.drop),
            (12, 12, 6, 6)
        );
        // Nine were kept, six of them rightly; nothing good was dropped.
        let before = proof.before.as_ref().unwrap();
        assert_eq!(before.rates, Some(rates(0.6667, 1.0)));
        assert_eq!(before.threshold, Some(35.0));
        assert!(proof.better);
        assert_eq!(found.in_force(), Some(65.0));
        assert_eq!(Threshold::parse(&found.to_json().unwrap()).unwrap(), found);
    }

    #[test]
    fn what_is_held_out_is_not_what_was_learnt() {
        // 60 and 70 are at the boundary: without them it is at 60 or 70, which keeps 60 by chance alone.
        let held = Threshold::fit(&scale(), &too_low(), &WISH)
            .proof
            .taught
            .unwrap();
        assert!(held.precision >= 0.85 && held.recall >= 0.83, "{held:?}");
        // Numbers that say nothing: every third is kept.
        let chance: Vec<_> = (0..60)
            .map(|at| (f64::from(at * 37 % 61), true, at % 3 == 0))
            .collect();
        let found = Threshold::fit(&scale(), &records(&chance), &WISH);
        assert!(!found.proof.better, "{:?}", found.proof);
        assert_eq!(found.in_force(), None);
        assert!(found.threshold.is_some());
    }

    #[test]
    fn labels_of_one_shot_are_on_one_side() {
        // Two shots hold all that a person drops: without one of them the threshold lies elsewhere.
        let mut all = too_low();
        for (at, one) in all.iter_mut().enumerate() {
            one.shot = Some(if at < 6 {
                "dark".into()
            } else {
                format!("shot {at}")
            });
        }
        let found = Threshold::fit(&scale(), &all, &WISH);
        assert_eq!(found.threshold, None, "one shot alone says drop");
        all[0].shot = Some("other".to_owned());
        let found = Threshold::fit(&scale(), &all, &WISH);
        assert_eq!(found.threshold, Some(65.0));
        // Without the dark shot the threshold is 40, between 10 and 70, which keeps three of its five.
        let held = found.proof.taught.unwrap();
        assert_eq!(held, rates(0.6667, 1.0));
    }

    #[test]
    fn too_few_labels_or_one_answer_set_no_threshold() {
        let few: Vec<_> = too_low().split_off(2);
        let found = Threshold::fit(&scale(), &few, &WISH);
        assert_eq!(
            (found.proof.drop, found.threshold, found.in_force()),
            (4, None, None)
        );
        let before = found.proof.before.unwrap();
        // Nine of ten were kept, of them six rightly.
        assert_eq!(before.rates, Some(rates(0.6667, 1.0)));
        let all_kept: Vec<_> = too_low().split_off(6);
        assert_eq!(Threshold::fit(&scale(), &all_kept, &WISH).threshold, None);
        let none = Threshold::fit(&scale(), &[], &WISH);
        assert_eq!((none.threshold, none.proof.before), (None, None));
    }

    #[test]
    fn a_threshold_may_be_compared_with_another_than_that_in_force() {
        let wish = Wish {
            before: Some(65.0),
            ..WISH
        };
        let found = Threshold::fit(&scale(), &too_low(), &wish);
        let before = found.proof.before.unwrap();
        assert_eq!(
            (before.threshold, before.rates),
            (Some(65.0), Some(rates(1.0, 1.0)))
        );
        assert!(!found.proof.better);
    }

    #[test]
    fn another_file_is_no_threshold() {
        let error = Threshold::parse(b"{\"key\":\"/light/time\"}").unwrap_err();
        assert_eq!(error.to_string(), "not a threshold that labels have set");
    }
}
