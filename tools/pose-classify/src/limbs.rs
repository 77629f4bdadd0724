//! Where the arms and legs of a figure are, in the words of the image boards that trainers know.
//!
//! Left and right are said only where they are asked for ([`Sides`]): detectors mix them up, and many
//! trainers mirror the images.

use crate::body::{Body, distance};
use crate::features::cosine;

/// Shoulder, elbow and wrist of either arm.
const ARMS: [[usize; 3]; 2] = [[5, 7, 9], [6, 8, 10]];
/// Hip, knee and ankle of either leg.
const LEGS: [[usize; 3]; 2] = [[11, 13, 15], [12, 14, 16]];

/// All that follows is in lengths of the trunk, from the shoulders to the hips: a wrist so far above
/// its shoulder is raised, so far below it and no farther aside hangs down.
const RAISED: f64 = 0.2;
const HANGING: f64 = 0.6;
const ASIDE: f64 = 0.4;
/// A wrist so far from its shoulder along the shoulders' line, neither raised nor hanging, reaches out.
const REACHING: f64 = 0.75;
/// A wrist so near to its hip is on it, if the elbow is bent at least so far.
const ON_HIP: f64 = 0.35;
/// Cosines at the elbow and at the knee, −1 being straight, from which they are bent: 120 degrees.
const BENT: f64 = -0.5;
/// A knee no farther below its hip than this is raised, if its foot is not as high; and so far above it,
/// drawn up. Where both are raised and no more, someone sits, which the action says.
const KNEE_RAISED: f64 = 0.25;
const KNEE_DRAWN_UP: f64 = 0.3;
/// Ankles so far apart along the shoulders' line are legs apart.
const APART: f64 = 0.8;

/// Whether words name the side of a limb that does something by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sides {
    /// `one arm up`.
    Unnamed,
    /// `left arm up`: the character's own left.
    Named,
}

impl Sides {
    /// Named where that is asked for.
    pub(crate) fn asked(named: bool) -> Self {
        if named { Self::Named } else { Self::Unnamed }
    }
}

/// What one limb does, with the words for one and for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limb {
    Raised,
    Reaching,
    OnHip,
    Hanging,
    KneeDrawnUp,
    KneeRaised,
    KneeBent,
}

impl Limb {
    /// In this order they are said.
    const ALL: [Self; 7] = [
        Self::Raised,
        Self::Reaching,
        Self::OnHip,
        Self::Hanging,
        Self::KneeDrawnUp,
        Self::KneeRaised,
        Self::KneeBent,
    ];

    /// The words where one limb does it, of which the first is `one` or the side.
    fn words_of_side(self, side: &str) -> Option<String> {
        let does = match self {
            Self::Raised => "arm up",
            Self::Reaching => "arm outstretched",
            Self::OnHip => "hand on own hip",
            Self::Hanging => return None,
            Self::KneeDrawnUp | Self::KneeRaised => "knee up",
            Self::KneeBent => "knee bent",
        };
        Some(format!("{side} {does}"))
    }

    /// The words where one limb does it, and where both do, if that is worth words.
    fn words(self) -> [Option<&'static str>; 2] {
        match self {
            Self::Raised => [Some("one arm up"), Some("arms up")],
            Self::Reaching => [Some("one arm outstretched"), Some("outstretched arms")],
            Self::OnHip => [Some("hand on own hip"), Some("hands on own hips")],
            Self::Hanging => [None, Some("arms at sides")],
            Self::KneeDrawnUp => [Some("knee up"), Some("knees up")],
            Self::KneeRaised => [Some("knee up"), None],
            Self::KneeBent => [Some("one knee bent"), Some("knees bent")],
        }
    }
}

/// Places along a body: up from the hips to the shoulders, and aside, in lengths of the trunk.
struct Frame {
    up: [f64; 2],
    trunk: f64,
}

impl Frame {
    /// `None` where the trunk is not seen, or from its end.
    fn of(body: &Body) -> Option<Self> {
        let (hips, shoulders) = (body.middle(&[11, 12])?, body.middle(&[5, 6])?);
        let trunk = distance(hips, shoulders);
        // A body's size is 1 and at least two and a half trunks: less than this is foreshortened.
        (trunk > 0.1).then(|| Self {
            up: [
                (shoulders[0] - hips[0]) / trunk,
                (shoulders[1] - hips[1]) / trunk,
            ],
            trunk,
        })
    }

    /// How far `to` lies above and aside of `from`.
    fn offset(&self, from: [f64; 2], to: [f64; 2]) -> (f64, f64) {
        let step = [
            (to[0] - from[0]) / self.trunk,
            (to[1] - from[1]) / self.trunk,
        ];
        let [x, y] = self.up;
        (step[0] * x + step[1] * y, (step[0] * y - step[1] * x).abs())
    }
}

fn arm(body: &Body, frame: &Frame, joints: [usize; 3], hip: usize) -> Option<Limb> {
    let places = joints.map(|at| body.joint(at));
    let bend = cosine(places)?;
    let (shoulder, wrist) = (places[0]?, places[2]?);
    let (up, aside) = frame.offset(shoulder, wrist);
    let on_hip = |hip| distance(wrist, hip) < ON_HIP * frame.trunk && bend > BENT;
    if body.joint(hip).is_some_and(on_hip) {
        Some(Limb::OnHip)
    } else if up > RAISED {
        Some(Limb::Raised)
    } else if up < -HANGING && aside < ASIDE {
        Some(Limb::Hanging)
    } else if up > -HANGING && aside > REACHING {
        Some(Limb::Reaching)
    } else {
        None
    }
}

fn leg(body: &Body, frame: &Frame, joints: [usize; 3]) -> Option<Limb> {
    let places = joints.map(|at| body.joint(at));
    let bend = cosine(places)?;
    let (hip, knee, ankle) = (places[0]?, places[1]?, places[2]?);
    let (knee_up, _) = frame.offset(hip, knee);
    let (foot_up, _) = frame.offset(knee, ankle);
    if knee_up > KNEE_DRAWN_UP {
        Some(Limb::KneeDrawnUp)
    } else if knee_up > -KNEE_RAISED && foot_up < -KNEE_RAISED {
        Some(Limb::KneeRaised)
    } else if bend > BENT {
        Some(Limb::KneeBent)
    } else {
        None
    }
}

/// What arms and legs do, as far as their joints are seen; the words of both come before none.
pub(crate) fn limbs(body: &Body, sides: Sides) -> Vec<String> {
    let Some(frame) = Frame::of(body) else {
        return Vec::new();
    };
    let arms = [0, 1].map(|side| arm(body, &frame, ARMS[side], LEGS[side][0]));
    let legs = LEGS.map(|joints| leg(body, &frame, joints));
    let mut said: Vec<String> = Vec::new();
    for limb in Limb::ALL {
        let own = arms.iter().chain(&legs).enumerate();
        let own: Vec<usize> = { own }
            .filter_map(|(at, does)| (*does == Some(limb)).then_some(at))
            .collect();
        let [one, both] = limb.words();
        match (&own[..], sides) {
            ([], _) => {}
            // The left one comes first of both arms and of both legs.
            ([at], Sides::Named) => said.extend(limb.words_of_side(["left", "right"][at % 2])),
            ([_], Sides::Unnamed) => said.extend(one.map(str::to_owned)),
            _ => said.extend(both.map(str::to_owned)),
        }
    }
    let feet = body.joint(15).zip(body.joint(16));
    if legs == [None, None] && feet.is_some_and(|(one, other)| frame.offset(one, other).1 > APART) {
        said.push("legs apart".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// Stands upright with a trunk of 100 pixels, arms down, feet below the hips.
    const STANDING: [(f64, f64); 17] = [
        (0.0, -140.0),
        (10.0, -150.0),
        (-10.0, -150.0),
        (20.0, -145.0),
        (-20.0, -145.0),
        (40.0, -100.0),
        (-40.0, -100.0),
        (45.0, -50.0),
        (-45.0, -50.0),
        (48.0, 0.0),
        (-48.0, 0.0),
        (20.0, 0.0),
        (-20.0, 0.0),
        (20.0, 80.0),
        (-20.0, 80.0),
        (20.0, 160.0),
        (-20.0, 160.0),
    ];

    /// Joints that are elsewhere.
    type Moved<'a> = &'a [(usize, (f64, f64))];

    /// What is said of the figure that stands, with some joints elsewhere, turned by this many degrees.
    fn said_of(moved: Moved<'_>, degrees: f64) -> Vec<String> {
        said_with(Sides::Unnamed, moved, degrees)
    }

    fn said_with(sides: Sides, moved: Moved<'_>, degrees: f64) -> Vec<String> {
        let mut places = STANDING;
        for (joint, place) in moved {
            places[*joint] = *place;
        }
        let (sin, cos) = degrees.to_radians().sin_cos();
        let points: Vec<_> = places
            .iter()
            .map(|(x, y)| [300.0 + x * cos - y * sin, 300.0 + x * sin + y * cos, 0.9])
            .collect();
        limbs(&Body::of(&points, 0.3).unwrap(), sides)
    }

    #[test]
    fn sides_are_the_characters_own_and_of_single_limbs() {
        let left_up = [(7, (45.0, -150.0)), (9, (48.0, -200.0))];
        let right_hip = [(8, (-80.0, -55.0)), (10, (-35.0, -10.0))];
        let right_knee = [(14, (-60.0, 0.0)), (16, (-65.0, 80.0))];
        let moved = [&left_up[..], &right_hip, &right_knee].concat();
        for degrees in [0.0, 90.0] {
            assert_eq!(
                said_with(Sides::Named, &moved, degrees),
                ["left arm up", "right hand on own hip", "right knee up"]
            );
        }
        assert_eq!(said_with(Sides::Named, &[], 0.0), ["arms at sides"]);
    }

    #[test]
    fn each_limb_gets_its_words() {
        let up = |side: f64| [(side * 45.0, -150.0), (side * 48.0, -200.0)];
        let out = |side: f64| [(side * 90.0, -105.0), (side * 140.0, -110.0)];
        let ([ll, lu], [rl, ru]) = (up(1.0), up(-1.0));
        let ([lo, lt], [ro, rt]) = (out(1.0), out(-1.0));
        let sits = [
            (13, (60.0, 0.0)),
            (14, (30.0, 5.0)),
            (15, (65.0, 80.0)),
            (16, (35.0, 85.0)),
        ];
        let crouches = [
            (13, (60.0, -50.0)),
            (14, (30.0, -45.0)),
            (15, (40.0, 30.0)),
            (16, (10.0, 35.0)),
        ];
        let cases: [(Moved<'_>, &[&str]); 11] = [
            (&sits, &["arms at sides"]),
            (&crouches, &["arms at sides", "knees up"]),
            (&[], &["arms at sides"]),
            (&[(7, ll), (9, lu), (8, rl), (10, ru)], &["arms up"]),
            (&[(7, ll), (9, lu)], &["one arm up"]),
            (
                &[(7, lo), (9, lt), (8, ro), (10, rt)],
                &["outstretched arms"],
            ),
            (
                &[(7, lo), (9, lt), (8, rl), (10, ru)],
                &["one arm up", "one arm outstretched"],
            ),
            (
                &[(7, (80.0, -55.0)), (9, (35.0, -10.0))],
                &["hand on own hip"],
            ),
            (
                &[(13, (60.0, 0.0)), (15, (65.0, 80.0))],
                &["arms at sides", "knee up"],
            ),
            (
                &[(13, (50.0, 60.0)), (15, (10.0, 90.0))],
                &["arms at sides", "one knee bent"],
            ),
            (
                &[(15, (70.0, 150.0)), (16, (-70.0, 150.0))],
                &["arms at sides", "legs apart"],
            ),
        ];
        for (moved, words) in cases {
            assert_eq!(said_of(moved, 0.0), words, "{moved:?}");
        }
    }

    #[test]
    fn it_is_the_body_that_says_where_up_is() {
        let arms_up = [
            (7, (45.0, -150.0)),
            (9, (48.0, -200.0)),
            (8, (-45.0, -150.0)),
            (10, (-48.0, -200.0)),
        ];
        for degrees in [-90.0, 37.0, 180.0] {
            assert_eq!(said_of(&arms_up, degrees), ["arms up"], "{degrees}");
            assert_eq!(said_of(&[], degrees), ["arms at sides"], "{degrees}");
        }
    }

    #[test]
    fn what_is_not_seen_has_no_words() {
        let points: Vec<_> = STANDING
            .iter()
            .enumerate()
            .map(|(joint, (x, y))| [*x, *y, if joint == 9 { 0.1 } else { 0.9 }])
            .collect();
        let body = Body::of(&points, 0.3).unwrap();
        assert!(
            limbs(&body, Sides::Unnamed).is_empty() && limbs(&body, Sides::Named).is_empty(),
            "one hanging arm is not worth words"
        );
    }
}
