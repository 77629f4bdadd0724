//! Which joints a skeleton has, what joins them, and in which colours.

use clap::ValueEnum;
use stage::manifest::Skeleton;
use stage::manifest::skeleton::{JOINTS, Side};

/// A place in pixels.
pub(crate) type Place = [f64; 2];

/// Whose colours and joints skeletons have
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colours {
    /// `OpenPose`'s, which pose `ControlNets` were trained on: 18 joints with a neck, limbs darker than
    /// joints
    Openpose,
    /// COCO's, as `MMPose` draws them: left green, right orange, the middle blue
    Coco,
}

/// A colour, red first.
pub(crate) type Colour = [u8; 3];

/// Something to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stroke {
    /// Between two joints.
    Limb(Place, Place, Colour),
    /// A joint itself.
    Joint(Place, Colour),
}

/// `OpenPose`'s joints as COCO's: nose, neck, then shoulder, elbow and wrist, right before left, hip, knee
/// and ankle, right before left, eyes and ears, right before left. The neck, `None`, is between the
/// shoulders, as in `controlnet_aux` (Apache-2.0), `src/controlnet_aux/open_pose/body.py`.
const OPENPOSE: [Option<usize>; 18] = [
    Some(0),
    None,
    Some(6),
    Some(8),
    Some(10),
    Some(5),
    Some(7),
    Some(9),
    Some(12),
    Some(14),
    Some(16),
    Some(11),
    Some(13),
    Some(15),
    Some(2),
    Some(1),
    Some(4),
    Some(3),
];

/// The limbs between them, from 1 as there: `limbSeq` of `draw_bodypose` in `controlnet_aux`'s
/// `open_pose/util.py`.
const OPENPOSE_LIMBS: [[usize; 2]; 17] = [
    [2, 3],
    [2, 6],
    [3, 4],
    [4, 5],
    [6, 7],
    [7, 8],
    [2, 9],
    [9, 10],
    [10, 11],
    [2, 12],
    [12, 13],
    [13, 14],
    [2, 1],
    [1, 15],
    [15, 17],
    [1, 16],
    [16, 18],
];

/// The colours of joints and, darker, of limbs: `colors` there.
const OPENPOSE_COLOURS: [Colour; 18] = [
    [255, 0, 0],
    [255, 85, 0],
    [255, 170, 0],
    [255, 255, 0],
    [170, 255, 0],
    [85, 255, 0],
    [0, 255, 0],
    [0, 255, 85],
    [0, 255, 170],
    [0, 255, 255],
    [0, 170, 255],
    [0, 85, 255],
    [0, 0, 255],
    [85, 0, 255],
    [170, 0, 255],
    [255, 0, 255],
    [255, 0, 170],
    [255, 0, 85],
];

/// How bright a limb is beside its joints, there.
const DARKER: f64 = 0.6;

/// Colours of `MMPose` (Apache-2.0), `configs/_base_/datasets/coco.py`.
const MIDDLE: Colour = [51, 153, 255];
const LEFT: Colour = [0, 255, 0];
const RIGHT: Colour = [255, 128, 0];

/// The colours of [`Skeleton::bones`], in their order: `skeleton_info` there.
const COCO_BONES: [Colour; 19] = [
    LEFT, LEFT, RIGHT, RIGHT, MIDDLE, MIDDLE, MIDDLE, MIDDLE, LEFT, RIGHT, LEFT, RIGHT, MIDDLE,
    MIDDLE, MIDDLE, MIDDLE, MIDDLE, MIDDLE, MIDDLE,
];

/// `keypoint_info` there: the first five are of the face, then left and right in turn.
fn coco_joint(joint: usize) -> Colour {
    match joint {
        0..5 => MIDDLE,
        left if left % 2 == 1 => LEFT,
        _ => RIGHT,
    }
}

/// What is drawn of the joints of a skeleton, of which those that are not seen are `None`: limbs first,
/// and joints over them. `OpenPose` has no animals: theirs are drawn as `MMPose` draws them.
pub(crate) fn strokes(
    colours: Colours,
    skeleton: Skeleton,
    joints: &[Option<Place>],
) -> Vec<Stroke> {
    let at = |joint: usize| joints.get(joint).copied().flatten();
    if skeleton == Skeleton::Ap10k17 {
        return animal(at);
    }
    match colours {
        Colours::Openpose => openpose(at),
        Colours::Coco => {
            let limbs = Skeleton::Coco17.bones().iter().zip(COCO_BONES);
            let limbs = limbs.filter_map(|([from, to], colour)| {
                Some(Stroke::Limb(at(*from)?, at(*to)?, colour))
            });
            let dots =
                (0..JOINTS).filter_map(|joint| Some(Stroke::Joint(at(joint)?, coco_joint(joint))));
            limbs.chain(dots).collect()
        }
    }
}

/// An animal's joints and bones, in the colours of COCO: left green, right orange, and what is in the middle
/// blue.
fn animal(at: impl Fn(usize) -> Option<Place>) -> Vec<Stroke> {
    let colour = |joint: usize| match Skeleton::Ap10k17.side(joint) {
        Side::Middle => MIDDLE,
        Side::Left => LEFT,
        Side::Right => RIGHT,
    };
    let bones = Skeleton::Ap10k17.bones().iter();
    let limbs =
        bones.filter_map(|[from, to]| Some(Stroke::Limb(at(*from)?, at(*to)?, colour(*to))));
    let dots = (0..JOINTS).filter_map(|joint| Some(Stroke::Joint(at(joint)?, colour(joint))));
    limbs.chain(dots).collect()
}

fn openpose(at: impl Fn(usize) -> Option<Place>) -> Vec<Stroke> {
    let neck = || {
        let (left, right) = (at(5)?, at(6)?);
        Some([0, 1].map(|axis| left[axis].midpoint(right[axis])))
    };
    let places = OPENPOSE.map(|joint| joint.map_or_else(neck, &at));
    let darker = |colour: Colour| colour.map(|level| (f64::from(level) * DARKER) as u8);
    let limbs = OPENPOSE_LIMBS.iter().zip(OPENPOSE_COLOURS);
    let limbs = limbs.filter_map(|([from, to], colour)| {
        Some(Stroke::Limb(
            places[from - 1]?,
            places[to - 1]?,
            darker(colour),
        ))
    });
    let dots = places.iter().zip(OPENPOSE_COLOURS);
    let dots = dots.filter_map(|(place, colour)| Some(Stroke::Joint((*place)?, colour)));
    limbs.chain(dots).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Joints side by side, each at its number.
    fn row() -> Vec<Option<Place>> {
        (0..JOINTS).map(|joint| Some([joint as f64, 0.0])).collect()
    }

    #[test]
    fn openpose_names_right_before_left_and_adds_a_neck() {
        let all = strokes(Colours::Openpose, Skeleton::Coco17, &row());
        assert_eq!(all.len(), 17 + 18);
        // Neck to right shoulder, in the first colour at 0.6; then to the left one.
        assert_eq!(all[0], Stroke::Limb([5.5, 0.0], [6.0, 0.0], [153, 0, 0]));
        assert_eq!(all[1], Stroke::Limb([5.5, 0.0], [5.0, 0.0], [153, 51, 0]));
        // Right wrist: the fifth joint.
        assert_eq!(all[17 + 4], Stroke::Joint([10.0, 0.0], [170, 255, 0]));
        assert_eq!(all[17 + 17], Stroke::Joint([3.0, 0.0], [255, 0, 85]));
    }

    #[test]
    fn what_is_not_seen_is_not_drawn_and_neither_are_its_limbs() {
        let mut joints = row();
        joints[5] = None;
        // No neck, no left shoulder, and of the limbs those of neither: without 2-3, 2-6, 6-7, 2-9, 2-12, 2-1.
        assert_eq!(
            strokes(Colours::Openpose, Skeleton::Coco17, &joints).len(),
            11 + 16
        );
        // Without those to hip, other shoulder, elbow and ear.
        assert_eq!(
            strokes(Colours::Coco, Skeleton::Coco17, &joints).len(),
            15 + 16
        );
        assert!(strokes(Colours::Coco, Skeleton::Coco17, &[]).is_empty());
    }

    #[test]
    fn coco_is_green_on_the_left() {
        let all = strokes(Colours::Coco, Skeleton::Coco17, &row());
        assert!(all.contains(&Stroke::Limb([5.0, 0.0], [7.0, 0.0], LEFT)));
        assert!(all.contains(&Stroke::Limb([6.0, 0.0], [8.0, 0.0], RIGHT)));
        assert!(all.contains(&Stroke::Limb([5.0, 0.0], [11.0, 0.0], MIDDLE)));
        // Every bone has a colour, and one between two joints of a side has that side's.
        let arms_and_legs = [[7, 9], [8, 10], [13, 11], [14, 12], [15, 13], [16, 14]];
        for [from, to] in arms_and_legs {
            let side = coco_joint(from);
            assert!(all.contains(&Stroke::Limb([from as f64, 0.0], [to as f64, 0.0], side)));
        }
        assert_eq!(all.len(), COCO_BONES.len() + JOINTS);
        assert!(all.contains(&Stroke::Joint([16.0, 0.0], RIGHT)));
        assert!(all.contains(&Stroke::Joint([4.0, 0.0], MIDDLE)));
    }

    #[test]
    fn an_animal_has_four_legs_that_hang_on_neck_and_tail() {
        for colours in [Colours::Openpose, Colours::Coco] {
            let all = strokes(colours, Skeleton::Ap10k17, &row());
            assert_eq!(all.len(), 17 + 17);
            assert!(all.contains(&Stroke::Limb([3.0, 0.0], [4.0, 0.0], MIDDLE)));
            assert!(all.contains(&Stroke::Limb([5.0, 0.0], [6.0, 0.0], LEFT)));
            assert!(all.contains(&Stroke::Limb([4.0, 0.0], [14.0, 0.0], RIGHT)));
            // From shoulder to hip goes a bone of a person, and none of it.
            for colour in [MIDDLE, LEFT, RIGHT] {
                assert!(!all.contains(&Stroke::Limb([5.0, 0.0], [11.0, 0.0], colour)));
            }
        }
    }
}
