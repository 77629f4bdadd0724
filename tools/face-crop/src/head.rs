//! Where the head is, by the body's key points.

use nets::face::Face;
use stage::{Record, Result};

use crate::candidates::Candidate;

/// Scores from which a key point counts as seen.
const SEEN: f64 = 0.3;

/// A head is so many times as wide as its outermost eyes or ears are apart.
const HEAD: f64 = 2.2;

/// And at least so many times as the shoulders.
const OF_SHOULDERS: f64 = 0.35;

/// The head of a record's `pose.keypoints`, in COCO's order (nose, eyes, ears, shoulders, …) or
/// Halpe's, which begins the same; `None` if there are none, or they show no nose and eye.
pub(crate) fn head(record: &Record) -> Result<Option<Candidate>> {
    let Some(points) = record.at::<Vec<[f64; 3]>>("/pose/keypoints")? else {
        return Ok(None);
    };
    let seen = |joint: usize| points.get(joint).filter(|point| point[2] >= SEEN);
    let (Some(nose), Some(_)) = (seen(0), seen(1).or_else(|| seen(2))) else {
        return Ok(None);
    };
    let sides: Vec<&[f64; 3]> = (1..=4).filter_map(seen).collect();
    let apart = |one: &[f64; 3], other: &[f64; 3]| (one[0] - other[0]).hypot(one[1] - other[1]);
    let mut side: f64 = 0.0;
    for (number, one) in sides.iter().enumerate() {
        for other in &sides[number + 1..] {
            side = side.max(HEAD * apart(one, other));
        }
    }
    if let (Some(left), Some(right)) = (seen(5), seen(6)) {
        side = side.max(OF_SHOULDERS * apart(left, right));
    }
    let joints: Vec<&[f64; 3]> = std::iter::once(nose).chain(sides).collect();
    let mean = |axis: usize| {
        let sum: f64 = joints.iter().map(|joint| joint[axis]).sum();
        sum / joints.len() as f64
    };
    let (x, y, half) = (mean(0), mean(1), side / 2.0);
    let area = [x - half, y - half, x + half, y + half].map(|place| place as f32);
    if half <= 0.0 || area.iter().any(|place| !place.is_finite()) {
        return Ok(None);
    }
    Ok(Some(Candidate {
        face: Face {
            area,
            score: mean(2).min(1.0) as f32,
            landmarks: None,
        },
        by: "pose".to_owned(),
        agreed: Vec::new(),
    }))
}
