//! Which joints the key points of a pose are.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The order of the key points of a body, and what they are.
///
/// Both orders have 17 points, and neither says by itself which it is: drawn with the bones of the
/// other, a pose is nonsense that fails nowhere. So a pose of AP-10K carries its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Skeleton {
    /// A person, as COCO has it: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, the
    /// figure's left one first. Orders that begin with these are read by these.
    #[default]
    Coco17,
    /// An animal of four legs, as AP-10K has it (Yu et al. 2021; `mmpose`,
    /// `configs/_base_/datasets/ap10k.py`): eyes, nose, neck, root of the tail, then shoulder, elbow and
    /// front paw of the left and of the right, hip, knee and back paw of the left and of the right.
    Ap10k17,
}

/// The joints of either skeleton.
pub const JOINTS: usize = 17;

/// Of AP-10K the joints by their places.
pub mod ap10k {
    /// The left eye and the right one.
    pub const EYES: [usize; 2] = [0, 1];
    /// The nose.
    pub const NOSE: usize = 2;
    /// The neck.
    pub const NECK: usize = 3;
    /// The root of the tail.
    pub const TAIL: usize = 4;
    /// Shoulder, elbow and paw of the left and of the right front leg.
    pub const FRONT: [[usize; 3]; 2] = [[5, 6, 7], [8, 9, 10]];
    /// Hip, knee and paw of the left and of the right back leg.
    pub const BACK: [[usize; 3]; 2] = [[11, 12, 13], [14, 15, 16]];
}

/// `skeleton_info` of `mmpose`'s `ap10k.py`.
const AP10K_BONES: [[usize; 2]; 17] = [
    [0, 1],
    [0, 2],
    [1, 2],
    [2, 3],
    [3, 4],
    [3, 5],
    [5, 6],
    [6, 7],
    [3, 8],
    [8, 9],
    [9, 10],
    [4, 11],
    [11, 12],
    [12, 13],
    [4, 14],
    [14, 15],
    [15, 16],
];

/// `skeleton_info` of `mmpose`'s `coco.py`.
const COCO_BONES: [[usize; 2]; 19] = [
    [15, 13],
    [13, 11],
    [16, 14],
    [14, 12],
    [11, 12],
    [5, 11],
    [6, 12],
    [5, 6],
    [5, 7],
    [6, 8],
    [7, 9],
    [8, 10],
    [1, 2],
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 4],
    [3, 5],
    [4, 6],
];

/// `swap` in `keypoint_info` of the same files: the joint on the other side of the body.
const COCO_MIRRORED: [usize; JOINTS] = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15];
const AP10K_MIRRORED: [usize; JOINTS] = [1, 0, 2, 3, 4, 8, 9, 10, 5, 6, 7, 14, 15, 16, 11, 12, 13];

/// Which side of the body a joint is on, its own left or right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Of the middle: nose, neck, root of the tail.
    Middle,
    /// The figure's left.
    Left,
    /// The figure's right.
    Right,
}

impl Skeleton {
    /// Whether it is the usual one, which records do not name.
    pub fn is_coco(&self) -> bool {
        *self == Self::Coco17
    }

    /// The bones, each between two joints.
    pub fn bones(self) -> &'static [[usize; 2]] {
        match self {
            Self::Coco17 => &COCO_BONES,
            Self::Ap10k17 => &AP10K_BONES,
        }
    }

    /// The joint on the other side of the body: where a joint's place is found in a mirrored image. One
    /// that the skeleton does not have stays itself.
    pub fn mirrored(self, joint: usize) -> usize {
        let pairs = match self {
            Self::Coco17 => COCO_MIRRORED,
            Self::Ap10k17 => AP10K_MIRRORED,
        };
        pairs.get(joint).copied().unwrap_or(joint)
    }

    /// The side that a joint is on.
    pub fn side(self, joint: usize) -> Side {
        let other = self.mirrored(joint);
        // Both name the left one first.
        match joint.cmp(&other) {
            Ordering::Equal => Side::Middle,
            Ordering::Less => Side::Left,
            Ordering::Greater => Side::Right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Skeleton; 2] = [Skeleton::Coco17, Skeleton::Ap10k17];

    #[test]
    fn mirroring_twice_is_nothing_and_bones_stay_bones() {
        for skeleton in BOTH {
            for joint in 0..JOINTS {
                assert_eq!(skeleton.mirrored(skeleton.mirrored(joint)), joint);
            }
            for [from, to] in skeleton.bones() {
                let other = [skeleton.mirrored(*from), skeleton.mirrored(*to)];
                let same = |bone: &[usize; 2]| *bone == other || [bone[1], bone[0]] == other;
                assert!(
                    skeleton.bones().iter().any(same),
                    "{skeleton:?} {from}-{to}"
                );
            }
        }
    }

    #[test]
    fn every_joint_hangs_on_the_body() {
        for skeleton in BOTH {
            let mut reached = vec![0];
            while let Some(bone) = skeleton
                .bones()
                .iter()
                .find(|[from, to]| reached.contains(from) != reached.contains(to))
            {
                let new = if reached.contains(&bone[0]) {
                    bone[1]
                } else {
                    bone[0]
                };
                reached.push(new);
            }
            assert_eq!(reached.len(), JOINTS, "{skeleton:?}");
        }
    }

    #[test]
    fn legs_of_ap10k_are_chains_and_not_pairs() {
        // COCO would have the right shoulder beside the left one, at 6.
        let [left, right] = ap10k::FRONT;
        assert_eq!(left.map(|joint| Skeleton::Ap10k17.mirrored(joint)), right);
        assert_eq!(Skeleton::Ap10k17.side(6), Side::Left);
        assert_eq!(Skeleton::Coco17.side(6), Side::Right);
        assert_eq!(Skeleton::Ap10k17.side(ap10k::TAIL), Side::Middle);
    }

    #[test]
    fn records_name_it_in_small_letters() {
        let text = serde_json::to_string(&Skeleton::Ap10k17);
        assert_eq!(text.ok().as_deref(), Some("\"ap10k17\""));
    }
}
