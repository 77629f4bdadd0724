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
    /// Those of the points of a network, in pixels of the crop; `None` where they have no extent.
    pub(crate) fn of(
        scheme: &Scheme,
        mut points: Vec<[f64; 3]>,
        face: &Face,
        bounds: &Bounds,
    ) -> Option<Self> {
        let measures = Measures::of(scheme, &points)?;
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
        Some(features)
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
