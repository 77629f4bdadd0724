"""The 28 points of a face: a network with the contract of hysts' anime-face-detector, HRNetV2 at 256 x 256.

    python landmark.py --work DIR --out landmark.onnx

Its faces are drawn here, of the generator's heads, without Blender: each polygon in one colour, far ones
first. That is quick enough to draw every face of every batch anew, with any expression, look and light.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace

import cv2
import numpy as np
import torch
from blocks import Trunk, conv, double, export, learn
from stills import spoiled, tinted
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "examples", "film"))

SIDE, CELLS, POINTS = 256, 64, 28
MEAN, STD = np.array((123.675, 116.28, 103.53), np.float32), np.array((58.395, 57.12, 57.375), np.float32)
# Of a heat map's bell, in cells, as mmpose trains networks with maps of this size.
SPREAD = 2.0
# How much larger than its box a face is cropped: 1.1 by the detector's code, then 1.25 by mmpose.
GROWN = 1.1 * 1.25
SWAPPED = (4, 3, 2, 1, 0, 10, 9, 8, 7, 6, 5, 19, 18, 17, 22, 21, 20, 13, 12, 11, 16, 15, 14, 23, 26, 25, 24, 27)
# Faces are drawn as large as in the film, this many pixels of the box's longer side, and twice as fine.
SIZES, FINER = (48, 220), 2
BLINKS = 0.15


class Marks(nn.Module):
    """A heat map of each point, 64 x 64."""

    def __init__(self):
        super().__init__()
        widths = (24, 40, 64, 80)
        self.trunk = Trunk(widths, (1, 1, 2, 1))
        self.across = nn.ModuleList(conv(width, 32, size=1) for width in widths)
        self.last = nn.Sequential(conv(32, 32), nn.Conv2d(32, POINTS, 1))

    def forward(self, x):
        levels = [across(level) for across, level in zip(self.across, self.trunk(x))]
        for index in (2, 1, 0):
            levels[index] = levels[index] + double(levels[index + 1])
        return self.last(levels[0])


def mixed_face(random):
    """An expression between two of the film's, with lids that now and then close."""
    from faces import EMOTIONS, INTENSITIES, Face, blink, expression
    one, other = (expression(EMOTIONS[random.integers(5)], INTENSITIES[random.integers(3)]) for _ in range(2))
    share = random.random() * (random.random() < 0.6)
    values = {name: getattr(one, name) * (1 - share) + getattr(other, name) * share for name in Face.__dataclass_fields__}
    if 0 < values["teeth"] < 1 and share:
        values["teeth"] = 0.5
    face = Face(**values)
    return blink(face, random.uniform(0.4, 1.0)) if random.random() < BLINKS else face


def character(random):
    """One of the cast, often with other skin and hair."""
    from characters import CAST
    person = CAST[list(CAST)[random.integers(len(CAST))]]
    if random.random() < 0.5:
        return person
    skin = ("#f1c9a5", "#e0a77c", "#c98a5e", "#9a6240", "#6e432c")[random.integers(5)]
    hair = ("#2a1d18", "#5a3a22", "#a8672a", "#d9b25a", "#b5452c", "#d8d4cc")[random.integers(6)]
    return replace(person, looks=replace(person.looks, skin=skin, hair=hair, jaw=random.uniform(0.8, 1.3), nose=random.uniform(0.8, 1.9),
                                         brow=random.uniform(0.8, 1.5)))


def posed(random):
    """A figure that looks towards the camera, more or less."""
    from characters import pose_figure
    from poses import MOTIONS
    pose = MOTIONS["standing"](random.random(), int(random.integers(5)))
    pose = replace(pose, head_yaw=pose.head_yaw + random.normal(0, 20), head_pitch=pose.head_pitch + random.normal(0, 9),
                   head_roll=random.normal(0, 8))
    return pose_figure(character(random), pose, mixed_face(random), tuple(random.normal(0, 9, 2)), (0, 0, 0), random.normal(0, 20))


def seen_from(random, figure):
    """What projects points of space into the image, x, y and depth, and the box of the face there."""
    middle = figure.face_outline.mean(axis=0)
    lift, distance = np.radians(random.normal(4, 9)), random.uniform(1.2, 4.0)
    camera = middle + distance * np.array([random.normal(0, 0.15), -np.cos(lift), np.sin(lift)])
    ahead = (middle - camera) / np.linalg.norm(middle - camera)
    right = np.cross(ahead, (0, 0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)

    def flat(points):
        away = np.asarray(points) - camera
        depth = away @ ahead
        return np.stack([away @ right / depth, away @ down / depth, depth], 1)
    outline = flat(figure.face_outline)[:, :2]
    return flat, camera, np.concatenate([outline.min(0), outline.max(0)])


def drawn(random):
    """An image [256, 256, 3] as the network is given it, and where the 28 points are in it."""
    figure = posed(random)
    flat, camera, box = seen_from(random, figure)
    side = (box[2:] - box[:2]).max() * GROWN * np.exp(random.normal(0, 0.08))
    middle = (box[:2] + box[2:]) / 2 + random.normal(0, 0.03, 2) * side
    size = int(np.exp(random.uniform(*np.log(SIZES))) * GROWN)
    scale = size * FINER / side

    def pixels(points):
        placed = flat(points)
        return np.concatenate([(placed[:, :2] - middle) * scale + size * FINER / 2, placed[:, 2:]], 1)
    image = np.empty((size * FINER, size * FINER, 3), np.uint8)
    image[:] = backdrop(random, size * FINER)
    paint(random, image, figure.mesh, pixels(figure.mesh.points), camera)
    image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) if size * FINER >= SIDE else \
        cv2.resize(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    points = pixels(figure.marks)[:, :2] * SIDE / (size * FINER)
    if random.random() < 0.5:
        image = image[:, ::-1]
        points = points[list(SWAPPED)] * (-1, 1) + (SIDE, 0)
    image = spoiled(random, tinted(random, np.ascontiguousarray(image)))
    return ((image - MEAN) / STD).transpose(2, 0, 1).astype(np.float32), points.astype(np.float32)


def backdrop(random, side: int) -> np.ndarray:
    """A few soft colours."""
    cells = random.integers(0, 256, (int(random.integers(1, 7)), int(random.integers(1, 7)), 3)).astype(np.uint8)
    return cv2.resize(cells, (side, side), interpolation=cv2.INTER_CUBIC)


def paint(random, image, mesh, places, camera) -> None:
    """Paints a mesh, lit by a sun, a sky and a reflection, far polygons first (painter's algorithm)."""
    corners = np.where(mesh.faces < 0, mesh.faces[:, :1], mesh.faces)
    spots, space = places[corners], mesh.points[corners]
    normal = np.cross(space[:, 2] - space[:, 0], space[:, 3] - space[:, 1] + 1e-9)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    middle = space.mean(1)
    # Shapes are wound either way: what is seen of them faces the camera.
    normal *= np.sign(((camera - middle) * normal).sum(1, keepdims=True))
    sun = random.normal(0, 1, 3) + (0, -1.0, 0.8)
    sun /= np.linalg.norm(sun)
    warm, cool = random.uniform(0.5, 1.6) * np.exp(random.normal(0, 0.12, 3)), random.uniform(0.25, 0.7) * np.exp(random.normal(0, 0.1, 3))
    light = warm * np.clip(normal @ sun, 0, None)[:, None] + cool * (0.65 + 0.35 * normal[:, 2:])
    colour = np.clip(mesh.colours[corners].mean(1) * light, 0, 1) ** (1 / 2.2) * 255
    inside = ((spots[..., :2] > -8) & (spots[..., :2] < image.shape[0] + 8)).any(1).all(1)
    for at in np.argsort(-spots[..., 2].mean(1)):
        if inside[at]:
            cv2.fillConvexPoly(image, np.round(spots[at, :, :2] * 16).astype(np.int32), colour[at].tolist(), cv2.LINE_8, 4)


def bells(points: torch.Tensor) -> torch.Tensor:
    """A heat map with a bell of height 1 at each point, [N, 28, 64, 64]; none where it is outside."""
    places = points * (CELLS / SIDE)
    line = torch.arange(CELLS, dtype=torch.float32)
    x, y = (torch.exp(-(line - places[..., axis, None]) ** 2 / (2 * SPREAD ** 2)) for axis in (0, 1))
    return y[..., :, None] * x[..., None, :]


def loss_of(network, batch):
    """The squared difference of the maps, more where a point is: most of a map is empty."""
    images, points = batch
    aim = bells(points)
    off = (network(images).float() - aim) ** 2
    return (off * (1 + 20 * aim)).mean() * 100


def found(maps: np.ndarray) -> np.ndarray:
    """The middle of the 3 x 3 cells round the highest of each map, in pixels of the input."""
    made = []
    for one in maps:
        row, column = np.unravel_index(one.argmax(), one.shape)
        near = one[max(row - 1, 0):row + 2, max(column - 1, 0):column + 2].clip(1e-6)
        y, x = np.mgrid[max(row - 1, 0):row + 2, max(column - 1, 0):column + 2][:, :near.shape[0], :near.shape[1]]
        made.append([(near * x).sum() / near.sum(), (near * y).sum() / near.sum()])
    return np.array(made) * SIDE / CELLS


def judge(path: str, count: int = 60) -> dict:
    """How far points are off, as a share of the distance between the eyes, in faces of other seeds."""
    import onnxruntime
    session, off = onnxruntime.InferenceSession(path), []
    for number in range(count):
        image, points = drawn(np.random.default_rng([99, number]))
        maps = session.run(None, {"input": image[None]})[0][0]
        eyes = np.linalg.norm(points[[11, 13]].mean(0) - points[[17, 19]].mean(0))
        off.append(np.linalg.norm(found(maps) - points, axis=1) / eyes)
    off = np.array(off)
    parts = {"outline": slice(0, 5), "brows": slice(5, 11), "eyes": slice(11, 23), "nose": slice(23, 24), "mouth": slice(24, 28)}
    return {name: round(float(np.median(off[:, part])), 4) for name, part in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True, help="where the faces and the state of training are kept")
    parser.add_argument("--out", default="landmark.onnx")
    parser.add_argument("--faces", type=int, default=1500, help="how many are drawn; each is seen several times, in other light")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--rate", type=float, default=3e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    kept = os.path.join(options.work, "faces.npz")
    if not os.path.exists(kept):
        faces = [drawn(np.random.default_rng([1, number])) for number in range(options.faces)]
        images = np.stack([(image.transpose(1, 2, 0) * STD + MEAN).round().clip(0, 255).astype(np.uint8) for image, _ in faces])
        np.savez(kept, images=images, points=np.stack([points for _, points in faces]))
    with np.load(kept) as file:
        images, points = file["images"], file["points"]

    def batch_of(random, _):
        chosen = random.integers(len(images), size=16)
        pairs = [turned(random, images[index], points[index]) for index in chosen]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*pairs))

    network = Marks().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "landmark.pt"), options.begin)
    export(network, torch.zeros(2, 3, SIDE, SIDE), options.out, ["input"], ["heatmaps"], {"input": {0: "batch"}, "heatmaps": {0: "batch"}})
    print(judge(options.out))


def turned(random, image: np.ndarray, points: np.ndarray):
    """A face turned, larger or smaller, moved, mirrored or not, in other light, with now and then something before it."""
    turn, scale = random.normal(0, 9), np.exp(random.normal(0, 0.07))
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn, scale)
    matrix[:, 2] += random.normal(0, 6, 2)
    image = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    points = points @ matrix[:, :2].T + matrix[:, 2]
    if random.random() < 0.5:
        image, points = np.ascontiguousarray(image[:, ::-1]), points[list(SWAPPED)] * (-1, 1) + (SIDE, 0)
    image = tinted(random, image, 0.7)
    return ((image - MEAN) / STD).transpose(2, 0, 1).astype(np.float32), points.astype(np.float32)


if __name__ == "__main__":
    main()
