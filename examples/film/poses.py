"""How a body stands, walks, runs, sits, jumps and lies: actions to joint positions.

A figure stands at its own origin, looks along -y, its left hand is on the +x side. Angles are
degrees. A limb's (swing, out, bend) are: forward from hanging down, away from the body, and the
bend of elbow or knee.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from mesh import turn_x, turn_y, turn_z

ACTIONS = ("standing", "walking", "running", "sitting", "jumping", "lying")
DOWN = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True)
class Build:
    """Bone lengths and widths of one character, metres."""

    thigh: float
    shin: float
    foot: float
    torso: float
    neck: float
    head: float
    shoulder: float
    hip: float
    arm: float
    forearm: float


@dataclass(frozen=True)
class Limb:
    """One arm or leg; `twist` turns the bending plane towards the body."""

    swing: float = 0.0
    out: float = 0.0
    bend: float = 0.0
    twist: float = 0.0


@dataclass(frozen=True)
class Pose:
    """The whole body; `pitch` tips it about the hips (-90 lies on the back, 90 on the front)."""

    left_arm: Limb = Limb(4, 14, 12)
    right_arm: Limb = Limb(4, 14, 12)
    left_leg: Limb = Limb(0, 4, 2)
    right_leg: Limb = Limb(0, 4, 2)
    pitch: float = 0.0
    bend: float = 0.0
    twist: float = 0.0
    sway: float = 0.0
    head_pitch: float = 0.0
    head_yaw: float = 0.0
    head_roll: float = 0.0
    lift: float = 0.0
    seat: float | None = None


@dataclass
class Skeleton:
    """Joint positions in the figure's own space, with the frames of chest and head."""

    joints: dict = field(default_factory=dict)
    chest: np.ndarray = None
    head: np.ndarray = None
    hips: np.ndarray = None
    feet: dict = field(default_factory=dict)


def stand(phase: float, manner: int) -> Pose:
    """Standing, breathing; `manner` picks what the arms do."""
    breath = np.sin(2 * np.pi * phase)
    pose = Pose(bend=1.5 * breath, sway=2.0 * breath, left_leg=Limb(2, 6, 3),
                right_leg=Limb(-3, 5, 4), left_arm=Limb(4 + 2 * breath, 15, 16),
                right_arm=Limb(2, 15 + 2 * breath, 20))
    arms = (
        {},
        {"right_arm": Limb(40, 105 + 6 * breath, 50 + 22 * np.sin(4 * np.pi * phase), 90)},
        {"left_arm": Limb(-28, 44, 88, 60), "right_arm": Limb(-28, 44, 88, 60)},
        {"left_arm": Limb(55, 22, 96, 40), "right_arm": Limb(55, 22, 104, 40)},
        {"left_arm": Limb(60, 40, 50 + 14 * breath, 20), "right_arm": Limb(12, 16, 25)},
    )[manner % 5]
    return replace(pose, **arms)


def walk(phase: float, manner: int) -> Pose:
    """One stride a unit of phase."""
    wave = np.sin(2 * np.pi * phase)
    lag = np.cos(2 * np.pi * phase)
    return Pose(
        left_leg=Limb(30 * wave, 3, 8 + 42 * max(0.0, lag)),
        right_leg=Limb(-30 * wave, 3, 8 + 42 * max(0.0, -lag)),
        left_arm=Limb(-30 * wave, 10, 18 + 10 * max(0, -wave)),
        right_arm=Limb(30 * wave, 10, 18 + 10 * max(0, wave)),
        bend=4, twist=8 * wave, sway=3 * lag, head_pitch=-2 + 2 * abs(lag))


def run(phase: float, manner: int) -> Pose:
    """One stride a unit of phase, leaning forward, feet off the ground between steps."""
    wave = np.sin(2 * np.pi * phase)
    lag = np.cos(2 * np.pi * phase)
    return Pose(
        left_leg=Limb(14 + 50 * wave, 3, 22 + 78 * max(0.0, lag)),
        right_leg=Limb(14 - 50 * wave, 3, 22 + 78 * max(0.0, -lag)),
        left_arm=Limb(-58 * wave, 14, 84, 15), right_arm=Limb(58 * wave, 14, 84, 15),
        pitch=10, bend=10, twist=14 * wave, head_pitch=-14, lift=0.06 * abs(lag))


def sit(phase: float, manner: int) -> Pose:
    """Sitting on something `seat` metres high; manners from 4 sit on the ground, knees up."""
    breath = np.sin(2 * np.pi * phase)
    arms = (
        {"left_arm": Limb(36, 8, 44, 25), "right_arm": Limb(36, 8, 48, 25)},
        {"left_arm": Limb(-16, 26, 14), "right_arm": Limb(-16, 26, 14)},
        {"left_arm": Limb(62, 12, 92, 35), "right_arm": Limb(46, 8, 60, 30)},
        {"left_arm": Limb(110 + 8 * breath, 40, 40, 30), "right_arm": Limb(36, 8, 44, 25)},
    )[manner % 4]
    swing = 10 * np.sin(2 * np.pi * phase)
    if manner >= 4:
        return Pose(left_leg=Limb(116, 9, 74), right_leg=Limb(122, 12, 88),
                    left_arm=Limb(62, 10, 40, 30), right_arm=Limb(-30, 30, 8),
                    bend=10 + breath, pitch=-8, seat=0.0)
    return replace(
        Pose(left_leg=Limb(84, 7, 80 + swing), right_leg=Limb(82, 7, 82 - swing),
             bend=6 + breath, seat=0.45), **arms)


def jump(phase: float, manner: int) -> Pose:
    """From crouch through the air to landing, once a unit of phase."""
    height = max(0.0, np.sin(np.pi * (phase - 0.16) / 0.68)) if 0.16 < phase < 0.84 else 0.0
    crouch = 1.0 - min(1.0, height * 2.2)
    legs = Limb(6 + 52 * crouch + 26 * height, 8 + 8 * height, 12 + 78 * crouch + 40 * height)
    other = replace(legs, swing=legs.swing * 0.6 - 6, bend=legs.bend * 1.15)
    arms = Limb(-40 * crouch + 150 * (1 - crouch), 18 + 22 * height, 22, 0)
    return Pose(left_leg=legs, right_leg=other, left_arm=arms, right_arm=replace(arms, swing=arms.swing - 12),
                bend=22 * crouch - 6 * height, head_pitch=-12 * height, lift=0.5 * height)


def lie(phase: float, manner: int) -> Pose:
    """On the back with the hands under the head, or on the front propped on the elbows."""
    breath = np.sin(2 * np.pi * phase)
    if manner % 2 == 0:
        return Pose(pitch=-90, left_arm=Limb(150, 42, 110, 60), right_arm=Limb(18, 30, 30, 40),
                    left_leg=Limb(38, 4, 74), right_leg=Limb(4, 8, 6), head_pitch=24,
                    bend=2 + breath)
    kick = 60 + 25 * breath
    return Pose(pitch=84, left_arm=Limb(96, 18, 96, 18), right_arm=Limb(96, 18, 96, 18),
                left_leg=Limb(-4, 6, kick), right_leg=Limb(-4, 6, 100 - kick), bend=-24,
                head_pitch=-52)


MOTIONS = dict(zip(ACTIONS, (stand, walk, run, sit, jump, lie)))


def limb_joints(root, frame, limb: Limb, side: int, lengths, knee: bool):
    """Middle and end joints of a limb, and the frame of its lower bone."""
    upper = frame @ turn_x(-limb.swing) @ turn_y(-limb.out * side)
    middle = root + upper @ DOWN * lengths[0]
    lower = upper @ turn_z(-limb.twist * side) @ turn_x(limb.bend if knee else -limb.bend)
    return middle, middle + lower @ DOWN * lengths[1], lower


def skeleton(build: Build, pose: Pose) -> Skeleton:
    """Joint positions for a pose, resting on z = 0 (or on its seat)."""
    bones = Skeleton()
    hips = turn_x(pose.pitch)
    chest = hips @ turn_z(pose.twist) @ turn_y(pose.sway) @ turn_x(pose.bend)
    joints = {"pelvis": np.zeros(3)}
    joints["belly"] = hips @ turn_x(pose.bend * 0.4) @ np.array([0, 0, build.torso * 0.45])
    joints["neck"] = joints["belly"] + chest @ np.array([0, 0, build.torso * 0.55])
    bones.head = chest @ turn_z(pose.head_yaw) @ turn_x(pose.head_pitch) @ turn_y(pose.head_roll)
    joints["head"] = joints["neck"] + bones.head @ np.array(
        [0, -0.03 * build.head, build.neck + 0.80 * build.head])
    for name, side in (("left", 1), ("right", -1)):
        shoulder = joints["neck"] + chest @ np.array(
            [side * build.shoulder, 0.0, -0.22 * build.shoulder - 0.03])
        hip = hips @ np.array([side * build.hip, 0, 0])
        elbow, wrist, hand = limb_joints(shoulder, chest, getattr(pose, f"{name}_arm"), side,
                                         (build.arm, build.forearm), knee=False)
        knee, ankle, shin = limb_joints(hip, hips, getattr(pose, f"{name}_leg"), side,
                                        (build.thigh, build.shin), knee=True)
        joints.update({f"{name}_shoulder": shoulder, f"{name}_elbow": elbow,
                       f"{name}_wrist": wrist, f"{name}_hip": hip, f"{name}_knee": knee,
                       f"{name}_ankle": ankle})
        bones.feet[name] = (shin, hand)
    bones.chest, bones.hips = chest, hips
    rise = _rise(build, pose, joints)
    bones.joints = {name: point + (0, 0, rise) for name, point in joints.items()}
    return bones


def _rise(build: Build, pose: Pose, joints: dict) -> float:
    """How far the figure must go up so that it rests on the ground or its seat."""
    if pose.seat is not None:
        return pose.seat + 0.62 * build.hip + 0.05
    if abs(pose.pitch) > 60:
        limbs = [joints[f"{side}_{part}"][2] for side in ("left", "right")
                 for part in ("ankle", "knee", "elbow")]
        return max(0.13, 0.06 - min(limbs))
    lowest = min(joints["left_ankle"][2], joints["right_ankle"][2])
    return build.foot - lowest + pose.lift
