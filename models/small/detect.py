"""Boxes of characters: a network with the contract of YOLOX's raw export at 416 x 416.

    python detect.py --stills DIR --work DIR --out detect.onnx
"""

from __future__ import annotations

import argparse
import os

import numpy as np
import torch
from torch import nn

from blocks import Trunk, conv, double, export, learn, pictures
from stills import Stills, tinted, window

SIDE, STRIDES, CLASSES = 416, (8, 16, 32), 80
# Longest side of a box, in pixels, up to which a level is in charge.
REACH = (0, 72, 168, 10_000)
SMALLEST = 40


class Detector(nn.Module):
    """Objectness and boxes at three strides; the only class that it knows is the first, person."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((24, 48, 80, 112), (1, 1, 2, 2))
        self.across = nn.ModuleList(conv(width, 48, size=1) for width in (48, 80, 112))
        self.heads = nn.ModuleList(nn.Sequential(conv(48, 48), conv(48, 48), nn.Conv2d(48, 5, 1)) for _ in STRIDES)
        for head in self.heads:
            nn.init.constant_(head[2].bias[4:], -4.0)

    def forward(self, x):
        """Picture, BGR, 0 to 255, to raw maps [N, 5, h, w]: x, y, log w, log h, objectness."""
        _, *levels = self.trunk(x / 128 - 1)
        levels = [across(level) for across, level in zip(self.across, levels)]
        for index in (1, 0):
            levels[index] = levels[index] + double(levels[index + 1])
        return [head(level) for head, level in zip(self.heads, levels)]


class Published(nn.Module):
    """The output of the published file: [1, cells, 5 + classes], cells by stride, then by row."""

    def __init__(self, detector: Detector):
        super().__init__()
        self.detector = detector

    def forward(self, images):
        rows = [level.flatten(2).transpose(1, 2) for level in self.detector(images)]
        raw = torch.cat(rows, 1)
        person = torch.zeros(CLASSES)
        person[0] = 1.0
        classes = torch.ones_like(raw[..., :1]) * person
        return torch.cat([raw[..., :4], torch.sigmoid(raw[..., 4:]), classes], 2)


def scene(random, stills: Stills, index: int, train: bool):
    """A still in the letterbox of the network, and its boxes there."""
    picture = stills.pictures[index]
    height, width = picture.shape[:2]
    boxes = [f["box"] for f in stills.records[index]["characters"] if f["box"] and f["area"] >= SMALLEST]
    x0, y0, x1, y1 = 0.0, 0.0, float(width), float(height)
    if train:
        aspect = random.uniform(1.0, 2.4)
        share = random.uniform(0.6, 1.25)
        w, h = width * share, width * share / aspect
        x0, y0 = random.uniform(min(0, width - w), max(0, width - w)), random.uniform(min(0, height - h), max(0, height - h))
        x1, y1 = x0 + w, y0 + h
    scale = SIDE / max(x1 - x0, y1 - y0)
    size = (int((x1 - x0) * scale), int((y1 - y0) * scale))
    flip = train and random.random() < 0.5
    canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
    cut = window(picture, (x0, y0, x1, y1), size, flip)
    canvas[:size[1], :size[0]] = tinted(random, cut) if train else cut
    placed = []
    for a, b, c, d in boxes:
        left, right = (x1 - c, x1 - a) if flip else (a - x0, c - x0)
        box = np.clip(np.array([left, b - y0, right, d - y0]) * scale, 0, (*size, *size))
        seen = (box[2] - box[0]) * (box[3] - box[1])
        if seen > 0.35 * (c - a) * (d - b) * scale * scale and min(box[2] - box[0], box[3] - box[1]) > 5:
            placed.append(box)
    return canvas[..., ::-1].copy(), np.array(placed, np.float32).reshape(-1, 4)


def targets(boxes: np.ndarray, level: int):
    """Which cells of a level answer for which box: those within 1.5 cells of its middle."""
    stride, side = STRIDES[level], SIDE // STRIDES[level]
    chosen, size = np.zeros((side, side), np.float32), np.zeros((4, side, side), np.float32)
    longest = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    order = np.argsort(-longest)
    for box in boxes[order][(longest[order] > REACH[level]) & (longest[order] <= REACH[level + 1])]:
        x, y = (box[0] + box[2]) / 2 / stride, (box[1] + box[3]) / 2 / stride
        for row in range(max(0, int(y - 1)), min(side, int(y + 1) + 1)):
            for column in range(max(0, int(x - 1)), min(side, int(x + 1) + 1)):
                chosen[row, column] = 1
                size[:, row, column] = box
    return chosen, size


def loss_of(network, batch):
    """Focal loss of objectness, and one minus the overlap of boxes."""
    images, aims = batch
    total = 0.0
    for level, raw in enumerate(network(images)):
        raw, (chosen, boxes) = raw.float(), aims[level]
        chance = torch.sigmoid(raw[:, 4])
        sure = torch.where(chosen > 0, chance, 1 - chance).clamp(1e-6)
        weight = torch.where(chosen > 0, 0.75, 0.25) * (1 - sure) ** 2
        total = total + 2.0 * (-weight * sure.log()).sum() / max(1.0, float(chosen.sum()))
        rows, columns = torch.meshgrid(torch.arange(raw.shape[2]), torch.arange(raw.shape[3]), indexing="ij")
        stride = STRIDES[level]
        x, y = (raw[:, 0] + columns) * stride, (raw[:, 1] + rows) * stride
        w, h = raw[:, 2].clamp(max=6).exp() * stride, raw[:, 3].clamp(max=6).exp() * stride
        found = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)
        total = total + ((1 - overlap(found, boxes)) * chosen).sum() / max(1.0, float(chosen.sum()))
    return total


def overlap(a, b):
    """Generalised intersection over union of boxes [N, 4, h, w]."""
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(0).prod(1)
    outer = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).clamp(0).prod(1)
    union = (a[:, 2:] - a[:, :2]).clamp(0).prod(1) + (b[:, 2:] - b[:, :2]).clamp(0).prod(1) - inner
    return inner / union.clamp(1e-6) - (outer - union) / outer.clamp(1e-6)


def decode(raw: np.ndarray, threshold: float = 0.3):
    """Boxes and scores of one picture, after suppression of overlaps."""
    import torchvision
    cells = []
    for stride in STRIDES:
        side = SIDE // stride
        y, x = np.mgrid[:side, :side]
        cells.append(np.stack([x.ravel(), y.ravel(), np.full(side * side, stride)], 1))
    cells = np.concatenate(cells)
    middle = (raw[:, :2] + cells[:, :2]) * cells[:, 2:]
    half = np.exp(raw[:, 2:4]) * cells[:, 2:] / 2
    boxes = np.concatenate([middle - half, middle + half], 1)
    score = raw[:, 4] * raw[:, 5]
    good = score > threshold
    kept = torchvision.ops.nms(torch.tensor(boxes[good]).float(), torch.tensor(score[good]).float(), 0.65).numpy()
    return boxes[good][kept], score[good][kept]


def judge(path: str, stills: Stills, indices) -> dict:
    """Precision and recall at an overlap of one half, run as a user's tool would run it."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    right = found = wanted = 0
    for index in indices:
        picture, boxes = scene(np.random.default_rng(0), stills, index, False)
        raw, = session.run(None, {"images": picture.transpose(2, 0, 1)[None].astype(np.float32)})
        answer, _ = decode(raw[0])
        free = list(range(len(boxes)))
        for box in answer:
            fits = [i for i in free if iou(box, boxes[i]) >= 0.5]
            if fits:
                free.remove(max(fits, key=lambda i: iou(box, boxes[i])))
                right += 1
        found, wanted = found + len(answer), wanted + len(boxes)
    return {"precision": right / max(found, 1), "recall": right / max(wanted, 1), "boxes": wanted}


def iou(a, b) -> float:
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True)
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="detect.onnx")
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()
    stills = Stills(options.stills)
    train, held = stills.split()

    def batch_of(random):
        drawn = [scene(random, stills, train[random.integers(len(train))], True) for _ in range(16)]
        aims = []
        for level in range(3):
            pairs = [targets(boxes, level) for _, boxes in drawn]
            aims.append((torch.from_numpy(np.stack([p[0] for p in pairs])), torch.from_numpy(np.stack([p[1] for p in pairs]))))
        return pictures([picture for picture, _ in drawn]), aims

    os.makedirs(options.work, exist_ok=True)
    network = Detector().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, 2e-3, os.path.join(options.work, "detect.pt"))
    export(Published(network), torch.zeros(1, 3, SIDE, SIDE), options.out, ["images"], ["output"])
    print(judge(options.out, stills, held))


if __name__ == "__main__":
    main()
