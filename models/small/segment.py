"""Masks of what is prompted: two networks with the contract of samexporter's SAM 2 files.

    python segment.py --stills DIR --work DIR --out FOLDER

The picture comes stretched to 1024 x 1024 and normalised as for SAM 2. Half of that in each
direction is enough to see a cartoon figure's outline, so that is what the encoder works on. The
published widths are more than that needs: what is left of them is zero.

The first steps see windows of a quarter of the area, which cost a quarter of the time. A second
round may begin with the weights of the first: `--begin STATE --windowed 0`.
"""

from __future__ import annotations

import argparse
import os

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

from blocks import Residual, conv, double, export, learn
from stills import Stills, mask_of, scene

SIDE, INNER, GRID = 1024, 512, 256
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PROMPTS, LEAST = 2, 60
# Pictures a step of windows, and of whole scenes.
NARROW, WIDE = 16, 5
# How much looser and tighter the second and third mask are, in logits, and how much less good.
SHIFTS, WORSE = (0.0, 2.0, -2.0), (1.0, 0.97, 0.97)
# Of 40 channels, a spread convolution in 16 bits gives weights that are no numbers.
FINE, DEEP, BOTTOM = 24, 48, 64


def padded(x, channels: int):
    """The same with so many channels, zero where there were none."""
    return f.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


class Encoder(nn.Module):
    """Features at strides 8 and 16 of the published side."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), conv(48, FINE))
        self.third = nn.Sequential(conv(FINE, DEEP, 2), Residual(DEEP))
        self.fourth = nn.Sequential(conv(DEEP, BOTTOM, 2), Residual(BOTTOM), Residual(BOTTOM, 2), Residual(BOTTOM, 4))
        self.back, self.last = conv(BOTTOM, DEEP, size=1), Residual(DEEP)

    def inner(self, image):
        """From half the published side."""
        fine = self.stem(image)
        third = self.third(fine)
        return fine, self.last(third + double(self.back(self.fourth(third))))

    def forward(self, image):
        """The finest of the published features is the picture itself: the decoder here asks for no finer ones."""
        half = f.avg_pool2d(image, 2)
        fine, deep = self.inner(half)
        return padded(f.avg_pool2d(half, 2), 32), padded(fine, 64), padded(deep, 256)


class Decoder(nn.Module):
    """Prompts become maps beside the picture's features; a mask, and how good it is."""

    def __init__(self):
        super().__init__()
        self.prompt = nn.Conv2d(8, DEEP, 3, padding=1)
        self.deep = nn.Sequential(Residual(DEEP), Residual(DEEP, 2), Residual(DEEP, 4))
        self.narrow, self.fine = nn.Conv2d(DEEP, FINE, 1), nn.Conv2d(FINE, FINE, 1)
        self.join = conv(FINE, FINE)
        self.last = nn.Sequential(nn.Conv2d(FINE, 4, 3, padding=1), nn.PixelShuffle(2))
        self.quality = nn.Sequential(nn.Linear(DEEP, 32), nn.ReLU(), nn.Linear(32, 1))

    def maps(self, points, labels, side: int):
        """What the prompts, in shares of the picture, say of each of the places: [L, 7, side, side]."""
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

    def inner(self, fine, deep, points, labels, before):
        """A mask's logits and its quality, for each row of prompts."""
        prompt = self.prompt(torch.cat([self.maps(points, labels, deep.shape[3]), before], 1))
        deep = self.deep(torch.relu(deep + prompt))
        mask = self.last(self.join(torch.relu(double(self.narrow(deep)) + self.fine(fine))))
        return mask, self.quality(deep.mean((2, 3)))

    def forward(self, image_embed, high_res_feats_0, high_res_feats_1, point_coords, point_labels, mask_input, has_mask_input):
        before = f.avg_pool2d(mask_input, 4).clamp(-8, 8) / 8 * has_mask_input.reshape(1, 1, 1, 1)
        mask, quality = self.inner(high_res_feats_1[:, :FINE], image_embed[:, :DEEP], point_coords / SIDE, point_labels, before)
        mask = mask + 0 * high_res_feats_0.mean()
        masks = torch.cat([mask + shift for shift in SHIFTS], 1)
        return masks.clamp(-32, 32), torch.sigmoid(quality) * torch.tensor(WORSE)


class Segmenter(nn.Module):
    """Both, as they are trained."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()


def prepared(picture: np.ndarray, side: int) -> np.ndarray:
    """Stretched to a square and normalised, [3, side, side]."""
    image = cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)
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


def drawn(random, stills: Stills, pool, windowed: bool):
    """A scene or a window of it, prompts and their masks at half the size."""
    people = []
    while not people:
        other = pool[random.integers(len(pool))] if random.random() < 0.4 else None
        view = scene(random, stills, pool[random.integers(len(pool))], LEAST, other)
        people = view.people
    first = people[random.integers(len(people))]
    box, (high, wide) = np.array((0, 0, *view.picture.shape[1::-1])), view.picture.shape[:2]
    if windowed:
        middle = (first.box[:2] + first.box[2:]) / 2 + random.normal(0, 0.12, 2) * (wide, high)
        x, y = (int(np.clip(m - length / 4, 0, length - length // 2)) for m, length in zip(middle, (wide, high)))
        box = np.array((x, y, x + wide // 2, y + high // 2))
    cut = slice(box[1], box[3]), slice(box[0], box[2])
    others = [one for one in people if one is not first and one.mask[cut].sum() >= LEAST]
    places, labels, masks = [], [], []
    for number in range(PROMPTS):
        chosen = others[random.integers(len(others))] if number and others else first
        mask = chosen.mask[cut]
        where, what = prompt_of(random, chosen.box - box[[0, 1, 0, 1]], mask) if mask.any() else (np.zeros((2, 2), np.float32), np.full(2, -1, np.float32))
        side = GRID // 2 if windowed else GRID
        places.append(where)
        labels.append(what)
        masks.append(cv2.resize(mask.astype(np.uint8) * 255, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255)
    return prepared(view.picture[cut], INNER // 2 if windowed else INNER), np.stack(places), np.stack(labels), np.stack(masks)


def loss_of(network, batch):
    """Cross entropy and Dice of the mask; its quality is its overlap."""
    images, places, labels, wanted = batch
    fine, deep = (x.repeat_interleave(PROMPTS, 0) for x in network.encoder.inner(images))
    none = torch.zeros(len(wanted), 1, *deep.shape[2:])
    masks, quality = network.decoder.inner(fine, deep, places, labels, none)
    masks, quality = masks.float()[:, 0], quality.float()[:, 0]
    cross = f.binary_cross_entropy_with_logits(masks, wanted, reduction="none").mean((1, 2))
    chance = torch.sigmoid(masks)
    dice = 1 - (2 * (chance * wanted).sum((1, 2)) + 1) / (chance.sum((1, 2)) + wanted.sum((1, 2)) + 1)
    with torch.no_grad():
        both = ((masks > 0) & (wanted > 0.5)).sum((1, 2)).float()
        either = ((masks > 0) | (wanted > 0.5)).sum((1, 2)).float()
    return (4 * cross + dice).mean() + f.mse_loss(torch.sigmoid(quality), both / either.clamp(1))


def judge(folder: str, stills: Stills, indices) -> dict:
    """Mean overlap of masks from exact boxes, at the still's own size."""
    import onnxruntime
    encoder = onnxruntime.InferenceSession(os.path.join(folder, "encoder.onnx"))
    decoder = onnxruntime.InferenceSession(os.path.join(folder, "decoder.onnx"))
    found = []
    for index in indices:
        picture, record = stills.pictures[index], stills.records[index]
        height, width = picture.shape[:2]
        image = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
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
    parser.add_argument("--stills", required=True)
    parser.add_argument("--work", required=True, help="where the state of training is kept")
    parser.add_argument("--out", default="segment")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--windowed", type=float, default=0.65, help="share of the steps that see windows")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills = Stills(options.stills)
    train, held = stills.split()
    narrow = int(options.steps * options.windowed)

    def batch_of(random, step):
        windowed = step < narrow
        chosen = [drawn(random, stills, train, windowed) for _ in range(NARROW if windowed else WIDE)]
        images, places, labels, masks = (torch.from_numpy(np.stack(part)) for part in zip(*chosen))
        images = images.contiguous(memory_format=torch.channels_last)
        return images, places.flatten(0, 1), labels.flatten(0, 1), masks.flatten(0, 1)

    os.makedirs(options.work, exist_ok=True)
    os.makedirs(options.out, exist_ok=True)
    network = Segmenter().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "segment.pt"), options.begin)
    names = ["high_res_feats_0", "high_res_feats_1", "image_embed"]
    image = torch.zeros(1, 3, SIDE, SIDE)
    export(network.encoder, image, os.path.join(options.out, "encoder.onnx"), ["image"], names)
    fine, middle, coarse = network.encoder(image)
    example = (coarse, fine, middle, torch.zeros(2, 3, 2), torch.zeros(2, 3), torch.zeros(2, 1, 256, 256), torch.zeros(1))
    inputs = ["image_embed", "high_res_feats_0", "high_res_feats_1", "point_coords", "point_labels", "mask_input", "has_mask_input"]
    loose = {"point_coords": {0: "labels", 1: "points"}, "point_labels": {0: "labels", 1: "points"},
             "mask_input": {0: "labels"}, "masks": {0: "labels"}, "iou_predictions": {0: "labels"}}
    export(network.decoder, example, os.path.join(options.out, "decoder.onnx"), inputs, ["masks", "iou_predictions"], loose)
    print(judge(options.out, stills, held))


if __name__ == "__main__":
    main()
