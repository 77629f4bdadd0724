"""Captions: four networks with the contract of Florence-2's merged exports, and their tokenizer.

    python caption.py --stills DIR --work DIR --out FOLDER [--begin DIR/embed.pt]

It begins with the eyes that `embed.py` trained, where it is given them. While it learns, each place
of the image also says who is there, what they do and how they look: that is told by few stills
where sentences alone would need many. Sizes are its own (two layers of four heads); names, order of axes, special ids and the three
questions are the published ones.
"""

from __future__ import annotations

import argparse
import json
import math
import os

import numpy as np
import torch
from blocks import Trunk, conv, export, learn
from sentences import ACTIONS, FACES, PEOPLE, PLACES, QUESTIONS, SMALLEST, TIMES, VIEWS, WEATHERS, action_of, describe, face_of, facts, tokenizer
from stills import Stills, scene, whole, window
from torch import nn
from torch.nn import functional as f

SIDE, INNER, GRID = 768, 256, 16
WIDTH, HEADS, LAYERS, LONGEST = 128, 4, 2, 72
EACH, SPOTS = WIDTH // HEADS, GRID * GRID + 1
START, PAD, END = 2, 1, 2
# How far the light may be changed, and how much what single places say weighs.
LIGHT, ASIDE = 0.35, 0.5
# What single places of an image are asked: each with its answers.
SPOKEN = (("nobody", *PEOPLE), ACTIONS, tuple(VIEWS[0]), tuple(FACES))
# What the whole of it is asked.
OVERALL = (tuple(PLACES), tuple(TIMES), tuple(WEATHERS))
MEAN, STD = np.array((0.485, 0.456, 0.406), np.float32), np.array((0.229, 0.224, 0.225), np.float32)


class Vision(nn.Module):
    """257 vectors of an image: 16 x 16 places and their mean."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((32, 64, 96, 128), (1, 1, 2, 1))
        self.near, self.far = conv(96, WIDTH, size=1), conv(128, WIDTH, size=1)

    def inner(self, image):
        """From a third of the published side."""
        *_, near, far = self.trunk(image)
        x = self.near(near) + f.interpolate(self.far(far), scale_factor=2.0, mode="nearest")
        x = x.flatten(2).transpose(1, 2)
        return torch.cat([x, x.mean(1, keepdim=True)], 1)

    def forward(self, pixel_values):
        return self.inner(f.avg_pool2d(pixel_values, 3))


def heads(x):
    return x.reshape(x.shape[0], x.shape[1], HEADS, EACH).transpose(1, 2)


def attend(query, key, value, bias):
    """Attention of [B, heads, t, each]; `bias` is added to the logits."""
    logits = query @ key.transpose(2, 3) / math.sqrt(EACH) + bias
    x = torch.softmax(logits, -1) @ value
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], WIDTH)


def closed(mask):
    """What is not to be looked at, as a bias [B, 1, 1, S]."""
    return (1 - mask[:, None, None].to(torch.float32)) * -1e4


class Own(nn.Module):
    """Looking at one's own line."""

    def __init__(self):
        super().__init__()
        self.norm, self.query, self.both, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, bias, past=None):
        inner = self.norm(x)
        key, value = (heads(part) for part in self.both(inner).chunk(2, -1))
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        return x + self.out(attend(heads(self.query(inner)), key, value, bias)), key, value


class Other(nn.Module):
    """Looking at the image and the question."""

    def __init__(self):
        super().__init__()
        self.norm, self.query, self.both, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, seen, bias):
        key, value = (heads(part) for part in self.both(seen).chunk(2, -1))
        return x + self.out(attend(heads(self.query(self.norm(x))), key, value, bias)), key, value


def wide() -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))


class Encoder(nn.Module):
    """Image and question in one line."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.randn(1, SPOTS + 32, WIDTH) * 0.02)
        self.own, self.wide, self.norm = Own(), wide(), nn.LayerNorm(WIDTH)

    def forward(self, attention_mask, inputs_embeds):
        x = inputs_embeds + self.place[:, :inputs_embeds.shape[1]]
        x = self.own(x, closed(attention_mask))[0]
        return self.norm(x + self.wide(x))


class Decoder(nn.Module):
    """The next word, from the words so far and the encoder's line."""

    def __init__(self, words: int):
        super().__init__()
        self.place = nn.Parameter(torch.randn(1, LONGEST + 8, WIDTH) * 0.02)
        self.own, self.other = nn.ModuleList(Own() for _ in range(LAYERS)), nn.ModuleList(Other() for _ in range(LAYERS))
        self.wide = nn.ModuleList(wide() for _ in range(LAYERS))
        self.norm, self.word = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, words)

    def run(self, mask, seen, x, past):
        before = past[0][0].shape[2]
        x = x + self.place[:, before:before + x.shape[1]]
        rows = torch.arange(x.shape[1])[:, None] + before
        bias = (torch.arange(x.shape[1] + before)[None] > rows).to(torch.float32)[None, None] * -1e4
        present = []
        for own, other, wide_, cache in zip(self.own, self.other, self.wide, past):
            x, key, value = own(x, bias, cache[:2])
            x, seen_key, seen_value = other(x, seen, closed(mask))
            x = x + wide_(x)
            present += [key, value, seen_key, seen_value]
        return self.word(self.norm(x)), present

    def forward(self, encoder_attention_mask, encoder_hidden_states, inputs_embeds, *rest):
        """The published order of caches; the encoder's part of the past is worked out anew, which is as good."""
        *flat, branch = rest
        past = [(flat[4 * i], flat[4 * i + 1]) for i in range(LAYERS)]
        unused = sum(flat[4 * i + j].sum() for i in range(LAYERS) for j in (2, 3)) + branch.to(torch.float32).sum()
        logits, present = self.run(encoder_attention_mask, encoder_hidden_states, inputs_embeds, past)
        return (logits + 0 * unused, *present)


class Captioner(nn.Module):
    """All four, as they are trained, and what is asked aside."""

    def __init__(self, words: int):
        super().__init__()
        self.vision, self.words, self.encoder, self.decoder = Vision(), nn.Embedding(words, WIDTH), Encoder(), Decoder(words)
        self.spot, self.overall = nn.Linear(WIDTH, sum(map(len, SPOKEN))), nn.Linear(WIDTH, sum(map(len, OVERALL)))

    def answer(self, features, question, answer):
        """Logits of each next word."""
        line = torch.cat([features, self.words(question)], 1)
        mask = torch.ones(line.shape[:2], dtype=torch.int64)
        none = torch.zeros(len(answer), HEADS, 0, EACH)
        seen = self.encoder(mask, line)
        return self.decoder.run(mask, seen, self.words(answer), [(none, none)] * LAYERS)[0]


def squashed(image: np.ndarray, side: int) -> np.ndarray:
    """An image as a square, normalised, [3, side, side]."""
    height, width = image.shape[:2]
    return ((window(image, (0, 0, width, height), (side, side)) / 255 - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)


def spots(people) -> np.ndarray:
    """The right answers at each place, [questions, GRID * GRID]; -100 where there is none."""
    right = np.full((len(SPOKEN), GRID, GRID), -100, np.int64)
    right[0] = 0
    for seen in people:
        here = window(seen.mask.astype(np.uint8) * 255, (0, 0, *seen.mask.shape[::-1]), (GRID, GRID), fill=0) > 100
        for row, answer in enumerate((seen.truth["name"], action_of(seen), seen.truth["view"], face_of(seen))):
            right[row][here] = SPOKEN[row].index(answer) if answer else -100
    return right.reshape(len(SPOKEN), -1)


def drawn(random, stills: Stills, index: int):
    """A scene of a still: image, people, the right answers at each place and of the whole."""
    view = scene(random, stills, index, SMALLEST, light=LIGHT)
    record, light = stills.records[index], stills.records[index]["light"]
    truth = (record["place"], light["time"], light["weather"] if light["setting"] == "outdoor" else None)
    overall = [answers.index(one) if one else -100 for answers, one in zip(OVERALL, truth)]
    return squashed(view.image, INNER), view.people, spots(view.people), np.array(overall, np.int64)


def aside(logits, right, asked):
    """Cross entropy of several questions that share a row of logits; `right` is [N, questions, ...]."""
    total = 0.0
    for row, part in enumerate(logits.split([len(answers) for answers in asked], -1)):
        wanted = right[:, row]
        if (wanted >= 0).any():
            total = total + f.cross_entropy(part.flatten(0, -2), wanted.flatten(), ignore_index=-100)
    return total


def loss_of(network, batch):
    """Cross entropy of each next word, and of what is asked aside."""
    images, right, overall, asked = batch
    features = network.vision.inner(images)
    total = ASIDE * (aside(network.spot(features[:, :-1]).float(), right, SPOKEN) + 0.5 * aside(network.overall(features[:, -1]).float(), overall, OVERALL))
    for question, answer in asked:
        logits = network.answer(features, question, answer[:, :-1]).float()
        total = total + f.cross_entropy(logits.flatten(0, 1), answer[:, 1:].flatten(), ignore_index=PAD, label_smoothing=0.02)
    return total


def judge(network, stills: Stills, indices, words) -> dict:
    """Share of captions, of the longest kind, all of whose facts are true; and of facts, by what they are about."""
    whole_ones, single, missing = [], {}, []
    question = torch.tensor([words.encode(QUESTIONS[2]).ids])
    with torch.no_grad():
        for index in indices:
            view = whole(stills, index, SMALLEST)
            features = network.vision.inner(torch.from_numpy(squashed(view.image, INNER))[None])
            ids = [START, 0]
            while len(ids) < LONGEST and (ids[-1] != END or len(ids) == 2):
                ids.append(int(network.answer(features, question, torch.tensor([ids]))[0, -1].argmax()))
            said, true = facts(words.decode(ids)), facts(describe(view.people, stills.records[index], 2))
            for key, value in said.items():
                single.setdefault(key.split()[-1] if " " in key else "who" if value is True else key, []).append(true.get(key) == value)
            missing += [key not in said for key in true]
            whole_ones.append(all(true.get(key) == value for key, value in said.items()))
    scores = {key: round(float(np.mean(hits)), 3) for key, hits in single.items()}
    return {"captions": float(np.mean(whole_ones)), "facts": float(np.mean(sum(single.values(), []))), "left out": float(np.mean(missing)),
            **scores, "stills": len(whole_ones)}


def write(network, folder: str, words) -> None:
    """The four files and the tokenizer."""
    os.makedirs(folder, exist_ok=True)
    export(network.vision, torch.zeros(1, 3, SIDE, SIDE), os.path.join(folder, "vision_encoder.onnx"), ["pixel_values"],
           ["image_features"], {"pixel_values": {0: "batch"}, "image_features": {0: "batch"}})
    export(network.words, torch.zeros(2, 5, dtype=torch.int64), os.path.join(folder, "embed_tokens.onnx"), ["input_ids"],
           ["inputs_embeds"], {"input_ids": {0: "batch", 1: "tokens"}, "inputs_embeds": {0: "batch", 1: "tokens"}})
    line = {0: "batch", 1: "line"}
    mask, seen = torch.ones(2, SPOTS + 5, dtype=torch.int64), torch.zeros(2, SPOTS + 5, WIDTH)
    export(network.encoder, (mask, seen), os.path.join(folder, "encoder_model.onnx"), ["attention_mask", "inputs_embeds"],
           ["last_hidden_state"], {"attention_mask": line, "inputs_embeds": line, "last_hidden_state": line})
    caches = [f"{i}.{part}.{kind}" for i in range(LAYERS) for part in ("decoder", "encoder") for kind in ("key", "value")]
    loose = {"encoder_attention_mask": line, "encoder_hidden_states": line, "inputs_embeds": {0: "batch", 1: "step"}, "logits": {0: "batch", 1: "step"}}
    loose |= {f"past_key_values.{name}": {0: "batch", 2: "past"} for name in caches} | {f"present.{name}": {0: "batch", 2: "so_far"} for name in caches}
    example = (mask, seen, torch.zeros(2, 1, WIDTH), *(torch.zeros(2, HEADS, 3, EACH) for _ in caches), torch.tensor([True]))
    export(network.decoder, example, os.path.join(folder, "decoder_model_merged.onnx"),
           ["encoder_attention_mask", "encoder_hidden_states", "inputs_embeds", *(f"past_key_values.{name}" for name in caches), "use_cache_branch"],
           ["logits", *(f"present.{name}" for name in caches)], loose)
    words.save(os.path.join(folder, "tokenizer.json"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="caption")
    parser.add_argument("--begin", help="state of embed.py, to begin with its vision weights")
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    stills, words = Stills(*options.stills), tokenizer()
    train, held = stills.split()
    questions = [words.encode(question).ids for question in QUESTIONS]

    def batch_of(random, _):
        chosen = [train[random.integers(len(train))] for _ in range(12)]
        images, people, right, overall = zip(*(drawn(random, stills, index) for index in chosen))
        asked = []
        for task in (2, int(random.integers(2))):
            lines = [[START, *words.encode(describe(seen, stills.records[index], task)).ids] for index, seen in zip(chosen, people)]
            longest = max(map(len, lines))
            answer = torch.tensor([line + [PAD] * (longest - len(line)) for line in lines])
            asked.append((torch.tensor([questions[task]] * len(chosen)), answer))
        images = torch.from_numpy(np.stack(images)).contiguous(memory_format=torch.channels_last)
        return images, torch.from_numpy(np.stack(right)), torch.from_numpy(np.stack(overall)), asked

    os.makedirs(options.work, exist_ok=True)
    network = Captioner(words.get_vocab_size()).to(memory_format=torch.channels_last)
    if options.begin:
        taught = torch.load(options.begin, weights_only=True)["mean"]
        start = "trunk."
        network.vision.trunk.load_state_dict({name[len(start):]: value for name, value in taught.items() if name.startswith(start)})
    learn(network, loss_of, batch_of, options.steps, 1.5e-3, os.path.join(options.work, "caption.pt"))
    write(network, options.out, words)
    print(json.dumps(judge(network, stills, held, words)))


if __name__ == "__main__":
    main()
