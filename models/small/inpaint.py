"""Filling of holes: a network with the contract of LaMa at 512 x 512.

    python inpaint.py --stills DIR --work DIR --out inpaint.onnx

Wide shapes and colours are filled at an eighth of the side, outlines at a half; there is no finer
texture in these films to invent.
"""

from __future__ import annotations

import argparse
import os

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as f

from blocks import Residual, conv, double, export, learn
from stills import Stills, mask_of, tinted, window

SIDE = 512
# Hand-drawn gap around a figure within which its shade may still be seen.
MARGIN = 9


class Fill(nn.Module):
    """Coarse fill of an eighth to a quarter of the side, then outlines at a half."""

    def __init__(self):
        super().__init__()
        self.enter = conv(4, 32)
        self.down = nn.ModuleList([nn.Sequential(conv(32, 48, 2), Residual(48)), nn.Sequential(conv(48, 72, 2), Residual(72))])
        self.deep = nn.Sequential(*(Residual(72, spread) for spread in (1, 2, 4, 8, 1)))
        self.up = nn.ModuleList([conv(72, 48, size=1), conv(48, 32, size=1)])
        self.join = nn.ModuleList([Residual(48), Residual(32)])
        self.coarse = nn.Conv2d(32, 3, 3, padding=1)
        self.fine = nn.Sequential(conv(39, 24), Residual(24), Residual(24, 2), nn.Conv2d(24, 3, 3, padding=1))

    def fill(self, image, mask):
        """The filled picture at a quarter and at a half of the side."""
        def seen(x, hole, size):
            kept = f.avg_pool2d(1 - hole, size)
            return f.avg_pool2d(x * (1 - hole), size) / kept.clamp(1e-3) * (kept > 0.01), (kept < 0.5).float()
        x, hole = seen(image, mask, 4)
        first = self.enter(torch.cat([x - 0.5 * (1 - hole), hole], 1))
        second = self.down[0](first)
        deep = self.deep(self.down[1](second))
        second = self.join[0](double(self.up[0](deep)) + second)
        first = self.join[1](double(self.up[1](second)) + first)
        coarse = self.coarse(first) + 0.5
        half, gap = seen(image, mask, 2)
        rough = half * (1 - gap) + double(coarse) * gap
        fine = rough + self.fine(torch.cat([rough - 0.5, gap, double(first), double(coarse) - 0.5], 1)) * gap
        return coarse, fine

    def forward(self, image, mask):
        """0 to 1 in, 0 to 255 out; what is not in the hole stays as it is."""
        _, fine = self.fill(image, mask)
        whole = f.interpolate(fine, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        return (image * (1 - mask) + whole * mask).clamp(0, 1) * 255


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """A mask and what lies within `by` pixels of it."""
    import cv2
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
    size = SIDE // 2
    image = window(picture, (x, y, x + side, y + side), (size, size), train and random.random() < 0.5)
    own = np.zeros((height, width), bool)
    for figure in record["characters"]:
        own |= mask_of(figure["mask"])
    flat = np.repeat(grown(own, 4)[..., None].astype(np.uint8) * 255, 3, 2)
    hidden = window(flat, (x, y, x + side, y + side), (size, size))[..., 0] > 0
    other = people[random.integers(len(people))]
    shape = mask_of(other.truth["mask"])
    box = other.box.astype(int)
    part = Image.fromarray(shape[box[1]:box[3], box[0]:box[2]].astype(np.uint8) * 255)
    scale = size * random.uniform(0.25, 0.8) / max(part.size)
    part = part.resize((max(4, int(part.width * scale)), max(4, int(part.height * scale))))
    hole = Image.new("L", (size, size))
    hole.paste(part, (int(random.integers(-size // 6, size)), int(random.integers(-size // 6, size))))
    hole = grown(np.asarray(hole) > 127, MARGIN // 2 + int(random.integers(0, 4)))
    image = tinted(random, image) if train else image
    return image, hole | hidden, hole & ~hidden


def loss_of(network, batch):
    """Distance of colours and of their steps from pixel to pixel, where the ground is known."""
    images, masks, known = batch
    total = 0.0
    for found, size in zip(network.fill(images, masks), (4, 2)):
        found = found.float()
        wanted, weight = f.avg_pool2d(images, size), (f.avg_pool2d(known, size) > 0.99).float()
        share = weight.sum().clamp(1.0) * 3
        total = total + ((found - wanted).abs() * weight).sum() / share
        for axis in (2, 3):
            step = (found.diff(dim=axis) - wanted.diff(dim=axis)).abs()
            both = weight.narrow(axis, 1, weight.shape[axis] - 1)
            total = total + (step * both).sum() / share
    return total


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
    parser.add_argument("--stills", required=True)
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="inpaint.onnx")
    parser.add_argument("--steps", type=int, default=1200)
    options = parser.parse_args()
    stills = Stills(options.stills)
    train, held = stills.split()
    people = stills.split([figure for figure in stills.figures if figure.truth["area"] >= 400])

    def batch_of(random):
        chosen = [drawn(random, stills, train[random.integers(len(train))], people[0], True) for _ in range(8)]
        images, masks, known = zip(*chosen)

        def large(maps):
            return torch.from_numpy(np.stack(maps))[:, None].float().repeat_interleave(2, 2).repeat_interleave(2, 3)
        images = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
        return f.interpolate(images, scale_factor=2, mode="bilinear"), large(masks), large(known)

    os.makedirs(options.work, exist_ok=True)
    network = Fill().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, 2e-3, os.path.join(options.work, "inpaint.pt"))
    example = (torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE))
    export(network, example, options.out, ["image", "mask"], ["output"])
    print(judge(options.out, stills, held, people[1]))


if __name__ == "__main__":
    main()
