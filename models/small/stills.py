"""Stills of the sample film's generator, with their truth, ready to be drawn from.

Every tenth still is kept from training; scores are of those. The film itself is never seen.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

import numpy as np
from PIL import Image

HELD_OUT = 10


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
    """Pictures as one array [N, H, W, 3] of bytes, and their records."""

    def __init__(self, folder: str):
        numbers = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".json"))
        records = [json.load(open(os.path.join(folder, number + ".json"))) for number in numbers]
        self.records, self.numbers = records, [int(number) for number in numbers]
        self.pictures = load(folder, [record["image"] for record in records])
        self.figures = [Figure(index, truth) for index, record in enumerate(records)
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


def load(folder: str, names: list[str]) -> np.ndarray:
    """Decodes the pictures once; the array is kept in the folder and grows with it."""
    cache = os.path.join(folder, ".pictures.npy")
    known = np.load(cache, mmap_mode="r") if os.path.exists(cache) else np.zeros((0,), np.uint8)
    if len(known) == len(names):
        return known
    first = np.asarray(Image.open(os.path.join(folder, names[0])).convert("RGB"))
    pictures = np.empty((len(names), *first.shape), np.uint8)
    for index, name in enumerate(names):
        pictures[index] = np.asarray(Image.open(os.path.join(folder, name)).convert("RGB"))
    hidden = cache + f".{os.getpid()}.npy"
    np.save(hidden, pictures)
    os.replace(hidden, cache)
    return np.load(cache, mmap_mode="r")


def mask_of(rle: dict) -> np.ndarray:
    """A mask [H, W] from COCO's compressed run lengths."""
    height, width = rle["size"]
    counts, place, text = [], 0, rle["counts"]
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
    return bits.reshape(width, height).T


def window(picture: np.ndarray, box, size: tuple[int, int], flip: bool = False, fill=114) -> np.ndarray:
    """What `box` (may reach beyond the picture) shows, scaled to `size` (width, height)."""
    x0, y0, x1, y1 = (float(v) for v in box)
    image = Image.fromarray(np.ascontiguousarray(picture))
    sx, sy = (x1 - x0) / size[0], (y1 - y0) / size[1]
    if max(sx, sy) > 1.5:
        factor = int(max(sx, sy))
        image = image.reduce(factor)
        x0, y0, sx, sy = x0 / factor, y0 / factor, sx / factor, sy / factor
    matrix = (-sx, 0, x0 + sx * size[0], 0, sy, y0) if flip else (sx, 0, x0, 0, sy, y0)
    cut = image.transform(size, Image.AFFINE, matrix, Image.BILINEAR, fillcolor=(fill,) * 3)
    return np.asarray(cut)


def tinted(random, picture: np.ndarray) -> np.ndarray:
    """Another exposure, contrast and colour, as other light or another camera would give."""
    light = picture.astype(np.float32) / 255
    light = light ** np.exp(random.normal(0, 0.25)) * np.exp(random.normal(0, 0.15))
    light = light * np.exp(random.normal(0, 0.06, 3)).astype(np.float32)
    mean = light.mean()
    light = (light - mean) * np.exp(random.normal(0, 0.15)) + mean
    if random.random() < 0.3:
        light = light + random.normal(0, random.uniform(0, 0.03), light.shape)
    return (np.clip(light, 0, 1) * 255).astype(np.uint8)
