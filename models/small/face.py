"""Faces with five landmarks: a network with the contract of YuNet's dynamic file.

    python face.py --stills DIR --work DIR --out face.onnx
"""

from __future__ import annotations

import argparse
import os

import cv2
import numpy as np
import torch
from blocks import Trunk, conv, double, export, images, learn
from detect import iou, overlap
from stills import Scene, Stills, scene, whole
from torch import nn
from torch.nn import functional as f

SIDE, STRIDES = 320, (8, 16, 32)
# Width and height of the canvases that are learned from, and pixels that must be seen of someone.
CANVAS, LEAST = (288, 192), 60
REACH = (0, 40, 96, 10_000)


class Faces(nn.Module):
    """Class, objectness, box and landmarks of every cell at three strides."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((16, 40, 64, 80), (0, 1, 2, 1))
        self.across = nn.ModuleList(conv(width, 40, size=1) for width in (40, 64, 80))
        self.heads = nn.ModuleList(nn.Sequential(conv(40, 40), conv(40, 40), nn.Conv2d(40, 15, 1)) for _ in STRIDES)
        for head in self.heads:
            nn.init.constant_(head[2].bias[4], -4.0)

    def maps(self, x):
        _, *levels = self.trunk(x / 128 - 1)
        levels = [across(level) for across, level in zip(self.across, levels)]
        for index in (1, 0):
            levels[index] = levels[index] + double(levels[index + 1])
        return [head(level) for head, level in zip(self.heads, levels)]

    def forward(self, x):
        """The published outputs, in the published order: cls, obj, bbox, kps, each by stride."""
        rows = [level.flatten(2).transpose(1, 2) for level in self.maps(x)]
        score = [torch.sigmoid(row[..., 4:5]) for row in rows]
        return (*(torch.ones_like(one) for one in score), *(one * one for one in score),
                *(row[..., :4] for row in rows), *(row[..., 5:] for row in rows))


def placed(view: Scene, canvas: tuple[int, int], share: float = 1.0):
    """A scene at the upper left of a canvas, as in `detect.py`, and its faces: boxes, landmarks and whether each is in the image."""
    height, width = view.image.shape[:2]
    scale = min(canvas[0] / width, canvas[1] / height) * share
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    ground = np.zeros((canvas[1], canvas[0], 3), np.uint8)
    ground[:size[1], :size[0]] = cv2.resize(view.image, size, interpolation=cv2.INTER_LINEAR)
    boxes, marks = [], []
    for seen in view.people:
        face = seen.truth["face"]
        if not face:
            continue
        area = seen.area_of(face["box"]) * scale
        inside = np.clip(area, 0, [*size, *size])
        if min(inside[2:] - inside[:2]) < 7 or (inside[2:] - inside[:2]).prod() < 0.5 * (area[2:] - area[:2]).prod():
            continue
        points, known = seen.points(face["landmarks"]) * scale, np.array(face["landmarks"])[:, 2] > 0
        order = [1, 0, 2, 4, 3] if seen.mirrored else [0, 1, 2, 3, 4]
        boxes.append(inside)
        marks.append(np.concatenate([points, known[:, None]], 1)[order])
    return ground[..., ::-1].copy(), np.array(boxes, np.float32).reshape(-1, 4), np.array(marks, np.float32).reshape(-1, 5, 3)


def drawn(random, stills: Stills, pool):
    """A scene or two side by side, as large as the canvas or smaller."""
    other = pool[random.integers(len(pool))] if random.random() < 0.35 else None
    view = scene(random, stills, pool[random.integers(len(pool))], LEAST, other)
    return placed(view, CANVAS, random.uniform(0.5, 1.0))


def targets(boxes, marks, level: int):
    """Which cells of a level answer for which face."""
    stride = STRIDES[level]
    wide, high = CANVAS[0] // stride, CANVAS[1] // stride
    aim = np.zeros((20, high, wide), np.float32)
    longest = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    for index in np.argsort(-longest):
        if not REACH[level] < longest[index] <= REACH[level + 1]:
            continue
        box = boxes[index]
        x, y = (box[0] + box[2]) / 2 / stride, (box[1] + box[3]) / 2 / stride
        for row in range(max(0, round(y) - 1), min(high, round(y) + 2)):
            for column in range(max(0, round(x) - 1), min(wide, round(x) + 2)):
                aim[:, row, column] = np.concatenate([[1], box, marks[index, :, :2].ravel(), marks[index, :, 2]])
    return aim


def loss_of(network, batch):
    """Cross entropy of objectness, overlap of boxes, distance of landmarks in sides of the face."""
    images, aims = batch
    total, count = 0.0, max(1.0, sum(float(aim[:, 0].sum()) for aim in aims))
    for level, raw in enumerate(network.maps(images)):
        raw, aim, stride = raw.float(), aims[level], STRIDES[level]
        chosen = aim[:, 0]
        rows, columns = torch.meshgrid(torch.arange(raw.shape[2]), torch.arange(raw.shape[3]), indexing="ij")
        x, y = (raw[:, 0] + columns) * stride, (raw[:, 1] + rows) * stride
        w, h = raw[:, 2].clamp(max=6).exp() * stride, raw[:, 3].clamp(max=6).exp() * stride
        fits = overlap(torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1), aim[:, 1:5])
        total = total + 2 * ((1 - fits) * chosen).sum() / count
        # YuNet's tool trusts faces from 0.75 on.
        sure = chosen * (0.4 + 0.6 * fits.detach().clamp(0, 1))
        total = total + f.binary_cross_entropy_with_logits(raw[:, 4], sure, reduction="sum") / count
        size = (aim[:, 3] - aim[:, 1]).clamp(1)[:, None]
        grid = torch.stack([columns, rows]).float().repeat(5, 1, 1)
        off = f.smooth_l1_loss((raw[:, 5:] + grid) * stride / size, aim[:, 5:15] / size, beta=0.05, reduction="none")
        total = total + (off * aim[:, 15:].repeat_interleave(2, 1) * chosen[:, None]).sum() / count
    return total


def judge(path: str, stills: Stills, indices) -> dict:
    """Precision and recall at an overlap of one half, and how far landmarks are off, in face widths."""
    import onnxruntime
    import torchvision
    session = onnxruntime.InferenceSession(path)
    right = found = count = 0
    off = []
    for index in indices:
        view = whole(stills, index, LEAST)
        image, boxes, marks = placed(view, (SIDE, SIDE))
        outputs = session.run(None, {"input": image.transpose(2, 0, 1)[None].astype(np.float32)})
        answer = []
        for level, stride in enumerate(STRIDES):
            score = np.sqrt(outputs[level][0, :, 0] * outputs[3 + level][0, :, 0])
            side = SIDE // stride
            y, x = np.mgrid[:side, :side].reshape(2, -1)
            b, k = outputs[6 + level][0], outputs[9 + level][0].reshape(-1, 5, 2)
            cx, cy, w, h = (b[:, 0] + x) * stride, (b[:, 1] + y) * stride, np.exp(b[:, 2]) * stride, np.exp(b[:, 3]) * stride
            points = (k + np.stack([x, y], 1)[:, None]) * stride
            for i in np.nonzero(score > 0.5)[0]:
                answer.append((score[i], (cx[i] - w[i] / 2, cy[i] - h[i] / 2, cx[i] + w[i] / 2, cy[i] + h[i] / 2), points[i]))
        if answer:
            kept = torchvision.ops.nms(torch.tensor([a[1] for a in answer]).float(), torch.tensor([a[0] for a in answer]).float(), 0.3)
            answer = [answer[i] for i in kept]
        free = list(range(len(boxes)))
        for _, box, points in answer:
            fits = [i for i in free if iou(np.array(box), boxes[i]) >= 0.5]
            if fits:
                best = max(fits, key=lambda i: iou(np.array(box), boxes[i]))
                free.remove(best)
                right += 1
                seen = marks[best, :, 2] > 0
                off += list(np.linalg.norm(points - marks[best, :, :2], axis=1)[seen] / (boxes[best, 2] - boxes[best, 0]))
        found, count = found + len(answer), count + len(boxes)
    return {"precision": right / max(found, 1), "recall": right / max(count, 1), "faces": count, "landmarks": float(np.mean(off))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="face.onnx")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills = Stills(*options.stills)
    train, held = stills.split()

    def batch_of(random, _):
        chosen = [drawn(random, stills, train) for _ in range(16)]
        aims = [torch.from_numpy(np.stack([targets(boxes, marks, level) for _, boxes, marks in chosen])) for level in range(3)]
        return images([image for image, *_ in chosen]), aims

    os.makedirs(options.work, exist_ok=True)
    network = Faces().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "face.pt"), options.begin)
    outputs = [f"{name}_{stride}" for name in ("cls", "obj", "bbox", "kps") for stride in STRIDES]
    loose = {"input": {0: "batch", 2: "height", 3: "width"}, **{name: {0: "batch", 1: "cells"} for name in outputs}}
    export(network, torch.zeros(1, 3, SIDE, SIDE), options.out, ["input"], outputs, loose)
    print(judge(options.out, stills, held))


if __name__ == "__main__":
    main()
