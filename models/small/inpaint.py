"""Filling of holes: a network with the contract of LaMa at 512 x 512.

    python inpaint.py --stills DIR --work DIR --out inpaint.onnx

It works at half the published side: there is no finer texture in these films to invent.
"""

from __future__ import annotations

import argparse
import os

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

from blocks import Residual, conv, double, export, learn
from stills import Stills, mask_of, tinted, window

SIDE, INNER = 512, 256


class Fill(nn.Module):
    """Wide shapes at an eighth to a thirty-second of the side, then outlines at a half, by blocks of 2 x 2 pixels."""

    def __init__(self):
        super().__init__()
        self.enter = conv(16, 32)
        self.down = nn.ModuleList([conv(32, 48, 2), conv(48, 64, 2), conv(64, 96, 2)])
        self.own = nn.ModuleList([Residual(48), Residual(64)])
        self.deep = nn.Sequential(*(Residual(96, spread) for spread in (1, 2, 4, 2)))
        self.up = nn.ModuleList([conv(96, 64, size=1), conv(64, 48, size=1), conv(48, 32, size=1)])
        self.join = nn.ModuleList([Residual(64), Residual(48), Residual(32)])
        self.last = nn.Sequential(conv(32, 32), nn.Conv2d(32, 12, 3, padding=1), nn.PixelShuffle(2))

    def inner(self, half, gap):
        """A picture at half the published side, 0 to 1, filled; `gap` is 1 in the hole."""
        kept = half * (1 - gap)
        share = f.avg_pool2d(1 - gap, 32)
        ground = f.avg_pool2d(kept, 32) / share.clamp(1e-3) * (share > 0)
        mean = kept.mean((2, 3), keepdim=True) / (1 - gap).mean((2, 3), keepdim=True).clamp(1e-3)
        rough = f.interpolate(ground + (share == 0) * mean, scale_factor=32.0, mode="bilinear", align_corners=False)
        start = kept + rough * gap
        first = self.enter(f.pixel_unshuffle(torch.cat([start - 0.5, gap], 1), 2))
        second = self.own[0](self.down[0](first))
        third = self.own[1](self.down[1](second))
        x = self.deep(self.down[2](third))
        for up, join, other in zip(self.up, self.join, (third, second, first)):
            x = join(double(up(x)) + other)
        return kept + (rough + self.last(x)) * gap

    def forward(self, image, mask):
        """0 to 1 in, 0 to 255 out; what is not in the hole stays as it is."""
        seen = f.avg_pool2d(1 - mask, 2)
        half = f.avg_pool2d(image * (1 - mask), 2) / seen.clamp(1e-3)
        fine = self.inner(half, (seen < 0.5).to(image.dtype))
        whole = f.interpolate(fine, scale_factor=2.0, mode="bilinear", align_corners=False)
        return (image * (1 - mask) + whole * mask).clamp(0, 1) * 255


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """A mask and what lies within `by` pixels of it."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0


def drawn(random, stills: Stills, index: int, people, train: bool):
    """A square of a still, the hole, and where the ground in the hole is known.

    Everyone in it is a hole, with nothing to learn from there; a figure of another still is a hole
    over ground that is known.
    """
    picture, record = stills.pictures[index], stills.records[index]
    height, width = picture.shape[:2]
    side = height * (random.uniform(0.5, 1.0) if train else 1.0)
    x, y = random.uniform(0, width - side), random.uniform(0, height - side)
    box, flip = (x, y, x + side, y + side), train and random.random() < 0.5
    image = window(picture, box, (INNER, INNER), flip)
    own = np.zeros((height, width), bool)
    for figure in record["characters"]:
        own |= mask_of(figure["mask"])
    hidden = window(grown(own, 4).astype(np.uint8) * 255, box, (INNER, INNER), flip, fill=0) > 0
    hole = np.zeros((INNER, INNER), bool)
    for _ in range(random.integers(1, 3)):
        other = people[random.integers(len(people))]
        left, top, right, bottom = other.box.astype(int)
        shape = mask_of(other.truth["mask"])[top:bottom, left:right].astype(np.uint8) * 255
        scale = INNER * random.uniform(0.25, 0.85) / max(shape.shape)
        shape = cv2.resize(shape, (max(4, int(shape.shape[1] * scale)), max(4, int(shape.shape[0] * scale))))
        place = random.uniform(-0.15, 0.85, 2) * INNER
        shift = np.array([[1, 0, place[0]], [0, 1, place[1]]], np.float32)
        hole |= cv2.warpAffine(shape, shift, (INNER, INNER)) > 127
    hole = grown(hole, int(random.integers(1, 7)))
    image = tinted(random, image) if train else image
    return image, hole | hidden, hole & ~hidden


def loss_of(network, batch):
    """Distance of colours, and of their steps to the next pixel and the fourth, where the ground is known."""
    images, gaps, known = batch
    found = network.inner(images, gaps).float()
    share = known.sum().clamp(1.0) * 3
    total = ((found - images).abs() * known).sum() / share
    for axis in (2, 3):
        for far in (1, 4):
            length = images.shape[axis] - far
            steps = [x.narrow(axis, far, length) - x.narrow(axis, 0, length) for x in (found, images)]
            both = known.narrow(axis, far, length) * known.narrow(axis, 0, length)
            total = total + 0.7 * ((steps[0] - steps[1]).abs() * both).sum() / share
    small = [f.avg_pool2d(x * known, 16) for x in (found, images)]
    return total + (small[0] - small[1]).abs().sum() * 256 / share


def judge(path: str, stills: Stills, indices, people) -> dict:
    """PSNR inside the hole, and that of a fill with the mean colour around it."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    ours, plain = [], []
    for index in indices:
        image, hole, known = drawn(np.random.default_rng([2, index]), stills, index, people, False)
        if known.sum() < 200:
            continue
        picture = f.interpolate(torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255, scale_factor=2, mode="bilinear")
        mask = torch.from_numpy(hole)[None, None].float().repeat_interleave(2, 2).repeat_interleave(2, 3)
        found, = session.run(None, {"image": picture.numpy(), "mask": mask.numpy()})
        where = torch.from_numpy(known).repeat_interleave(2, 0).repeat_interleave(2, 1).numpy()
        truth = picture[0].numpy()[:, where] * 255
        ours.append(((found[0][:, where] - truth) ** 2).mean())
        around = picture[0].numpy()[:, mask[0, 0].numpy() == 0].mean(1, keepdims=True) * 255
        plain.append(((around - truth) ** 2).mean())

    def psnr(errors):
        return float(np.mean(10 * np.log10(255 ** 2 / np.maximum(errors, 1e-3))))
    return {"psnr": psnr(ours), "mean colour": psnr(plain), "holes": len(ours)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="inpaint.onnx")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills = Stills(*options.stills)
    train, held = stills.split()
    people = stills.split([figure for figure in stills.figures if figure.truth["area"] >= 400])

    def batch_of(random, _):
        chosen = [drawn(random, stills, train[random.integers(len(train))], people[0], True) for _ in range(10)]
        images, gaps, known = (torch.from_numpy(np.stack(part)) for part in zip(*chosen))
        images = images.permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last) / 255
        return images, gaps[:, None].float(), known[:, None].float()

    os.makedirs(options.work, exist_ok=True)
    network = Fill().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "inpaint.pt"), options.begin)
    example = (torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE))
    export(network, example, options.out, ["image", "mask"], ["output"])
    print(judge(options.out, stills, held, people[1]))


if __name__ == "__main__":
    main()
