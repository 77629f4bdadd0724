"""Stills with a beast drawn into frames of the sample film, with exact truth, in a fraction of a second each.

    python sketches.py --stills 600 --out DIR

The same body as in `examples/film/creature.py`, in any pose, coat and light, drawn as flat shaded faces from far to near:
not as the renderer draws it, but enough to learn from, and a hundred times as quick. Records are those of
`examples/film/stills.py`, so that the other scripts here read them; the frames keep their characters. Stills that are held out have
frames of every tenth shot, which no others have. Needs no Blender.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace

import cv2
import numpy as np
from stills import HELD_OUT, mask_of

HERE = os.path.dirname(os.path.abspath(__file__))
FILM = os.path.join(HERE, "..", "..", "examples", "film")
sys.path.insert(0, FILM)
import rle  # noqa: E402
from creature import CREATURES, MOTIONS, SKELETON, pose_creature  # noqa: E402
from mesh import turn_z  # noqa: E402

ACTIONS = tuple(MOTIONS)
# How many times as fine as the image beasts are drawn.
FINE = 2
# Frames between two of the film that are drawn into: a drawing is held for four to six.
EVERY = 5


@dataclass
class Drawn:
    """A beast in an image: its pixels, which of them are its own, where its shadow falls, and what is true of it."""

    image: np.ndarray
    mask: np.ndarray
    shadow: np.ndarray
    truth: dict


def frames(every: int):
    """(record, image between the bars) of frames of the sample film that show a place."""
    records = [json.loads(line) for line in open(os.path.join(FILM, "truth.jsonl"))]
    wanted = [line["frame"] for line in records if line["place"] and line["transition"] in ("none", "cut_first")
              and line["frame"] % every == 0]
    command = [os.environ.get("FFMPEG", "ffmpeg"), "-loglevel", "error", "-i", os.path.join(FILM, "film.mp4"), "-f", "rawvideo",
               "-pix_fmt", "rgb24", "-vf", "scale=in_color_matrix=bt709", "-"]
    width, height, number, chosen = 768, 432, 0, set(wanted)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as pipe:
        while len(data := pipe.stdout.read(width * height * 3)) == width * height * 3:
            number += 1
            if number in chosen:
                left, top, right, bottom = records[number - 1]["letterbox"]
                yield records[number - 1], np.frombuffer(data, np.uint8).reshape(height, width, 3)[top:bottom, left:right].copy()


def view_of(position, target, width: int, height: int, lens: float):
    """A function from places in the world to columns, rows and distances of an image."""
    position, target = np.asarray(position, float), np.asarray(target, float)
    ahead = (target - position) / np.linalg.norm(target - position)
    right = np.cross(ahead, (0, 0, 1.0))
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(ahead, right), ahead])

    def project(points):
        local = (np.asarray(points) - position) @ axes.T
        scale = lens / 36 * width / np.maximum(local[:, 2], 1e-6)
        return np.stack([width / 2 + local[:, 0] * scale, height / 2 + local[:, 1] * scale, local[:, 2]], 1)
    return project


def coat(random, one):
    """The beast as in the film, or in other colours and of another size."""
    if random.random() < 0.6:
        return replace(one, size=one.size * random.uniform(0.9, 1.1))
    def near(text, spread):
        level = np.array([int(text[i:i + 2], 16) for i in (1, 3, 5)]) + random.normal(0, spread, 3)
        return "#" + "".join(f"{int(np.clip(v, 0, 255)):02x}" for v in level)
    spread = 25 if random.random() < 0.7 else 70
    own = one.coat
    return replace(one, size=one.size * random.uniform(0.8, 1.2), coat=replace(
        own, back=near(own.back, spread), belly=near(own.belly, spread), spots=near(own.spots, spread),
        crest=near(own.crest, spread), collar=near(own.collar, 60)))


def beast(random, width: int, height: int) -> Drawn | None:
    """A beast somewhere in an image; nothing where it would be too small."""
    action = ACTIONS[random.integers(len(ACTIONS))]
    stance = MOTIONS[action](random.random(), int(random.integers(6)))
    stance = replace(stance, head_yaw=stance.head_yaw + random.normal(0, 20), head_pitch=stance.head_pitch + random.normal(0, 10),
                     neck=stance.neck + random.normal(0, 9), tail=stance.tail + random.normal(0, 12))
    yaw = random.uniform(-180, 180) if random.random() < 0.5 else random.choice((90, -90, 45, -45, 0, 180)) + random.normal(0, 14)
    figure = pose_creature(coat(random, CREATURES["bruma"]), stance, random.random() < 0.08, (0, 0, 0), yaw)
    tall = height * np.exp(random.uniform(np.log(0.16), np.log(1.1)))
    lens = random.uniform(28, 55)
    distance = 1.0 * width * lens / 36 / tall
    lift = np.radians(random.uniform(-4, 24))
    middle = figure.keypoints.mean(axis=0)
    camera = middle + turn_z(0) @ np.array([0, -np.cos(lift), np.sin(lift)]) * distance
    project = view_of(camera, middle, width, height, lens)
    shift = np.array([random.uniform(-0.45, 0.45) * width, random.uniform(-0.25, 0.4) * height, 0])
    return drawn(random, figure, camera, lambda points: project(points) + shift, width, height, action)


def drawn(random, figure, camera, project, width: int, height: int, action: str) -> Drawn | None:
    """A figure's faces from far to near, lit by a sun and the sky, and what is true of it."""
    mesh, size = figure.mesh, (width * FINE, height * FINE)
    places = project(mesh.points)
    corners = np.where(mesh.faces < 0, mesh.faces[:, 2:3], mesh.faces)
    spots = mesh.points[corners]
    normal = np.cross(spots[:, 2] - spots[:, 0], spots[:, 3] - spots[:, 1] + 1e-9)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    middle = spots.mean(axis=1)
    normal *= np.sign(((camera - middle) * normal).sum(1, keepdims=True))
    sun = turn_z(random.uniform(-110, 110)) @ np.array([0, -1, random.uniform(0.4, 2.2)])
    sun /= np.linalg.norm(sun)
    strength, sky = random.uniform(0.1, 1.3), random.uniform(0.3, 0.7)
    warm = np.array([1, random.uniform(0.75, 1.0), random.uniform(0.55, 1.0)]) if random.random() < 0.6 else np.ones(3)
    cold = np.array([random.uniform(0.6, 1), random.uniform(0.7, 1), 1.0])
    lit = strength * np.clip(normal @ sun, 0, 1)[:, None] * warm + sky * (0.62 + 0.38 * normal[:, 2:]) * cold
    lit *= (0.55 + 0.45 * np.clip((middle[:, 2] - mesh.points[:, 2].min()) / 0.35, 0, 1))[:, None]
    colours = np.clip(mesh.colours[corners].mean(axis=1) * lit, 0, 1) ** (1 / 2.2) * 255
    pixels = np.rint(places[corners, :2] * FINE * 16).astype(np.int32)
    far = places[corners, 2].mean(axis=1)
    image, depth = np.zeros((size[1], size[0], 3), np.uint8), np.zeros((size[1], size[0]), np.float32)
    for index in np.argsort(-far):
        cv2.fillConvexPoly(image, pixels[index], colours[index].tolist(), cv2.LINE_8, 4)
        cv2.fillConvexPoly(depth, pixels[index], float(far[index]), cv2.LINE_8, 4)
    inside = cv2.resize((depth > 0).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    mask = inside > 0.5
    if mask.sum() < 150:
        return None
    ground = mesh.points - sun * (mesh.points[:, 2:] / max(sun[2], 0.15))
    shadow = np.zeros((height, width), np.uint8)
    hull = cv2.convexHull(np.rint(project(ground)[:, :2]).clip(-4 * width, 4 * width).astype(np.int32))
    cv2.fillConvexPoly(shadow, hull, 255)
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(1.0, 0.02 * height)).astype(np.float32) / 255 * min(0.6, 0.25 + 0.3 * strength)
    seen = depth[::FINE, ::FINE]
    marks = [mark(place, reach, seen, mask) for place, reach in zip(project(figure.keypoints), figure.reach)]
    soft = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    soft = np.where(inside[..., None] > 0.02, np.clip(soft / np.maximum(inside[..., None], 0.05), 0, 255), 0)
    truth = {"name": "bruma", "kind": "animal", "skeleton": SKELETON, "action": action, "keypoints": marks, "face": None,
             "share": inside}
    return Drawn(soft, mask, shadow, truth)


def mark(place, reach: float, seen: np.ndarray, mask: np.ndarray) -> list:
    """[x, y, v] of a joint: v 0 outside the image, 1 hidden, 2 seen."""
    x, y, distance = place
    if not (0 <= x < mask.shape[1] and 0 <= y < mask.shape[0]):
        return [0, 0, 0]
    row, column = int(y), int(x)
    front = mask[row, column] and seen[row, column] >= distance - reach
    return [round(float(x), 1), round(float(y), 1), 2 if front else 1]


def bounds(mask: np.ndarray) -> list:
    """[x0, y0, x1, y1] around a mask, ends exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def still(random, record: dict, frame: np.ndarray) -> tuple[np.ndarray, dict]:
    """A frame with one or two beasts in it, before or behind its characters."""
    height, width = frame.shape[:2]
    top = record["letterbox"][1]
    image, people = frame.astype(np.float32), []
    for one in record["characters"]:
        mask = mask_of(one["mask"])[top:top + height]
        points = [[x, y - top, v] if v else [0, 0, 0] for x, y, v in one["keypoints"]]
        people.append((mask, {"name": one["name"], "action": one["action"], "keypoints": points, "face": None}))
    for _ in range(2 if random.random() < 0.2 else 1):
        made = beast(random, width, height)
        if made is None:
            continue
        share = made.truth.pop("share")
        behind = random.random() < 0.4
        others = np.any([mask for mask, _ in people], axis=0) if people else np.zeros(made.mask.shape, bool)
        if behind:
            share, own = share * ~others, made.mask & ~others
            made.truth["keypoints"] = [[x, y, 1 if v == 2 and others[int(y), int(x)] else v] for x, y, v in made.truth["keypoints"]]
        else:
            own = made.mask
            people = [(mask & ~own, truth) for mask, truth in people]
        shadow = made.shadow[..., None] * (1 if not behind else ~others[..., None])
        image = image * (1 - shadow)
        image = image * (1 - share[..., None]) + made.image * share[..., None]
        people.append((own, made.truth))
    characters = [{**truth, "box": bounds(mask), "area": int(mask.sum()),
                   "mask": {"size": [height, width], "counts": rle.encode(mask)}} for mask, truth in people if mask.sum() >= 12]
    return np.rint(image).astype(np.uint8), {"width": width, "height": height, "characters": characters}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", type=int, required=True, help="how many")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    ground = list(frames(EVERY))
    for number in range(options.stills):
        random = np.random.default_rng([options.seed, number])
        own = [frame for frame in ground if (frame[0]["shot_number"] % HELD_OUT == 0) == (number % HELD_OUT == 0)]
        image, record = still(random, *own[random.integers(len(own))])
        base = os.path.join(options.out, f"{number:06d}")
        cv2.imwrite(base + ".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 93))
        with open(base + ".json", "w") as file:
            json.dump({"image": f"{number:06d}.jpg", **record}, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
