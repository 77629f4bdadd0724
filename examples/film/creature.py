"""The one character that is not a person: bruma, a four-legged beast from the sea, and how it moves.

It stands at its own origin like the people do: it looks along -y, its left side is +x, metres,
degrees. Key points are those of AP-10K (Yu et al. 2021, "AP-10K: A Benchmark for Animal Pose
Estimation in the Wild"), the beast's left before its right.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from characters import Figure
from mesh import Shape, curve, ellipsoid, join, linear, tube, turn_x, turn_y, turn_z, unit

SKELETON = "ap10k17"
KEYPOINTS = (
    "left_eye", "right_eye", "nose", "neck", "root_of_tail", "left_shoulder", "left_elbow", "left_front_paw",
    "right_shoulder", "right_elbow", "right_front_paw", "left_hip", "left_knee", "left_back_paw",
    "right_hip", "right_knee", "right_back_paw",
)
DOWN = np.array([0.0, 0.0, -1.0])
PAW = 0.045
# Lengths of the bones of a front leg, and of a back leg, which has one more.
FRONT, BACK = (0.20, 0.205), (0.175, 0.165, 0.105)
# Where legs, neck and tail leave the trunk, from its middle: the front is -y.
SHOULDER, HIP = np.array([0.105, -0.235, -0.05]), np.array([0.095, 0.225, -0.035])
NECK, TAIL = np.array([0.0, -0.30, 0.075]), np.array([0.0, 0.32, 0.055])


@dataclass(frozen=True)
class Coat:
    """The colours of a beast."""

    back: str = "#2f9c95"
    belly: str = "#f3e2b4"
    spots: str = "#1d5f73"
    crest: str = "#f08a3c"
    collar: str = "#f2b632"


@dataclass(frozen=True)
class Creature:
    """A character that is not a person; `size` is a factor to all lengths."""

    name: str
    coat: Coat
    size: float = 1.0


@dataclass(frozen=True)
class Leg:
    """A leg by its angles to the ground: forward swing of the upper bone, outward lean, bend of the middle joint, and
    of a back leg bend of the heel."""

    swing: float = 0.0
    out: float = 3.0
    bend: float = 0.0
    heel: float = 0.0


FORE, HIND = Leg(-16, 3, 20), Leg(26, 3, 54, 34)


@dataclass(frozen=True)
class Stance:
    """The whole beast. `pitch` lifts the chest above the hips, `roll` lays it on its side, `lift` is the height of the
    lowest paw, and `rest` that of the middle of the trunk instead, where it lies."""

    left_front: Leg = FORE
    right_front: Leg = FORE
    left_back: Leg = HIND
    right_back: Leg = HIND
    pitch: float = 0.0
    roll: float = 0.0
    neck: float = 48.0
    head_pitch: float = 0.0
    head_yaw: float = 0.0
    tail: float = 40.0
    wag: float = 0.0
    lift: float = 0.0
    rest: float | None = None


@dataclass
class Bones:
    """Joints in the beast's own space, with the frames of trunk and head."""

    joints: dict = field(default_factory=dict)
    trunk: np.ndarray = None
    head: np.ndarray = None


def stand(phase: float, manner: int) -> Stance:
    """Standing; `manner` picks what head and paws do."""
    breath = np.sin(2 * np.pi * phase)
    base = Stance(neck=48 + 2 * breath, wag=22 * np.sin(4 * np.pi * phase), left_front=replace(FORE, swing=-13),
                  left_back=replace(HIND, swing=31), right_back=replace(HIND, swing=21))
    ways = ({}, {"neck": -28 + 4 * breath, "head_pitch": -14, "tail": 20}, {"head_yaw": 38 + 5 * breath, "neck": 58},
            {"right_front": Leg(22, 3, 74 + 6 * breath), "neck": 62}, {"neck": 70, "head_pitch": 18, "tail": 72})
    return replace(base, **ways[manner % 5])


def step(share: float, forward: float, raised: float, rest: Leg, front: bool) -> Leg:
    """A leg in its stride, `share` of the way through it: back along the ground for three fifths, then forward through
    the air."""
    share %= 1.0
    if share < 0.6:
        return replace(rest, swing=rest.swing + forward * (1 - 2 * share / 0.6))
    way = (share - 0.6) / 0.4
    bow = np.sin(np.pi * way)
    swing = rest.swing + forward * (2 * way - 1)
    if front:
        return replace(rest, swing=swing + 8 * bow, bend=rest.bend + raised * bow)
    return replace(rest, swing=swing + 14 * bow, bend=rest.bend + raised * bow, heel=rest.heel + 0.5 * raised * bow)


def walk(phase: float, manner: int) -> Stance:
    """A walk of four beats: back left, front left, back right, front right, one stride a unit of phase."""
    return Stance(left_back=step(phase, 21, 30, HIND, False), left_front=step(phase + 0.75, 19, 44, FORE, True),
                  right_back=step(phase + 0.5, 21, 30, HIND, False), right_front=step(phase + 0.25, 19, 44, FORE, True),
                  neck=(40, 40, 22, 56, 40)[manner % 5] + 3 * np.sin(4 * np.pi * phase), tail=34,
                  wag=16 * np.sin(2 * np.pi * phase))


def run(phase: float, manner: int) -> Stance:
    """A gallop: both back legs nearly together, then both front legs, with the paws off the ground in between."""
    wave, lag = np.sin(2 * np.pi * phase), np.cos(2 * np.pi * phase)
    def fore(late):
        w, c = np.sin(2 * np.pi * (phase - late)), np.cos(2 * np.pi * (phase - late))
        return Leg(-8 + 52 * w, 3, 16 + 66 * max(0.0, c))
    def hind(late):
        w, c = np.sin(2 * np.pi * (phase - late)), np.cos(2 * np.pi * (phase - late))
        return Leg(16 - 50 * w, 3, 40 + 46 * max(0.0, -c), 26 + 22 * max(0.0, -c))
    return Stance(left_front=fore(0.0), right_front=fore(0.07), left_back=hind(0.02), right_back=hind(0.09),
                  pitch=7 * lag, neck=20 + 6 * wave, head_pitch=4, tail=8 + 10 * wave, lift=0.09 * abs(wave))


def sit(phase: float, manner: int) -> Stance:
    """Sitting on its haunches, front legs straight."""
    breath = np.sin(2 * np.pi * phase)
    hind = Leg(98, 14, 148, 128)
    base = Stance(pitch=39 + breath, left_back=hind, right_back=replace(hind, swing=95), left_front=Leg(-6, 4, 10),
                  right_front=Leg(-3, 4, 8), neck=66, tail=-14, wag=24 * np.sin(4 * np.pi * phase))
    ways = ({}, {"head_yaw": 40, "neck": 70}, {"right_front": Leg(48, 8, 40 + 12 * breath), "neck": 74},
            {"neck": 80, "head_pitch": 22}, {"neck": 44, "head_pitch": -16})
    return replace(base, **ways[manner % 5])


def jump(phase: float, manner: int) -> Stance:
    """From crouch through the air to landing, once a unit of phase."""
    way = np.clip((phase - 0.16) / 0.68, 0, 1)
    height = float(np.sin(np.pi * way)) if 0 < way < 1 else 0.0
    crouch = 1.0 - min(1.0, height * 2.2)
    rise = np.cos(np.pi * way)
    stretch = 1.0 - crouch
    fore = Leg(-16 + 66 * stretch - 26 * crouch, 4, 20 + 70 * crouch + 14 * stretch)
    hind = Leg(26 - 74 * stretch + 34 * crouch, 4, 54 - 34 * stretch + 50 * crouch, 34 - 22 * stretch + 20 * crouch)
    return Stance(left_front=fore, right_front=replace(fore, swing=fore.swing - 8), left_back=hind,
                  right_back=replace(hind, swing=hind.swing + 8), pitch=24 * rise * stretch - 6 * crouch * (1 - 2 * way),
                  neck=40, head_pitch=8 * rise, tail=30 - 24 * rise, lift=0.42 * height)


def lie(phase: float, manner: int) -> Stance:
    """On the belly with the front legs ahead, head up or down, or flat on one side."""
    breath = np.sin(2 * np.pi * phase)
    fore, hind = Leg(70, 6, 20), Leg(98, 20, 148, 128)
    base = Stance(left_front=fore, right_front=replace(fore, swing=66, bend=24), left_back=hind, right_back=hind, rest=0.155,
                  neck=56 + 2 * breath, tail=-4, wag=30 + 10 * breath)
    if manner % 3 == 1:
        return replace(base, neck=-16 + breath, head_pitch=2, head_yaw=8)
    if manner % 3 == 2:
        low, high = (("left", "right"), ("right", "left"))[manner // 3 % 2]
        return replace(base, roll=90 if low == "left" else -90, neck=14, tail=0, wag=8 + 6 * breath, **{
            f"{low}_front": Leg(18, 0, 24), f"{high}_front": Leg(4, -20, 30),
            f"{low}_back": Leg(16, 0, 52, 34), f"{high}_back": Leg(-4, -20, 40, 30)})
    return base


MOTIONS = {"standing": stand, "walking": walk, "running": run, "sitting": sit, "jumping": jump, "lying": lie}


def leg(root, frame, pose: Leg, side: int, lengths) -> list:
    """Joints of a leg after its root. A front leg bends forward at the elbow; a back leg backward at the knee and
    forward again at the heel."""
    way = frame @ turn_y(-pose.out * side) @ turn_x(-pose.swing)
    joints, at = [], root
    turns = (-pose.bend,) if len(lengths) == 2 else (pose.bend, -pose.heel)
    for length, turn in zip(lengths, (*turns, 0.0)):
        at = at + way @ DOWN * length
        joints.append(at)
        way = way @ turn_x(turn)
    return joints


def bones_of(stance: Stance) -> Bones:
    """Where every joint is, with the lowest paw on the ground."""
    bones = Bones()
    bones.trunk = turn_y(stance.roll) @ turn_x(-stance.pitch)
    # Legs hang from the trunk, but keep their angles to the ground while it is pitched.
    hanging = turn_y(stance.roll)
    joints = {"middle": np.zeros(3), "neck": bones.trunk @ NECK, "root_of_tail": bones.trunk @ TAIL}
    for name, side in (("left", 1), ("right", -1)):
        for place, root, lengths, names in (("front", SHOULDER, FRONT, ("elbow", "front_paw")),
                                            ("back", HIP, BACK, ("knee", "heel", "back_paw"))):
            root = bones.trunk @ (root * (side, 1, 1))
            joints[f"{name}_{'shoulder' if place == 'front' else 'hip'}"] = root
            made = leg(root, hanging, getattr(stance, f"{name}_{place}"), side, lengths)
            joints.update({f"{name}_{part}": joint for part, joint in zip(names, made)})
    rise = turn_y(stance.roll) @ turn_z(0.35 * stance.head_yaw) @ turn_x(-stance.neck)
    joints["head"] = joints["neck"] + rise @ np.array([0, -0.245, 0])
    bones.head = turn_y(stance.roll * 0.8) @ turn_z(stance.head_yaw) @ turn_x(-stance.head_pitch)
    paws = [joints[f"{side}_{place}_paw"][2] for side in ("left", "right") for place in ("front", "back")]
    lift = stance.rest if stance.rest is not None else PAW - min(paws) + stance.lift
    if stance.rest is not None and abs(stance.roll) < 45:
        # Paws of a beast on its belly lie on the ground, not in it.
        for name, joint in joints.items():
            if name.endswith(("paw", "heel", "elbow", "knee")):
                joint[2] = max(joint[2], PAW - lift)
    bones.joints = {name: joint + (0, 0, lift) for name, joint in joints.items()}
    return bones


def coloured(shape: Shape, beast: Creature, axis: np.ndarray) -> Shape:
    """A part of the hide: light below along `axis`, the beast's up, dark in spots above."""
    points = shape.points
    height = (points - points.mean(axis=0)) @ axis
    low = np.clip((-height / max(np.abs(height).max(), 1e-6) - 0.35) / 0.2, 0, 1)[:, None]
    back, belly, spot = (linear(colour) for colour in (beast.coat.back, beast.coat.belly, beast.coat.spots))
    waves = np.sin(points @ np.array([31.0, 17.0, 9.0])) * np.sin(points @ np.array([-13.0, 27.0, 21.0]))
    dark = np.clip((waves - 0.42) / 0.12, 0, 1)[:, None] * (1 - low)
    shape.colours = (back * (1 - low) * (1 - dark) + belly * low + spot * dark).astype(np.float32)
    return shape


def trunk(beast: Creature, bones: Bones) -> list[Shape]:
    """Chest to haunches as one round barrel, the neck, a crest of plates, and the collar."""
    at, frame = bones.joints, bones.trunk
    path = curve([frame @ np.array(p) + at["middle"] for p in ((0, -0.30, 0.035), (0, -0.10, 0.0), (0, 0.12, 0.005), (0, 0.30, 0.025))], 19)
    share = np.linspace(0, 1, 19)
    radius = np.interp(share, (0, 0.2, 0.45, 0.75, 1.0), (0.115, 0.158, 0.148, 0.142, 0.10))
    barrel = coloured(tube(path, radius, beast.coat.back, 24, "skin", frame @ np.array([0, 0, 1.0])), beast, frame @ np.array([0, 0, 1.0]))
    throat = curve([frame @ np.array([0, -0.24, 0.02]) + at["middle"], at["neck"], at["head"]], 13)
    neck = coloured(tube(throat, np.linspace(0.125, 0.088, 13), beast.coat.back, 18, "skin"), beast,
                    unit(np.cross(throat[-1] - throat[0], frame @ np.array([1.0, 0, 0]))) * -1)
    made = [barrel, neck, ring(throat[8], throat[9] - throat[7], 0.112, beast.coat.collar)]
    for along in np.linspace(-0.24, 0.26, 6):
        place = frame @ np.array([0, along, 0.155 - 0.10 * abs(along - 0.02)]) + at["middle"]
        size = 0.062 - 0.09 * abs(along) * 0.5
        made.append(ellipsoid((0.014, 0.055, size), beast.coat.crest, (0, 0, 0), 8, 12, "skin").moved(frame @ turn_x(-18), place))
    return made


def ring(centre, along, radius: float, colour: str) -> Shape:
    """A band around a limb."""
    along = unit(along)
    return tube([centre - along * 0.02, centre + along * 0.02], [radius] * 2, colour, 20, "cloth", caps=False)


def legs(beast: Creature, bones: Bones) -> list[Shape]:
    """Four legs with round paws; the front ones darker below."""
    at, made = bones.joints, []
    for side in ("left", "right"):
        for names, thick in ((("shoulder", "elbow", "front_paw"), (0.088, 0.054, 0.044)),
                             (("hip", "knee", "heel", "back_paw"), (0.112, 0.074, 0.046, 0.042))):
            joints = [at[f"{side}_{name}"] for name in names]
            path = curve(joints, 15)
            share = np.linspace(0, 1, 15)
            radius = np.interp(share, np.linspace(0, 1, len(thick)), thick)
            low = np.clip((share - 0.72) / 0.1, 0, 1)[:, None]
            colours = linear(beast.coat.back) * (1 - low) + linear(beast.coat.spots) * low
            made.append(tube(path, radius, colours, 14, "skin"))
            paw = ellipsoid((0.055, 0.075, 0.042), beast.coat.spots, (0, 0, 0), 8, 14, "skin")
            paw.points[:, 2] = np.maximum(paw.points[:, 2], -0.03)
            flat = np.eye(3) if abs(bones.trunk[2, 2]) > 0.4 else bones.trunk
            made.append(paw.moved(flat, joints[-1] + flat @ np.array([0, -0.018, -0.006])))
    return made


def tail(beast: Creature, bones: Bones, stance: Stance) -> Shape:
    """A long tail that swings, with a fin at its end."""
    points, way = [bones.joints["root_of_tail"]], bones.trunk @ turn_x(stance.tail)
    for _ in range(6):
        way = way @ turn_z(stance.wag * 0.45) @ turn_x(7)
        points.append(points[-1] + way @ np.array([0, 0.088, 0]))
    points = np.array(points)
    points[:, 2] = np.maximum(points[:, 2], 0.035)
    path = curve(points, 21)
    share = np.linspace(0, 1, 21)
    low = np.clip((share - 0.82) / 0.06, 0, 1)[:, None]
    stripes = (np.sin(share * 40) > 0.5)[:, None] * (1 - low) * 0.8
    colours = (linear(beast.coat.back) * (1 - low) + linear(beast.coat.crest) * low) * (1 - stripes) + linear(beast.coat.spots) * stripes
    radius = np.interp(share, (0, 0.5, 0.84, 0.93, 1.0), (0.066, 0.036, 0.026, 0.05, 0.02))
    return tube(path, radius, colours, 12, "skin")


# The head, about its middle, looking along -y: places of eyes and nose.
EYE, NOSE = np.array([0.068, -0.082, 0.062]), np.array([0.0, -0.262, -0.022])


def head(beast: Creature, blink: bool) -> Shape:
    """Skull, snout, nose, eyes, ears and two small horns."""
    coat = beast.coat
    skull = coloured(ellipsoid((0.118, 0.128, 0.112), coat.back, (0, 0, 0), 16, 24, "skin"), beast, np.array([0, 0, 1.0]))
    snout = ellipsoid((0.074, 0.125, 0.062), coat.belly, (0, -0.138, -0.034), 12, 20, "skin")
    bridge = ellipsoid((0.05, 0.11, 0.04), coat.back, (0, -0.12, 0.006), 10, 16, "skin")
    made = [skull, snout, bridge, ellipsoid((0.034, 0.026, 0.026), "#1b1a20", NOSE, 8, 14, "gloss")]
    mouth = np.array([[-0.05, -0.17, -0.062], [-0.03, -0.235, -0.066], [0, -0.25, -0.06], [0.03, -0.235, -0.066], [0.05, -0.17, -0.062]])
    made.append(tube(curve(mouth, 11), 0.007, "#5a2f33", 6, "skin"))
    for side in (1, -1):
        at = EYE * (side, 1, 1)
        made.append(ellipsoid((0.036, 0.03, 0.038), coat.back if blink else "#fbf8f2", at, 12, 16, "gloss"))
        if not blink:
            made.append(ellipsoid((0.021, 0.014, 0.024), "#17121a", at + (side * 0.006, -0.024, 0.002), 8, 12, "gloss"))
            made.append(ellipsoid((0.006, 0.004, 0.006), "#ffffff", at + (side * 0.012, -0.037, 0.012), 6, 8, "glow"))
        ear = np.array([[side * 0.085, 0.02, 0.085], [side * 0.155, 0.045, 0.115], [side * 0.20, 0.05, 0.06], [side * 0.21, 0.04, -0.01]])
        made.append(tube(curve(ear, 11), np.interp(np.linspace(0, 1, 11), (0, 0.5, 1), (0.036, 0.05, 0.02)), coat.spots, 12, "skin", aspect=1.0))
        horn = np.array([[side * 0.042, 0.0, 0.10], [side * 0.052, 0.012, 0.15], [side * 0.05, 0.035, 0.178]])
        made.append(tube(curve(horn, 7), np.linspace(0.02, 0.008, 7), coat.crest, 10, "skin"))
    return join(made)


CREATURES = {"bruma": Creature("bruma", Coat(), 0.9)}


def pose_creature(beast: Creature, stance: Stance, blink: bool, position, yaw: float) -> Figure:
    """A beast in the world; `yaw` 0 looks along -y, positive turns anticlockwise."""
    bones = bones_of(stance)
    parts = trunk(beast, bones) + legs(beast, bones) + [tail(beast, bones, stance)]
    parts.append(head(beast, blink).moved(bones.head, bones.joints["head"]))
    turn, place = turn_z(yaw), np.asarray(position, dtype=np.float64)
    on_head = {"left_eye": EYE, "right_eye": EYE * (-1, 1, 1), "nose": NOSE}
    named = {**bones.joints, **{name: bones.head @ point + bones.joints["head"] for name, point in on_head.items()}}

    def to_world(points):
        return np.asarray(points) * beast.size @ turn.T + place

    return Figure(
        mesh=join(parts).scaled(beast.size).moved(turn, place),
        keypoints=to_world([named[name] for name in KEYPOINTS]),
        landmarks=np.zeros((0, 3)), marks=np.zeros((0, 3)), face_outline=np.zeros((0, 3)),
        forward=turn @ bones.trunk @ np.array([0.0, -1.0, 0.0]),
        face_forward=turn @ bones.head @ np.array([0.0, -1.0, 0.0]), head_radius=0.118 * beast.size,
        reach=beast.size * np.array([0.06, 0.06, 0.05, 0.15, 0.11] + [0.16, 0.09, 0.08] * 2 + [0.17, 0.11, 0.08] * 2),
        kind="animal", skeleton=SKELETON, chest=to_world(bones.joints["middle"][None])[0])
