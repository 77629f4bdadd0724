"""Key points: a network with the contract of RTMPose body at 192 x 256.

    python pose.py --stills DIR --work DIR --out pose.onnx
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from blocks import Trunk, conv, double, export, learn
from stills import Stills, elsewhere, mask_of, spoiled, tinted, window
from torch import nn
from torch.nn import functional as f

JOINTS, SPLIT = 17, 2
MEAN, STD = np.array((123.675, 116.28, 103.53), np.float32), np.array((58.395, 57.12, 57.375), np.float32)
# How sure an answer is to be of a joint that is outside, hidden, seen.
SURE = np.array((0.0, 0.6, 1.0), np.float32)
CELL, SPREAD = 8, 5.0
# The share of crops in which all but the figure is of the mean colour, as the tool shows cut-outs.
CUT_OUT, MATTE = 0.4, np.array((124, 116, 104), np.uint8)
# The shares in which the figure stands before another still, is as small as in a wide shot, and moves while the shutter is open.
ELSEWHERE, FAR, MOVING = 0.25, 0.3, 0.2


@dataclass(frozen=True)
class Body:
    """Whose joints a network finds: the size of its input, and the joint on the other side of each."""

    width: int
    height: int
    mirrored: tuple

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


PERSON = Body(192, 256, (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15))
# AP-10K's order; mmpose, configs/_base_/datasets/ap10k.py.
ANIMAL = Body(256, 256, (1, 0, 2, 3, 4, 8, 9, 10, 5, 6, 7, 14, 15, 16, 11, 12, 13))


class Pose(nn.Module):
    """For each joint how likely each cell of 8 x 8 pixels is, and how sure it is to be seen."""

    def __init__(self, body: Body = PERSON):
        super().__init__()
        self.body = body
        self.trunk = Trunk((24, 48, 80, 112), (1, 1, 2, 2))
        self.ways = nn.ModuleList(conv(width, 64, size=1) for width in (48, 80, 112))
        self.join = nn.ModuleList((conv(64, 64), conv(64, 64)))
        self.maps = nn.Conv2d(64, JOINTS, 1)
        self.sure = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, JOINTS))

    def logits(self, x):
        """Of the cells, [N, joints, rows, columns], and of being sure, [N, joints]."""
        _, *levels = self.trunk(x)
        near, middle, deep = (way(level) for way, level in zip(self.ways, levels))
        middle = self.join[0](middle + double(deep))
        return self.maps(self.join[1](near + double(middle))), self.sure(middle.mean((2, 3)))

    def forward(self, x):
        """Each row of SimCC is a bell at the joint, as high as the answer is sure."""
        maps, sure = self.logits(x)
        chance = torch.softmax(maps.flatten(2), 2).reshape(maps.shape)
        rows = (chance.sum(2) @ bells(self.body.width), chance.sum(3) @ bells(self.body.height))
        sure = torch.sigmoid(sure)[..., None]
        return tuple(sure * row / row.amax(2, keepdim=True).clamp(1e-6) for row in rows)


def bells(length: int) -> torch.Tensor:
    """What each cell of a line gives to each half pixel of it, so that a peak may lie between two cells."""
    middle = (torch.arange(length // CELL) + 0.5) * CELL
    place = torch.arange(length * SPLIT) / SPLIT
    return torch.exp(-((place[None] - middle[:, None]) ** 2) / (2 * SPREAD ** 2))


def crop_of(box, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Middle and size of the crop of a box, as RTMPose's: a quarter larger, of the network's shape."""
    size = np.array([box[2] - box[0], box[3] - box[1]], np.float32) * 1.25
    aspect = body.width / body.height
    size = np.array([size[0], size[0] / aspect] if size[0] > size[1] * aspect else [size[1] * aspect, size[1]])
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]), size


def drawn(random, stills: Stills, figure, train: bool, body: Body):
    """A figure's crop, cut out of the image or not, and where its joints are with how sure of each to be."""
    middle, size = crop_of(figure.box, body)
    flip, turn, image = False, 0.0, stills.images[figure.still]
    if train:
        middle = middle + random.normal(0, 0.04, 2) * size
        size = size * np.exp(random.normal(0, 0.12))
        flip, turn = random.random() < 0.5, random.normal(0, 8)
        where = random.random()
        if where < CUT_OUT:
            image = np.where(mask_of(figure.truth["mask"])[..., None], image, MATTE)
        elif where < CUT_OUT + ELSEWHERE:
            image = elsewhere(random, stills, figure)
    box = (*(middle - size / 2), *(middle + size / 2))
    image = window(image, box, body.size, flip, fill=0, turn=turn)
    joints = np.array(figure.truth["keypoints"], np.float32)
    half = np.array(body.size) / 2
    places = (joints[:, :2] - box[:2]) / size * body.size - half
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    places = places @ np.array([[cos, -sin], [sin, cos]]) + half
    if flip:
        other = list(body.mirrored)
        places, joints = places[other], joints[other]
        places[:, 0] = body.width - places[:, 0]
    inside = ((places >= 0) & (places < body.size)).all(1)
    sure = np.where(inside, SURE[joints[:, 2].astype(int)], 0)
    image = spoiled(random, worse(random, tinted(random, image), body.size)) if train else image
    return ((image - MEAN) / STD).transpose(2, 0, 1).astype(np.float32), places.astype(np.float32), sure.astype(np.float32)


def worse(random, image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A crop as of a figure far off, or one that moves, as often as `FAR` and `MOVING` say."""
    if random.random() < FAR:
        small = tuple(int(length * random.uniform(0.15, 0.5)) for length in size)
        image = cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), size, interpolation=cv2.INTER_LINEAR)
    if random.random() < MOVING:
        length, way = int(random.integers(3, 14)), random.uniform(0, np.pi)
        line = np.zeros((15, 15), np.float32)
        reach = length / 2 * np.array((np.cos(way), np.sin(way)))
        cv2.line(line, tuple(int(v) for v in 7.5 - reach), tuple(int(v) for v in 7.5 + reach), 1.0)
        image = cv2.filter2D(image, -1, line / line.sum())
    return image


def wanted(places, body: Body) -> torch.Tensor:
    """Shares of the cells around each joint, [N, joints, rows * columns]."""
    y, x = torch.meshgrid(*((torch.arange(length // CELL) + 0.5) * CELL for length in (body.height, body.width)), indexing="ij")
    away = (x - places[..., 0, None, None]) ** 2 + (y - places[..., 1, None, None]) ** 2
    return torch.softmax(-away.flatten(2) / (2 * SPREAD ** 2), 2)


def loss_of(network, batch):
    """Cross entropy with the cells around each joint that is in the crop, and of how sure to be."""
    images, places, sure = batch
    maps, said = network.logits(images)
    cross = -(wanted(places, network.body) * f.log_softmax(maps.float().flatten(2), 2)).sum(2)
    weight = (sure > 0).float() * (0.4 + 0.6 * (sure > 0.9))
    return (cross * weight).sum() / weight.sum() + f.binary_cross_entropy_with_logits(said.float(), sure)


def judge(path: str, stills: Stills, figures, body: Body) -> dict:
    """Share of seen joints within a tenth of the box's longer side (PCK@0.1)."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    hits = total = hidden_hits = hidden = 0
    for figure in figures:
        if figure.truth["area"] < 300:
            continue
        image, places, _ = drawn(np.random.default_rng(0), stills, figure, False, body)
        x, y = session.run(None, {"input": image[None]})
        found = np.stack([x[0].argmax(1), y[0].argmax(1)], 1) / SPLIT
        _, size = crop_of(figure.box, body)
        side = max(figure.box[2] - figure.box[0], figure.box[3] - figure.box[1]) * body.width / size[0]
        near = np.linalg.norm(found - places, axis=1) < 0.1 * side
        seen = np.array([joint[2] for joint in figure.truth["keypoints"]])
        hits, total = hits + near[seen == 2].sum(), total + (seen == 2).sum()
        hidden_hits, hidden = hidden_hits + near[seen == 1].sum(), hidden + (seen == 1).sum()
    return {"seen": float(hits / total), "hidden": float(hidden_hits / max(hidden, 1)), "joints": int(total)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="pose.onnx")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills = Stills(*options.stills)
    train, held = stills.split([figure for figure in stills.figures if figure.truth["area"] >= 150])

    def batch_of(random, _):
        chosen = [drawn(random, stills, train[random.integers(len(train))], True, PERSON) for _ in range(24)]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*chosen))

    os.makedirs(options.work, exist_ok=True)
    network = Pose().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "pose.pt"), options.begin)
    loose = {name: {0: "batch"} for name in ("input", "simcc_x", "simcc_y")}
    export(network, torch.zeros(2, 3, PERSON.height, PERSON.width), options.out, ["input"], ["simcc_x", "simcc_y"], loose)
    print(judge(options.out, stills, held, PERSON))


if __name__ == "__main__":
    main()
