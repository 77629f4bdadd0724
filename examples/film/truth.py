"""What is true of a drawing: masks, key points, faces, labels, in pixels of the image.

Positions are relative to the image inside the black bars here; the encoder shifts them to the
whole frame.
"""

from __future__ import annotations

import numpy as np
import rle
from characters import Figure
from stage import Stage

FACE_SEEN = 0.12
SMALLEST = 12
SMALLEST_FACE = 4.0


def view_angle(figure: Figure, camera, lying: bool) -> str:
    """Which side of the body is seen: front, three-quarter, side or back.

    The angle between where the chest points and where the camera is, on the ground plane (in
    space for a lying figure): below 25, below 65, below 115 degrees, and the rest.
    """
    toward = np.asarray(camera) - figure.middle
    forward = figure.forward.copy()
    if not lying:
        toward[2] = forward[2] = 0.0
    cosine = toward @ forward / max(np.linalg.norm(toward) * np.linalg.norm(forward), 1e-9)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return ("front", "three-quarter", "side", "back")[int(np.searchsorted((25, 65, 115), angle))]


def points(stage: Stage, places, reach, own: np.ndarray) -> list:
    """[x, y, v] per point: v 0 outside the image, 1 hidden, 2 seen.

    A point counts as seen when its pixel belongs to the figure and no surface lies further than
    `reach` metres in front of it; joints lie inside a limb, so reach is about the limb's radius.
    """
    pixels, made = stage.project(places), []
    camera = np.array(stage.camera.matrix_world.translation)
    for (x, y, depth), place, slack in zip(pixels, places, np.broadcast_to(reach, len(places))):
        if depth <= 0 or not (0 <= x < stage.width and 0 <= y < stage.height):
            made.append([0, 0, 0])
            continue
        distance = np.linalg.norm(place - camera)
        seen = own[int(y), int(x)] and stage.first_hit(place) >= distance - slack
        made.append([round(float(x), 1), round(float(y), 1), 2 if seen else 1])
    return made


def bounds(mask: np.ndarray):
    """[x0, y0, x1, y1] around a mask, ends exclusive; nothing for an empty one."""
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def face(stage: Stage, figure: Figure, own: np.ndarray):
    """Box and five landmarks of a person's face turned to the camera and in the image; nothing otherwise."""
    if figure.kind != "person":
        return None
    camera = np.array(stage.camera.matrix_world.translation)
    middle = figure.face_outline.mean(axis=0)
    toward = camera - middle
    facing = float(figure.face_forward @ toward / np.linalg.norm(toward))
    marks = points(stage, figure.landmarks, 0.34 * figure.head_radius, own)
    if facing < FACE_SEEN or not any(mark[2] == 2 for mark in marks):
        return None
    outline = stage.project(figure.face_outline)
    if (outline[:, 2] <= 0).any():
        return None
    low, high = outline[:, :2].min(axis=0), outline[:, :2].max(axis=0)
    box = [max(0.0, low[0]), max(0.0, low[1]), min(stage.width, high[0]), min(stage.height, high[1])]
    if box[2] - box[0] < SMALLEST_FACE or box[3] - box[1] < SMALLEST_FACE:
        return None
    return {"box": [round(float(value), 1) for value in box], "landmarks": marks,
            "facing": round(facing, 3)}


def characters(stage: Stage, figures: dict, labels: dict) -> list[dict]:
    """The truth of every figure of which anything falls in the image.

    `labels` gives (action, emotion, intensity) by name; of no emotion nothing is said. Only while the stage is flat.
    """
    seen, whole = stage.masks()
    camera = np.array(stage.camera.matrix_world.translation)
    made = []
    for index, (name, figure) in enumerate(figures.items()):
        own = seen == index + 1
        if whole[name].sum() < SMALLEST:
            continue
        action, emotion, intensity = labels[name]
        kind = {} if figure.kind == "person" else {"kind": figure.kind, "skeleton": figure.skeleton}
        felt = {"emotion": emotion, "intensity": intensity} if emotion else {}
        made.append({
            "name": name, **kind, "action": action, "view": view_angle(figure, camera, action == "lying"),
            **felt, "box": bounds(own),
            "whole_box": bounds(whole[name]), "area": int(own.sum()), "whole_area": int(whole[name].sum()),
            "keypoints": points(stage, figure.keypoints, figure.reach, own),
            "face": face(stage, figure, own), "mask": own, "whole": whole[name] | own})
    return made


def packed(found: list[dict]) -> list[dict]:
    """The same records with masks as run lengths, ready for JSON."""
    return [{**item, "mask": rle.encode(item["mask"]), "whole": rle.encode(item["whole"])} for item in found]
