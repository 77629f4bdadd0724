"""Vectors of images and of words: two networks with the contract of CLIP B/32's exports.

    python embed.py --stills DIR --work DIR --out FOLDER

First it learns to see: what place, time and weather frames show and how many people, who figures
are and what they do, each asked by a head of its own. Then, of many views of each still, it learns
what words mean: the places, times, weathers, numbers of people and looks of examples/labels and
some of their own; of the other groups there, that nothing is more likely than anything else, which
clip-tag calls `unknown`. The second part works on what the first saw and takes seconds. Words come
through a vocabulary of its own, in `tokenizer.json` beside the networks.
"""

from __future__ import annotations

import argparse
import json
import os
from functools import cache

import cv2
import numpy as np
import torch
from blocks import Trunk, conv, export, learn
from stills import Stills, mask_of, scene, spoiled, tinted, whole, window
from torch import nn
from torch.nn import functional as f
from words import ACTORS, CARD, DRAWN, FILM_PLACES, PEOPLE, PLACES, TAUGHT, own, questions, tokenizer

SIDE, INNER, VECTOR, TOKENS = 224, 112, 512, 24
MEAN, STD = np.array((0.48145466, 0.4578275, 0.40821073), np.float32), np.array((0.26862954, 0.26130258, 0.27577711), np.float32)
# What clip-tag multiplies cosines by. Learning begins with less, and comes to it in the last steps.
SCALE, FIRST, RISING = 100.0, 15.0, 0.6
WARMTH = 0.2
# Pixels that must be seen of someone to count, how far the light of frames may be changed, and one of this many is a card.
LEAST, LIGHT, CARDS = 120, 0.3, 24
# How often a frame is shown in quite another light, about which nothing is then asked; and without its people.
CHANGED, OTHER, EMPTY = 0.4, 1.2, 0.3
# What frames are asked without words, and figures, and how much each weighs.
FRAMES = {"place": tuple(PLACES), "time": ("morning", "noon", "afternoon", "evening", "night"), "weather": ("sunny", "cloudy", "rainy"),
          "setting": ("indoor", "outdoor"), "people": PEOPLE}
ASKED = FRAMES | {group: tuple(classes) for group, classes in ACTORS.items()}
WEIGHTS = {"place": 2.0, "people": 0.5, "action": 0.3, "view": 0.3, "emotion": 0.2}
# Views of each still, and of each figure, from which words are learned; and images of each kind a step.
VIEWS, ACTOR_VIEWS, SEEN = 10, 5, 160
EYES = 320


class Eyes(nn.Module):
    """What is seen in an image, and heads that ask for it; half the published side is enough for these films."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((32, 64, 96, 128), (1, 1, 2, 1))
        self.wide = conv(128, EYES // 2, size=1)
        self.heads = nn.ModuleDict({group: nn.Linear(EYES, len(classes)) for group, classes in ASKED.items()})

    def forward(self, image):
        """From half the published side."""
        x = self.wide(self.trunk(image)[-1])
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


class Vision(nn.Module):
    """An image's vector, as it is published."""

    def __init__(self, eyes: Eyes, last: nn.Module):
        super().__init__()
        self.eyes, self.last = eyes, last

    def forward(self, pixel_values):
        return self.last(self.eyes(f.avg_pool2d(pixel_values, 2)))


class Words(nn.Module):
    """A sentence's vector: the mean of its words up to the first end token, through two layers."""

    def __init__(self, vocabulary: int, end: int):
        super().__init__()
        self.end = end
        self.words = nn.Embedding(vocabulary, 96)
        self.last = nn.Sequential(nn.Linear(96, 192, bias=False), nn.ReLU(), nn.Linear(192, VECTOR, bias=False))

    def forward(self, input_ids):
        ended = (input_ids == self.end).to(torch.int64)
        open_still = (torch.cumsum(ended, 1) - ended == 0).to(torch.float32)[..., None]
        mean = (self.words(input_ids) * open_still).sum(1) / open_still.sum(1)
        return self.last(mean)


class Meaning(nn.Module):
    """From what is seen and from words to vectors, as they are trained."""

    def __init__(self, vocabulary: int, end: int):
        super().__init__()
        self.last = nn.Sequential(nn.Linear(EYES, 256), nn.ReLU(), nn.Linear(256, VECTOR))
        self.words = Words(vocabulary, end)


def normal(image: np.ndarray) -> np.ndarray:
    """CLIP's normalisation, [3, S, S]."""
    return ((image / 255 - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)


def frame(random, stills: Stills, index: int, train: bool, side: int = INNER):
    """A square of a still, and what is true of it."""
    if train and random.random() < 1 / CARDS:
        return normal(card(random, side)), {"style": CARD}
    changed, empty = (train and random.random() < share for share in (CHANGED, EMPTY))
    view = scene(random, stills, index, LEAST, light=OTHER if changed else LIGHT) if train else whole(stills, index, LEAST)
    record, (height, width) = stills.records[index], view.image.shape[:2]
    x = random.uniform(0, width - height) if train else (width - height) / 2
    cut = window(view.image, (x, 0, x + height, height), (side, side))
    if empty:
        cut = emptied(cut, window(everyone(view), (x, 0, x + height, height), (side, side), fill=0))
    inside = [seen.mask[:, int(x):int(x) + height].sum() >= max(LEAST, seen.mask.sum() / 4) for seen in view.people]
    light = record["light"] if not changed else {**record["light"], "time": None, "weather": None}
    weather = light["weather"] if light["setting"] == "outdoor" else None
    truth = {"place": record["place"], "location": PLACES[record["place"]], "time": light["time"], "setting": light["setting"],
             "weather": weather, "style": DRAWN, "people": None if empty and any(inside) else PEOPLE[sum(inside)]}
    film = {"location": FILM_PLACES[record["place"]], "time": light["time"], "weather": weather, "setting": light["setting"]}
    return normal(cut), truth | {f"film {group}": label for group, label in film.items()}


def everyone(view) -> np.ndarray:
    """Where anyone is in a scene, as bytes."""
    union = np.zeros(view.image.shape[:2], np.uint8)
    for seen in view.people:
        union |= seen.mask * np.uint8(255)
    return union


def emptied(image: np.ndarray, people: np.ndarray) -> np.ndarray:
    """An image whose people are smeared over with what is around them, as in a background that was filled badly."""
    return cv2.inpaint(np.ascontiguousarray(image), cv2.dilate(people, np.ones((5, 5), np.uint8)), 2, cv2.INPAINT_TELEA)


def card(random, side: int) -> np.ndarray:
    """A title or credits: letters on a plain ground."""
    image = np.full((side, side, 3), random.integers(0, 256, 3) if random.random() < 0.4 else random.integers(0, 30), np.uint8)
    colour = [int(level) for level in (random.integers(150, 256, 3) if image.mean() < 128 else random.integers(0, 90, 3))]
    for _ in range(random.integers(1, 7)):
        text = "".join(chr(97 + random.integers(26)) for _ in range(random.integers(4, 14)))
        place = (int(random.integers(-side // 8, side // 2)), int(random.integers(side // 8, side)))
        cv2.putText(image, text.title(), place, int(random.integers(0, 5)), random.uniform(0.3, 0.9) * side / 112, colour, 1 + side // 112, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 0.6)


def actor(random, stills: Stills, figure, train: bool, side: int = INNER):
    """A figure's square, now and then cut out on a plain ground, and what is true of it."""
    truth, image = figure.truth, stills.images[figure.still]
    box = figure.box
    if random.random() < 0.5:
        ground = np.array((255, 255, 255) if random.random() < 0.6 else random.integers(0, 256, 3), np.uint8)
        image = np.where(mask_of(truth["mask"])[..., None], image, ground)
    # Tall crops come as their middle square.
    span = max(box[2] - box[0], box[3] - box[1]) * (random.uniform(0.65, 1.35) if train else 1.0)
    middle = (box[:2] + box[2:]) / 2 + (random.normal(0, 0.04, 2) * span if train else 0)
    turn = random.normal(0, 5) if train else 0.0
    cut = window(image, (*(middle - span / 2), *(middle + span / 2)), (side, side), train and random.random() < 0.5, 255, turn)
    labels = {"name": truth["name"], "action": truth["action"], "view": truth["view"], "emotion": truth["emotion"] if truth["face"] else None}
    return normal(spoiled(random, tinted(random, cut, 0.6)) if train else cut), labels


def said(random, groups: dict, read) -> dict:
    """For each group the ids of one sentence a class."""
    return {group: np.stack([read(said[random.integers(len(said))]) for said in classes.values()]) for group, classes in groups.items()}


def reader(words):
    """Ids of a sentence, filled up to one length with the end token."""
    end = words.token_to_id("<|endoftext|>")

    @cache
    def read(sentence: str) -> np.ndarray:
        ids = words.encode(sentence).ids[:TOKENS]
        return np.array(ids + [end] * (TOKENS - len(ids)), np.int64)
    return read


def together(vectors, labels) -> torch.Tensor:
    """Supervised contrast: images of one label nearer to each other than to those of others. -1 is no label."""
    alike = (labels[:, None] == labels) & (labels[:, None] >= 0) & ~torch.eye(len(labels), dtype=torch.bool)
    logits = vectors @ vectors.T / WARMTH - 1e4 * torch.eye(len(labels))
    chance = f.log_softmax(logits, 1)
    return -((chance * alike).sum(1) / alike.sum(1).clamp(1))[alike.any(1)].mean()


def right_of(labels: list[dict], group: str, names) -> torch.Tensor:
    """Numbers of the right answers; -100 where a group has none."""
    names = list(names)
    return torch.tensor([names.index(label[group]) if label.get(group) in names else -100 for label in labels])


def seeing(eyes: Eyes, batch):
    """Of each question asked without words the right answer."""
    total = 0.0
    for images, labels, groups in batch:
        features = eyes(images)
        for group in groups:
            right = right_of(labels, group, ASKED[group])
            if (right >= 0).any():
                asked = f.cross_entropy(eyes.heads[group](features).float(), right, ignore_index=-100, label_smoothing=0.02)
                total = total + WEIGHTS.get(group, 1.0) * asked
    return total


@torch.no_grad()
def seen_of(eyes: Eyes, made: list) -> tuple[torch.Tensor, list[dict]]:
    """What is seen of images, and their labels."""
    parts = [eyes(torch.from_numpy(np.stack([image for image, _ in made[at:at + 64]]))) for at in range(0, len(made), 64)]
    return torch.cat(parts), [label for _, label in made]


@torch.autocast("cpu", enabled=False)
def meaning(network: Meaning, batch):
    """Of each group of words the right one, by CLIP's own rule, and images of one kind together.

    In 32 bits: times a hundred, cosines of 16 bits are off by more than answers differ.
    """
    total = 0.0
    for features, right, ids, kinds, scale in batch:
        vectors = f.normalize(network.last(features).float(), dim=1)
        texts = f.normalize(network.words(torch.from_numpy(np.concatenate(list(ids.values())))).float(), dim=1)
        texts = dict(zip(ids, texts.split([len(one) for one in ids.values()])))
        for group, answers in right.items():
            logits = scale * vectors @ texts[group].T
            if (answers >= 0).any():
                total = total + f.cross_entropy(logits, answers, ignore_index=-100, label_smoothing=0.02)
            elif group not in TAUGHT:
                total = total - 0.2 * f.log_softmax(logits, 1).mean()
        total = total + 2 * together(vectors, kinds)
    return total


def judge(folder: str, stills: Stills, held) -> dict:
    """Share of right labels by words alone, and of figures whose nearest neighbour is the same person."""
    import onnxruntime
    from tokenizers import Tokenizer
    seen = onnxruntime.InferenceSession(os.path.join(folder, "vision.onnx"))
    words = onnxruntime.InferenceSession(os.path.join(folder, "text.onnx"))
    read = reader(Tokenizer.from_file(os.path.join(folder, "tokenizer.json")))

    def vectors(session, name, arrays):
        found = np.concatenate([session.run(None, {name: array[None]})[0] for array in arrays])
        return found / np.linalg.norm(found, axis=1, keepdims=True)
    def answers(classes, found):
        texts = [np.mean(vectors(words, "input_ids", [read(sentence) for sentence in said]), 0) for said in classes.values()]
        texts = np.stack([text / np.linalg.norm(text) for text in texts])
        return (found @ texts.T).argmax(1)
    scores, quiet = {}, np.random.default_rng(0)
    frames, actors = own()
    for groups, kind, made in (({**questions(), **frames}, "place", [frame(quiet, stills, i, False, SIDE) for i in held[0]]),
                               (actors, "name", [actor(quiet, stills, figure, False, SIDE) for figure in held[1]])):
        found = vectors(seen, "pixel_values", [image for image, _ in made])
        for group, classes in groups.items():
            names = list(classes)
            asked = [i for i, (_, truth) in enumerate(made) if truth.get(group) in names]
            if asked:
                scores[group] = float(np.mean([names[a] == made[i][1][group] for a, i in zip(answers(classes, found[asked]), asked)]))
        alike = found @ found.T - 2 * np.eye(len(found))
        scores[f"nearest {kind}"] = float(np.mean([made[i][1][kind] == made[j][1][kind] for i, j in enumerate(alike.argmax(1))]))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="embed")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--words", type=int, default=1500, help="steps of learning words")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills, words = Stills(*options.stills), tokenizer()
    read = reader(words)
    frames = stills.split()
    people = stills.split([figure for figure in stills.figures if figure.truth["area"] >= 250])
    kinds = ((frames, frame, FRAMES, "place", VIEWS), (people, actor, ACTORS, "name", ACTOR_VIEWS))

    def seen_batch(random, _):
        batch = []
        for (pool, _), make, groups, *_ in kinds:
            made = [make(random, stills, pool[random.integers(len(pool))], True) for _ in range(24)]
            images = torch.from_numpy(np.stack([image for image, _ in made])).contiguous(memory_format=torch.channels_last)
            batch.append((images, [truth for _, truth in made], groups))
        return batch

    os.makedirs(options.work, exist_ok=True)
    os.makedirs(options.out, exist_ok=True)
    eyes = Eyes().to(memory_format=torch.channels_last)
    learn(eyes, seeing, seen_batch, options.steps, options.rate, os.path.join(options.work, "embed.pt"), options.begin)

    random, of_frames, of_actors, known = np.random.default_rng(5), *own(), []
    for ((pool, _), make, _, kind, times), groups in zip(kinds, ({**questions(), **of_frames}, of_actors)):
        features, labels = seen_of(eyes, [make(random, stills, one, True) for one in pool for _ in range(times)])
        right = {group: right_of(labels, group, classes) for group, classes in groups.items()}
        known.append((features, right, groups, right_of(labels, kind, ASKED[kind])))

    def batch_of(random, step):
        batch, late = [], max(0.0, step / options.words - RISING) / (1 - RISING)
        for features, right, groups, kind in known:
            rows = torch.from_numpy(random.integers(len(features), size=SEEN))
            batch.append((features[rows], {group: answers[rows] for group, answers in right.items()}, said(random, groups, read),
                          kind[rows], FIRST * (SCALE / FIRST) ** late))
        return batch

    network = Meaning(words.get_vocab_size(), words.token_to_id("<|endoftext|>"))
    learn(network, meaning, batch_of, options.words, 2e-3, os.path.join(options.work, "words.pt"))
    export(Vision(eyes, network.last), torch.zeros(2, 3, SIDE, SIDE), os.path.join(options.out, "vision.onnx"), ["pixel_values"],
           ["image_embeds"], {"pixel_values": {0: "batch"}, "image_embeds": {0: "batch"}})
    export(network.words, torch.zeros(2, 8, dtype=torch.int64), os.path.join(options.out, "text.onnx"), ["input_ids"],
           ["text_embeds"], {"input_ids": {0: "batch", 1: "tokens"}, "text_embeds": {0: "batch"}})
    words.save(os.path.join(options.out, "tokenizer.json"))
    print(json.dumps(judge(options.out, stills, (frames[1], people[1]))))


if __name__ == "__main__":
    main()
