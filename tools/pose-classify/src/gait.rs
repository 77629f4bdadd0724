//! What the legs of an animal say that it does: the rules, and the limits that they go by.
//!
//! A limit is a pair: below the first a rule does not hold, from the second on it holds, and in between in
//! part. `README.md` says what they were set by.

use crate::animal::mean;

/// Paws so far below their shoulders, or their hips, bear the animal; nearer, it lies, or sits on them.
const FRONT_STANDS: [f64; 2] = [0.25, 0.4];
const BACK_STANDS: [f64; 2] = [0.28, 0.42];
/// Shoulders so far above the hips are those of one that sits, if its back paws are near its hips.
const SITS_UP: [f64; 2] = [0.15, 0.3];
/// The farther paw of a pair so far below is that of a straight leg; those of one that crouches, or gathers
/// its legs in the air, are nearer.
const STRAIGHT: [f64; 2] = [0.46, 0.56];
/// So much of the trunk lies across the image where forward and back are told.
const ACROSS: [f64; 2] = [0.25, 0.5];
/// Front and back paws that are so much farther apart than their roots, or nearer, are those of a gallop or
/// a leap: both legs of a pair go together.
const GALLOP: [f64; 2] = [0.3, 0.5];
/// In a stretched leap the trunk rises or falls by so much; a gallop stretches on the level.
const TILTED: [f64; 2] = [0.06, 0.14];
/// One leg of a pair so far ahead of the other is a step.
const STEP: [f64; 2] = [0.14, 0.32];
/// One front paw so far above the other is raised while the animal stands.
const RAISED: [f64; 2] = [0.22, 0.34];
/// Where legs are seen from the front, standing and walking look alike: each has this much.
const ALIKE: f64 = 0.45;
/// What every action has, so that none is ever certain.
pub(crate) const DOUBT: f64 = 0.03;

/// What the rules go by, in sizes of the animal.
pub(crate) struct Measures {
    /// How far below its shoulder, or its hip, each paw of a pair is that is seen.
    pub(crate) front: Vec<f64>,
    pub(crate) back: Vec<f64>,
    /// How far shoulders are above hips.
    pub(crate) rise: f64,
    /// How much of the trunk lies across the image.
    pub(crate) across: f64,
    /// How far ahead of its shoulder, or its hip, each paw is.
    pub(crate) front_ahead: Vec<f64>,
    pub(crate) back_ahead: Vec<f64>,
    /// Whether both legs of a pair are in one place, knee and paw.
    pub(crate) as_one: bool,
}

/// What it can do, as a person.
pub(crate) const ACTIONS: [&str; 6] = [
    "standing", "walking", "running", "sitting", "jumping", "lying",
];

impl Measures {
    /// How far each rule holds, in the order of [`ACTIONS`]; together 1, what no rule holds for being shared by all.
    ///
    /// A network that sees one leg of a pair puts the other there too. Then what legs do is not known, but that they bear
    /// the animal, or do not.
    pub(crate) fn actions(&self) -> Option<[f64; 6]> {
        if self.front.is_empty() {
            return None;
        }
        let back = mean(&self.back)?;
        let (best_front, best_back) = (most(&self.front), most(&self.back));
        // Of one that lies no paw is far below.
        let lying = (1.0 - holds(best_front, FRONT_STANDS)) * (1.0 - holds(best_back, BACK_STANDS));
        let low = 1.0 - holds(back, BACK_STANDS);
        let sitting = low * holds(best_front, FRONT_STANDS) * holds(self.rise, SITS_UP);
        let on_legs = (1.0 - lying) * (1.0 - sitting) * holds(back, BACK_STANDS);
        let aside = holds(self.across, ACROSS);
        let spread = mean(&self.front_ahead)? - mean(&self.back_ahead)?;
        let gallop = aside * holds(spread.abs(), GALLOP);
        let straight = holds(best_front, STRAIGHT).min(holds(best_back, STRAIGHT));
        let raised = holds(apart(&self.front), RAISED);
        let step = (apart(&self.front_ahead) * (1.0 - raised)).max(apart(&self.back_ahead));
        let step = holds(step, STEP);
        // Legs that gather under the trunk are those of a gallop; stretched on the level, of either.
        let leap = if spread > 0.0 {
            0.5 + 0.5 * holds(self.rise.abs(), TILTED)
        } else {
            0.0
        };
        let calm = on_legs * (1.0 - gallop) * straight;
        let crouched = 0.5 * on_legs * (1.0 - gallop) * (1.0 - straight);
        let unclear = (1.0 - aside) * ALIKE;
        let mut actions = [
            calm * (aside * (1.0 - step) + unclear),
            calm * (aside * step + unclear),
            on_legs * gallop * (1.0 - leap) + crouched,
            sitting,
            on_legs * gallop * leap + crouched,
            lying,
        ];
        if self.as_one {
            let each = on_legs / 4.0;
            actions = [each, each, each, sitting, each, lying];
        }
        let left = (1.0 - actions.iter().sum::<f64>()).max(0.0) / actions.len() as f64;
        Some(actions.map(|action| action + left))
    }
}

/// How far a rule holds: 0 up to the first limit, 1 from the second one on.
fn holds(value: f64, [from, to]: [f64; 2]) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// How far the values of a pair are apart; 0 of one alone.
fn apart(values: &[f64]) -> f64 {
    match values {
        [one, other] => (one - other).abs(),
        _ => 0.0,
    }
}
