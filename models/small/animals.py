"""Key points of animals: a network with the contract of RTMPose AP-10K at 256 x 256. What `small-pose` sees stays as it learned it, and only
the last layers are fitted anew, in a minute: by least squares, and by linear discriminants.

    python animals.py --stills SKETCHES --out creature-pose/pose.onnx

SKETCHES is what sketches.py wrote.
"""

from __future__ import annotations

import argparse
import os

import cv2
import numpy as np
import torch
from blocks import begin_from, double, export
from pose import ANIMAL, CELL, JOINTS, Pose, bells, drawn, judge
from stills import Stills
from torch import nn
from torch.nn import functional as f

HERE = os.path.dirname(os.path.abspath(__file__))
SMALLEST = 150
# Crops of each beast, and how strongly weights are held to 0.
CROPS, HELD = 3, 2e-4
# How far a joint may be from where it is about, in pixels, and how much its looks count: the best of a few on beasts that are held back.
ABOUT, LOOKS = 26.0, 0.3


class Joints(nn.Module):
    """The trunk of the network for persons, and two linear layers: from all that it sees to about where each joint is and how sure, and
    from what it sees at each cell of 8 x 8 pixels to how much that looks like each joint."""

    def __init__(self):
        super().__init__()
        self.trunk = Pose(ANIMAL).trunk
        self.about = nn.Linear((80 + 112) * 64, 3 * JOINTS)
        self.looks = nn.Conv2d(48 + 80 + 112, JOINTS, 1)
        y, x = torch.meshgrid(*((torch.arange(length // CELL) + 0.5) * CELL for length in (ANIMAL.height, ANIMAL.width)), indexing="ij")
        self.register_buffer("cells", torch.stack([x, y]))

    def seen(self, x):
        """What the trunk sees: [N, features], and of the cells [N, 240, rows, columns]."""
        _, near, middle, deep = self.trunk(x)
        return torch.cat([f.avg_pool2d(middle, 2), deep], 1).flatten(1), torch.cat([near, double(middle), double(double(deep))], 1)

    def forward(self, x):
        """Rows of SimCC, as those of the network for persons: each is a bell at the joint, as high as the answer is sure."""
        whole, cells = self.seen(x)
        said = self.about(whole).reshape(-1, 3, JOINTS)
        chance = self.chance(said[:, :2] * torch.tensor(ANIMAL.size)[:, None], self.looks(cells))
        sure = said[:, 2].clamp(0.02, 1)[..., None]
        rows = (chance.sum(2) @ bells(ANIMAL.width), chance.sum(3) @ bells(ANIMAL.height))
        return tuple(sure * row / row.amax(2, keepdim=True).clamp(1e-6) for row in rows)

    def chance(self, about, looks):
        """How likely each joint is in each cell, by both layers: a cell may be some way from where the joint is about."""
        away = (self.cells[0] - about[:, 0, :, None, None]) ** 2 + (self.cells[1] - about[:, 1, :, None, None]) ** 2
        return torch.softmax((LOOKS * looks - away / (2 * ABOUT ** 2)).flatten(2), 2).reshape(looks.shape)


def ridge(x: np.ndarray, y: np.ndarray, held: float):
    """Weights and biases of least squares, held to 0: in the space of the samples, of which there are fewer than features."""
    mean, level = x.mean(0), y.mean(0)
    x = x - mean
    kernel = x @ x.T
    kernel[np.diag_indices(len(x))] += held * np.trace(kernel)
    weight = x.T @ np.linalg.solve(kernel, y - level)
    return weight.T.astype(np.float32), (level - mean @ weight).astype(np.float32)


def looks(near: np.ndarray, crops: list):
    """What tells the cells of each joint from all others: linear discriminants (Fisher 1936), with one covariance."""
    columns = near.transpose(0, 2, 3, 1)
    every = columns[:, ::3, ::3].reshape(-1, columns.shape[-1])
    mean = every.mean(0)
    square = np.cov(every.T)
    square[np.diag_indices(len(square))] += 0.03 * np.trace(square) / len(square)
    own = np.zeros((JOINTS, len(mean)))
    for joint in range(JOINTS):
        known = [(index, places[joint].astype(int) // CELL) for index, (_, places, sure) in enumerate(crops) if sure[joint] > 0]
        there = [columns[index, row, column] for index, (column, row) in known]
        own[joint] = np.mean(there, 0)
    weight = np.linalg.solve(square, (own - mean).T).T
    return weight.astype(np.float32), (-(weight * (own + mean)).sum(1) / 2).astype(np.float32)


@torch.no_grad()
def joints(stills: Stills, out: str) -> None:
    """Fits and writes the network of key points."""
    random = np.random.default_rng(1)
    beasts = [figure for figure in stills.figures if figure.truth.get("kind") == "animal" and figure.truth["area"] >= SMALLEST]
    train, held = stills.split(beasts)
    network = Joints()
    crops = [drawn(random, stills, figure, True, ANIMAL) for figure in train for _ in range(CROPS)]
    source = Pose(ANIMAL)
    begin_from(source, os.path.join(HERE, "pose/pose.onnx"), torch.from_numpy(np.stack([crop for crop, *_ in crops[:16]])))
    network.trunk = source.trunk
    network.eval()
    parts = [network.seen(torch.from_numpy(np.stack([crop for crop, *_ in crops[at:at + 32]]))) for at in range(0, len(crops), 32)]
    x, near = (np.concatenate([part[index].numpy() for part in parts]) for index in range(2))
    y = np.stack([np.concatenate([np.clip(places[:, 0] / ANIMAL.width, -0.2, 1.2), np.clip(places[:, 1] / ANIMAL.height, -0.2, 1.2), sure])
                  for _, places, sure in crops])
    weight, bias = ridge(x, y.astype(np.float32), HELD)
    network.about.weight.copy_(torch.from_numpy(weight))
    network.about.bias.copy_(torch.from_numpy(bias))
    weight, bias = looks(near, crops)
    network.looks.weight.copy_(torch.from_numpy(weight)[..., None, None])
    network.looks.bias.copy_(torch.from_numpy(bias))
    loose = {name: {0: "batch"} for name in ("input", "simcc_x", "simcc_y")}
    os.makedirs(os.path.dirname(out), exist_ok=True)
    export(network, torch.zeros(2, 3, ANIMAL.height, ANIMAL.width), out, ["input"], ["simcc_x", "simcc_y"], loose)
    print(judge(out, stills, held, ANIMAL))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--out", default="creature-pose/pose.onnx")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    joints(Stills(*options.stills), os.path.abspath(options.out))


if __name__ == "__main__":
    main()
