"""Vectors of pictures and of words: two networks with the contract of CLIP B/32's exports.

    python embed.py --stills DIR --work DIR --out FOLDER

Frames are taught places and light, cut-out figures are taught who they are and what they do. Words
come through a vocabulary of its own, in `tokenizer.json` beside the networks.
"""

from __future__ import annotations

import argparse
import json
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

from blocks import Trunk, conv, export, learn
from stills import Stills, mask_of, tinted, window
from words import ACTORS, FRAMES, TEMPLATES, tokenizer

SIDE, VECTOR, TOKENS = 224, 512, 24
MEAN, STD = np.array((0.48145466, 0.4578275, 0.40821073), np.float32), np.array((0.26862954, 0.26130258, 0.27577711), np.float32)
# exp of CLIP's trained scale of logits.
SCALE = 100.0
WARMTH = 0.1


class Picture(nn.Module):
    """A picture's vector; half the published side is enough for these films."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((24, 48, 80, 96), (1, 1, 2, 2))
        self.wide = conv(96, 160, size=1)
        self.last = nn.Linear(320, VECTOR)

    def forward(self, pixel_values):
        x = self.wide(self.trunk(f.avg_pool2d(pixel_values, 2))[-1])
        return self.last(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


class Words(nn.Module):
    """A sentence's vector: the mean of its words up to the first end token, through two layers."""

    def __init__(self, vocabulary: int, end: int):
        super().__init__()
        self.end = end
        self.words = nn.Embedding(vocabulary, 96)
        self.last = nn.Sequential(nn.Linear(96, 192), nn.ReLU(), nn.Linear(192, VECTOR))

    def forward(self, input_ids):
        ended = (input_ids == self.end).to(torch.int64)
        open_still = (torch.cumsum(ended, 1) - ended == 0).to(torch.float32)[..., None]
        mean = (self.words(input_ids) * open_still).sum(1) / open_still.sum(1)
        return self.last(mean)


class Both(nn.Module):
    """Pictures and words, as they are trained."""

    def __init__(self, vocabulary: int, end: int):
        super().__init__()
        self.picture, self.words = Picture(), Words(vocabulary, end)


def normal(picture: np.ndarray) -> np.ndarray:
    """CLIP's normalisation, [3, S, S]."""
    return ((picture / 255 - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)


def frame(random, stills: Stills, index: int, train: bool):
    """A square of a still, and what is true of it."""
    picture, record = stills.pictures[index], stills.records[index]
    height, width = picture.shape[:2]
    side = height * (random.uniform(0.7, 1.0) if train else 1.0)
    x, y = (random.uniform(0, width - side), random.uniform(0, height - side)) if train else ((width - side) / 2, 0)
    cut = window(picture, (x, y, x + side, y + side), (SIDE, SIDE), train and random.random() < 0.5)
    light = record["light"]
    truth = {"place": record["place"], "time": light["time"], "weather": light["weather"], "setting": light["setting"]}
    return normal(tinted(random, cut) if train else cut), truth


def actor(random, stills: Stills, figure, train: bool):
    """A figure's square, now and then cut out on a plain ground, and what is true of it."""
    truth, picture = figure.truth, stills.pictures[figure.still]
    box = figure.box
    if random.random() < 0.6:
        ground = np.array((255, 255, 255) if random.random() < 0.5 else random.integers(0, 256, 3), np.uint8)
        picture = np.where(mask_of(truth["mask"])[..., None], picture, ground)
    side = max(box[2] - box[0], box[3] - box[1]) * (random.uniform(1.0, 1.35) if train else 1.15)
    middle = (box[:2] + box[2:]) / 2 + (random.normal(0, 0.04, 2) * side if train else 0)
    cut = window(picture, (*(middle - side / 2), *(middle + side / 2)), (SIDE, SIDE), train and random.random() < 0.5, fill=255)
    labels = {"name": truth["name"], "action": truth["action"], "view": truth["view"], "emotion": truth["emotion"] if truth["face"] else None}
    return normal(tinted(random, cut) if train else cut), labels


def said(random, groups: dict, read) -> dict:
    """For each group the ids of one sentence a class."""
    ids = {}
    for group, classes in groups.items():
        template = TEMPLATES[random.integers(len(TEMPLATES))]
        ids[group] = np.stack([read(template.format(words[random.integers(len(words))])) for words in classes.values()])
    return ids


def reader(words):
    """Ids of a sentence, filled up to one length with the end token."""
    end = words.token_to_id("<|endoftext|>")

    def read(sentence: str) -> np.ndarray:
        ids = words.encode(sentence).ids[:TOKENS]
        return np.array(ids + [end] * (TOKENS - len(ids)), np.int64)
    return read


def together(vectors, labels) -> torch.Tensor:
    """Supervised contrast: pictures of one label nearer to each other than to those of others."""
    alike = torch.tensor([[a == b for b in labels] for a in labels]) & ~torch.eye(len(labels), dtype=torch.bool)
    logits = vectors @ vectors.T / WARMTH - 1e4 * torch.eye(len(labels))
    chance = f.log_softmax(logits, 1)
    return -((chance * alike).sum(1) / alike.sum(1).clamp(1))[alike.any(1)].mean()


def loss_of(network, batch):
    """Of each group of words the right one, by CLIP's own rule, and pictures of one kind together."""
    total = 0.0
    for images, labels, groups, ids, kind in batch:
        vectors = f.normalize(network.picture(images).float(), dim=1)
        for group, classes in groups.items():
            names = list(classes)
            right = torch.tensor([names.index(label[group]) if label[group] in names else -100 for label in labels])
            texts = f.normalize(network.words(torch.from_numpy(ids[group])).float(), dim=1)
            total = total + f.cross_entropy(SCALE * vectors @ texts.T, right, ignore_index=-100, label_smoothing=0.02)
        total = total + 2 * together(vectors, [label[kind] for label in labels])
    return total


def judge(folder: str, stills: Stills, train, held) -> dict:
    """Share of right labels by words alone, and of figures whose nearest neighbour is the same person."""
    import onnxruntime
    from tokenizers import Tokenizer
    picture = onnxruntime.InferenceSession(os.path.join(folder, "vision.onnx"))
    words = onnxruntime.InferenceSession(os.path.join(folder, "text.onnx"))
    read = reader(Tokenizer.from_file(os.path.join(folder, "tokenizer.json")))

    def vectors(session, name, arrays):
        found = np.concatenate([session.run(None, {name: array[None]})[0] for array in arrays])
        return found / np.linalg.norm(found, axis=1, keepdims=True)
    scores, quiet = {}, np.random.default_rng(0)
    for groups, made in ((FRAMES, [frame(quiet, stills, i, False) for i in held[0]]),
                         (ACTORS, [actor(quiet, stills, figure, False) for figure in held[1]])):
        found = vectors(picture, "pixel_values", [image for image, _ in made])
        for group, classes in groups.items():
            names = list(classes)
            texts = np.stack([np.mean([vectors(words, "input_ids", [read(t.format(word))])[0] for t in TEMPLATES for word in classes[name]], 0) for name in names])
            asked = [i for i, (_, truth) in enumerate(made) if truth[group] in names]
            answers = (found[asked] @ texts.T).argmax(1)
            scores[group] = float(np.mean([names[a] == made[i][1][group] for a, i in zip(answers, asked)]))
        kind = "place" if groups is FRAMES else "name"
        alike = found @ found.T - 2 * np.eye(len(found))
        scores[f"nearest {kind}"] = float(np.mean([made[i][1][kind] == made[j][1][kind] for i, j in enumerate(alike.argmax(1))]))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True)
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="embed")
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()
    stills, words = Stills(options.stills), tokenizer()
    read = reader(words)
    frames = stills.split()
    people = stills.split([figure for figure in stills.figures if figure.truth["area"] >= 250])

    def batch_of(random):
        batch = []
        for pool, make, groups, kind in ((frames[0], frame, FRAMES, "place"), (people[0], actor, ACTORS, "name")):
            made = [make(random, stills, pool[random.integers(len(pool))], True) for _ in range(24)]
            images = torch.from_numpy(np.stack([image for image, _ in made]))
            batch.append((images, [truth for _, truth in made], groups, said(random, groups, read), kind))
        return batch

    os.makedirs(options.work, exist_ok=True)
    os.makedirs(options.out, exist_ok=True)
    network = Both(words.get_vocab_size(), words.token_to_id("<|endoftext|>")).to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, 2e-3, os.path.join(options.work, "embed.pt"))
    export(network.picture, torch.zeros(2, 3, SIDE, SIDE), os.path.join(options.out, "vision.onnx"), ["pixel_values"],
           ["image_embeds"], {"pixel_values": {0: "batch"}, "image_embeds": {0: "batch"}})
    export(network.words, torch.zeros(2, 8, dtype=torch.int64), os.path.join(options.out, "text.onnx"), ["input_ids"],
           ["text_embeds"], {"input_ids": {0: "batch", 1: "tokens"}, "text_embeds": {0: "batch"}})
    words.save(os.path.join(options.out, "tokenizer.json"))
    print(json.dumps(judge(options.out, stills, frames, (frames[1], people[1]))))


if __name__ == "__main__":
    main()
