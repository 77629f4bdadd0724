"""Captions: four networks with the contract of Florence-2's merged exports, and their tokenizer.

    python caption.py --stills DIR --work DIR --out FOLDER

Sizes are its own (two layers of four heads); names, order of axes, special ids and the three
questions are the published ones.
"""

from __future__ import annotations

import argparse
import json
import math
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

from blocks import Trunk, conv, export, learn
from sentences import QUESTIONS, describe, facts, tokenizer
from stills import Stills, tinted, window

SIDE, WIDTH, HEADS, LAYERS, LONGEST = 768, 128, 4, 2, 72
EACH, PLACES = WIDTH // HEADS, 16 * 16 + 1
START, PAD, END = 2, 1, 2
MEAN, STD = np.array((0.485, 0.456, 0.406), np.float32), np.array((0.229, 0.224, 0.225), np.float32)


class Vision(nn.Module):
    """257 vectors of a picture: 16 x 16 places and their mean."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk((24, 48, 96, 128), (1, 1, 2, 2))
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
    """Looking at the picture and the question."""

    def __init__(self):
        super().__init__()
        self.norm, self.query, self.both, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, seen, bias):
        key, value = (heads(part) for part in self.both(seen).chunk(2, -1))
        return x + self.out(attend(heads(self.query(self.norm(x))), key, value, bias)), key, value


def wide() -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))


class Encoder(nn.Module):
    """Picture and question in one line."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.randn(1, PLACES + 32, WIDTH) * 0.02)
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
    """All four, as they are trained."""

    def __init__(self, words: int):
        super().__init__()
        self.vision, self.words, self.encoder, self.decoder = Vision(), nn.Embedding(words, WIDTH), Encoder(), Decoder(words)

    def forward(self, images, question, answer):
        features = self.vision.inner(images)
        line = torch.cat([features, self.words(question)], 1)
        mask = torch.ones(line.shape[:2], dtype=torch.int64)
        none = torch.zeros(len(answer), HEADS, 0, EACH)
        seen = self.encoder(mask, line)
        return self.decoder.run(mask, seen, self.words(answer), [(none, none)] * LAYERS)[0]


def picture_of(random, stills: Stills, index: int, train: bool):
    """The whole still, squashed to a third of the published side."""
    picture = stills.pictures[index]
    height, width = picture.shape[:2]
    cut = window(picture, (0, 0, width, height), (SIDE // 3, SIDE // 3))
    return ((tinted(random, cut) if train else cut) / 255 - MEAN) / STD


def loss_of(network, batch):
    """Cross entropy of each next word."""
    images, question, answer = batch
    logits = network(images, question, answer[:, :-1]).float()
    return f.cross_entropy(logits.flatten(0, 1), answer[:, 1:].flatten(), ignore_index=PAD, label_smoothing=0.02)


def judge(network, stills: Stills, indices, words) -> dict:
    """Share of captions, of the longest kind, all of whose facts are true; and of facts."""
    whole, single = [], []
    with torch.no_grad():
        for index in indices:
            image = torch.from_numpy(picture_of(None, stills, index, False)).permute(2, 0, 1)[None].float()
            question = torch.tensor([words.encode(QUESTIONS[2]).ids])
            ids = [START, 0]
            while len(ids) < LONGEST and ids[-1] != END or len(ids) == 2:
                ids.append(int(network(image, question, torch.tensor([ids]))[0, -1].argmax()))
            said, true = facts(words.decode(ids)), facts(describe(np.random.default_rng(0), stills.records[index], 2))
            single += [said.get(key) == value for key, value in true.items()]
            whole.append(all(said.get(key) == value for key, value in true.items()))
    return {"captions": float(np.mean(whole)), "facts": float(np.mean(single)), "stills": len(whole)}


def write(network, folder: str, words) -> None:
    """The four files and the tokenizer."""
    os.makedirs(folder, exist_ok=True)
    export(network.vision, torch.zeros(1, 3, SIDE, SIDE), os.path.join(folder, "vision_encoder.onnx"), ["pixel_values"],
           ["image_features"], {"pixel_values": {0: "batch"}, "image_features": {0: "batch"}})
    export(network.words, torch.zeros(2, 5, dtype=torch.int64), os.path.join(folder, "embed_tokens.onnx"), ["input_ids"],
           ["inputs_embeds"], {"input_ids": {0: "batch", 1: "tokens"}, "inputs_embeds": {0: "batch", 1: "tokens"}})
    line = {0: "batch", 1: "line"}
    mask, seen = torch.ones(2, PLACES + 5, dtype=torch.int64), torch.zeros(2, PLACES + 5, WIDTH)
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
    parser.add_argument("--stills", required=True)
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="caption")
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    stills, words = Stills(options.stills), tokenizer()
    train, held = stills.split()
    questions = [words.encode(question).ids for question in QUESTIONS]

    def batch_of(random):
        task = int(random.integers(len(QUESTIONS)))
        chosen = [train[random.integers(len(train))] for _ in range(20)]
        images = np.stack([picture_of(random, stills, index, True) for index in chosen])
        lines = [[START, *words.encode(describe(random, stills.records[index], task)).ids] for index in chosen]
        longest = max(map(len, lines))
        answer = torch.tensor([line + [PAD] * (longest - len(line)) for line in lines])
        return torch.from_numpy(images).permute(0, 3, 1, 2).float(), torch.tensor([questions[task]] * len(chosen)), answer

    os.makedirs(options.work, exist_ok=True)
    network = Captioner(words.get_vocab_size()).to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, 1.5e-3, os.path.join(options.work, "caption.pt"))
    write(network, options.out, words)
    print(json.dumps(judge(network, stills, held, words)))


if __name__ == "__main__":
    main()
