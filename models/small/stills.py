"""Stills of the sample film's generator, with their truth, ready to be drawn from.

Every tenth still is kept from training; scores are of those. The film itself is never seen.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

HELD_OUT = 10
# How often no, one and two figures of another still are put into a scene, and something before one; figures of this many pixels and more.
MORE, BEHIND, LARGE = (0.4, 0.35, 0.25), 0.3, 1500

cv2.setNumThreads(1)


@dataclass(frozen=True)
class Figure:
    """One character of a still."""

    still: int
    truth: dict

    @property
    def box(self) -> np.ndarray:
        """Box of what is seen, x0 y0 x1 y1."""
        return np.array(self.truth["box"], np.float32)


class Stills:
    """Images as arrays [H, W, 3] of bytes, RGB, and their records."""

    def __init__(self, *folders: str):
        files = [os.path.join(folder, name[:-5]) for folder in folders for name in sorted(os.listdir(folder)) if name.endswith(".json")]
        self.records = [json.load(open(file + ".json")) for file in files]
        self.numbers = [int(os.path.basename(file)) for file in files]
        self.images = [cv2.imread(file + ".jpg")[..., ::-1].copy() for file in files]
        self.figures = [Figure(index, truth) for index, record in enumerate(self.records)
                        for truth in record["characters"] if truth["box"]]

    def held_out(self, still: int) -> bool:
        """Whether a still is kept from training."""
        return self.numbers[still] % HELD_OUT == 0

    def split(self, figures=None):
        """Indices of stills, or figures, to train on and to judge by."""
        if figures is None:
            everything = range(len(self.records))
            return ([i for i in everything if not self.held_out(i)], [i for i in everything if self.held_out(i)])
        return ([f for f in figures if not self.held_out(f.still)], [f for f in figures if self.held_out(f.still)])


@dataclass
class Seen:
    """A character in a scene: its truth, what is seen of it there, and where the still's pixels went, if they kept their size."""

    truth: dict
    mask: np.ndarray
    shift: tuple[int, int] | None
    mirrored: bool

    @property
    def box(self) -> np.ndarray:
        """Box of the mask, x0 y0 x1 y1."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        return np.array((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1), np.float32)

    def points(self, points) -> np.ndarray:
        """Places of the still, x y each, in the scene."""
        points = np.asarray(points, np.float32)[:, :2] + np.asarray(self.shift, np.float32)
        if self.mirrored:
            points[:, 0] = self.mask.shape[1] - points[:, 0]
        return points

    def area_of(self, box) -> np.ndarray:
        """A box of the still in the scene, not cut at its edges."""
        points = self.points([box[:2], box[2:]])
        return np.concatenate([points.min(0), points.max(0)])


@dataclass
class Scene:
    """A part of a still, or parts of two side by side, as a film might frame them."""

    image: np.ndarray
    people: list[Seen]


def whole(stills: Stills, index: int, least: int) -> Scene:
    """A still as it is, and everyone of whom `least` pixels are seen."""
    record = stills.records[index]
    people = [Seen(truth, mask_of(truth["mask"]), (0, 0), False) for truth in record["characters"] if truth["area"] >= least]
    return Scene(stills.images[index], people)


def scene(random, stills: Stills, index: int, least: int, other: int | None = None, light: float = 1.0) -> Scene:
    """A random part of a still, mirrored or not, in other light; beside it one of the still `other`.

    Everyone of whom `least` pixels and a quarter of what was seen are left is in it. `light` says
    how much the light may be another.
    """
    parts, left = [], 0
    height = int(stills.images[index].shape[0] * random.uniform(0.5, 1.0))
    for number in (index,) if other is None else (index, other):
        high, wide = stills.images[number].shape[:2]
        width = min(wide, int(height * random.uniform(1.0, 2.5))) if other is None else int(wide * random.uniform(0.6, 1.0))
        x, y = int(random.integers(wide - width + 1)), int(random.integers(high - height + 1))
        parts.append((number, x, y, width, left))
        left += width
    mirrored = random.random() < 0.5
    image = np.concatenate([stills.images[n][y:y + height, x:x + width] for n, x, y, width, _ in parts], 1)
    people = []
    for number, x, y, width, start in parts:
        for truth in stills.records[number]["characters"]:
            if truth["area"] < least:
                continue
            cut = mask_of(truth["mask"])[y:y + height, x:x + width]
            if cut.sum() >= max(least, truth["area"] / 4):
                mask = np.zeros(image.shape[:2], bool)
                mask[:, start:start + width] = cut
                people.append(Seen(truth, mask[:, ::-1] if mirrored else mask, (start - x, -y), mirrored))
    image = tinted(random, image[:, ::-1] if mirrored else image, light)
    return Scene(spoiled(random, image), people)


def by_action(figures: list[Figure]) -> list[list[Figure]]:
    """Figures that are large enough to be put into other scenes, each action's apart, so that the rare ones are as frequent."""
    large = [figure for figure in figures if figure.truth["area"] >= LARGE]
    return [[figure for figure in large if figure.truth["action"] == action] for action in sorted({f.truth["action"] for f in large})]


def busier(random, stills: Stills, view: Scene, pool, acting: list, least: int) -> Scene:
    """A scene with figures out of `acting`, as `by_action` gives them, and things of stills out of `pool` before someone."""
    for _ in range(random.choice(3, p=MORE)):
        view = crowded(random, stills, view, acting[random.integers(len(acting))], least)
    if view.people and random.random() < BEHIND:
        view = covered(random, view, stills.images[pool[random.integers(len(pool))]], least)
    return view


def crowded(random, stills: Stills, view: Scene, figures: list[Figure], least: int) -> Scene:
    """A scene with one more figure cut out of another still, large or small, before everyone else there.

    Figures that stand, sit and lie then stand, sit and lie anywhere (copy-paste, Ghiasi et al. 2021).
    """
    figure = figures[random.integers(len(figures))]
    x0, y0, x1, y1 = (int(v) for v in figure.box)
    cut = np.dstack([stills.images[figure.still], mask_of(figure.truth["mask"]) * np.uint8(255)])[y0:y1, x0:x1]
    high, wide = view.image.shape[:2]
    scale = min(1.5, high * np.exp(random.uniform(np.log(0.1), np.log(0.9))) / max(cut.shape[:2]))
    size = (max(4, round(cut.shape[1] * scale)), max(4, round(cut.shape[0] * scale)))
    cut = cv2.resize(cut, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    mirrored = random.random() < 0.5
    layer = np.zeros((high, wide, 4), np.uint8)
    x, y = (int(random.integers(-length // 5, max(1, room - length + length // 5))) for length, room in zip(size, (wide, high)))
    rows, columns = slice(max(y, 0), y + size[1]), slice(max(x, 0), x + size[0])
    layer[rows, columns] = (cut[:, ::-1] if mirrored else cut)[max(-y, 0):high - y, max(-x, 0):wide - x]
    before = layer[..., 3:] / np.float32(255)
    image = (tinted(random, layer[..., :3], 0.5) * before + view.image * (1 - before)).astype(np.uint8)
    mask = layer[..., 3] > 127
    more = [Seen(figure.truth, mask, None, mirrored)] if mask.sum() >= least else []
    return Scene(image, behind(view.people, mask, least) + more)


def covered(random, view: Scene, other: np.ndarray, least: int) -> Scene:
    """A scene in which a piece of another image stands before the lower part of someone, as a table would."""
    box = view.people[random.integers(len(view.people))].box
    high, wide = view.image.shape[:2]
    width, height = box[2] - box[0], box[3] - box[1]
    x0, x1 = (int(np.clip(v, 0, wide)) for v in (box[0] - width * random.uniform(-0.2, 1), box[2] + width * random.uniform(-0.2, 1)))
    y0, y1 = (int(np.clip(v, 0, high)) for v in (box[3] - height * random.uniform(0.2, 0.6), box[3] + height * random.uniform(-0.2, 0.4)))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return view
    x, y = (int(random.integers(max(1, room - length))) for length, room in zip((x1 - x0, y1 - y0), other.shape[1::-1]))
    piece = other[y:y + y1 - y0, x:x + x1 - x0]
    image = view.image.copy()
    image[y0:y1, x0:x1] = cv2.resize(piece, (x1 - x0, y1 - y0))
    front = np.zeros((high, wide), bool)
    front[y0:y1, x0:x1] = True
    return Scene(image, behind(view.people, front, least))


def behind(people: list[Seen], front: np.ndarray, least: int) -> list[Seen]:
    """Everyone of whom `least` pixels and a quarter are still seen behind the mask `front`."""
    left = [(seen, seen.mask & ~front) for seen in people]
    return [Seen(seen.truth, mask, seen.shift, seen.mirrored) for seen, mask in left if mask.sum() >= max(least, seen.mask.sum() / 4)]


def elsewhere(random, stills: Stills, figure: Figure) -> np.ndarray:
    """The figure's still with all but the figure out of another."""
    image = stills.images[figure.still]
    ground = cv2.resize(stills.images[random.integers(len(stills.images))], image.shape[1::-1], interpolation=cv2.INTER_AREA)
    return np.where(mask_of(figure.truth["mask"])[..., None], image, ground)


def mask_of(rle: dict) -> np.ndarray:
    """A mask [H, W] from COCO's compressed run lengths."""
    return decoded(rle["counts"], *rle["size"])


@lru_cache(maxsize=8192)
def decoded(text: str, height: int, width: int) -> np.ndarray:
    counts, place = [], 0
    while place < len(text):
        value = shift = 0
        while True:
            code = ord(text[place]) - 48
            value |= (code & 31) << shift
            place, shift = place + 1, shift + 5
            if not code & 32:
                if code & 16:
                    value -= 1 << shift
                break
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
    bits = np.repeat(np.arange(len(counts)) % 2, counts).astype(bool)
    return np.ascontiguousarray(bits.reshape(width, height).T)


def window(image: np.ndarray, box, size: tuple[int, int], flip: bool = False, fill=114, turn: float = 0.0) -> np.ndarray:
    """What `box` (may reach beyond the image) shows, turned by this many degrees, scaled to `size` (width, height)."""
    x0, y0, x1, y1 = (float(v) for v in box)
    sx, sy = (x1 - x0) / size[0], (y1 - y0) / size[1]
    if max(sx, sy) > 1.5:
        factor = max(sx, sy)
        small = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
        ratio = image.shape[1] / small[0], image.shape[0] / small[1]
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        x0, sx, y0, sy = x0 / ratio[0], sx / ratio[0], y0 / ratio[1], sy / ratio[1]
    # From a pixel's middle in the window to one in the image.
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    mx, my = size[0] / 2, size[1] / 2
    to = np.array([[sx, 0, x0], [0, sy, y0], [0, 0, 1.0]])
    about = np.array([[cos, -sin, mx - cos * mx + sin * my], [sin, cos, my - sin * mx - cos * my], [0, 0, 1]])
    if flip:
        about = about @ np.array([[-1, 0, size[0]], [0, 1, 0], [0, 0, 1.0]])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    matrix = np.linalg.inv(half) @ to @ about @ half
    return cv2.warpAffine(image, matrix[:2], size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderMode=cv2.BORDER_CONSTANT, borderValue=(fill,) * 3 if np.isscalar(fill) else fill)


def tinted(random, image: np.ndarray, light: float = 1.0) -> np.ndarray:
    """Another exposure, contrast and colour, as other light or another camera would give."""
    levels = (np.arange(256) / 255) ** np.exp(random.normal(0, 0.25 * light)) * np.exp(random.normal(0, 0.15 * light))
    levels = levels[:, None] * np.exp(random.normal(0, 0.06 * light, 3))
    mean = np.mean([levels[int(level), channel] for channel, level in enumerate(cv2.mean(image)[:3])])
    levels = (levels - mean) * np.exp(random.normal(0, 0.15 * light)) + mean
    return cv2.LUT(np.ascontiguousarray(image), (np.clip(levels, 0, 1) * 255).astype(np.uint8)[None])


def spoiled(random, image: np.ndarray) -> np.ndarray:
    """Softer or sharper, with noise, or with the marks of an encoder, as often as not."""
    draw = random.random()
    if draw < 0.15:
        return cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.2))
    if draw < 0.3:
        return cv2.addWeighted(image, 2.0, cv2.GaussianBlur(image, (0, 0), 1.0), -1.0, 0)
    if draw < 0.45:
        return cv2.imdecode(cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, int(random.integers(35, 90))))[1], cv2.IMREAD_COLOR)
    if draw < 0.55:
        noise = np.empty(image.shape, np.int16)
        cv2.setRNGSeed(int(random.integers(1 << 30)))
        cv2.randn(noise, (0,) * 3, (float(random.uniform(1, 7)),) * 3)
        return np.clip(image + noise, 0, 255).astype(np.uint8)
    return image
