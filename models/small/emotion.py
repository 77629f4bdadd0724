"""Emotions of faces: a network with the contract of HSEmotion's eight classes at 224 x 224.

    python emotion.py --stills DIR --work DIR --out emotion_8.onnx

How strong an emotion is, is taught as how sure to be of it: a faint smile is 62 % happy and
35 % neutral, so that the margin between the two best classes tells the intensity.
"""

from __future__ import annotations

import argparse
import os

import numpy as np
import torch
from blocks import Trunk, conv, export, learn
from stills import Stills, elsewhere, spoiled, tinted, window
from torch import nn
from torch.nn import functional as f

SIDE, INNER = 224, 112
CLASSES = ("angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprised")
# So that the margins are 0.27, 0.58 and 0.92: emotion-classify says medium from 0.4 on, high from 0.75.
SURE = {"low": 0.635, "medium": 0.79, "high": 0.96}
MEDIUM, HIGH = 0.4, 0.75
MEAN, STD = np.array((0.485, 0.456, 0.406), np.float32), np.array((0.229, 0.224, 0.225), np.float32)
# Faces whose shorter side is below this, or that are turned away further, tell too little.
SMALLEST, FACING = 28, 0.4
# How often a patch is erased, the shape of the shares in which two faces are mixed, how often a face stands before another still, and
# how often it is of fewer pixels.
ERASED, MIXED, ELSEWHERE, SOFT = 0.15, 0.2, 0.3, 0.5


class Emotion(nn.Module):
    """Logits of the published classes; half the published side is enough to see a face."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((32, 64, 96, 128), (1, 1, 2, 1))
        self.last = nn.Sequential(conv(128, 128, size=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2),
                                  nn.Linear(128, len(CLASSES)))

    def inner(self, x):
        """From half the published side; the light of a face says nothing, so that its mean and contrast are taken out."""
        x = x - x.mean((1, 2, 3), keepdim=True)
        return self.last(self.trunk(x / (x.pow(2).mean((1, 2, 3), keepdim=True) + 1e-3).sqrt())[-1])

    def forward(self, x):
        return self.inner(f.avg_pool2d(x, 2))


def drawn(random, stills: Stills, figure, train: bool):
    """A face's crop, a tenth larger than its box, squashed to a square; and how sure of each class to be."""
    box = np.array(figure.truth["face"]["box"], np.float32)
    size = np.array([box[2] - box[0], box[3] - box[1]])
    middle, size, flip, turn = (box[:2] + box[2:]) / 2, size * 1.1, False, 0.0
    if train:
        middle, size = middle + random.normal(0, 0.06, 2) * size, size * np.exp(random.normal(0.03, 0.1, 2))
        flip, turn = random.random() < 0.5, random.normal(0, 5)
    image = stills.images[figure.still]
    if train and random.random() < ELSEWHERE:
        image = elsewhere(random, stills, figure)
    image = window(image, (*(middle - size / 2), *(middle + size / 2)), (INNER, INNER), flip, 0, turn)
    if train:
        image = tinted(random, image, 0.5)
        if random.random() < SOFT:
            small = int(random.integers(28, 100))
            image = window(window(image, (0, 0, INNER, INNER), (small, small)), (0, 0, small, small), (INNER, INNER))
        image = spoiled(random, image)
        if random.random() < ERASED:
            image = erased(random, image)
    aim = np.zeros(len(CLASSES), np.float32)
    sure = SURE["high"] if figure.truth["emotion"] == "neutral" else SURE[figure.truth["intensity"]]
    aim[CLASSES.index("neutral")] = 1 - sure
    aim[CLASSES.index(figure.truth["emotion"])] += sure
    return ((image / 255 - MEAN) / STD).transpose(2, 0, 1).astype(np.float32), aim


def erased(random, image: np.ndarray) -> np.ndarray:
    """With a patch of one colour somewhere, so that no single part of a face is all that is looked at."""
    image, size = image.copy(), (INNER * random.uniform(0.12, 0.4, 2)).astype(int)
    x, y = (int(random.integers(INNER - length)) for length in size)
    image[y:y + size[1], x:x + size[0]] = random.integers(0, 256, 3)
    return image


def mixed(random, images: np.ndarray, aims: np.ndarray):
    """Faces half through one another, and what they say as well: few faces then teach more (mixup, Zhang et al. 2018)."""
    share = random.beta(MIXED, MIXED, len(images)).astype(np.float32)
    other = random.permutation(len(images))
    across = share[:, None, None, None]
    return images * across + images[other] * (1 - across), aims * share[:, None] + aims[other] * (1 - share[:, None])


def usable(figure) -> bool:
    """Whether enough of the face is seen to tell."""
    face = figure.truth["face"]
    return bool(face) and min(face["box"][2] - face["box"][0], face["box"][3] - face["box"][1]) >= SMALLEST and face["facing"] > FACING


def alike(figures) -> list[list]:
    """Faces by emotion and strength, so that faint emotions are as frequent as none."""
    kinds = {}
    for figure in figures:
        emotion = figure.truth["emotion"]
        kinds.setdefault((emotion, None if emotion == "neutral" else figure.truth["intensity"]), []).append(figure)
    return [faces for _, faces in sorted(kinds.items(), key=lambda kind: str(kind[0]))]


def loss_of(network, batch):
    """Cross entropy with how sure to be."""
    images, aims = batch
    return -(aims * f.log_softmax(network.inner(images).float(), 1)).sum(1).mean()


def judge(path: str, stills: Stills, figures) -> dict:
    """Share of right emotions, and of right intensities among those but neutral, by the tool's bounds."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    right, levels = [], []
    for figure in figures:
        image, _ = drawn(np.random.default_rng(0), stills, figure, False)
        logits, = session.run(None, {"input": image[None].repeat(2, 2).repeat(2, 3)})
        answer = CLASSES[int(logits[0].argmax())]
        right.append(answer == figure.truth["emotion"])
        if right[-1] and answer != "neutral":
            chance = np.exp(logits[0] - logits[0].max())
            second, first = np.sort(chance / chance.sum())[-2:]
            level = "low" if first - second < MEDIUM else "medium" if first - second < HIGH else "high"
            levels.append(level == figure.truth["intensity"])
    return {"emotion": float(np.mean(right)), "intensity": float(np.mean(levels)), "faces": len(right)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="emotion_8.onnx")
    parser.add_argument("--faces", nargs="*", default=[], help="more stills, framed on faces")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills = Stills(*options.stills, *options.faces)
    train, held = stills.split([figure for figure in stills.figures if usable(figure)])

    kinds = alike(train)

    def batch_of(random, _):
        chosen = [kinds[random.integers(len(kinds))] for _ in range(32)]
        chosen = [drawn(random, stills, kind[random.integers(len(kind))], True) for kind in chosen]
        return tuple(torch.from_numpy(part) for part in mixed(random, *(np.stack(part) for part in zip(*chosen))))

    os.makedirs(options.work, exist_ok=True)
    network = Emotion().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "emotion.pt"), options.begin)
    loose = {"input": {0: "batch"}, "output": {0: "batch"}}
    export(network, torch.zeros(2, 3, SIDE, SIDE), options.out, ["input"], ["output"], loose)
    print(judge(options.out, stills, held))


if __name__ == "__main__":
    main()
