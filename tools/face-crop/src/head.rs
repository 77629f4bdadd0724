//! Where the head is, by the body's key points.

use nets::face::Face;
use stage::manifest::shapes::{Keypoint, Pose};
use stage::{Record, Result};
use vision::Rect;

use crate::candidates::Candidate;

/// A head is this many times as wide as its outermost eyes or ears are apart.
const HEAD: f64 = 2.2;

/// And at least this many times as the shoulders.
const OF_SHOULDERS: f64 = 0.35;

/// The heads by a record's `pose.keypoints`, or by those of each of its `boxes`, which rtmpose fills
/// where an image has several.
pub(crate) fn heads(record: &Record) -> Result<Vec<Candidate>> {
    if let Some(pose) = record.pose()? {
        return Ok(of(&pose).into_iter().collect());
    }
    let boxes = record.boxes()?.unwrap_or_default();
    let poses = boxes.iter().filter_map(|found| found.pose.as_ref());
    Ok(poses.filter_map(of).collect())
}

/// The head of a pose. An animal's face is none of a person, with its features elsewhere.
fn of(pose: &Pose) -> Option<Candidate> {
    pose.skeleton
        .is_coco()
        .then(|| head(&pose.keypoints))
        .flatten()
}

/// The head of a figure's key points, in COCO's order (nose, eyes, ears, shoulders, …) or Halpe's,
/// which begins the same; `None` if they show no nose and eye.
fn head(points: &[Keypoint]) -> Option<Candidate> {
    let seen = |joint: usize| points.get(joint).filter(|point| point[2] >= Pose::SEEN);
    let (Some(nose), Some(_)) = (seen(0), seen(1).or_else(|| seen(2))) else {
        return None;
    };
    let sides: Vec<&Keypoint> = (1..=4).filter_map(seen).collect();
    let apart = |one: &Keypoint, other: &Keypoint| (one[0] - other[0]).hypot(one[1] - other[1]);
    let mut side: f64 = 0.0;
    for (number, one) in sides.iter().enumerate() {
        for other in &sides[number + 1..] {
            side = side.max(HEAD * apart(one, other));
        }
    }
    if let (Some(left), Some(right)) = (seen(5), seen(6)) {
        side = side.max(OF_SHOULDERS * apart(left, right));
    }
    let joints: Vec<&Keypoint> = std::iter::once(nose).chain(sides).collect();
    let mean = |axis: usize| {
        let sum: f64 = joints.iter().map(|joint| joint[axis]).sum();
        sum / joints.len() as f64
    };
    let (x, y, half) = (mean(0), mean(1), side / 2.0);
    let rect = Rect::from([x - half, y - half, x + half, y + half]).map(|edge| edge as f32);
    if half <= 0.0 || rect.edges().iter().any(|edge| !edge.is_finite()) {
        return None;
    }
    Some(Candidate {
        face: Face {
            rect,
            score: mean(2).min(1.0) as f32,
            landmarks: None,
        },
        by: "pose".to_owned(),
        agreed: Vec::new(),
    })
}
