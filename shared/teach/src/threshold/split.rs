//! Where a number divides what is kept from what is dropped.

use serde::{Deserialize, Serialize};

/// The largest part of the gap between two numbers that a threshold is moved from its middle to have fewer digits.
const MOVED: f64 = 0.25;

/// The most decimals of a threshold.
const DECIMALS: u32 = 6;

/// Which side of a threshold is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// From the threshold on, as with sharpness.
    Above,
    /// Up to the threshold, as with a share that is smeared.
    Below,
}

impl Side {
    /// Both.
    pub(super) const BOTH: [Self; 2] = [Self::Above, Self::Below];

    /// Whether a threshold keeps a number.
    pub fn keeps(self, threshold: f64, number: f64) -> bool {
        self.turned(number) >= self.turned(threshold)
    }

    /// A number so that the larger is kept; and back.
    pub(super) fn turned(self, number: f64) -> f64 {
        match self {
            Self::Above => number,
            Self::Below => -number,
        }
    }
}

/// What makes a threshold the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The best F1: the harmonic mean of precision and recall.
    F1,
    /// The best recall with this precision, 0 to 1; where none has it, the best precision.
    Precision(f64),
}

impl Goal {
    /// The precision that is wanted, if one is.
    pub(super) fn wanted(self) -> Option<f64> {
        match self {
            Self::F1 => None,
            Self::Precision(wanted) => Some(wanted),
        }
    }

    /// The better, the larger: the first number decides, then the second.
    fn rank(self, counts: Counts) -> [f64; 2] {
        match self {
            Self::F1 => [counts.f1(), 0.0],
            Self::Precision(wanted) if counts.precision() >= wanted => [1.0, counts.recall()],
            Self::Precision(_) => [counts.precision() - 1.0, counts.recall()],
        }
    }

    /// Whether one result is better than another.
    pub(super) fn is_better(self, one: Counts, other: Counts) -> bool {
        is_larger(&self.rank(one), &self.rank(other))
    }
}

fn is_larger(one: &[f64], other: &[f64]) -> bool {
    let differ = one
        .iter()
        .zip(other)
        .map(|(one, other)| one.total_cmp(other));
    { differ }
        .find(|order| order.is_ne())
        .is_some_and(std::cmp::Ordering::is_gt)
}

/// A number and whether its record is to be kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Example {
    pub(super) number: f64,
    pub(super) keep: bool,
}

impl Example {
    pub(super) fn new(number: f64, keep: bool) -> Self {
        Self { number, keep }
    }
}

/// What becomes of labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Kept, and rightly.
    right: u32,
    /// Kept, though a person would drop it.
    wrong: u32,
    /// Dropped, though a person would keep it.
    lost: u32,
}

impl Counts {
    /// Counts one label.
    pub(super) fn add(&mut self, keep: bool, kept: bool) {
        self.right += u32::from(keep && kept);
        self.wrong += u32::from(!keep && kept);
        self.lost += u32::from(keep && !kept);
    }

    /// The share of what is kept that is rightly kept; 0 where nothing is.
    pub(super) fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.wrong).max(1.0)
    }

    /// The share of what is to be kept that is.
    pub(super) fn recall(self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.lost).max(1.0)
    }

    fn f1(self) -> f64 {
        let all = 2 * self.right + self.wrong + self.lost;
        f64::from(2 * self.right) / f64::from(all).max(1.0)
    }
}

/// A threshold and which side of it is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Boundary {
    pub(super) side: Side,
    pub(super) at: f64,
}

impl Boundary {
    /// Whether a number is kept.
    pub(super) fn keeps(self, number: f64) -> bool {
        self.side.keeps(self.at, number)
    }
}

/// The best threshold for examples: in the middle between two numbers, or at the last one if all are kept. Of equally
/// good ones it is that in the widest gap, and of equally wide ones that on the first of `sides`, the loosest.
pub(super) fn best(examples: &[Example], goal: Goal, sides: &[Side]) -> Option<Boundary> {
    let mut best: Option<([f64; 3], Boundary)> = None;
    for side in sides {
        let turned = |one: &Example| (side.turned(one.number), one.keep);
        let mut sorted: Vec<_> = examples.iter().map(turned).collect();
        sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
        // With the loosest threshold all are kept; each number that it passes is dropped.
        let mut counts = Counts::default();
        for (_, keep) in &sorted {
            counts.add(*keep, true);
        }
        let mut before: Option<f64> = None;
        for (number, keep) in sorted {
            // Equal numbers are on one side.
            if before.is_none_or(|before| before < number) {
                let gap = before.map_or(0.0, |before| number - before);
                let [first, second] = goal.rank(counts);
                let rank = [first, second, gap];
                if best.is_none_or(|(known, _)| is_larger(&rank, &known)) {
                    let at = before.map_or(number, |before| between(before, number));
                    let at = side.turned(at);
                    best = Some((rank, Boundary { side: *side, at }));
                }
            }
            before = Some(number);
            if keep {
                counts.right -= 1;
                counts.lost += 1;
            } else {
                counts.wrong -= 1;
            }
        }
    }
    best.map(|(_, boundary)| boundary)
}

/// A number near the middle of two others, with few digits.
fn between(low: f64, high: f64) -> f64 {
    let middle = low.midpoint(high);
    let near = |rounded: &f64| (rounded - middle).abs() <= MOVED * (high - low);
    let short = (0..=DECIMALS).map(|decimals| manifest::rounded(middle, decimals));
    { short }.find(near).unwrap_or(middle)
}

#[cfg(test)]
#[allow(
    clippy::float_cmp,
    reason = "a threshold comes out as it is worked out"
)]
mod tests {
    use super::*;

    fn examples(of: &[(f64, bool)]) -> Vec<Example> {
        of.iter()
            .map(|(number, keep)| Example::new(*number, *keep))
            .collect()
    }

    fn found(of: &[(f64, bool)], goal: Goal) -> (Side, f64) {
        let found = best(&examples(of), goal, &Side::BOTH).map(|found| (found.side, found.at));
        found.unwrap_or((Side::Above, f64::NAN))
    }

    #[test]
    fn the_direction_is_that_of_the_labels() {
        let sharp = [(200.0, false), (300.0, false), (500.0, true), (600.0, true)];
        assert_eq!(found(&sharp, Goal::F1), (Side::Above, 400.0));
        let smeared = [(0.01, true), (0.02, true), (0.2, false), (0.3, false)];
        // The middle is 0.11, and 0.1 is near enough to it.
        assert_eq!(found(&smeared, Goal::F1), (Side::Below, 0.1));
        let below = Boundary {
            side: Side::Below,
            at: 0.1,
        };
        assert!(below.keeps(0.1) && !below.keeps(0.11));
    }

    #[test]
    fn one_wrong_label_does_not_move_it() {
        // At 25: six right, one wrong, none lost, F1 12/13. At 55, F1 6/7, at 15, 12/14.
        let labels = [
            (10.0, false),
            (20.0, false),
            (30.0, true),
            (40.0, true),
            (50.0, false),
            (60.0, true),
            (70.0, true),
            (80.0, true),
            (90.0, true),
        ];
        assert_eq!(found(&labels, Goal::F1), (Side::Above, 25.0));
        // With precision 0.9 that label counts: above it four of six are left.
        assert_eq!(found(&labels, Goal::Precision(0.9)), (Side::Above, 55.0));
        // Six of seven are 0.857.
        assert_eq!(found(&labels, Goal::Precision(0.85)), (Side::Above, 25.0));
    }

    #[test]
    fn a_precision_that_none_has_is_the_best_there_is() {
        let labels = [(1.0, true), (2.0, false), (3.0, true), (4.0, false)];
        let side = [Side::Above];
        let found = best(&examples(&labels), Goal::Precision(0.9), &side);
        // All: two of four; from 2.5 on: one of two. The first has the better recall.
        assert_eq!(found.map(|found| found.at), Some(1.0));
    }

    #[test]
    fn equal_numbers_are_on_one_side_and_of_equals_the_widest_gap_counts() {
        let labels = [(5.0, false), (5.0, true), (5.0, false), (8.0, true)];
        // F1 is 2/3 if all are kept, and if 8 alone is; between 5 and 8 the shortest number near 6.5 is 7.
        assert_eq!(found(&labels, Goal::F1), (Side::Above, 7.0));
        assert!(best(&[], Goal::F1, &Side::BOTH).is_none());
    }

    #[test]
    fn a_threshold_has_few_digits_and_stays_between() {
        assert_eq!(between(7.0, 8.0), 7.5);
        assert_eq!(between(312.123, 388.456), 350.0);
        assert_eq!(between(0.1231, 0.1239), 0.1235);
        assert_eq!(between(-0.3, -0.02), -0.2);
    }
}
