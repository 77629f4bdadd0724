"""Key points: a network with the contract of RTMPose body at 192 x 256, by SimCC.

    python pose.py --stills DIR --work DIR --out pose.onnx
"""

from __future__ import annotations

import argparse
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

from blocks import Trunk, conv, double, export, learn
from stills import Stills, tinted, window

WIDTH, HEIGHT, JOINTS, SPLIT = 192, 256, 17, 2
MEAN, STD = np.array((123.675, 116.28, 103.53), np.float32), np.array((58.395, 57.12, 57.375), np.float32)
# How sure an answer is to be of a joint that is outside, hidden, seen.
SURE = np.array((0.0, 0.6, 1.0), np.float32)
SPREAD = 5.0
LEFT_RIGHT = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


class Pose(nn.Module):
    """For each joint how likely each column and each row is, at half pixels."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((24, 40, 64, 96), (1, 1, 2, 2))
        self.deep, self.middle = conv(96, 64, size=1), conv(64, 64)
        self.maps = nn.Conv2d(64, JOINTS * 3, 1)
        places = (WIDTH // 16) * (HEIGHT // 16) * 3
        self.x, self.y = nn.Linear(places, WIDTH * SPLIT), nn.Linear(places, HEIGHT * SPLIT)

    def logits(self, x):
        *_, middle, deep = self.trunk(x)
        maps = self.maps(torch.relu(self.middle(middle) + double(self.deep(deep))))
        maps = maps.reshape(-1, JOINTS, 3 * maps.shape[2] * maps.shape[3])
        return self.x(maps), self.y(maps)

    def forward(self, x):
        x, y = self.logits(x)
        return torch.sigmoid(x), torch.sigmoid(y)


def crop_of(box) -> tuple[np.ndarray, np.ndarray]:
    """Middle and size of the crop of a box, as RTMPose's: a quarter larger, of the network's shape."""
    size = np.array([box[2] - box[0], box[3] - box[1]], np.float32) * 1.25
    aspect = WIDTH / HEIGHT
    size = np.array([size[0], size[0] / aspect] if size[0] > size[1] * aspect else [size[1] * aspect, size[1]])
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]), size


def drawn(random, stills: Stills, figure, train: bool):
    """A figure's crop, and where its joints are in it with how sure of each to be."""
    middle, size = crop_of(figure.box)
    flip = False
    if train:
        middle = middle + random.normal(0, 0.05, 2) * size
        size = size * np.exp(random.normal(0, 0.15))
        flip = random.random() < 0.5
    box = (*(middle - size / 2), *(middle + size / 2))
    picture = window(stills.pictures[figure.still], box, (WIDTH, HEIGHT), flip, fill=0)
    joints = np.array(figure.truth["keypoints"], np.float32)
    places = (joints[:, :2] - box[:2]) / size * (WIDTH, HEIGHT)
    if flip:
        places, joints = places[LEFT_RIGHT], joints[LEFT_RIGHT]
        places[:, 0] = WIDTH - places[:, 0]
    inside = ((places >= 0) & (places < (WIDTH, HEIGHT))).all(1)
    sure = np.where(inside, SURE[joints[:, 2].astype(int)], 0)
    picture = tinted(random, picture) if train else picture
    return ((picture - MEAN) / STD).transpose(2, 0, 1).astype(np.float32), places.astype(np.float32), sure.astype(np.float32)


def wanted(places, sure, length: int, axis: int):
    """A bell over the right column or row, as high as the answer is to be sure."""
    line = torch.arange(length, dtype=torch.float32)
    bell = torch.exp(-((line - SPLIT * places[..., axis, None]) ** 2) / (2 * SPREAD ** 2))
    return bell * sure[..., None]


def loss_of(network, batch):
    """Cross entropy with the bells; the places themselves weigh more than the empty rest."""
    images, places, sure = batch
    total = 0.0
    for axis, logits in enumerate(network.logits(images)):
        aim = wanted(places, sure, logits.shape[2], axis)
        cross = f.binary_cross_entropy_with_logits(logits.float(), aim, reduction="none")
        total = total + (cross * (1 + 8 * aim)).sum(2).mean() / 20
    return total


def judge(path: str, stills: Stills, figures) -> dict:
    """Share of seen joints within a tenth of the box's longer side (PCK@0.1)."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    hits = total = hidden_hits = hidden = 0
    for figure in figures:
        if figure.truth["area"] < 300:
            continue
        picture, places, _ = drawn(np.random.default_rng(0), stills, figure, False)
        x, y = session.run(None, {"input": picture[None]})
        found = np.stack([x[0].argmax(1), y[0].argmax(1)], 1) / SPLIT
        _, size = crop_of(figure.box)
        side = max(figure.box[2] - figure.box[0], figure.box[3] - figure.box[1]) * WIDTH / size[0]
        near = np.linalg.norm(found - places, axis=1) < 0.1 * side
        seen = np.array([joint[2] for joint in figure.truth["keypoints"]])
        hits, total = hits + near[seen == 2].sum(), total + (seen == 2).sum()
        hidden_hits, hidden = hidden_hits + near[seen == 1].sum(), hidden + (seen == 1).sum()
    return {"seen": float(hits / total), "hidden": float(hidden_hits / max(hidden, 1)), "joints": int(total)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True)
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="pose.onnx")
    parser.add_argument("--steps", type=int, default=1800)
    options = parser.parse_args()
    stills = Stills(options.stills)
    train, held = stills.split([figure for figure in stills.figures if figure.truth["area"] >= 150])

    def batch_of(random):
        chosen = [drawn(random, stills, train[random.integers(len(train))], True) for _ in range(24)]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*chosen))

    os.makedirs(options.work, exist_ok=True)
    network = Pose().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, 2e-3, os.path.join(options.work, "pose.pt"))
    loose = {name: {0: "batch"} for name in ("input", "simcc_x", "simcc_y")}
    export(network, torch.zeros(2, 3, HEIGHT, WIDTH), options.out, ["input"], ["simcc_x", "simcc_y"], loose)
    print(judge(options.out, stills, held))


if __name__ == "__main__":
    main()
