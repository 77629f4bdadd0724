"""Masks of what is prompted: two networks with the contract of samexporter's SAM 2 files.

    python segment.py --stills DIR --work DIR --out FOLDER

The picture comes stretched to 1024 x 1024 and normalised as for SAM 2. Half of that in each
direction is enough to see a cartoon figure's outline, so that is what the encoder works on.
"""

from __future__ import annotations

import argparse
import os

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as f

from blocks import Residual, conv, double, export, learn
from stills import Stills, mask_of, tinted

SIDE, INNER = 1024, 512
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PROMPTS = 2


class Encoder(nn.Module):
    """Features at strides 4, 8 and 16 of the published side."""

    def __init__(self):
        super().__init__()
        self.enter = conv(3, 16, 2)
        self.second = nn.Sequential(conv(16, 32, 2), Residual(32))
        self.third = nn.Sequential(conv(32, 64, 2), Residual(64), Residual(64, 2))
        self.fourth = nn.Sequential(conv(64, 96, 2), Residual(96), Residual(96, 2), Residual(96))
        self.back = conv(96, 64, size=1)
        self.fine, self.middle, self.coarse = nn.Conv2d(16, 32, 1), nn.Conv2d(32, 64, 1), nn.Conv2d(64, 256, 1)

    def inner(self, image):
        """From half the published side."""
        first = self.enter(image)
        second = self.second(first)
        third = self.third(second)
        third = third + double(self.back(self.fourth(third)))
        return self.fine(first), self.middle(second), self.coarse(third)

    def forward(self, image):
        return self.inner(f.avg_pool2d(image, 2))


class Decoder(nn.Module):
    """Prompts become maps beside the picture's features; three masks and how good each is."""

    def __init__(self):
        super().__init__()
        self.picture, self.prompt = nn.Conv2d(256, 56, 1), nn.Conv2d(8, 56, 3, padding=1)
        self.deep = nn.Sequential(nn.ReLU(), Residual(56), Residual(56, 2), Residual(56, 4), Residual(56))
        self.narrow, self.middle = nn.Conv2d(56, 28, 1), nn.Conv2d(64, 28, 1)
        self.join = conv(28, 28)
        self.thin, self.fine = nn.Conv2d(28, 14, 1), nn.Conv2d(32, 14, 1)
        self.last = nn.Sequential(conv(14, 14), nn.Conv2d(14, 3, 3, padding=1))
        self.quality = nn.Sequential(nn.Linear(56, 32), nn.ReLU(), nn.Linear(32, 3))

    def maps(self, coordinates, labels):
        """What the prompts say of each of the 64 x 64 places: [L, 7, 64, 64]."""
        grid = (torch.arange(64, dtype=torch.float32) + 0.5) / 64
        x, y = grid[None, None, :], grid[None, :, None]
        points, labels = coordinates / SIDE, labels[..., None, None]

        def corner(label):
            here = (labels == label).float()
            return (points[..., None, None] * here[:, :, None]).sum(1), here.sum(1)
        (low, boxed), (high, _) = corner(2.0), corner(3.0)
        left, top, right, bottom = low[:, 0], low[:, 1], high[:, 0], high[:, 1]
        width, height = (right - left).clamp(0.01), (bottom - top).clamp(0.01)
        across, down = (x - left) / width, (y - top) / height
        inside = torch.sigmoid(64 * torch.minimum(torch.minimum(x - left, right - x), torch.minimum(y - top, bottom - y)))
        near = torch.exp(-((x[:, None] - points[:, :, 0, None, None]) ** 2 + (y[:, None] - points[:, :, 1, None, None]) ** 2) * 800)
        said = [(near * (labels == value).float()).sum(1).clamp(0, 1) for value in (1.0, 0.0)]
        none, boxed = torch.zeros_like(inside), boxed + torch.zeros_like(inside)
        return torch.stack([inside * boxed, (across.clamp(-1, 2) - 0.5) * boxed, (down.clamp(-1, 2) - 0.5) * boxed,
                            boxed, *(part + none for part in said), 1 - boxed], 1)

    def forward(self, image_embed, high_res_feats_0, high_res_feats_1, point_coords, point_labels, mask_input, has_mask_input):
        before = f.avg_pool2d(mask_input, 4).clamp(-8, 8) / 8 * has_mask_input.reshape(1, 1, 1, 1)
        prompt = self.prompt(torch.cat([self.maps(point_coords, point_labels), before], 1))
        deep = self.deep(self.picture(image_embed) + prompt)
        x = self.join(torch.relu(double(self.narrow(deep)) + self.middle(high_res_feats_1)))
        masks = self.last(torch.relu(double(self.thin(x)) + self.fine(high_res_feats_0)))
        return masks.clamp(-32, 32), torch.sigmoid(self.quality(deep.mean((2, 3))))


class Segmenter(nn.Module):
    """Both, as they are trained."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()


def prepared(picture: np.ndarray) -> np.ndarray:
    """Stretched to half the published side and normalised, [3, S, S]."""
    image = np.asarray(Image.fromarray(picture).resize((INNER, INNER), Image.BILINEAR), np.float32) / 255
    return ((image - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)


def prompt_of(random, box, mask: np.ndarray, size):
    """A box that is a little off, or one or two points inside: coordinates and labels of five."""
    scale = SIDE / np.array(size, np.float32)
    coordinates, labels = np.zeros((4, 2), np.float32), np.full(4, -1.0, np.float32)
    if random.random() < 0.75:
        span = np.array([box[2] - box[0], box[3] - box[1]] * 2)
        loose = np.asarray(box, np.float32) + random.normal(0, 0.04, 4) * span
        coordinates[:2], labels[:2] = (loose.reshape(2, 2) * scale), (2, 3)
    else:
        ys, xs = np.nonzero(mask)
        for index in range(random.integers(1, 3)):
            place = random.integers(len(xs))
            coordinates[index], labels[index] = (np.array([xs[place], ys[place]]) + 0.5) * scale, 1
    return coordinates, labels


def drawn(random, stills: Stills, index: int, train: bool):
    """A still, two prompts and their masks at 256 x 256."""
    picture, record = stills.pictures[index], stills.records[index]
    flip = train and random.random() < 0.5
    height, width = picture.shape[:2]
    crop = (0, 0, width, height)
    if train and random.random() < 0.6:
        share = random.uniform(0.55, 1.0)
        w, h = int(width * share), int(height * min(1.0, share * random.uniform(0.6, 1.3)))
        x, y = random.integers(width - w + 1), random.integers(height - h + 1)
        crop = (x, y, x + w, y + h)
    cut = picture[crop[1]:crop[3], crop[0]:crop[2]]
    people = []
    for figure in record["characters"]:
        if figure["box"] and figure["area"] >= 60:
            mask = mask_of(figure["mask"])[crop[1]:crop[3], crop[0]:crop[2]]
            if mask.sum() >= 60:
                people.append(mask[:, ::-1] if flip else mask)
    if not people:
        return None
    cut = np.ascontiguousarray(cut[:, ::-1] if flip else cut)
    coordinates, labels, masks = [], [], []
    for _ in range(PROMPTS):
        mask = people[random.integers(len(people))]
        ys, xs = np.nonzero(mask)
        box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        where, what = prompt_of(random, box, mask, (cut.shape[1], cut.shape[0]))
        coordinates.append(where)
        labels.append(what)
        small = Image.fromarray(mask.astype(np.uint8) * 255).resize((256, 256), Image.BILINEAR)
        masks.append(np.asarray(small, np.float32) / 255)
    return prepared(tinted(random, cut) if train else cut), np.stack(coordinates), np.stack(labels), np.stack(masks)


def loss_of(network, batch):
    """Cross entropy and Dice of the best of three masks; the quality is their overlap."""
    images, coordinates, labels, wanted = batch
    fine, middle, coarse = network.encoder.inner(images)

    def each(x):
        return x.repeat_interleave(PROMPTS, 0)
    none = torch.zeros(len(wanted), 1, 256, 256)
    masks, quality = network.decoder(each(coarse), each(fine), each(middle), coordinates, labels, none, torch.zeros(1))
    masks, quality, wanted = masks.float(), quality.float(), wanted[:, None].expand(-1, 3, -1, -1)
    cross = f.binary_cross_entropy_with_logits(masks, wanted, reduction="none").mean((2, 3))
    chance = torch.sigmoid(masks)
    dice = 1 - (2 * (chance * wanted).sum((2, 3)) + 1) / (chance.sum((2, 3)) + wanted.sum((2, 3)) + 1)
    best = (4 * cross + dice).min(1).values.mean()
    with torch.no_grad():
        both = ((masks > 0) & (wanted > 0.5)).sum((2, 3)).float()
        either = ((masks > 0) | (wanted > 0.5)).sum((2, 3)).float()
    return best + f.mse_loss(quality, both / either.clamp(1))


def judge(folder: str, stills: Stills, indices) -> dict:
    """Mean overlap of masks from exact boxes, at the still's own size."""
    import onnxruntime
    encoder = onnxruntime.InferenceSession(os.path.join(folder, "encoder.onnx"))
    decoder = onnxruntime.InferenceSession(os.path.join(folder, "decoder.onnx"))
    found = []
    for index in indices:
        picture, record = stills.pictures[index], stills.records[index]
        height, width = picture.shape[:2]
        image = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.BILINEAR), np.float32) / 255
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
    parser.add_argument("--steps", type=int, default=1200)
    options = parser.parse_args()
    stills = Stills(options.stills)
    train, held = stills.split()

    def batch_of(random):
        chosen = []
        while len(chosen) < 6:
            one = drawn(random, stills, train[random.integers(len(train))], True)
            chosen += [one] if one else []
        images, coordinates, labels, masks = (torch.from_numpy(np.stack(part)) for part in zip(*chosen))
        return images, coordinates.flatten(0, 1), labels.flatten(0, 1), masks.flatten(0, 1)

    os.makedirs(options.work, exist_ok=True)
    os.makedirs(options.out, exist_ok=True)
    network = Segmenter().to(memory_format=torch.channels_last)
    learn(network, loss_of, batch_of, options.steps, 2e-3, os.path.join(options.work, "segment.pt"))
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
