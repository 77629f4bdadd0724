//! Where the head is, by the body's key points.

use nets::face::Face;
use serde::Deserialize;
use stage::{Record, Result};

use crate::candidates::Candidate;

/// Scores from which a key point counts as seen.
const SEEN: f64 = 0.3;

/// A head is this many times as wide as its outermost eyes or ears are apart.
const HEAD: f64 = 2.2;

/// And at least this many times as the shoulders.
const OF_SHOULDERS: f64 = 0.35;

/// One of `boxes`, as rtmpose leaves it where an image has several.
#[derive(Deserialize)]
struct Boxed {
    pose: Option<Pose>,
}

#[derive(Deserialize)]
struct Pose {
    keypoints: Vec<[f64; 3]>,
}

/// The heads by a record's `pose.keypoints`, or by those of each of its `boxes`.
pub(crate) fn heads(record: &Record) -> Result<Vec<Candidate>> {
    if let Some(points) = record.at::<Vec<[f64; 3]>>("/pose/keypoints")? {
        return Ok(head(&points).into_iter().collect());
    }
    let boxes: Vec<Boxed> = record.find("boxes")?.unwrap_or_default();
    let poses = boxes.iter().filter_map(|boxed| boxed.pose.as_ref());
    Ok(poses.filter_map(|pose| head(&pose.keypoints)).collect())
}

/// The head of a figure's key points, in COCO's order (nose, eyes, ears, shoulders, …) or Halpe's,
/// which begins the same; `None` if they show no nose and eye.
fn head(points: &[[f64; 3]]) -> Option<Candidate> {
    let seen = |joint: usize| points.get(joint).filter(|point| point[2] >= SEEN);
    let (Some(nose), Some(_)) = (seen(0), seen(1).or_else(|| seen(2))) else {
        return None;
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
        return None;
    }
    Some(Candidate {
        face: Face {
            area,
            score: mean(2).min(1.0) as f32,
            landmarks: None,
        },
        by: "pose".to_owned(),
        agreed: Vec::new(),
    })
}
