//! A body by its joints, apart from where it stands in the image and how large it is.

/// Joints, in COCO's order: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, the
/// figure's left one first.
pub(crate) const JOINTS: usize = 17;

const SHOULDERS: [usize; 2] = [5, 6];
const HIPS: [usize; 2] = [11, 12];
const HEAD: [usize; 5] = [0, 1, 2, 3, 4];

/// Fewer seen joints than this are no body.
const FEWEST: usize = 4;

/// A body's size is at least this many lengths of its trunk, as in `MediaPipe`'s pose classification
/// (`FullBodyPoseEmbedder`), so that it does not change with the arms.
const TRUNKS: f64 = 2.5;

/// Where the hips are below the shoulders if neither is seen, in distances from the head to the
/// shoulders, and in widths of the shoulders: figures drawn large-headed and people lie around it.
const BELOW_HEAD: f64 = 1.6;
const BELOW_SHOULDERS: f64 = 1.2;

/// Where a joint that is not seen is put, from the joint that it hangs on: those of a figure that
/// stands and faces the camera, in sizes of the body. The parent comes first in the order of [`FILL`].
const FILL: [(usize, Option<usize>, [f64; 2]); JOINTS] = [
    (11, None, [0.06, 0.0]),
    (12, None, [-0.06, 0.0]),
    (5, None, [0.1, -0.4]),
    (6, None, [-0.1, -0.4]),
    (0, None, [0.0, -0.56]),
    (1, Some(0), [0.03, -0.03]),
    (2, Some(0), [-0.03, -0.03]),
    (3, Some(0), [0.07, -0.02]),
    (4, Some(0), [-0.07, -0.02]),
    (7, Some(5), [0.04, 0.2]),
    (8, Some(6), [-0.04, 0.2]),
    (9, Some(7), [0.01, 0.18]),
    (10, Some(8), [-0.01, 0.18]),
    (13, Some(11), [0.01, 0.33]),
    (14, Some(12), [-0.01, 0.33]),
    (15, Some(13), [0.0, 0.33]),
    (16, Some(14), [0.0, 0.33]),
];

/// The joint on the other side of the body.
pub(crate) fn opposite(joint: usize) -> usize {
    match joint {
        0 => 0,
        odd if odd % 2 == 1 => odd + 1,
        even => even - 1,
    }
}

/// A body's joints: the middle of the hips is at (0, 0), x to the right and y down, and its size is 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Body {
    joints: [Option<[f64; 2]>; JOINTS],
    /// Its size in pixels.
    pub(crate) pixels: f64,
}

impl Body {
    /// The body of these key points, `[x, y, score]`, of which those with a score of `least` or more
    /// are seen. `None` where too few are seen to say where the body is.
    pub(crate) fn of(keypoints: &[[f64; 3]], least: f64) -> Option<Self> {
        let seen = |point: &[f64; 3]| {
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
        let shoulders = middle(&joints, &SHOULDERS);
        let centre = middle(&joints, &HIPS).or_else(|| below(&joints, shoulders?))?;
        let trunk = shoulders.map_or(0.0, |shoulders| distance(shoulders, centre));
        let farthest = joints
            .iter()
            .flatten()
            .map(|joint| distance(*joint, centre));
        let size = farthest.fold(TRUNKS * trunk, f64::max);
        if size < 1e-3 {
            return None;
        }
        let placed = |[x, y]: [f64; 2]| [(x - centre[0]) / size, (y - centre[1]) / size];
        Some(Self {
            joints: joints.map(|joint| joint.map(placed)),
            pixels: size,
        })
    }

    /// The body in the mirrored image: left and right change places.
    pub(crate) fn mirrored(&self) -> Self {
        let joint = |at: usize| self.joints[opposite(at)].map(|[x, y]| [-x, y]);
        Self {
            joints: std::array::from_fn(joint),
            pixels: self.pixels,
        }
    }

    /// Where a joint is, if it is seen.
    pub(crate) fn joint(&self, at: usize) -> Option<[f64; 2]> {
        self.joints[at]
    }

    /// Whether anything below the hips is seen.
    pub(crate) fn has_legs(&self) -> bool {
        self.joints[13..].iter().any(Option::is_some)
    }

    /// The middle of those of some joints that are seen.
    pub(crate) fn middle(&self, of: &[usize]) -> Option<[f64; 2]> {
        middle(&self.joints, of)
    }

    /// x and y of every joint in turn, 34 numbers. Joints that are not seen hang on others as on a
    /// standing figure.
    pub(crate) fn vector(&self) -> Vec<f64> {
        let mut places = [[0.0; 2]; JOINTS];
        for (at, parent, [x, y]) in FILL {
            let from = parent.map_or([0.0; 2], |parent| places[parent]);
            places[at] = self.joints[at].unwrap_or([from[0] + x, from[1] + y]);
        }
        places.as_flattened().to_vec()
    }

    /// Of the body and its mirror image the one whose limbs reach to the right, so that a pose and
    /// its mirror image give the same.
    pub(crate) fn folded(&self) -> Self {
        let reach: f64 = (self.joints[7..11].iter().chain(&self.joints[13..]))
            .chain(&self.joints[..1])
            .flatten()
            .map(|joint| joint[0])
            .sum();
        if reach < 0.0 {
            self.mirrored()
        } else {
            self.clone()
        }
    }
}

/// Where the hips would be under the shoulders.
fn below(joints: &[Option<[f64; 2]>; JOINTS], shoulders: [f64; 2]) -> Option<[f64; 2]> {
    if let Some(head) = middle(joints, &HEAD) {
        let along = |axis: usize| shoulders[axis] + BELOW_HEAD * (shoulders[axis] - head[axis]);
        return Some([along(0), along(1)]);
    }
    let width = distance(joints[5]?, joints[6]?);
    Some([shoulders[0], shoulders[1] + BELOW_SHOULDERS * width])
}

fn middle(joints: &[Option<[f64; 2]>; JOINTS], of: &[usize]) -> Option<[f64; 2]> {
    let seen: Vec<[f64; 2]> = of.iter().filter_map(|at| joints[*at]).collect();
    let mean = |axis: usize| seen.iter().map(|joint| joint[axis]).sum::<f64>() / seen.len() as f64;
    (!seen.is_empty()).then(|| [mean(0), mean(1)])
}

pub(crate) fn distance(first: [f64; 2], second: [f64; 2]) -> f64 {
    (first[0] - second[0]).hypot(first[1] - second[1])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// Stands upright, arms down, feet at the bottom; 200 pixels from shoulders to hips.
    fn standing() -> Vec<[f64; 3]> {
        let at = |x: f64, y: f64| [500.0 + x, 400.0 + y, 0.9];
        let mut points = vec![at(0.0, -300.0)];
        for (x, y) in [
            (20.0, -320.0),
            (40.0, -310.0),
            (80.0, -200.0),
            (90.0, -100.0),
            (95.0, 0.0),
            (50.0, 0.0),
            (50.0, 190.0),
            (50.0, 380.0),
        ] {
            points.extend([at(x, y), at(-x, y)]);
        }
        points
    }

    #[test]
    fn hips_are_the_centre_and_two_and_a_half_trunks_the_size() {
        let body = Body::of(&standing(), 0.3).unwrap();
        assert!((body.pixels - 500.0).abs() < 1e-9, "2.5 * 200");
        assert_eq!(body.joint(5), Some([0.16, -0.4]), "80 and 200 of 500");
        assert_eq!(body.vector().len(), 34);
        assert_eq!(body.vector()[30..], [0.1, 0.76, -0.1, 0.76]);
    }

    #[test]
    fn place_and_size_do_not_matter() {
        let body = Body::of(&standing(), 0.3).unwrap();
        let moved: Vec<_> = standing()
            .iter()
            .map(|[x, y, score]| [x * 0.25 + 7.0, y * 0.25 - 90.0, *score])
            .collect();
        let other = Body::of(&moved, 0.3).unwrap();
        for (own, other) in body.vector().iter().zip(other.vector()) {
            assert!((own - other).abs() < 1e-9);
        }
    }

    #[test]
    fn the_mirror_changes_sides_and_the_sign_of_x() {
        let mut points = standing();
        points[9] = [700.0, 150.0, 0.9];
        let body = Body::of(&points, 0.3).unwrap();
        let mirror: Vec<_> = (0..JOINTS)
            .map(|at| points[opposite(at)])
            .map(|[x, y, score]| [1000.0 - x, y, score])
            .collect();
        let mirrored = Body::of(&mirror, 0.3).unwrap();
        let (vector, other) = (body.vector(), mirrored.vector());
        for at in 0..JOINTS {
            let there = opposite(at);
            assert!((vector[2 * at] + other[2 * there]).abs() < 1e-9);
            assert!((vector[2 * at + 1] - other[2 * there + 1]).abs() < 1e-9);
        }
        assert_eq!(
            body.folded().vector(),
            body.vector(),
            "the arm reaches to the right already"
        );
        for (own, other) in mirrored.folded().vector().iter().zip(body.vector()) {
            assert!((own - other).abs() < 1e-9);
        }
    }

    #[test]
    fn too_little_is_no_body() {
        let mut points = standing();
        for point in &mut points[5..] {
            point[2] = 0.1;
        }
        assert_eq!(
            Body::of(&points, 0.3),
            None,
            "a head alone does not say where the hips are"
        );
        assert_eq!(
            Body::of(&[[1.0, 1.0, 0.9]; 17], 0.3),
            None,
            "all in one place"
        );
        assert_eq!(Body::of(&[[f64::NAN, 1.0, 0.9]; 17], 0.3), None);
        assert_eq!(Body::of(&[], 0.3), None);
    }
}
