//! The key `features`.

use nets::landmark::Scheme;
use serde::{Deserialize, Serialize};
use stage::manifest::shapes::Face;

use crate::judge::Bounds;
use crate::measure::Measures;

/// What is said where the points tell too little.
pub(crate) const UNKNOWN: &str = "unknown";

/// The scheme of the five points of a face detector.
const FIVE: &str = "five";

/// The parts of a face, as its landmarks measure them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Features {
    pub(crate) scheme: String,
    /// Column, row (pixels of the parent's image) and score of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) points: Vec<[f64; 3]>,
    /// The mean of the scores, or the detector's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<f64>,
    pub(crate) eyes: Eyes,
    pub(crate) mouth: Mouth,
    pub(crate) eyebrows: Eyebrows,
    /// What the labels compare with: `absolute` ratios, or the `character`.
    pub(crate) judged: String,
}

/// Both eyes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Eyes {
    pub(crate) label: String,
    /// Height over width, of both together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) openness: Option<f64>,
}

/// The mouth.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Mouth {
    pub(crate) label: String,
    /// Height over width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) openness: Option<f64>,
    /// How far its corners are above the upper lip, or below the lower one (less than 0), over its
    /// width; 0 between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) curve: Option<f64>,
    /// Width over the distance of the eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<f64>,
}

/// Both eyebrows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Eyebrows {
    pub(crate) label: String,
    /// Above the corners of the eyes, in widths of an eye.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<f64>,
    /// Degrees; above 0 the inner ends are up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tilt: Option<f64>,
}

impl Features {
    /// Those of the points of a network, in pixels of the crop; what has no extent is unknown.
    pub(crate) fn of(
        scheme: &Scheme,
        mut points: Vec<[f64; 3]>,
        face: &Face,
        bounds: &Bounds,
    ) -> Self {
        let measures = Measures::of(scheme, &points);
        let sum: f64 = points.iter().map(|[.., score]| score).sum();
        let score = sum / points.len().max(1) as f64;
        if let Some(window) = face.window {
            for [x, y, _] in &mut points {
                *x += f64::from(window.left);
                *y += f64::from(window.top);
            }
        }
        let mut features = measures.features(scheme.name);
        features.points = points;
        features.score = Some(score);
        bounds.judge(&mut features, face, None);
        features
    }
}

/// Those of the five landmarks of a face detector; where there are none, all is unknown.
pub(crate) fn of_five(face: &Face, bounds: &Bounds) -> Features {
    let measures = face.landmarks.as_ref().and_then(Measures::of_five);
    let mut features = measures.unwrap_or_default().features(FIVE);
    features.score = face.score;
    bounds.judge(&mut features, face, None);
    features
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use clap::Parser;
    use nets::landmark::Eye;

    use super::*;
    use crate::Args;

    /// Corners, lids and eyebrow of an eye, from this place on.
    const fn eye(from: usize) -> Eye {
        Eye {
            outer: from,
            inner: from + 1,
            top: from + 2,
            bottom: from + 3,
            brow: [from + 4, from + 5, from + 6],
        }
    }

    const SCHEME: Scheme = Scheme {
        name: "eighteen",
        points: 18,
        mirrored: &[],
        eyes: [eye(0), eye(7)],
        corners: [14, 15],
        lips: [16, 17],
    };

    fn features(points: &[[f64; 3]]) -> Features {
        let bounds = Args::try_parse_from(["face-landmarks"]).unwrap().bounds;
        Features::of(&SCHEME, points.to_vec(), &Face::default(), &bounds)
    }

    fn labels(features: &Features) -> [&str; 3] {
        let Features {
            eyes,
            mouth,
            eyebrows,
            ..
        } = features;
        [&eyes.label, &mouth.label, &eyebrows.label]
    }

    #[test]
    fn points_in_one_place_tell_nothing_and_are_no_error() {
        let points = vec![[7.0, 5.0, 0.9]; 18];
        let features = features(&points);
        assert_eq!(labels(&features), [UNKNOWN; 3]);
        assert_eq!(features.points, points);
        assert_eq!(features.eyes.openness, None);
    }

    #[test]
    fn a_mouth_without_width_leaves_the_eyes_known_and_the_other_way_round() {
        let eye = |x: f64| {
            [
                [x, 20.0],
                [x + 10.0, 20.0],
                [x + 5.0, 18.0],
                [x + 5.0, 22.0],
            ]
        };
        let brow = |x: f64| [[x, 10.0], [x + 5.0, 10.0], [x + 10.0, 10.0]];
        let mouth = [[20.0, 50.0], [30.0, 50.0], [25.0, 50.0], [25.0, 50.0]];
        let of = |eyes: [Vec<[f64; 2]>; 2], mouth: [[f64; 2]; 4]| {
            let places = eyes.into_iter().flatten().chain(mouth);
            features(&places.map(|[x, y]| [x, y, 0.9]).collect::<Vec<_>>())
        };
        let eyes = || [10.0, 30.0].map(|x| [&eye(x)[..], &brow(x)].concat());
        let known = ["open eyes", "closed mouth", "relaxed eyebrows"];
        assert_eq!(labels(&of(eyes(), mouth)), known);
        let features = of(eyes(), [[25.0, 50.0]; 4]);
        assert_eq!(labels(&features), [known[0], UNKNOWN, known[2]]);
        assert_eq!(features.mouth.width, None);
        let dots = [10.0, 30.0].map(|x| vec![[x, 20.0]; 7]);
        assert_eq!(labels(&of(dots, mouth)), [UNKNOWN, known[1], UNKNOWN]);
    }
}
