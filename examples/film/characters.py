"""The cast: who they are, and the body that follows a skeleton.

A character is modelled anew for every drawing: the pose gives joints, the joints give smooth
limbs, the face gives the head, and all of it becomes one mesh. That keeps limbs seamless
without weights, and every key point exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from faces import Face
from heads import Looks, head, landmarks, marks, outline
from mesh import Shape, curve, ellipsoid, grid, join, linear, tube, turn_z
from poses import Build, Pose, Skeleton, skeleton

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)
LANDMARKS = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")


@dataclass(frozen=True)
class Clothes:
    """Colours and cuts; sleeve and leg are the share of the limb that is covered."""

    top: str
    stripe: str
    bottom: str
    shoes: str
    sleeve: float
    leg: float
    skirt: float = 0.0
    belly: float = 1.0
    apron: str = ""


@dataclass(frozen=True)
class Character:
    """One member of the cast."""

    name: str
    build: Build
    looks: Looks
    clothes: Clothes


@dataclass
class Figure:
    """A posed character in the world: its mesh and the places the truth is made from."""

    mesh: Shape
    keypoints: np.ndarray
    landmarks: np.ndarray
    marks: np.ndarray
    face_outline: np.ndarray
    forward: np.ndarray
    face_forward: np.ndarray
    head_radius: float
    reach: np.ndarray
    kind: str = "person"
    skeleton: str = "coco17"
    chest: np.ndarray | None = None

    @property
    def middle(self) -> np.ndarray:
        """The middle of the chest, towards which a view of the body is measured."""
        return self.keypoints[5:7].mean(axis=0) if self.chest is None else self.chest


CHILD = Build(thigh=0.215, shin=0.20, foot=0.075, torso=0.31, neck=0.02, head=0.235,
              shoulder=0.115, hip=0.072, arm=0.165, forearm=0.155)
ADULT = Build(thigh=0.36, shin=0.35, foot=0.09, torso=0.54, neck=0.05, head=0.235,
              shoulder=0.22, hip=0.115, arm=0.285, forearm=0.26)

CAST = {
    "nilo": Character("nilo", CHILD,
                      Looks("#e8b48c", "#a8672a", "#3f8f6a", "tousled"),
                      Clothes("#f2b632", "#fbf1dc", "#2f6fa8", "#c9443a", 0.46, 0.55)),
    "pia": Character("pia", CHILD,
                     Looks("#c98a5e", "#33201c", "#7a4a1e", "pigtails", nose=0.9, jaw=0.9,
                           accent="#ffd23f"),
                     Clothes("#e0564a", "#e0564a", "#e0564a", "#f7efe0", 0.36, 0.0, skirt=0.2)),
    "oreste": Character("oreste", ADULT,
                        Looks("#dba27c", "#e4e0d8", "#4a6f94", "capped", nose=1.9, brow=1.5,
                              jaw=1.3, accent="#2c6e63"),
                        Clothes("#2b3f63", "#31496f", "#8a7354", "#3a2a22", 0.92, 0.93,
                                belly=1.32, apron="#f1e7d0")),
}


def blend(share, at: float, width: float = 0.02) -> np.ndarray:
    """0 before a share of a limb, 1 after it, with a short edge between."""
    return np.clip((np.asarray(share) - at) / width + 0.5, 0, 1)[:, None]


def arm(person: Character, bones: Skeleton, side: str) -> list[Shape]:
    """Sleeve, skin and a mitten hand with a thumb."""
    joints, build = bones.joints, person.build
    thick = 0.25 * build.head * (1.15 if person.clothes.belly > 1.1 else 0.92)
    path = curve([joints[f"{side}_shoulder"], joints[f"{side}_elbow"], joints[f"{side}_wrist"]], 17)
    share = np.linspace(0, 1, 17)
    covered = 1 - blend(share, person.clothes.sleeve)
    colours = (linear(person.clothes.top) * covered + linear(person.looks.skin) * (1 - covered))
    radius = thick * (1.0 - 0.36 * share) * (1 + 0.16 * covered[:, 0])
    material = "cloth" if person.clothes.sleeve > 0.8 else "skin"
    made = [tube(path, radius, colours, 12, material)]
    frame = bones.feet[side][1]
    palm = joints[f"{side}_wrist"] + frame @ np.array([0, 0, -0.055 * build.head / 0.235])
    size = 0.30 * build.head
    made.append(ellipsoid((size * 0.72, size * 0.85, size), person.looks.skin, (0, 0, 0), 10, 14,
                          "skin").moved(frame, palm))
    thumb = np.array([[0, -0.4, 0.3], [0, -0.85, 0.0], [0, -1.0, -0.35]]) * size
    made.append(tube(curve(thumb, 5) @ frame.T + palm, 0.26 * size, person.looks.skin, 8, "skin"))
    return made


def leg(person: Character, bones: Skeleton, side: str) -> list[Shape]:
    """Trouser, skin, sock and a round shoe."""
    joints, build = bones.joints, person.build
    path = curve([joints[f"{side}_hip"], joints[f"{side}_knee"], joints[f"{side}_ankle"]], 19)
    share = np.linspace(0, 1, 19)
    covered = 1 - blend(share, person.clothes.leg)
    sock = blend(share, 0.84)
    skin = linear(person.looks.skin) * (1 - sock) + linear("#f4efe4") * sock
    colours = linear(person.clothes.bottom) * covered + skin * (1 - covered)
    thick = 0.98 * build.hip * (0.9 if person.clothes.belly > 1.1 else 1.0)
    radius = thick * (1.0 - 0.42 * share) * (1 + 0.20 * covered[:, 0])
    made = [tube(path, radius, colours, 12, "cloth")]
    frame = bones.feet[side][0]
    size = build.foot
    shoe = ellipsoid((size * 0.80, size * 1.45, size * 0.72), person.clothes.shoes, (0, 0, 0), 10,
                     16, "gloss")
    shoe.points[:, 2] = np.maximum(shoe.points[:, 2], -size * 0.42)
    sole = ellipsoid((size * 0.86, size * 1.52, size * 0.20), "#f6f0e2", (0, 0, -size * 0.42), 6, 16)
    ankle = joints[f"{side}_ankle"] + frame @ np.array([0, -size * 0.5, -size * 0.36])
    made.append(join([shoe, sole]).moved(frame, ankle))
    return made


def torso(person: Character, bones: Skeleton) -> list[Shape]:
    """The trunk as one soft tube from seat to neck, with what is worn over it."""
    joints, build, clothes = bones.joints, person.build, person.clothes
    path = curve([joints["pelvis"] - bones.hips @ np.array([0, 0, 0.02]), joints["belly"],
                  joints["neck"] - bones.chest @ np.array([0, 0, 0.02])], 25)
    share = np.linspace(0, 1, 25)
    width = np.interp(share, (0, 0.3, 0.55, 0.8, 0.93, 1.0),
                      (1.0, 1.10 * clothes.belly, 1.05 * clothes.belly, 0.98, 0.72, 0.42))
    trousers = 1 - blend(share, 0.20 if not clothes.skirt else -0.1)
    band = (np.sin(share * np.pi * 9) > 0.1)[:, None].astype(float)
    top = linear(clothes.top) * (1 - band) + linear(clothes.stripe) * band
    colours = linear(clothes.bottom) * trousers + top * (1 - trousers)
    forward = bones.chest @ np.array([0, -1, 0])
    made = [tube(path, 1.38 * build.hip * width, colours, 20, "cloth", forward, aspect=1.22),
            tube([joints["neck"] - bones.chest @ np.array([0, 0, 0.03]),
                  joints["head"] - bones.head @ np.array([0, 0, 0.5 * build.head])],
                 [0.34 * build.head] * 2, person.looks.skin, 12, "skin")]
    if clothes.skirt:
        made.append(skirt(person, bones))
    if clothes.apron:
        made.append(apron(person, bones))
    return made


def skirt(person: Character, bones: Skeleton) -> Shape:
    """A bell that opens over the thighs; it follows the knees so that sitting lifts it."""
    joints, build = bones.joints, person.build
    knees = (joints["left_knee"] + joints["right_knee"]) / 2
    hem = joints["pelvis"] + (knees - joints["pelvis"]) * 0.88
    waist = joints["pelvis"] + bones.hips @ np.array([0, 0, 0.10])
    spread = np.linalg.norm(joints["left_knee"] - joints["right_knee"]) / 2
    folded = np.linalg.norm(hem - waist) < 0.8 * build.thigh or bones.hips[2, 2] < 0.5
    thighs = np.arccos(np.clip((hem - joints["pelvis"]) @ -bones.hips[:, 2] / build.thigh, -1, 1))
    flare = (0.10 + spread * 0.5) * (0.25 if folded or thighs > 0.9 else 1.0)
    radii = np.linspace(0, 1, 9) ** 0.8 * flare + 1.30 * build.hip
    colours = np.broadcast_to(linear(person.clothes.bottom), (9, 3)).copy()
    colours[7] = linear("#fbf1dc")
    return tube(curve([waist, joints["pelvis"], hem], 9), radii, colours, 22, "cloth",
                bones.hips @ np.array([0, -1, 0]), aspect=1.1, caps=False)


def apron(person: Character, bones: Skeleton) -> Shape:
    """A light bib laid over the front of the trunk."""
    build, joints = person.build, bones.joints
    up = np.linspace(-0.55, 0.62, 12)[:, None]
    across = np.radians(np.linspace(-58, 58, 13))[None, :]
    belly = 1.50 * build.hip * np.interp(up, (-0.55, -0.2, 0.0, 0.2, 0.62), (1.42, 1.50, 1.52, 1.46, 1.05))
    points = np.stack(np.broadcast_arrays(
        1.22 * belly * np.sin(across), -belly * np.cos(across), up * build.torso), axis=-1)
    return grid(points @ bones.chest.T + joints["belly"], person.clothes.apron, "cloth")


def pose_figure(person: Character, pose: Pose, face: Face, gaze, position, yaw: float) -> Figure:
    """A character in the world; `yaw` 0 looks along -y, positive turns anticlockwise."""
    bones = skeleton(person.build, pose)
    radius = person.build.head
    parts = torso(person, bones)
    for side in ("left", "right"):
        parts += arm(person, bones, side) + leg(person, bones, side)
    parts.append(head(person.looks, face, gaze).scaled(radius)
                 .moved(bones.head, bones.joints["head"]))
    turn, place = turn_z(yaw), np.asarray(position, dtype=np.float64)

    def to_world(points):
        return np.asarray(points) @ turn.T + place

    on_face = {name: point * radius @ bones.head.T + bones.joints["head"]
               for name, point in landmarks(person.looks, face).items()}
    named = {**bones.joints, **on_face}
    skin, fine = (of(person.looks, face) * radius @ bones.head.T + bones.joints["head"] for of in (outline, marks))
    return Figure(
        mesh=join(parts).moved(turn, place),
        keypoints=to_world([named[name] for name in KEYPOINTS]),
        landmarks=to_world([named[name] for name in LANDMARKS]),
        marks=to_world(fine),
        face_outline=to_world(skin),
        forward=turn @ bones.chest @ np.array([0.0, -1.0, 0.0]),
        face_forward=turn @ bones.head @ np.array([0.0, -1.0, 0.0]),
        head_radius=radius,
        reach=np.array([0.45 * radius] * 5 + [0.7 * radius] * 2 + [0.42 * radius] * 4
                       + [1.6 * person.build.hip] * 2 + [1.3 * person.build.hip] * 4))
