"""Masks of what is prompted: two networks with the contract of samexporter's SAM 2 files.

    python segment.py --stills DIR --work DIR --out FOLDER

The image comes stretched to 1024 x 1024 and normalised as for SAM 2. Half of that in each
direction is enough to see a cartoon figure's outline, so that is what the encoder works on: down to
a sixty-fourth of the side and back, so that it knows a figure when it sees one; the decoder then
follows the prompted one's outline through the finer features. The published widths are more than
that needs: what is left of them is zero.

The first steps see windows of a quarter of the area, which cost a quarter of the time. A second
round may begin with the weights of the first: `--begin STATE --windowed 0`.
"""

from __future__ import annotations

import argparse
import os

import cv2
import numpy as np
import torch
from blocks import Residual, conv, double, export, learn
from stills import Stills, busier, by_action, mask_of, scene
from torch import nn
from torch.nn import functional as f

SIDE, INNER, GRID = 1024, 512, 256
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PROMPTS, LEAST = 2, 60
# Images a step of windows, and of whole scenes.
NARROW, WIDE = 8, 3
# How much looser and tighter the second and third mask are, in logits, and how much less good.
SHIFTS, WORSE = (0.0, 2.0, -2.0), (1.0, 0.97, 0.97)
# Features at strides 4, 8, 16, 32 and 64 of the published side.
WIDTHS = (16, 32, 64, 96, 128)
# How often two stills stand side by side, as wide as a film's frame.
BESIDE = 0.55
# How much more pixels near an outline weigh than others, and how near that is, in cells of the mask.
OUTLINE, NEAR = 4.0, 3


def padded(x, channels: int):
    """The same with this many channels, zero where there were none."""
    return f.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


class Encoder(nn.Module):
    """Features at strides 4, 8 and 16 of the published side; the last also know what is around them."""

    def __init__(self):
        super().__init__()
        first, second, third, fourth, fifth = WIDTHS
        self.enter = nn.Sequential(nn.PixelUnshuffle(2), conv(12, first))
        self.second = nn.Sequential(conv(first, second, 2), Residual(second))
        self.third = nn.Sequential(conv(second, third, 2), Residual(third))
        self.fourth = nn.Sequential(conv(third, fourth, 2), Residual(fourth), Residual(fourth))
        self.fifth = nn.Sequential(conv(fourth, fifth, 2), Residual(fifth), Residual(fifth))
        self.back = nn.ModuleList([conv(fifth, fourth, size=1), conv(fourth, third, size=1)])
        self.join = nn.ModuleList([Residual(fourth), Residual(third)])

    def inner(self, image):
        """From half the published side."""
        fine = self.enter(image)
        second = self.second(fine)
        third = self.third(second)
        fourth = self.fourth(third)
        fourth = self.join[0](fourth + double(self.back[0](self.fifth(fourth))))
        return fine, second, self.join[1](third + double(self.back[1](fourth)))

    def forward(self, image):
        fine, second, third = self.inner(f.avg_pool2d(image, 2))
        return padded(fine, 32), padded(second, 64), padded(third, 256)


class Decoder(nn.Module):
    """Prompts become maps beside the image's features; a mask, and how good it is."""

    def __init__(self):
        super().__init__()
        fine, second, deep = WIDTHS[:3]
        self.prompt = nn.Conv2d(8, deep, 3, padding=1)
        self.deep = nn.Sequential(Residual(deep), Residual(deep, 2), Residual(deep))
        self.across = nn.ModuleList([nn.Conv2d(deep, second, 1), nn.Conv2d(second, fine, 1)])
        self.own = nn.ModuleList([nn.Conv2d(second, second, 1), nn.Conv2d(fine, fine, 1)])
        self.join = nn.ModuleList([Residual(second), Residual(fine)])
        self.last = nn.Conv2d(fine, 1, 3, padding=1)
        self.quality = nn.Sequential(nn.Linear(deep, 32), nn.ReLU(), nn.Linear(32, 1))

    def maps(self, points, labels, side: int):
        """What the prompts, in shares of the image, say of each of the places: [L, 7, side, side]."""
        grid = (torch.arange(side, dtype=torch.float32) + 0.5) / side
        x, y = grid[None, None, :], grid[None, :, None]
        labels = labels[..., None, None]

        def corner(label):
            here = (labels == label).float()
            return (points[..., None, None] * here[:, :, None]).sum(1), here.sum(1)
        (low, boxed), (high, _) = corner(2.0), corner(3.0)
        left, top, right, bottom = low[:, 0], low[:, 1], high[:, 0], high[:, 1]
        width, height = (right - left).clamp(0.01), (bottom - top).clamp(0.01)
        across, down = (x - left) / width, (y - top) / height
        inside = torch.sigmoid(side * torch.minimum(torch.minimum(x - left, right - x), torch.minimum(y - top, bottom - y)))
        away = (x[:, None] - points[:, :, 0, None, None]) ** 2 + (y[:, None] - points[:, :, 1, None, None]) ** 2
        near = torch.exp(-away * side * side / 5)
        said = [(near * (labels == value).float()).sum(1).clamp(0, 1) for value in (1.0, 0.0)]
        none, boxed = torch.zeros_like(inside), boxed + torch.zeros_like(inside)
        return torch.stack([inside * boxed, (across.clamp(-1, 2) - 0.5) * boxed, (down.clamp(-1, 2) - 0.5) * boxed,
                            boxed, *(part + none for part in said), 1 - boxed], 1)

    def inner(self, features, points, labels, before):
        """A mask's logits and its quality, for each row of prompts."""
        fine, second, deep = features
        prompt = self.prompt(torch.cat([self.maps(points, labels, deep.shape[3]), before], 1))
        deep = self.deep(torch.relu(deep + prompt))
        x = deep
        for across, own, join, other in zip(self.across, self.own, self.join, (second, fine)):
            x = join(torch.relu(double(across(x)) + own(other)))
        return self.last(x), self.quality(deep.mean((2, 3)))

    def forward(self, image_embed, high_res_feats_0, high_res_feats_1, point_coords, point_labels, mask_input, has_mask_input):
        before = f.avg_pool2d(mask_input, 4).clamp(-8, 8) / 8 * has_mask_input.reshape(1, 1, 1, 1)
        features = (x[:, :width] for x, width in zip((high_res_feats_0, high_res_feats_1, image_embed), WIDTHS))
        mask, quality = self.inner(features, point_coords / SIDE, point_labels, before)
        masks = torch.cat([mask + shift for shift in SHIFTS], 1)
        return masks.clamp(-32, 32), torch.sigmoid(quality) * torch.tensor(WORSE)


class Segmenter(nn.Module):
    """Both, as they are trained, and a head that asks the encoder where anyone is, by which it learns sooner."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.anyone = nn.Conv2d(WIDTHS[2], 1, 1)


def prepared(still: np.ndarray, side: int) -> np.ndarray:
    """Stretched to a square and normalised, [3, side, side]."""
    image = cv2.resize(still, (side, side), interpolation=cv2.INTER_LINEAR)
    return ((image.astype(np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)


def prompt_of(random, box, mask: np.ndarray):
    """A box that is a little off, or one or two points inside: places in shares of the mask's size, and labels."""
    size = np.array(mask.shape[::-1], np.float32)
    places, labels = np.zeros((2, 2), np.float32), np.full(2, -1.0, np.float32)
    if random.random() < 0.8:
        span = np.array([box[2] - box[0], box[3] - box[1]] * 2)
        loose = np.asarray(box, np.float32) + random.normal(0, 0.035, 4) * span
        places[:], labels[:] = loose.reshape(2, 2) / size, (2, 3)
    else:
        rows, columns = np.nonzero(mask)
        for index in range(random.integers(1, 3)):
            place = random.integers(len(rows))
            places[index], labels[index] = (np.array([columns[place], rows[place]]) + 0.5) / size, 1
    return places, labels


def drawn(random, stills: Stills, pool, acting: list, windowed: bool):
    """A scene with more figures or a window of it at half the side, where anyone is, and up to PROMPTS prompts and their masks."""
    people = []
    while not people:
        other = pool[random.integers(len(pool))] if random.random() < BESIDE else None
        view = scene(random, stills, pool[random.integers(len(pool))], LEAST, other)
        view = busier(random, stills, view, pool, acting, LEAST)
        people = view.people
    first = people[random.integers(len(people))]
    box, (high, wide) = np.array((0, 0, *view.image.shape[1::-1])), view.image.shape[:2]
    if windowed:
        middle = (first.box[:2] + first.box[2:]) / 2 + random.normal(0, 0.12, 2) * (wide, high)
        x, y = (int(np.clip(m - length / 4, 0, length - length // 2)) for m, length in zip(middle, (wide, high)))
        box = np.array((x, y, x + wide // 2, y + high // 2))
    cut, side = (slice(box[1], box[3]), slice(box[0], box[2])), GRID // 2 if windowed else GRID

    def grid(mask):
        return cv2.resize(mask.astype(np.uint8) * 255, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    inside = [one for one in people if one.mask[cut].sum() >= LEAST]
    places, labels, masks = [], [], []
    for number in random.permutation(len(inside))[:PROMPTS]:
        mask = inside[number].mask[cut]
        where, what = prompt_of(random, inside[number].box - box[[0, 1, 0, 1]], mask)
        places.append(where)
        labels.append(what)
        masks.append(grid(mask))
    anyone = grid(np.any([one.mask[cut] for one in people], 0))
    return prepared(view.image[cut], INNER // 2 if windowed else INNER), anyone, places, labels, masks


def loss_of(network, batch):
    """Cross entropy, mostly of outlines, and Dice of the mask; its quality is its overlap; cross entropy of anyone."""
    images, anyone, owners, places, labels, wanted = batch
    features = network.encoder.inner(images)
    someone = network.anyone(features[2]).float()[:, 0]
    total = f.binary_cross_entropy_with_logits(someone, f.avg_pool2d(anyone[:, None], 4)[:, 0])
    features = [x[owners] for x in features]
    none = torch.zeros(len(wanted), 1, *features[2].shape[2:])
    masks, quality = network.decoder.inner(features, places, labels, none)
    masks, quality = masks.float()[:, 0], quality.float()[:, 0]
    spread = f.max_pool2d(torch.stack([wanted, -wanted], 1), 2 * NEAR + 1, 1, NEAR).sum(1)
    weight = 1 + (OUTLINE - 1) * spread
    cross = (f.binary_cross_entropy_with_logits(masks, wanted, reduction="none") * weight).sum((1, 2)) / weight.sum((1, 2))
    chance = torch.sigmoid(masks)
    dice = 1 - (2 * (chance * wanted).sum((1, 2)) + 1) / (chance.sum((1, 2)) + wanted.sum((1, 2)) + 1)
    with torch.no_grad():
        both = ((masks > 0) & (wanted > 0.5)).sum((1, 2)).float()
        either = ((masks > 0) | (wanted > 0.5)).sum((1, 2)).float()
    return total + (2 * cross + dice).mean() + f.mse_loss(torch.sigmoid(quality), both / either.clamp(1))


def judge(folder: str, stills: Stills, indices) -> dict:
    """Mean overlap of masks from exact boxes, at the still's own size."""
    import onnxruntime
    encoder = onnxruntime.InferenceSession(os.path.join(folder, "encoder.onnx"))
    decoder = onnxruntime.InferenceSession(os.path.join(folder, "decoder.onnx"))
    found = []
    for index in indices:
        still, record = stills.images[index], stills.records[index]
        height, width = still.shape[:2]
        image = cv2.resize(still, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        image = ((image - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32)
        names = [output.name for output in encoder.get_outputs()]
        features = dict(zip(names, encoder.run(None, {"image": image})))
        for figure in record["characters"]:
            if not figure["box"] or figure["area"] < 200:
                continue
            box = np.array(figure["box"], np.float32).reshape(1, 2, 2) * [SIDE / width, SIDE / height]
            masks, quality = decoder.run(None, {**features, "point_coords": box.astype(np.float32),
                                                "point_labels": np.array([[2, 3]], np.float32),
                                                "mask_input": np.zeros((1, 1, 256, 256), np.float32),
                                                "has_mask_input": np.zeros(1, np.float32)})
            best = torch.from_numpy(masks[:, quality[0].argmax()][:, None])
            mask = f.interpolate(best, (height, width), mode="bilinear")[0, 0].numpy() > 0
            truth = mask_of(figure["mask"])
            found.append((mask & truth).sum() / max(1, (mask | truth).sum()))
    return {"overlap": float(np.mean(found)), "masks": len(found)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="segment")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--windowed", type=float, default=0.65, help="share of the steps that see windows")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills = Stills(*options.stills)
    train, held = stills.split()
    acting = by_action(stills.split(stills.figures)[0])
    narrow = int(options.steps * options.windowed)

    def batch_of(random, step):
        windowed = step < narrow
        chosen = [drawn(random, stills, train, acting, windowed) for _ in range(NARROW if windowed else WIDE)]
        images, anyone = (torch.from_numpy(np.stack(part)) for part in zip(*(one[:2] for one in chosen)))
        owners = torch.tensor([index for index, one in enumerate(chosen) for _ in one[2]])
        prompts = (torch.from_numpy(np.stack([item for one in chosen for item in one[part]])) for part in (2, 3, 4))
        return images.contiguous(memory_format=torch.channels_last), anyone, owners, *prompts

    os.makedirs(options.work, exist_ok=True)
    os.makedirs(options.out, exist_ok=True)
    network = Segmenter().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "segment.pt"), options.begin)
    names = ["high_res_feats_0", "high_res_feats_1", "image_embed"]
    image = torch.zeros(1, 3, SIDE, SIDE)
    export(network.encoder, image, os.path.join(options.out, "encoder.onnx"), ["image"], names)
    fine, second, deep = network.encoder(image)
    example = (deep, fine, second, torch.zeros(2, 3, 2), torch.zeros(2, 3), torch.zeros(2, 1, 256, 256), torch.zeros(1))
    inputs = ["image_embed", "high_res_feats_0", "high_res_feats_1", "point_coords", "point_labels", "mask_input", "has_mask_input"]
    loose = {"point_coords": {0: "labels", 1: "points"}, "point_labels": {0: "labels", 1: "points"},
             "mask_input": {0: "labels"}, "masks": {0: "labels"}, "iou_predictions": {0: "labels"}}
    export(network.decoder, example, os.path.join(options.out, "decoder.onnx"), inputs, ["masks", "iou_predictions"], loose)
    print(judge(options.out, stills, held))


if __name__ == "__main__":
    main()
