//! The figures of a body's geometry that the model goes by.

use crate::body::{Body, JOINTS, distance};

/// How many there are.
pub(crate) const COUNT: usize = 3 * JOINTS + BENDS.len() + 3 * BONES.len();

/// Joints with those before and behind them: shoulders, elbows, hips, knees.
const BENDS: [[usize; 3]; 8] = [
    [7, 5, 11],
    [8, 6, 12],
    [5, 7, 9],
    [6, 8, 10],
    [5, 11, 13],
    [6, 12, 14],
    [11, 13, 15],
    [12, 14, 16],
];

/// From the middle of some joints to the middle of others.
const BONES: [(&[usize], &[usize]); 18] = [
    (&[5], &[7]),
    (&[7], &[9]),
    (&[6], &[8]),
    (&[8], &[10]),
    (&[11], &[13]),
    (&[13], &[15]),
    (&[12], &[14]),
    (&[14], &[16]),
    (&[6], &[5]),
    (&[12], &[11]),
    (&[14], &[13]),
    (&[16], &[15]),
    (&[11, 12], &[5, 6]),
    (&[5, 6], &[0, 1, 2, 3, 4]),
    (&[3, 4], &[0]),
    (&[2], &[1]),
    (&[11, 12], &[15, 16]),
    (&[11, 12], &[9, 10]),
];

/// The features of a body: x and y of every joint, whether it is seen, the cosine of every bend, and
/// of every bone its direction (a unit vector) and length. What is not seen is 0.
pub(crate) fn features(body: &Body) -> Vec<f64> {
    let mut features = Vec::with_capacity(COUNT);
    for at in 0..JOINTS {
        features.extend(body.joint(at).unwrap_or_default());
    }
    for at in 0..JOINTS {
        features.push(if body.joint(at).is_some() { 1.0 } else { 0.0 });
    }
    for bend in BENDS {
        features.push(cosine(bend.map(|at| body.joint(at))).unwrap_or(0.0));
    }
    for (from, to) in BONES {
        let ends = body.middle(from).zip(body.middle(to));
        features.extend(ends.map_or([0.0; 3], |(from, to)| {
            let length = distance(from, to);
            let unit = length.max(1e-6);
            [(to[0] - from[0]) / unit, (to[1] - from[1]) / unit, length]
        }));
    }
    features
}

/// The cosine of the angle at the second of three places: −1 is straight.
pub(crate) fn cosine(places: [Option<[f64; 2]>; 3]) -> Option<f64> {
    let [first, at, last] = places;
    let (first, at, last) = (first?, at?, last?);
    let product = (first[0] - at[0]) * (last[0] - at[0]) + (first[1] - at[1]) * (last[1] - at[1]);
    Some(product / (distance(first, at) * distance(last, at)).max(1e-9))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_right_angle_and_a_straight_line() {
        let places = [[0.0, 0.0], [0.0, 2.0], [3.0, 2.0]].map(Some);
        assert!(cosine(places).unwrap().abs() < 1e-12);
        let places = [[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]].map(Some);
        assert!((cosine(places).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(cosine([None, Some([0.0; 2]), Some([1.0; 2])]), None);
    }
}
