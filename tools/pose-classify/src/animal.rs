//! What an animal on four legs does, and from where it is seen, by rules over its joints.
//!
//! All lengths are in sizes of the animal: the length of its trunk from the neck to the root of the tail,
//! as far as it is not foreshortened ([`FRONT_LEG`], [`BACK_LEG`]). Heights hardly depend on where the
//! camera stands, as long as it does not look down from above; what goes forward and back is only told as
//! far as the animal is seen from the side. `gait.rs` has the rules.

use stage::manifest::skeleton::JOINTS;
use stage::manifest::skeleton::ap10k::{BACK, EYES, FRONT, NECK, NOSE, TAIL};
use stage::manifest::{Skeleton, shapes::Keypoint};

use crate::body::distance;
use crate::gait::{ACTIONS, DOUBT, Measures};
use crate::model::{Answers, Scores};

/// A place, from the middle of the trunk.
type Place = [f64; 2];

/// A trunk is this many times as long as a front leg from shoulder to paw, and as a back leg from hip to
/// knee to paw: so long at least is a foreshortened one.
const FRONT_LEG: f64 = 1.4;
const BACK_LEG: f64 = 1.5;

/// Fewer seen joints than this are no body.
const FEWEST: usize = 5;

/// Knees and paws of a pair that are nearer to each other are those of one leg, seen twice: of 941 true poses whose action
/// is answered, three have such, and of 54 by `small-creature-pose` the greater part.
const AS_ONE: f64 = 0.08;

/// How far left and right joints are apart in the image if the animal is seen from the front.
const BROAD: f64 = 0.33;
/// How wrong the angle of the view may be, in degrees, as a standard deviation.
const ANGLE_ERROR: f64 = 12.0;
/// The angles between the views: front, three-quarter, side, back, as those of a person.
const VIEWS: [(&str, f64); 4] = [
    ("front", 25.0),
    ("three-quarter", 65.0),
    ("side", 115.0),
    ("back", f64::INFINITY),
];

/// The joint that each hangs on where it is not seen; a parent comes before what hangs on it.
const HANGS_ON: [(usize, usize); 15] = [
    (NOSE, NECK),
    (EYES[0], NOSE),
    (EYES[1], NOSE),
    (FRONT[0][0], NECK),
    (FRONT[0][1], FRONT[0][0]),
    (FRONT[0][2], FRONT[0][1]),
    (FRONT[1][0], NECK),
    (FRONT[1][1], FRONT[1][0]),
    (FRONT[1][2], FRONT[1][1]),
    (BACK[0][0], TAIL),
    (BACK[0][1], BACK[0][0]),
    (BACK[0][2], BACK[0][1]),
    (BACK[1][0], TAIL),
    (BACK[1][1], BACK[1][0]),
    (BACK[1][2], BACK[1][1]),
];

/// An animal's joints: the middle of its trunk is at (0, 0), x to the right and y down, and its size is 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Animal {
    joints: [Option<Place>; JOINTS],
    /// Its size in pixels.
    pub(crate) pixels: f64,
}

impl Animal {
    /// The animal of these key points, `[x, y, score]`, of which those with a score of `least` or more
    /// are seen. `None` where too few are seen to say where the trunk is.
    pub(crate) fn of(keypoints: &[Keypoint], least: f64) -> Option<Self> {
        let seen = |point: &Keypoint| {
            let whole = point.iter().all(|number| number.is_finite());
            (whole && point[2] >= least && point[2] > 0.0).then_some([point[0], point[1]])
        };
        let mut joints = [None; JOINTS];
        for (joint, point) in joints.iter_mut().zip(keypoints) {
            *joint = seen(point);
        }
        if joints.iter().flatten().count() < FEWEST {
            return None;
        }
        let roots = |pair: [[usize; 3]; 2]| middle(pair.map(|leg| joints[leg[0]]));
        let front = joints[NECK].or_else(|| roots(FRONT))?;
        let back = joints[TAIL].or_else(|| roots(BACK))?;
        let leg = |[root, knee, paw]: [usize; 3]| {
            let (root, knee, paw) = (joints[root]?, joints[knee]?, joints[paw]?);
            Some(distance(root, knee) + distance(knee, paw))
        };
        let mean = |pair: [[usize; 3]; 2]| {
            let legs: Vec<f64> = pair.into_iter().filter_map(leg).collect();
            mean(&legs).unwrap_or(0.0)
        };
        let size = distance(front, back)
            .max(FRONT_LEG * mean(FRONT))
            .max(BACK_LEG * mean(BACK));
        if size < 1e-3 {
            return None;
        }
        let centre = [0, 1].map(|axis| front[axis].midpoint(back[axis]));
        let placed = |[x, y]: Place| [(x - centre[0]) / size, (y - centre[1]) / size];
        Some(Self {
            joints: joints.map(|joint| joint.map(placed)),
            pixels: size,
        })
    }

    /// The animal in the mirrored image: left and right change places.
    pub(crate) fn mirrored(&self) -> Self {
        let joint = |at: usize| self.joints[Skeleton::Ap10k17.mirrored(at)].map(|[x, y]| [-x, y]);
        Self {
            joints: std::array::from_fn(joint),
            pixels: self.pixels,
        }
    }

    /// Of the animal and its mirror image the one that looks to the right.
    pub(crate) fn folded(&self) -> Self {
        let ends = self.joints[NECK].zip(self.joints[TAIL]);
        if ends.is_some_and(|(neck, tail)| neck[0] < tail[0]) {
            self.mirrored()
        } else {
            self.clone()
        }
    }

    /// x and y of every joint in turn, 34 numbers. A joint that is not seen is where it hangs.
    pub(crate) fn vector(&self) -> Vec<f64> {
        let mut places = self.joints.map(Option::unwrap_or_default);
        for (joint, on) in HANGS_ON {
            places[joint] = self.joints[joint].unwrap_or(places[on]);
        }
        places.as_flattened().to_vec()
    }

    /// How likely each action and each view is.
    pub(crate) fn answers(&self) -> Answers {
        Answers {
            action: self.action(),
            angle: self.angle(),
        }
    }

    fn measures(&self) -> Option<Measures> {
        let at = |joint: usize| self.joints[joint];
        let root = |pair: [[usize; 3]; 2]| middle(pair.map(|leg| at(leg[0])));
        let (shoulders, hips) = (
            root(FRONT).or_else(|| at(NECK))?,
            root(BACK).or_else(|| at(TAIL))?,
        );
        let ahead = if shoulders[0] < hips[0] { -1.0 } else { 1.0 };
        let of = |pair: [[usize; 3]; 2], measure: &dyn Fn(Place, Place) -> f64| -> Vec<f64> {
            let each = |[root, _, paw]: [usize; 3]| Some(measure(at(root)?, at(paw)?));
            pair.into_iter().filter_map(each).collect()
        };
        let as_one = |[left, right]: [[usize; 3]; 2]| {
            let apart = |joint: usize| Some(distance(at(left[joint])?, at(right[joint])?));
            { apart(1).zip(apart(2)) }.is_some_and(|(knees, paws)| knees.max(paws) < AS_ONE)
        };
        let down = |root: Place, paw: Place| paw[1] - root[1];
        let forward = |root: Place, paw: Place| ahead * (paw[0] - root[0]);
        Some(Measures {
            front: of(FRONT, &down),
            back: of(BACK, &down),
            rise: hips[1] - shoulders[1],
            across: (shoulders[0] - hips[0]).abs(),
            front_ahead: of(FRONT, &forward),
            back_ahead: of(BACK, &forward),
            as_one: as_one(FRONT) || as_one(BACK),
        })
    }

    /// How likely each action is; all alike where the paws of a pair are not seen.
    fn action(&self) -> Scores {
        let known = self.measures().and_then(|measures| measures.actions());
        let scores = known.unwrap_or([0.0; 6]).map(|score| score + DOUBT);
        let sum: f64 = scores.iter().sum();
        let of = |(name, score): (&str, f64)| (name.to_owned(), score / sum);
        Scores(ACTIONS.into_iter().zip(scores).map(of).collect())
    }

    /// How likely each view is: the share of a normal distribution around the measured angle between where
    /// the trunk points and the camera that lies within its limits.
    fn angle(&self) -> Scores {
        let angle = self.degrees();
        let mut below = 0.0;
        let share = |(name, limit): (&str, f64)| {
            let upto = angle.map_or(f64::NAN, |angle| normal((limit - angle) / ANGLE_ERROR));
            let own = upto - below;
            below = upto;
            let even = 1.0 / VIEWS.len() as f64;
            (name.to_owned(), if own.is_nan() { even } else { own })
        };
        Scores(VIEWS.into_iter().map(share).collect())
    }

    /// The angle between where the trunk points and the camera, 0 to 180: across the image by the trunk,
    /// towards the camera by how far left joints are to the right of the right ones.
    fn degrees(&self) -> Option<f64> {
        let (neck, tail) = (self.joints[NECK]?, self.joints[TAIL]?);
        let pairs = FRONT[0]
            .iter()
            .zip(FRONT[1])
            .chain(BACK[0].iter().zip(BACK[1]));
        // Paws are set anywhere.
        let paws = [FRONT[0][2], BACK[0][2]];
        let apart =
            |(left, right): (&usize, usize)| Some(self.joints[*left]?[0] - self.joints[right]?[0]);
        let apart: Vec<f64> = { pairs.filter(|(left, _)| !paws.contains(left)) }
            .filter_map(apart)
            .collect();
        let towards = mean(&apart)? / BROAD;
        let rise = neck[1] - tail[1];
        // What of the trunk is not upright lies on the ground plane.
        let level = (1.0 - rise * rise).max(0.09).sqrt();
        let across = ((neck[0] - tail[0]).abs() / level).min(1.0);
        Some(across.atan2(towards).to_degrees())
    }
}

pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The middle of those that are seen.
fn middle(of: [Option<Place>; 2]) -> Option<Place> {
    match of {
        [Some(one), Some(other)] => Some([0, 1].map(|axis| one[axis].midpoint(other[axis]))),
        [one, other] => one.or(other),
    }
}

/// The share of a standard normal distribution below `deviations`: Abramowitz and Stegun, 26.2.17, to
/// 7.5e-8.
fn normal(deviations: f64) -> f64 {
    if deviations < 0.0 {
        return 1.0 - normal(-deviations);
    }
    if deviations > 9.0 {
        return 1.0;
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * deviations);
    let terms = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let density = (-deviations * deviations / 2.0).exp() / std::f64::consts::TAU.sqrt();
    1.0 - density * sum
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// Looks to the right, 100 pixels from neck to tail; 60 below the back its paws, each under its root.
    fn standing() -> Vec<Keypoint> {
        let leg = |x: f64| [[x, 20.0], [x + 4.0, 50.0], [x, 80.0]];
        let head = [
            [130.0, -12.0],
            [131.0, -13.0],
            [150.0, -2.0],
            [100.0, 10.0],
            [0.0, 10.0],
        ];
        let legs = [leg(91.0), leg(101.0), leg(5.0), leg(15.0)];
        let joints = head.into_iter().chain(legs.into_iter().flatten());
        joints.map(|[x, y]| [x, y, 0.9]).collect()
    }

    fn best(scores: &Scores) -> &str {
        scores.label(0.6)
    }

    #[test]
    fn the_trunk_is_the_size_and_its_middle_the_centre() {
        let animal = Animal::of(&standing(), 0.3).unwrap();
        assert!((animal.pixels - 100.0).abs() < 1e-9);
        let vector = animal.vector();
        assert_eq!(vector.len(), 34);
        let near = |at: usize, value: f64| assert!((vector[at] - value).abs() < 1e-9, "{at}");
        near(2 * NECK, 0.5);
        near(2 * TAIL, -0.5);
        near(2 * NOSE + 1, -0.12);
    }

    #[test]
    fn straight_legs_under_a_level_trunk_stand_and_one_ahead_is_a_step() {
        let mut points = standing();
        let answers = Animal::of(&points, 0.3).unwrap().answers();
        assert_eq!(
            (best(&answers.action), best(&answers.angle)),
            ("standing", "side")
        );
        points[FRONT[0][2]][0] += 40.0;
        points[BACK[1][2]][0] -= 35.0;
        let answers = Animal::of(&points, 0.3).unwrap().answers();
        assert_eq!(best(&answers.action), "walking");
    }

    #[test]
    fn a_leg_that_is_seen_twice_says_that_it_bears_the_animal_and_no_more() {
        let mut points = standing();
        points[FRONT[0][2]][0] += 40.0;
        points[BACK[1][2]][0] -= 35.0;
        for pair in [FRONT, BACK] {
            for joint in [1, 2] {
                points[pair[1][joint]] = points[pair[0][joint]];
            }
        }
        let scores = Animal::of(&points, 0.3).unwrap().answers().action;
        assert_eq!(best(&scores), "unknown", "{scores:?}");
        let of = |name: &str| scores.0.iter().find(|(own, _)| own == name).unwrap().1;
        assert!((of("walking") - of("standing")).abs() < 1e-9);
        assert!(of("lying") < of("walking"));
        // Paws as high as their roots: it lies, whichever leg is which.
        for pair in [FRONT, BACK] {
            for [root, knee, paw] in pair {
                points[knee][1] = points[root][1];
                points[paw][1] = points[root][1];
            }
        }
        let scores = Animal::of(&points, 0.3).unwrap().answers().action;
        assert_eq!(best(&scores), "lying", "{scores:?}");
    }

    #[test]
    fn one_paw_far_below_is_not_that_of_an_animal_that_lies() {
        let mut points = standing();
        for [root, _, paw] in [FRONT[0], BACK[0]] {
            points[paw][1] = points[root][1] - 40.0;
        }
        let scores = Animal::of(&points, 0.3).unwrap().answers().action;
        assert_ne!(best(&scores), "lying", "{scores:?}");
    }

    #[test]
    fn what_is_not_seen_is_where_it_hangs_and_says_nothing() {
        let mut points = standing();
        for pair in [FRONT, BACK] {
            for [_, knee, paw] in pair {
                points[knee][2] = 0.1;
                points[paw][2] = 0.1;
            }
        }
        let animal = Animal::of(&points, 0.3).unwrap();
        let scores = animal.answers().action;
        let alike = scores
            .0
            .iter()
            .all(|(_, score)| (score - 1.0 / 6.0).abs() < 1e-9);
        assert!(alike, "no paw, no action: {scores:?}");
        let vector = animal.vector();
        assert_eq!(
            vector[2 * FRONT[0][2]..][..2],
            vector[2 * FRONT[0][0]..][..2]
        );
        for point in &mut points[3..] {
            point[2] = 0.0;
        }
        assert_eq!(Animal::of(&points, 0.3), None, "a head alone");
    }

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        for (deviations, share) in [
            (0.0, 0.5),
            (1.0, 0.841_344_7),
            (1.96, 0.975_002_1),
            (-2.0, 0.022_750_1),
        ] {
            assert!((normal(deviations) - share).abs() < 1e-6, "{deviations}");
        }
        assert!((normal(f64::INFINITY) - 1.0).abs() < 1e-12);
    }
}
