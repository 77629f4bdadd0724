"""Boxes of characters: a network with the contract of YOLOX's raw export at 416 x 416.

    python detect.py --stills DIR --work DIR --out detect.onnx
    python detect.py --animals --stills SKETCHES --work DIR --out creature-detect/detect.onnx

SKETCHES is what sketches.py wrote. A network that tells animals from persons begins with the weights of the one that knows persons only.
"""

from __future__ import annotations

import argparse
import os

import cv2
import numpy as np
import torch
from blocks import Trunk, begin_from, conv, double, export, images, learn
from stills import Scene, Stills, busier, by_action, scene, whole
from torch import nn
from torch.nn import functional as f

HERE = os.path.dirname(os.path.abspath(__file__))
SIDE, STRIDES, CLASSES = 416, (8, 16, 32), 80
# Longest side of a box, in pixels, up to which a level is in charge.
REACH = (0, 72, 168, 10_000)
# Fewest pixels of a character, in a still of 384.
SMALLEST = 60
# Stages of the trunk that stay as they are if animals are learned: a beast is to be known by its shape, not by how a sketch is shaded.
KEPT = 2
# Width and height of the canvases that are learned from: the network has no size of its own.
CANVAS = (384, 224)


class Detector(nn.Module):
    """Objectness and boxes at three strides, and whether it is an animal: without `animals` the only class that it knows is the first, person."""

    def __init__(self, animals: bool = False):
        super().__init__()
        self.animals = animals
        self.trunk = Trunk((24, 48, 80, 112), (0, 1, 2, 2))
        self.across = nn.ModuleList(conv(width, 48, size=1) for width in (48, 80, 112))
        self.heads = nn.ModuleList(nn.Sequential(conv(48, 48), conv(48, 48), nn.Conv2d(48, 5 + animals, 1)) for _ in STRIDES)
        for head in self.heads:
            nn.init.constant_(head[2].bias[4:5], -4.0)
        # Asked only while it learns: where anyone is, by which it learns sooner than by boxes alone.
        self.anyone = nn.Conv2d(48, 1, 1)

    def levels(self, x):
        """Features at three strides, the finer of which know of the coarser."""
        _, *levels = self.trunk(x / 128 - 1)
        levels = [across(level) for across, level in zip(self.across, levels)]
        for index in (1, 0):
            levels[index] = levels[index] + double(levels[index + 1])
        return levels

    def forward(self, x):
        """Image, BGR, 0 to 255, to raw maps [N, 5 or 6, h, w]: x, y, log w, log h, objectness, animal."""
        return self.answers(self.levels(x))

    def answers(self, levels):
        """Raw maps of the features."""
        return [head(level) for head, level in zip(self.heads, levels)]


class Published(nn.Module):
    """The output of the published file: [1, cells, 5 + classes], cells by stride, then by row.

    Of neighbouring cells only the surest says anything: of one figure they all would. It names one class: of two that are about as
    likely there would be two boxes.
    """

    def __init__(self, detector: Detector):
        super().__init__()
        self.detector = detector

    def forward(self, images):
        rows = []
        for level in self.detector(images):
            there = torch.sigmoid(level[:, 4:5])
            alone = there * (there >= f.max_pool2d(there, 3, 1, 1)).to(there.dtype)
            animal = (level[:, 5:] > 0).to(there.dtype)
            rows.append(torch.cat([level[:, :4], alone, 1 - animal, animal], 1).flatten(2).transpose(1, 2))
        raw = torch.cat(rows, 1)
        if self.detector.animals:
            return raw
        person = torch.zeros(CLASSES)
        person[0] = 1.0
        return torch.cat([raw, torch.ones_like(raw[..., :1]) * person], 2)


def placed(view: Scene, canvas: tuple[int, int], share: float = 1.0):
    """A scene at the upper left of a canvas, as large as it can be or a share of that, BGR, and the boxes there, each with 1 if it is an animal's."""
    scale, ground = laid(view.image, canvas, share, 114)
    boxes = np.array([(*seen.box * scale, seen.truth.get("kind") == "animal") for seen in view.people], np.float32).reshape(-1, 5)
    return ground[..., ::-1].copy(), boxes[(boxes[:, 2:4] - boxes[:, :2]).min(1) > 5]


def smallest(stills: Stills) -> int:
    """Fewest pixels of a character."""
    return round(SMALLEST * (stills.images[0].shape[1] / 384) ** 2)


def laid(image: np.ndarray, canvas: tuple[int, int], share: float, fill: int):
    """How much an image or mask is scaled to lie on a canvas as `placed` says, and that."""
    height, width = image.shape[:2]
    scale = min(canvas[0] / width, canvas[1] / height) * share
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    ground = np.full((canvas[1], canvas[0], *image.shape[2:]), fill, np.uint8)
    ground[:size[1], :size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return scale, ground


def drawn(random, stills: Stills, pool, acting: list):
    """A scene or two side by side, as large as the canvas or smaller, with figures from elsewhere and things before them."""
    other, least = pool[random.integers(len(pool))] if random.random() < 0.45 else None, smallest(stills)
    view = scene(random, stills, pool[random.integers(len(pool))], least, other)
    view = busier(random, stills, view, pool, acting, least)
    share = random.uniform(0.6, 1.0)
    return *placed(view, CANVAS, share), anyone(view, CANVAS, share)


def anyone(view: Scene, canvas: tuple[int, int], share: float) -> np.ndarray:
    """How much of each cell of the finest level someone covers, 0 to 1."""
    there = np.zeros(view.image.shape[:2], np.uint8)
    for seen in view.people:
        there[seen.mask] = 255
    _, ground = laid(there, canvas, share, 0)
    size = (canvas[0] // STRIDES[0], canvas[1] // STRIDES[0])
    return cv2.resize(ground, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def targets(boxes: np.ndarray, level: int):
    """Which cells of a level answer for which box, and that box: those within 1.5 cells of its middle."""
    stride = STRIDES[level]
    wide, high = CANVAS[0] // stride, CANVAS[1] // stride
    chosen, size = np.zeros((high, wide), np.float32), np.zeros((5, high, wide), np.float32)
    longest = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    order = np.argsort(-longest)
    for box in boxes[order][(longest[order] > REACH[level]) & (longest[order] <= REACH[level + 1])]:
        x, y = (box[0] + box[2]) / 2 / stride, (box[1] + box[3]) / 2 / stride
        for row in range(max(0, int(y - 1)), min(high, int(y + 1) + 1)):
            for column in range(max(0, int(x - 1)), min(wide, int(x + 1) + 1)):
                chosen[row, column] = 1
                size[:, row, column] = box
    return chosen, size


def loss_of(network, batch):
    """One minus the overlap of boxes, by cells that answer for one, cross entropy of how sure, which is as sure as the box is good,
    of being an animal, and of anyone."""
    images, aims, anyone = batch
    levels = network.levels(images)
    total = 2 * f.binary_cross_entropy_with_logits(network.anyone(levels[0]).float()[:, 0], anyone)
    count = max(1.0, sum(float(chosen.sum()) for chosen, _ in aims))
    for level, raw in enumerate(network.answers(levels)):
        raw, (chosen, boxes) = raw.float(), aims[level]
        rows, columns = torch.meshgrid(torch.arange(raw.shape[2]), torch.arange(raw.shape[3]), indexing="ij")
        stride = STRIDES[level]
        x, y = (raw[:, 0] + columns) * stride, (raw[:, 1] + rows) * stride
        w, h = raw[:, 2].clamp(max=6).exp() * stride, raw[:, 3].clamp(max=6).exp() * stride
        fits = overlap(torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1), boxes[:, :4])
        total = total + 2 * ((1 - fits) * chosen).sum() / count
        sure = chosen * fits.detach().clamp(0.2, 1)
        total = total + f.binary_cross_entropy_with_logits(raw[:, 4], sure, reduction="sum") / count
        if network.animals:
            kind = f.binary_cross_entropy_with_logits(raw[:, 5], boxes[:, 4], reduction="none")
            total = total + (kind * chosen).sum() / count
    return total


def overlap(a, b):
    """Generalised intersection over union of boxes [N, 4, h, w]."""
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(0).prod(1)
    outer = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).clamp(0).prod(1)
    union = (a[:, 2:] - a[:, :2]).clamp(0).prod(1) + (b[:, 2:] - b[:, :2]).clamp(0).prod(1) - inner
    return inner / union.clamp(1e-6) - (outer - union) / outer.clamp(1e-6)


def decode(raw: np.ndarray, threshold: float = 0.3):
    """Boxes, each with the number of its class, and scores of one image, after suppression of overlaps of a class."""
    cells = []
    for stride in STRIDES:
        side = SIDE // stride
        y, x = np.mgrid[:side, :side]
        cells.append(np.stack([x.ravel(), y.ravel(), np.full(side * side, stride)], 1))
    cells = np.concatenate(cells)
    middle = (raw[:, :2] + cells[:, :2]) * cells[:, 2:]
    half = np.exp(raw[:, 2:4]) * cells[:, 2:] / 2
    boxes = np.concatenate([middle - half, middle + half], 1)
    kind = raw[:, 5:].argmax(1)
    score = raw[:, 4] * raw[:, 5:].max(1)
    found, kept = np.column_stack([boxes, kind]), []
    for place in np.argsort(-score, kind="stable")[:int((score > threshold).sum())]:
        if not any(kind[at] == kind[place] and iou(boxes[at], boxes[place]) > 0.65 for at in kept):
            kept.append(place)
    return found[kept], score[kept]


def judge(path: str, stills: Stills, indices) -> dict:
    """Precision and recall of each class at an overlap of one half, run as a user's tool would run it."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    least, counts = smallest(stills), {"person": np.zeros(3, int), "animal": np.zeros(3, int)}
    for index in indices:
        view = whole(stills, index, least)
        image, boxes = placed(view, (SIDE, SIDE))
        raw, = session.run(None, {"images": image.transpose(2, 0, 1)[None].astype(np.float32)})
        answer, _ = decode(raw[0])
        for kind, count in enumerate(counts.values()):
            own, wanted = (some[some[:, 4] == kind, :4] for some in (answer, boxes))
            free, right = list(range(len(wanted))), 0
            for box in own:
                fits = [i for i in free if iou(box, wanted[i]) >= 0.5]
                if fits:
                    free.remove(max(fits, key=lambda i: iou(box, wanted[i])))
                    right += 1
            count += (right, len(own), len(wanted))
    return {kind: {"precision": right / max(found, 1), "recall": right / max(wanted, 1), "boxes": wanted}
            for kind, (right, found, wanted) in zip(counts, np.array([*counts.values()]).tolist()) if found or wanted}


def iou(a, b) -> float:
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="detect.onnx")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    parser.add_argument("--animals", action="store_true", help="learn animals beside persons")
    options = parser.parse_args()
    stills = Stills(*options.stills)
    train, held = stills.split()
    acting = by_action(stills.split(stills.figures)[0])

    def batch_of(random, _):
        views = [drawn(random, stills, train, acting) for _ in range(16)]
        aims = []
        for level in range(3):
            pairs = [targets(boxes, level) for _, boxes, _ in views]
            aims.append((torch.from_numpy(np.stack([p[0] for p in pairs])), torch.from_numpy(np.stack([p[1] for p in pairs]))))
        return images([image for image, *_ in views]), aims, torch.from_numpy(np.stack([anyone for *_, anyone in views]))

    os.makedirs(options.work, exist_ok=True)
    network = Detector(options.animals).to(memory_format=torch.channels_last)
    if options.animals:
        begin_from(network, os.path.join(HERE, "detect/detect.onnx"), batch_of(np.random.default_rng(1), 0)[0])
        for stage in (network.trunk.stem, *network.trunk.stages[:KEPT]):
            stage.requires_grad_(False)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "detect.pt"), options.begin)
    os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
    export(Published(network), torch.zeros(1, 3, SIDE, SIDE), options.out, ["images"], ["output"])
    print(judge(options.out, stills, held))


if __name__ == "__main__":
    main()
